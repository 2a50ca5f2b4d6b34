internal import ContentModel
internal import LuaRuntime

/// Values between scripts and services that speak JSON.
enum LuaJSON {
    /// A script's value as JSON. `documents` are those of the call, which the value may refer to.
    static func document(_ value: LuaValue, documents: [[UInt8]], for function: String) throws -> JSONDocument {
        do {
            return try convert(value, documents, depth: 0).document
        } catch let error as HostError {
            throw HostError("\(function): \(error)")
        }
    }

    private static func convert(_ value: LuaValue, _ documents: [[UInt8]], depth: Int) throws -> JSONValue {
        guard depth < 128 else { throw HostError("the table is nested too deep") }
        switch value {
        case .nil, .null: return .null
        case .boolean(let flag): return .bool(flag)
        case .integer(let number): return .integer(number)
        case .number(let number):
            guard number.isFinite else { throw HostError("JSON has no number for \(number)") }
            return .number(number)
        case .string(let bytes): return .string(try text(bytes))
        case .array(let elements): return .array(try elements.map { try convert($0, documents, depth: depth + 1) })
        case .object(let fields):
            return .object(try fields.map { JSONMember($0.name, try convert($0.value, documents, depth: depth + 1)) })
        case .function: throw HostError("JSON has no functions")
        case .secret: throw HostError("a secret cannot be written into JSON")
        case .document(let index):
            guard documents.indices.contains(index) else { throw HostError("the item is not of this call") }
            return JSONValue(try JSONDocument(validating: documents[index]))
        }
    }

    private static func text(_ bytes: [UInt8]) throws -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw HostError("a string is not UTF-8, so JSON cannot hold it")
        }
        return text
    }
}

extension LuaValue {
    /// A JSON value as scripts see it. Numbers beyond what Lua holds become the nearest it does.
    init(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool(let flag): self = .boolean(flag)
        case .integer(let number): self = .integer(number)
        case .number(let number): self = .number(number)
        case .bigNumber(let token): self = .number(Double(token) ?? .infinity)
        case .string(let text): self = .text(text)
        case .array(let elements): self = .array(elements.map { LuaValue($0) })
        case .object(let members): self = .object(members.map { LuaField($0.key, LuaValue($0.value)) })
        }
    }
}
