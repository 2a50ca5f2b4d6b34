internal import ContentModel
internal import LuaRuntime

/// Values as people would write them in Lua.
enum LuaText {
    /// A table goes over several lines, its fields in the order of their names.
    static func written(_ value: LuaValue, indent: String = "") -> String {
        switch value {
        case .nil: "nil"
        case .null: "app.json.null"
        case .boolean(let flag): "\(flag)"
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .string(let bytes): quoted(String(decoding: bytes, as: UTF8.self))
        case .function: "a function"
        case .document: "an item"
        case .secret: "***"
        case .array(let elements): table(elements.map { written($0, indent: indent + "  ") }, indent)
        case .object(let fields):
            table(
                fields.sorted { $0.name < $1.name }.map { field in
                    "\(key(field.name)) = \(written(field.value, indent: indent + "  "))"
                }, indent)
        }
    }

    /// On one line, and not longer than a person reads.
    static func brief(_ text: String) -> String {
        let line = text.split(separator: "\n").map { $0.drop { $0 == " " } }.joined(separator: " ")
            .replacing(", }", with: " }")
        return line.count > 80 ? line.prefix(79) + "…" : line
    }

    private static func table(_ lines: [String], _ indent: String) -> String {
        guard !lines.isEmpty else { return "{}" }
        return "{\n" + lines.map { "\(indent)  \($0),\n" }.joined() + "\(indent)}"
    }

    private static func key(_ name: String) -> String {
        let isName = name.utf8.allSatisfy { byte in
            byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        let startsWell = name.first.map { !$0.isNumber } ?? false
        return isName && startsWell && !LuaToken.keywords.contains(name) ? name : "[\(quoted(name))]"
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"\(escaped.escapingControls)\""
    }
}
