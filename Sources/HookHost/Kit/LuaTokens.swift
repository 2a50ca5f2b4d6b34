/// A word of Lua source.
struct LuaToken: Equatable {
    enum Kind {
        case name, keyword, number, symbol, end
        /// Its value is the token's text, unless it is written with escapes.
        case string(isLiteral: Bool)
    }

    var kind: Kind
    var text: String
    var line: Int

    static func == (left: LuaToken, right: LuaToken) -> Bool {
        left.text == right.text && left.line == right.line
    }

    func isSymbol(_ symbol: String) -> Bool {
        if case .symbol = kind { text == symbol } else { false }
    }

    func isKeyword(_ word: String) -> Bool {
        if case .keyword = kind { text == word } else { false }
    }

    var isName: Bool { if case .name = kind { true } else { false } }
    var isEnd: Bool { if case .end = kind { true } else { false } }

    /// The value of a string that is written without escapes.
    var literal: String? {
        if case .string(isLiteral: true) = kind { text } else { nil }
    }

    static let keywords: Set<String> = [
        "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil",
        "not", "or", "repeat", "return", "then", "true", "until", "while",
    ]
}

/// Cuts Lua 5.4 source into words (https://www.lua.org/manual/5.4/manual.html#3.1).
struct LuaLexer {
    /// The text is no Lua; the machine says why when it loads it.
    struct Unreadable: Error {}

    private let text: [UInt8]
    private var position = 0
    private var line = 1

    /// Longest first, so that `..` is not read as two dots.
    private static let symbols: [[UInt8]] = [
        "...", "<<", ">>", "//", "==", "~=", "<=", ">=", "::", "..", "+", "-", "*", "/", "%", "^", "#", "&", "~", "|",
        "<", ">", "=", "(", ")", "{", "}", "[", "]", ";", ":", ",", ".",
    ].map { Array($0.utf8) }

    static func tokens(of text: [UInt8]) throws(Unreadable) -> [LuaToken] {
        var lexer = LuaLexer(text)
        var tokens: [LuaToken] = []
        repeat { tokens.append(try lexer.next()) } while !tokens[tokens.count - 1].isEnd
        return tokens
    }

    private init(_ text: [UInt8]) {
        self.text = text
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        if byte == UInt8(ascii: "#") { skipLine() }
    }

    private var byte: UInt8? { position < text.count ? text[position] : nil }
    private func byte(after count: Int) -> UInt8? { position + count < text.count ? text[position + count] : nil }

    private mutating func skipLine() {
        while let byte, byte != UInt8(ascii: "\n") { position += 1 }
    }

    private mutating func next() throws(Unreadable) -> LuaToken {
        try skipBlanks()
        guard let byte else { return LuaToken(kind: .end, text: "", line: line) }
        if byte.isWordStart { return word() }
        if byte.isDigit || (byte == UInt8(ascii: ".") && (self.byte(after: 1)?.isDigit ?? false)) { return number() }
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { return try quoted(by: byte) }
        if byte == UInt8(ascii: "["), let level = bracketLevel() { return try long(level) }
        return try symbol()
    }

    private mutating func skipBlanks() throws(Unreadable) {
        while let byte {
            if byte == UInt8(ascii: "\n") {
                line += 1
                position += 1
            } else if byte <= 0x20 {
                position += 1
            } else if byte == UInt8(ascii: "-"), self.byte(after: 1) == UInt8(ascii: "-") {
                position += 2
                let level = self.byte == UInt8(ascii: "[") ? bracketLevel() : nil
                if let level { _ = try long(level) } else { skipLine() }
            } else {
                return
            }
        }
    }

    private mutating func word() -> LuaToken {
        let start = position
        while let byte, byte.isWordStart || byte.isDigit { position += 1 }
        let text = String(decoding: text[start..<position], as: UTF8.self)
        return LuaToken(kind: LuaToken.keywords.contains(text) ? .keyword : .name, text: text, line: line)
    }

    /// As far as it can be a number; whether it is a good one is the machine's affair.
    private mutating func number() -> LuaToken {
        let start = position
        let isHex = byte == UInt8(ascii: "0") && byte(after: 1).map { $0 | 0x20 == UInt8(ascii: "x") } ?? false
        let exponent = isHex ? UInt8(ascii: "p") : UInt8(ascii: "e")
        while let byte {
            let isSign = byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
            guard
                byte.isDigit || byte.isWordStart || byte == UInt8(ascii: ".")
                    || (isSign && position > start && text[position - 1] | 0x20 == exponent)
            else { break }
            position += 1
        }
        return LuaToken(kind: .number, text: String(decoding: text[start..<position], as: UTF8.self), line: line)
    }

    private mutating func quoted(by quote: UInt8) throws(Unreadable) -> LuaToken {
        let (first, start) = (line, position + 1)
        var isLiteral = true
        position += 1
        while let byte, byte != quote {
            if byte == UInt8(ascii: "\n") { throw Unreadable() }
            if byte == UInt8(ascii: "\\") {
                isLiteral = false
                position += 1
                try skipEscape()
            } else {
                position += 1
            }
        }
        guard byte == quote else { throw Unreadable() }
        let value = String(decoding: text[start..<position], as: UTF8.self)
        position += 1
        return LuaToken(kind: .string(isLiteral: isLiteral), text: value, line: first)
    }

    /// What stands behind a backslash: a line break continues the string, and `\z` skips blanks.
    private mutating func skipEscape() throws(Unreadable) {
        guard let byte else { throw Unreadable() }
        position += 1
        if byte == UInt8(ascii: "\n") { line += 1 }
        if byte == UInt8(ascii: "\r"), self.byte == UInt8(ascii: "\n") {
            line += 1
            position += 1
        }
        guard byte == UInt8(ascii: "z") else { return }
        while let blank = self.byte, blank <= 0x20 {
            if blank == UInt8(ascii: "\n") { line += 1 }
            position += 1
        }
    }

    /// How many `=` stand in a `[==[` that begins here.
    private func bracketLevel() -> Int? {
        var level = 0
        while byte(after: level + 1) == UInt8(ascii: "=") { level += 1 }
        return byte(after: level + 1) == UInt8(ascii: "[") ? level : nil
    }

    private mutating func long(_ level: Int) throws(Unreadable) -> LuaToken {
        let first = line
        let closing = [UInt8(ascii: "]")] + Array(repeating: UInt8(ascii: "="), count: level) + [UInt8(ascii: "]")]
        position += level + 2
        let start = position
        while position + closing.count <= text.count {
            if text[position] == UInt8(ascii: "]"), text[position..<position + closing.count].elementsEqual(closing) {
                let value = String(decoding: text[start..<position], as: UTF8.self)
                position += closing.count
                return LuaToken(kind: .string(isLiteral: !value.hasPrefix("\n")), text: value, line: first)
            }
            if text[position] == UInt8(ascii: "\n") { line += 1 }
            position += 1
        }
        throw Unreadable()
    }

    private mutating func symbol() throws(Unreadable) -> LuaToken {
        guard let symbol = Self.symbols.first(where: { text[position...].starts(with: $0) }) else { throw Unreadable() }
        position += symbol.count
        return LuaToken(kind: .symbol, text: String(decoding: symbol, as: UTF8.self), line: line)
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    fileprivate var isWordStart: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20) && self < 0x80 || self == UInt8(ascii: "_")
    }
}
