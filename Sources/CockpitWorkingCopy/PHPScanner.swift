/// Why a PHP file could not be read as a literal.
package struct PHPLiteralError: Error, Equatable, Sendable {
    package var line: Int
    package var message: String
}

/// Walks over the bytes of a PHP file: blanks, comments, words and strings, with the line number for messages.
struct PHPScanner {
    private let bytes: [UInt8]
    private var position = 0
    private(set) var line = 1

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { position == bytes.count }

    /// The byte that comes next, or 0 at the end: no literal holds a NUL outside a string.
    var next: UInt8 { isAtEnd ? 0 : bytes[position] }

    private func byte(after distance: Int) -> UInt8 {
        position + distance < bytes.count ? bytes[position + distance] : 0
    }

    @discardableResult
    mutating func advance() -> UInt8 {
        let byte = bytes[position]
        position += 1
        if byte == 0x0A { line += 1 }
        return byte
    }

    // MARK: Marks and words

    /// Takes `mark` if it comes next.
    mutating func take(_ mark: StaticString) -> Bool {
        let matches = mark.withUTF8Buffer { bytes[position...].starts(with: $0) }
        guard matches else { return false }
        for _ in 0..<mark.utf8CodeUnitCount { advance() }
        return true
    }

    /// Takes bytes while `belongs` says so.
    mutating func takeRun(while belongs: (UInt8) -> Bool) -> String {
        let start = position
        while !isAtEnd, belongs(next) { advance() }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    mutating func takeWord() -> String {
        takeRun { $0.isWord }
    }

    /// Skips blanks and the three forms of comment.
    mutating func skipBlanks() throws(PHPLiteralError) {
        while !isAtEnd {
            if next.isBlank {
                advance()
            } else if next == UInt8(ascii: "#") && byte(after: 1) != UInt8(ascii: "[") || startsWith("//") {
                skipLine()
            } else if startsWith("/*") {
                try skipBlockComment()
            } else {
                return
            }
        }
    }

    private func startsWith(_ mark: StaticString) -> Bool {
        mark.withUTF8Buffer { bytes[position...].starts(with: $0) }
    }

    /// A one-line comment also ends before a closing tag, as in PHP.
    private mutating func skipLine() {
        while !isAtEnd, next != 0x0A, !startsWith("?>") { advance() }
    }

    private mutating func skipBlockComment() throws(PHPLiteralError) {
        let start = line
        while !isAtEnd {
            if take("*/") { return }
            advance()
        }
        throw PHPLiteralError(line: start, message: "this comment is never closed; expected `*/`")
    }

    // MARK: Strings

    /// Reads a string in single or double quotes. Line breaks in it belong to it.
    mutating func takeString() throws(PHPLiteralError) -> String {
        let start = line
        let quote = advance()
        var text: [UInt8] = []
        while !isAtEnd {
            if next == quote {
                advance()
                return String(decoding: text, as: UTF8.self)
            }
            text.append(quote == UInt8(ascii: "'") ? takeSingleQuotedByte() : try takeDoubleQuotedByte())
        }
        throw PHPLiteralError(line: start, message: "this string is never closed")
    }

    /// In single quotes only `\\` and `\'` are escapes; any other backslash stands for itself.
    private mutating func takeSingleQuotedByte() -> UInt8 {
        let escaped = byte(after: 1)
        let isEscape = escaped == UInt8(ascii: "\\") || escaped == UInt8(ascii: "'")
        if next == UInt8(ascii: "\\"), isEscape { advance() }
        return advance()
    }

    private mutating func takeDoubleQuotedByte() throws(PHPLiteralError) -> UInt8 {
        if next == UInt8(ascii: "$"), byte(after: 1).startsVariable {
            throw error("expected plain text, found a variable in double quotes; use single quotes")
        }
        guard next == UInt8(ascii: "\\") else { return advance() }
        let escaped = byte(after: 1)
        if escaped == UInt8(ascii: "x") || escaped == UInt8(ascii: "u") || escaped.isDigit {
            throw error("expected plain text, found a numbered escape; write the character itself")
        }
        guard let byte = Self.escapes[escaped] else { return advance() }
        advance()
        advance()
        return byte
    }

    /// https://www.php.net/manual/en/language.types.string.php#language.types.string.syntax.double
    private static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "n"): 0x0A, UInt8(ascii: "t"): 0x09, UInt8(ascii: "r"): 0x0D,
        UInt8(ascii: "v"): 0x0B, UInt8(ascii: "f"): 0x0C, UInt8(ascii: "e"): 0x1B,
        UInt8(ascii: "\\"): UInt8(ascii: "\\"), UInt8(ascii: "\""): UInt8(ascii: "\""),
        UInt8(ascii: "$"): UInt8(ascii: "$"),
    ]

    // MARK: Messages

    func error(_ message: String) -> PHPLiteralError {
        PHPLiteralError(line: line, message: message)
    }

    /// "expected X, found Y", where Y is the word or mark that comes next.
    func expected(_ what: String) -> PHPLiteralError {
        error("expected \(what), found \(found)")
    }

    private var found: String {
        if isAtEnd { return "the end of the file" }
        var ahead = self
        let word = ahead.takeWord()
        let shown = word.isEmpty ? String(decoding: [next], as: UTF8.self) : String(word.prefix(40))
        return "`\(shown)`"
    }
}

extension UInt8 {
    var isBlank: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    var isLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20) }
    var isWord: Bool { isLetter || isDigit || self == UInt8(ascii: "_") || self >= 0x80 }
    var startsVariable: Bool { isWord && !isDigit || self == UInt8(ascii: "{") }
}
