internal import ContentModel
internal import LuaRuntime

/// One table of the configuration, read member by member with errors that name the member.
struct SettingTable {
    let value: LuaValue
    /// Dotted name of the table inside the configuration; empty at the top.
    let path: String
    let file: String

    private var members: [LuaField] {
        get throws {
            switch value {
            case .nil: return []
            case .object(let fields): return fields
            case .array(let elements) where elements.isEmpty: return []
            default:
                throw TidelockError(
                    .badSetting,
                    "\(file): \(path.isEmpty ? "the file must return" : "'\(path)' must be") a table with names.")
            }
        }
    }

    /// Throws for the first member that is none of `names`.
    func allow(_ names: [String]) throws {
        for member in try members where !names.contains(member.name) {
            throw TidelockError(
                .badSetting,
                "\(file): there is no setting '\(full(member.name.printable))'.\(didYouMean(member.name, among: names))",
                hint: "Settings here are: \(names.joined(separator: ", ")).")
        }
    }

    func text(_ name: String) throws -> String? {
        switch value[name] {
        case .nil: return nil
        case let member:
            guard let text = member.text else { throw wrong(name, "it must be a text") }
            return text
        }
    }

    func key(_ name: String) throws -> SyncKey? {
        guard let text = try text(name) else { return nil }
        do {
            return try SyncKey(text)
        } catch let error as TidelockError {
            throw TidelockError(.badSetting, "\(file): '\(full(name))': \(error.message)", hint: error.hint)
        }
    }

    func boolean(_ name: String) throws -> Bool? {
        switch value[name] {
        case .nil: return nil
        case .boolean(let flag): return flag
        default: throw wrong(name, "it must be true or false")
        }
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        switch value[name] {
        case .nil: return nil
        case .integer(let number) where range.contains(Int(number)): return Int(number)
        default: throw wrong(name, "it must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
    }

    func texts(_ name: String) throws -> [String] {
        switch value[name] {
        case .nil: return []
        case .object(let fields) where fields.isEmpty: return []
        case .array(let elements):
            return try elements.map { element in
                guard let text = element.text else { throw wrong(name, "it must be a list of texts") }
                return text
            }
        default: throw wrong(name, "it must be a list of texts")
        }
    }

    func table(_ name: String) throws -> SettingTable {
        let table = SettingTable(value: value[name], path: full(name), file: file)
        _ = try table.members
        return table
    }

    func tables(_ name: String) throws -> [SettingTable] {
        switch value[name] {
        case .nil: return []
        case .object(let fields) where fields.isEmpty: return []
        case .array(let elements):
            return elements.enumerated().map { position, element in
                SettingTable(value: element, path: "\(full(name))[\(position + 1)]", file: file)
            }
        default: throw wrong(name, "it must be a list of tables")
        }
    }

    /// All members of this table, each a text.
    func namedTexts() throws -> [String: String] {
        var texts: [String: String] = [:]
        for member in try members { texts[member.name] = try text(member.name) }
        return texts
    }

    func namedTables(_ name: String) throws -> [(name: String, table: SettingTable)] {
        try table(name).members.map { field in
            (field.name, SettingTable(value: field.value, path: "\(full(name)).\(field.name)", file: file))
        }
    }

    /// Any value, as JSON.
    func document(_ name: String) throws -> JSONDocument? {
        switch value[name] {
        case .nil: return nil
        case let member:
            do {
                return try member.document()
            } catch {
                throw wrong(name, error.why)
            }
        }
    }

    func missing(_ name: String) -> TidelockError {
        TidelockError(.missingSetting, "\(file): '\(full(name))' is missing.")
    }

    func wrong(_ name: String, _ why: String) -> TidelockError {
        TidelockError(.badSetting, "\(file): '\(full(name))' cannot be used: \(why).")
    }

    private func full(_ name: String) -> String {
        path.isEmpty ? name : "\(path).\(name)"
    }
}

/// What a script returned is not made of plain values.
struct NotPlain: Error {
    /// The end of a sentence.
    var why: String
}

extension LuaValue {
    /// The value as JSON.
    func document() throws(NotPlain) -> JSONDocument {
        switch self {
        case .nil, .null: return .null
        case .boolean(let flag): return JSONDocument(bool: flag)
        case .integer(let number): return JSONDocument(integer: number)
        case .number(let number): return JSONValue.number(number).document
        case .string:
            guard let text else { throw NotPlain(why: "a text in it is not UTF-8") }
            return JSONDocument(string: text)
        case .array(let elements): return .array(try elements.map { value throws(NotPlain) in try value.document() })
        case .object(let fields):
            return .object(try fields.map { field throws(NotPlain) in (field.name, try field.value.document()) })
        case .function, .document, .secret: throw NotPlain(why: "it must hold only plain values")
        }
    }
}
