/// What a file is, judged by its first bytes, and by its name where these do not tell.
public struct FileType: Sendable, Hashable {
    /// What Cockpit calls the type of an asset.
    public enum Family: String, Sendable, Codable, CaseIterable {
        case image, video, audio, archive, document, code, unknown
    }

    public var mime: String
    public var family: Family

    /// So many first bytes of a file are enough to judge it and to measure a picture, whose header may follow a long
    /// colour profile.
    public static let headBytes = 1 << 20

    init(_ mime: String, _ family: Family) {
        self.mime = mime
        self.family = family
    }

    /// Judges a file by its first `headBytes`, or all of them where there are fewer. Whether it may be taken at all is
    /// for `requireHarmless` to say.
    ///
    /// A name counts only as far as the bytes agree: a text that calls itself a picture is a text.
    public init(name: String, head: [UInt8]) {
        let named = FileType.ending(of: name)
        if let signed = FileSignature.ending(of: head, named: named) {
            self = FileType.known[signed] ?? .other
        } else if head.isText {
            self = FileType.text(head, named: named.flatMap { FileType.known[$0] })
        } else {
            let type = named.flatMap { FileType.known[$0] }
            self = type.map { $0.isText ? .other : $0 } ?? .other
        }
    }

    private static func text(_ head: [UInt8], named: FileType?) -> FileType {
        let named = named.flatMap { $0.isText ? $0 : nil }
        let markup = MarkupHead(head)
        if markup.root == "svg" { return known["svg"] ?? .other }
        // Nothing but a drawing is a drawing.
        if let named, named != known["svg"] { return named }
        if markup.isXML { return known["xml"] ?? .other }
        return head.isJSON ? known["json"] ?? .other : plain
    }
}

extension [UInt8] {
    /// Whether there is no byte that only binary data hold. Those of texts in UTF-16 are told by their mark.
    var isText: Bool {
        if hasWideMark { return true }
        return !contains { byte in
            byte < 0x09 || byte == 0x0B || (0x0E...0x1A).contains(byte) || (0x1C...0x1F).contains(byte)
        }
    }

    private var hasWideMark: Bool { starts(with: [0xFF, 0xFE]) || starts(with: [0xFE, 0xFF]) }

    /// A text's ASCII letters without the mark in front of them, and without the zeros that UTF-16 puts between them.
    var plainText: [UInt8] {
        if hasWideMark { return dropFirst(2).filter { $0 != 0 } }
        return starts(with: [0xEF, 0xBB, 0xBF]) ? Array(dropFirst(3)) : self
    }

    /// Whether these are all bytes of a file that holds a JSON object or list.
    fileprivate var isJSON: Bool {
        guard count < FileType.headBytes, let document = try? JSONDocument(validating: plainText) else { return false }
        return document.isObject || document.isArray
    }
}
