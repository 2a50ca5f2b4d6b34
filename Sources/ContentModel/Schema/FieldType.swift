/// Which values the types of fields take.
///
/// Judged by form alone, as an editor or a reader of the field would stumble over it; nothing is looked up.
enum FieldType {
    /// Whether a value, other than an empty one, can stand in a single field of a type.
    ///
    /// A type that is not known here takes nothing: nobody can tell whether it reads what another type has written.
    static func takes(_ value: JSONValue, _ type: String) -> Bool {
        switch type.lowercased() {
        case "text", "textarea", "wysiwyg", "html", "markdown", "code", "slug", "email", "url":
            value.string != nil || value.isNumber
        case "select", "radio", "enum": value.choice != nil
        case "boolean": value.bool != nil
        case "number": value.isNumber
        case "color": value.string.map { $0.hasShape("#hhh", "#hhhh", "#hhhhhh", "#hhhhhhhh") } ?? false
        case "date": value.string.map { $0.hasShape("0000-00-00") } ?? false
        case "time": value.string.map { $0.hasShape("00:00", "00:00:00") } ?? false
        case "datetime":
            value.string.map { String($0.prefix(16)).hasShape("0000-00-00 00:00", "0000-00-00T00:00") } ?? false
        case "tags": value.array?.allSatisfy { $0.choice != nil } ?? false
        case "nav", "layout": value.array != nil
        // PHP writes an empty object as a list, and one with the keys 0, 1, … too.
        case "object", "table": value.array != nil || value.object != nil
        case "set", "asset", "file", "image": value.object != nil
        case "contentitemlink": value["_model"]?.string != nil && value["_id"]?.string != nil
        default: false
        }
    }

    /// Whether a value is a list of values of a type, as fields with `multiple` hold it.
    static func isList(_ value: JSONValue, of type: String) -> Bool {
        guard let elements = value.array else { return false }
        return isItselfAList(type) ? elements.allSatisfy { $0.array != nil } : true
    }

    private static func isItselfAList(_ type: String) -> Bool {
        ["tags", "nav", "layout", "table"].contains(type.lowercased())
    }
}

extension JSONValue {
    /// Whether a field with this value has none: editors write null, an empty text, or an empty list or object.
    var isBlank: Bool {
        switch self {
        case .null: true
        case .string(let text): text.isEmpty
        case .array(let elements): elements.isEmpty
        case .object(let members): members.isEmpty
        case .bool, .integer, .number, .bigNumber: false
        }
    }

    fileprivate var isNumber: Bool {
        switch self {
        case .integer, .number, .bigNumber: true
        default: false
        }
    }
}

extension String {
    /// Whether the text has one of the shapes, in which `0` stands for a digit and `h` for a hexadecimal one.
    fileprivate func hasShape(_ shapes: String...) -> Bool {
        shapes.contains { shape in
            utf8.count == shape.utf8.count
                && zip(utf8, shape.utf8).allSatisfy { byte, place in
                    switch place {
                    case UInt8(ascii: "0"): byte.isDigit
                    case UInt8(ascii: "h"): byte.isHexDigit
                    default: byte == place
                    }
                }
        }
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    fileprivate var isHexDigit: Bool { isDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self | 0x20) }
}
