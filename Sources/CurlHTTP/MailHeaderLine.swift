/// Writes one header field of a mail, broken into lines of the length that RFC 5322 and RFC 2047 ask for.
///
/// Pure. Words are joined by single spaces, or by a line break and a space where the line would grow too long.
struct MailHeaderLine {
    private(set) var text: String
    private var column: Int
    private var hasWords = false

    /// Lines with encoded words may be 76 characters long.
    private static let width = 76

    init(_ name: String) {
        text = name + ":"
        column = text.utf8.count
    }

    /// Adds a word as it stands; it holds no line break.
    mutating func append(_ word: String) {
        if column + 1 + word.utf8.count > Self.width, hasWords {
            text += "\r\n"
            column = 0
        }
        text += " " + word
        column += 1 + word.utf8.count
        hasWords = true
    }

    /// Adds free text, such as a subject.
    mutating func append(text: String) {
        guard text.isPlainHeaderText else { return append(encoded: text) }
        for word in text.split(separator: " ") { append(String(word)) }
    }

    /// Adds `addresses`, with commas between them.
    mutating func append(_ addresses: [MailAddress]) {
        for (position, address) in addresses.enumerated() {
            let comma = position < addresses.count - 1 ? "," : ""
            guard let name = address.name, !name.isEmpty else {
                append(address.address + comma)
                continue
            }
            append(name: name)
            append("<\(address.address)>" + comma)
        }
    }

    /// Adds `; name=value`, which may need several lines of its own.
    ///
    /// What is not short and plain is written as RFC 2231 has it: percent-encoded and, if long, in numbered parts.
    mutating func append(parameter name: String, _ value: String) {
        text += ";"
        column += 1
        if value.utf8.count <= 50, value.isPlainHeaderText {
            return append("\(name)=\(value.quoted)")
        }
        let parts = value.percentEncodedParts(upTo: 40)
        for (number, part) in parts.enumerated() {
            let key = parts.count > 1 ? "\(name)*\(number)*" : "\(name)*"
            append("\(key)=\(number == 0 ? "UTF-8''" : "")\(part)\(number < parts.count - 1 ? ";" : "")")
        }
    }

    private mutating func append(name: String) {
        guard name.isPlainHeaderText, name.utf8.count <= 70 else { return append(encoded: name) }
        guard name.utf8.allSatisfy({ $0.isAtomText || $0 == 0x20 }) else { return append(name.quoted) }
        append(text: name)
    }

    /// Adds text as encoded words (RFC 2047). Readers drop the spaces between two of them.
    private mutating func append(encoded text: String) {
        var rest = text.unicodeScalars[...]
        while !rest.isEmpty {
            var room = Self.byteCount(within: Self.width - column - 1)
            if room < 4 { room = Self.byteCount(within: Self.width - 1) }  // on the next line, then
            var bytes: [UInt8] = []
            while let scalar = rest.first, bytes.count + UTF8.width(scalar) <= room {
                bytes += Array(String(scalar).utf8)
                rest.removeFirst()
            }
            append("=?UTF-8?B?\(String(decoding: base64(bytes), as: UTF8.self))?=")
        }
    }

    /// How many bytes an encoded word of at most `length` characters holds: 12 characters around four for every three.
    private static func byteCount(within length: Int) -> Int {
        max(0, min(length, 75) - 12) / 4 * 3
    }
}

extension String {
    /// Whether this can stand in a header as it is, come out of the folding as it was, and be taken for nothing else.
    fileprivate var isPlainHeaderText: Bool {
        guard utf8.allSatisfy({ (0x20..<0x7F).contains($0) }), !utf8.isEmpty else { return false }
        let words = split(separator: " ", omittingEmptySubsequences: false)
        return words.allSatisfy { !$0.isEmpty && $0.utf8.count <= 70 && !$0.contains("=?") }
    }

    /// As a `quoted-string` of RFC 5322, 3.2.4.
    fileprivate var quoted: String {
        let escaped = unicodeScalars.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }
        return "\"\(escaped.joined())\""
    }

    /// The bytes in the notation of RFC 2231, in parts of about `length` characters.
    fileprivate func percentEncodedParts(upTo length: Int) -> [String] {
        var parts = [""]
        for byte in utf8 {
            if parts[parts.count - 1].utf8.count >= length { parts.append("") }
            let isPlain = byte.isLetterOrDigit || "-._~".utf8.contains(byte)
            parts[parts.count - 1] += isPlain ? String(Unicode.Scalar(byte)) : "%" + byte.hexDigits
        }
        return parts
    }
}

extension UInt8 {
    /// Two digits in capitals.
    var hexDigits: String {
        let digits = String(self, radix: 16, uppercase: true)
        return digits.utf8.count < 2 ? "0" + digits : digits
    }
}
