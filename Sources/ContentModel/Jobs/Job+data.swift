/// The setting `data`: which items of the models a job moves.
///
/// True means all of them, false none, and a list of `{"model": …, "ids": […]}` exactly those; `kind` may stand in the
/// place of `model`, for singletons and the like. An object `{"posts": ["id"]}` says the same in fewer words.
extension Job {
    /// Nil when all items are meant. An empty list is refused: what a script filtered until nothing was left must not
    /// come to mean everything.
    func chosenItems() throws -> [String: [String]]? {
        guard let value = settings.member("data") else { return nil }
        var chosen: [String: [String]] = [:]
        switch JSONValue(value) {
        case .null, .bool(true): return nil
        case .bool(false): return [:]
        case .array(let choices):
            for choice in choices {
                let (kind, ids) = try read(choice)
                chosen[kind.name, default: []] += ids
            }
        case .object(let members):
            for member in members {
                chosen[try Kind.ofItems(member.key).name, default: []] += try read(ids: member.value)
            }
        default: throw wrong("data", Job.dataShape)
        }
        guard !chosen.isEmpty else { throw wrong("data", "true, false, or name at least one item") }
        return chosen
    }

    /// Chosen items as the setting.
    static func data(_ items: [String: [String]]) -> JSONDocument {
        guard !items.isEmpty else { return JSONDocument(bool: false) }
        return .array(
            items.sorted { $0.key < $1.key }.map { kind, ids in
                let ids = JSONDocument.array(ids.map { JSONDocument(string: $0) })
                return .object([("kind", JSONDocument(string: kind)), ("ids", ids)])
            })
    }

    private static let dataShape = "true, false, or a list of objects with 'model' and 'ids'"

    private func read(_ choice: JSONValue) throws -> (Kind, [String]) {
        guard case .object(let members) = choice, members.count == 2,
            let ids = members.first(where: { $0.key == "ids" })?.value,
            let name = members.first(where: { $0.key == "model" || $0.key == "kind" }),
            case .string(let text) = name.value
        else { throw wrong("data", Job.dataShape) }
        return (try name.key == "kind" ? Kind(text) : .content(text), try read(ids: ids))
    }

    private func read(ids: JSONValue) throws -> [String] {
        guard case .array(let elements) = ids, !elements.isEmpty else {
            throw wrong("data", "\(Job.dataShape), each with at least one id")
        }
        return try elements.map { element in
            guard case .string(let id) = element else { throw wrong("data", "\(Job.dataShape), ids as texts") }
            return id
        }
    }
}

extension Kind {
    /// The kind that people mean where items are chosen: a kind, or the name of a model for its items.
    public static func ofItems(_ name: String) throws -> Kind {
        if let kind = try? Kind(name) { return kind }
        return try Kind.content(name)
    }
}
