/// A value that a script gave or will be given.
///
/// Tables come by value: nothing here points into a machine except `function` and `document`.
public enum LuaValue: Sendable, Equatable {
    case `nil`
    /// What scripts write as `null` of the JSON module: a null that can stand in a table.
    case null
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    /// Lua strings are bytes; see ``text``.
    case string([UInt8])
    case array([LuaValue])
    /// Fields in order. An empty table that says nothing else about itself is an object.
    case object([LuaField])
    /// Good only in the machine it came from.
    case function(LuaFunction)
    /// Text that scripts may pass on and join, but not read; see ``revealedText``.
    case secret([UInt8])
    /// One of the current call's documents, by its position.
    ///
    /// A mark or a returned value names whole documents like this. Arguments of host functions arrive by value,
    /// with what the script changed so far.
    case document(Int)

    public static func text(_ text: String) -> LuaValue { .string(Array(text.utf8)) }

    /// The content of a string that is valid UTF-8.
    public var text: String? {
        guard case .string(let bytes) = self else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The content of a string or a secret that is valid UTF-8. For what a secret is meant for, never for messages.
    public var revealedText: String? {
        guard case .secret(let bytes) = self else { return text }
        return String(validating: bytes, as: UTF8.self)
    }

    public var isSecret: Bool {
        if case .secret = self { true } else { false }
    }

    /// A field of an object; `.nil` when there is none or this is no object.
    public subscript(name: String) -> LuaValue {
        guard case .object(let fields) = self else { return .nil }
        return fields.first { $0.name == name }?.value ?? .nil
    }
}

/// A named value of an object.
public struct LuaField: Sendable, Equatable {
    public var name: String
    public var value: LuaValue

    public init(_ name: String, _ value: LuaValue) {
        self.name = name
        self.value = value
    }
}

/// A function that a script handed over.
///
/// Good until the load or call ends in which that happened, unless it was kept: see ``LuaHostFunction``.
public struct LuaFunction: Sendable, Hashable {
    let handle: Int64
}

// MARK: - For people

/// As a script would write it, for tests and debuggers. A secret never shows what it holds, however it is printed.
extension LuaValue: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String {
        switch self {
        case .nil: "nil"
        case .null: "null"
        case .boolean(let flag): "\(flag)"
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .string(let bytes): String(reflecting: String(decoding: bytes, as: UTF8.self))
        case .array(let elements): "{ " + elements.map(\.description).joined(separator: ", ") + " }"
        case .object(let fields): "{ " + fields.map { "\($0.name) = \($0.value)" }.joined(separator: ", ") + " }"
        case .function(let function): "function \(function.handle)"
        case .secret: "***"
        case .document(let index): "document \(index)"
        }
    }

    public var debugDescription: String { description }

    public var customMirror: Mirror { Mirror(self, children: ["value": description]) }
}
