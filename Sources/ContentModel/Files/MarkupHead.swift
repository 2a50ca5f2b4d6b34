/// The beginning of a text as far as it tells in which language it is marked up.
///
/// Reads comments, instructions and the document type up to the first element, and that element's attributes; nothing
/// behind. Reads no byte more than once or twice, so that its time is bounded by the length of what it is given.
struct MarkupHead {
    /// The name of the first element in lower case, without a prefix; `html` also for a document type of that name.
    private(set) var root: String?
    /// Attributes of the first element; of several with one name the first.
    private(set) var attributes: [String: String] = [:]
    /// It begins with an XML declaration.
    private(set) var isXML = false
    /// There is an instruction for PHP in it.
    private(set) var isProgram = false

    private let text: [UInt8]
    private var position = 0

    init(_ head: [UInt8]) {
        text = head.plainText
        while skipSpace(), next == UInt8(ascii: "<"), readMark() {}
    }

    /// Reads what a `<` begins. False when there is nothing more to learn, or nothing that can be understood.
    private mutating func readMark() -> Bool {
        if text.holds("<?", at: position) { return readInstruction() }
        // An empty comment may be as short as `<!-->`.
        if text.holds("<!--", at: position) { return skip(past: "-->", from: position + 2) }
        if text.holds("<!", at: position) { return readDocumentType() }
        position += 1
        root = readName()
        if root != nil { readAttributes() }
        return false
    }

    private mutating func readInstruction() -> Bool {
        position += 2
        let name = readName(keepingPrefix: true)
        // Instructions for others are fine in XML; elsewhere PHP takes every `<?` for its own.
        guard let name, isXML ? !name.hasPrefix("php") : name == "xml" || name.hasPrefix("xml-") else {
            isProgram = true
            return false
        }
        if name == "xml" { isXML = true }
        return skip(past: "?>", from: position)
    }

    private mutating func readDocumentType() -> Bool {
        position += 2
        _ = readName()
        skipSpace()
        if readName() == "html" {
            root = "html"
            return false
        }
        return skipDeclarations()
    }

    /// To the end of a document type, which may hold declarations of its own in brackets.
    private mutating func skipDeclarations() -> Bool {
        var depth = 0
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                guard skip(past: String(UnicodeScalar(byte)), from: position) else { return false }
            case UInt8(ascii: "["), UInt8(ascii: "<"): depth += 1
            case UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ">"):
                if depth <= 0 { return true }
                depth -= 1
            default: break
            }
        }
        return false
    }

    private mutating func readAttributes() {
        while skipSpace(), let name = readName(keepingPrefix: true) {
            skipSpace()
            guard next == UInt8(ascii: "=") else { continue }
            position += 1
            skipSpace()
            guard let quote = next, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return }
            let start = position + 1
            guard skip(past: String(UnicodeScalar(quote)), from: start) else { return }
            if attributes[name] == nil {
                attributes[name] = String(decoding: text[start..<position - 1], as: UTF8.self)
            }
        }
    }

    // MARK: Steps

    private var next: UInt8? { position < text.count ? text[position] : nil }

    /// True unless the text ends there.
    @discardableResult
    private mutating func skipSpace() -> Bool {
        while let byte = next, byte == 0x20 || (0x09...0x0D).contains(byte) { position += 1 }
        return next != nil
    }

    private mutating func skip(past end: String, from start: Int) -> Bool {
        guard let found = text.position(of: end, from: start) else { return false }
        position = found + end.utf8.count
        return true
    }

    /// A name in lower case; nil where none begins.
    private mutating func readName(keepingPrefix: Bool = false) -> String? {
        let start = position
        while let byte = next, Self.isNamed(byte) { position += 1 }
        guard position > start else { return nil }
        let name = String(decoding: text[start..<position], as: UTF8.self).lowercased()
        return keepingPrefix ? name : name.split(separator: ":").last.map(String.init)
    }

    private static func isNamed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "_"),
            UInt8(ascii: "."), 0x80...:
            true
        default: false
        }
    }
}
