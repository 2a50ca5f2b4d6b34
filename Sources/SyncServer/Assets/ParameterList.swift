/// A value of a header field with its parameters, such as `form-data; name="a"` (RFC 9110, 5.6.6).
struct ParameterList: Sendable, Equatable {
    /// In lower case.
    let value: String
    private let parameters: [String: String]

    /// Nil for what cannot be read, and where a parameter is there twice: two readers could choose different ones.
    init?(_ field: String) {
        var scanner = Scanner(rest: Array(field.utf8)[...])
        value = scanner.text { $0 != UInt8(ascii: ";") }.lowercased()
        guard !value.isEmpty else { return nil }
        var found: [String: String] = [:]
        while scanner.advance() {
            guard let (name, text) = scanner.parameter(), found.updateValue(text, forKey: name) == nil else {
                return nil
            }
        }
        guard scanner.isAtEnd else { return nil }
        parameters = found
    }

    /// - Parameter name: in lower case
    subscript(_ name: String) -> String? { parameters[name] }
}

/// Reads a list from its beginning to its end.
private struct Scanner {
    var rest: ArraySlice<UInt8>

    var isAtEnd: Bool { rest.isEmpty }

    /// Goes on to the next parameter; false when there is none. A semicolon at the end is followed by none.
    mutating func advance() -> Bool {
        skipBlanks()
        guard rest.first == UInt8(ascii: ";") else { return false }
        rest.removeFirst()
        skipBlanks()
        return !rest.isEmpty
    }

    mutating func parameter() -> (name: String, text: String)? {
        let name = text(while: Self.isToken).lowercased()
        guard !name.isEmpty, rest.popFirst() == UInt8(ascii: "=") else { return nil }
        if rest.first == UInt8(ascii: "\"") { return quoted().map { (name, $0) } }
        // More than a token may hold: not everybody quotes the boundary of a form.
        let value = text { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: "\"") }
        return value.isEmpty ? nil : (name, value)
    }

    /// The bytes that pass, as text without blanks at its end.
    mutating func text(while passes: (UInt8) -> Bool) -> String {
        var taken = rest.prefix(while: passes)
        rest = rest[taken.endIndex...]
        while let last = taken.last, Self.isBlank(last) { taken.removeLast() }
        return String(decoding: taken, as: UTF8.self)
    }

    /// Only quotes and backslashes are escaped by a backslash: browsers do not escape those of a path.
    private mutating func quoted() -> String? {
        rest.removeFirst()
        var text: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(validating: text, as: UTF8.self)
            case UInt8(ascii: "\\") where rest.first == UInt8(ascii: "\"") || rest.first == UInt8(ascii: "\\"):
                text.append(rest.removeFirst())
            default: text.append(byte)
            }
        }
        return nil
    }

    private mutating func skipBlanks() { rest = rest.drop(while: Self.isBlank) }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func isToken(_ byte: UInt8) -> Bool { byte.isTokenByte }
}

extension UInt8 {
    /// Whether names of header fields and of parameters may hold this byte (RFC 9110, 5.6.2).
    var isTokenByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(self)
        }
    }
}
