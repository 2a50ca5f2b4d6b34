/// Reads what Cockpit writes into its model files: `<?php return [ … ];` with nothing in it but literals.
///
/// Nothing is ever executed: a constant, a function call, a variable or an operator is refused with its line.
/// https://www.php.net/manual/en/language.types.php
package struct PHPLiteral {
    /// Larger than any model file by two orders of magnitude.
    static let maximumSize = 16 << 20
    /// A model nests about eight levels for each set within a set.
    static let maximumDepth = 128

    private var scanner: PHPScanner

    /// The value a PHP file returns.
    package static func parse(_ bytes: [UInt8]) throws(PHPLiteralError) -> PHPValue {
        guard bytes.count <= maximumSize else {
            throw PHPLiteralError(line: 1, message: "the file is larger than \(maximumSize >> 20) MiB")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw PHPLiteralError(line: firstLineOutsideUTF8(bytes), message: "expected UTF-8 text")
        }
        var parser = PHPLiteral(scanner: PHPScanner(bytes))
        return try parser.parseFile()
    }

    /// A line break never is part of a longer UTF-8 sequence, so each line can be judged alone.
    private static func firstLineOutsideUTF8(_ bytes: [UInt8]) -> Int {
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        let index = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }
        return (index ?? 0) + 1
    }

    private mutating func parseFile() throws(PHPLiteralError) -> PHPValue {
        guard scanner.take("<?php"), scanner.next.isBlank else { throw scanner.expected("`<?php` at the very start") }
        try scanner.skipBlanks()
        let start = scanner
        guard scanner.takeWord().lowercased() == "return" else { throw start.expected("`return`") }
        try scanner.skipBlanks()
        let value = try parseValue(depth: 0)
        try scanner.skipBlanks()
        guard scanner.take(";") else { throw scanner.expected("`;`") }
        try scanner.skipBlanks()
        if scanner.take("?>") { _ = scanner.takeRun { $0.isBlank } }
        guard scanner.isAtEnd else { throw scanner.expected("nothing after the returned value") }
        return value
    }

    // MARK: Values

    private mutating func parseValue(depth: Int) throws(PHPLiteralError) -> PHPValue {
        switch scanner.next {
        case UInt8(ascii: "["):
            scanner.advance()
            return .array(try parseEntries(closedBy: "]", depth: depth + 1))
        case UInt8(ascii: "'"), UInt8(ascii: "\""):
            return .string(try scanner.takeString())
        case let byte where byte.isDigit || Self.numberMarks.contains(byte):
            return try parseNumber()
        default:
            return try parseWord(depth: depth)
        }
    }

    private mutating func parseWord(depth: Int) throws(PHPLiteralError) -> PHPValue {
        let start = scanner
        switch scanner.takeWord().lowercased() {
        case "null": return .null
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "array":
            try scanner.skipBlanks()
            guard scanner.take("(") else { throw scanner.expected("`(` after `array`") }
            return .array(try parseEntries(closedBy: ")", depth: depth + 1))
        default: throw start.expected("a value")
        }
    }

    // MARK: Arrays

    private mutating func parseEntries(closedBy end: StaticString, depth: Int) throws(PHPLiteralError) -> [PHPEntry] {
        guard depth <= Self.maximumDepth else {
            throw scanner.error("arrays are nested deeper than \(Self.maximumDepth) levels")
        }
        var array = PHPArrayBuilder()
        try scanner.skipBlanks()
        while !scanner.take(end) {
            try parseEntry(into: &array, depth: depth)
            try scanner.skipBlanks()
            if scanner.take(",") {
                try scanner.skipBlanks()
            } else if scanner.take(end) {
                break
            } else {
                throw scanner.expected("`,` or `\(end)`")
            }
        }
        return array.entries
    }

    private mutating func parseEntry(into array: inout PHPArrayBuilder, depth: Int) throws(PHPLiteralError) {
        let value = try parseValue(depth: depth)
        try scanner.skipBlanks()
        guard scanner.take("=>") else {
            guard array.append(value) else { throw scanner.error("no whole number is left for this entry's key") }
            return
        }
        let key: PHPKey
        switch value {
        case .integer(let index): key = .index(index)
        case .string(let string): key = PHPKey(string)
        default: throw scanner.error("expected a string or a whole number as key before `=>`")
        }
        try scanner.skipBlanks()
        array.set(key, to: try parseValue(depth: depth))
    }

    // MARK: Numbers

    private static let numberMarks = [UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: ".")]

    private mutating func parseNumber() throws(PHPLiteralError) -> PHPValue {
        let start = scanner
        let sign = scanner.takeRun { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
        let whole = scanner.takeRun { $0.isDigit }
        let point = scanner.take(".")
        let fraction = point ? scanner.takeRun { $0.isDigit } : ""
        let exponent = takeExponent()
        let isNumber = sign.utf8.count <= 1 && !(whole + fraction).isEmpty && exponent != "e" && !scanner.next.isWord
        guard isNumber else { throw start.expected("a number") }
        if !point, exponent.isEmpty { return try wholeNumber(sign: sign, digits: whole, at: start) }
        let text = "\(sign)\(whole.isEmpty ? "0" : whole).\(fraction.isEmpty ? "0" : fraction)\(exponent)"
        guard let value = Double(text), value.isFinite else { throw start.error("this number is out of range") }
        return .number(value)
    }

    /// The exponent as `e` with its sign and digits, empty where there is none.
    private mutating func takeExponent() -> String {
        guard scanner.next | 0x20 == UInt8(ascii: "e") else { return "" }
        scanner.advance()
        let sign = scanner.take("-") ? "-" : ""
        if sign.isEmpty { _ = scanner.take("+") }
        let digits = scanner.takeRun { $0.isDigit }
        return digits.isEmpty ? "e" : "e\(sign)\(digits)"
    }

    /// Beyond 64 bits PHP reads a whole number as a floating-point one, and so does this.
    private func wholeNumber(sign: String, digits: String, at start: PHPScanner) throws(PHPLiteralError) -> PHPValue {
        // A leading zero makes the number octal in PHP, which no exporter writes and few people expect.
        guard digits == "0" || !digits.hasPrefix("0") else {
            throw start.error("expected a decimal number, found one with a leading zero")
        }
        if let value = Int64(sign + digits) { return .integer(value) }
        guard let value = Double(sign + digits), value.isFinite else {
            throw start.error("this number is out of range")
        }
        return .number(value)
    }
}

/// Collects entries by PHP's rules: a repeated key keeps its first place and takes the later value, and an entry
/// without a key gets the number after the largest one so far.
private struct PHPArrayBuilder {
    private(set) var entries: [PHPEntry] = []
    private var places: [PHPKey: Int] = [:]
    private var nextIndex: Int64? = 0

    mutating func set(_ key: PHPKey, to value: PHPValue) {
        if let place = places[key] {
            entries[place].value = value
        } else {
            places[key] = entries.count
            entries.append(PHPEntry(key: key, value: value))
        }
        if case .index(let index) = key, let next = nextIndex, index >= next {
            nextIndex = index == .max ? nil : index + 1
        }
    }

    /// Adds a value without a key; false when the numbers are used up.
    mutating func append(_ value: PHPValue) -> Bool {
        guard let index = nextIndex else { return false }
        set(.index(index), to: value)
        return true
    }
}
