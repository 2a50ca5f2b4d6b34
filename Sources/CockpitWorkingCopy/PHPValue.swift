/// A value that a PHP literal stands for, with array order kept.
///
/// PHP has one array type for lists and maps; which of the two an array is, is decided only when it becomes JSON.
package enum PHPValue: Equatable, Sendable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([PHPEntry])
}

/// One `key => value` of an array.
package struct PHPEntry: Equatable, Sendable {
    package var key: PHPKey
    package var value: PHPValue
}

/// PHP array keys are whole numbers or strings; `'7'` and `7` are the same key.
package enum PHPKey: Hashable, Sendable {
    case index(Int64)
    case name(String)

    /// The key PHP uses for a string: decimal numbers in their shortest form become whole numbers, `'07'` does not.
    /// https://www.php.net/manual/en/language.types.array.php
    init(_ string: String) {
        if let index = Int64(string), String(index) == string {
            self = .index(index)
        } else {
            self = .name(string)
        }
    }

    var text: String {
        switch self {
        case .index(let index): String(index)
        case .name(let name): name
        }
    }
}

// MARK: - Look-up

extension PHPValue {
    /// The value under a string key, where this is an array that has it.
    subscript(_ name: String) -> PHPValue? {
        guard case .array(let entries) = self else { return nil }
        return entries.first { $0.key == .name(name) }?.value
    }

    var stringValue: String? {
        guard case .string(let string) = self else { return nil }
        return string
    }
}

// MARK: - JSON

extension PHPValue {
    /// This value as JSON text, without whitespace, as PHP's `json_encode` would decide lists and objects:
    /// keys 0, 1, 2 … in order make a list, anything else an object, and an empty array is `[]`.
    package var json: [UInt8] {
        var bytes: [UInt8] = []
        appendJSON(to: &bytes)
        return bytes
    }

    private func appendJSON(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes += "null".utf8
        case .boolean(let value): bytes += (value ? "true" : "false").utf8
        case .integer(let value): bytes += String(value).utf8
        case .number(let value): bytes += value.description.utf8
        case .string(let value): Self.appendJSON(value, to: &bytes)
        case .array(let entries): Self.appendJSON(entries, to: &bytes)
        }
    }

    private static func appendJSON(_ entries: [PHPEntry], to bytes: inout [UInt8]) {
        let isList = entries.enumerated().allSatisfy { $1.key == .index(Int64($0)) }
        bytes.append(UInt8(ascii: isList ? "[" : "{"))
        for (position, entry) in entries.enumerated() {
            if position > 0 { bytes.append(UInt8(ascii: ",")) }
            if !isList {
                appendJSON(entry.key.text, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
            }
            entry.value.appendJSON(to: &bytes)
        }
        bytes.append(UInt8(ascii: isList ? "]" : "}"))
    }

    private static func appendJSON(_ string: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes += #"\""#.utf8
            case UInt8(ascii: "\\"): bytes += #"\\"#.utf8
            case 0x0A: bytes += #"\n"#.utf8
            case 0x0D: bytes += #"\r"#.utf8
            case 0x09: bytes += #"\t"#.utf8
            case 0..<0x20: bytes += "\\u00\(byte < 0x10 ? "0" : "")\(String(byte, radix: 16))".utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
