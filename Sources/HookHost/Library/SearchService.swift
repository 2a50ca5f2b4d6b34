internal import HookCatalog
internal import LuaRuntime
internal import SyncEngine

/// `app.search`: words in the texts of items.
struct SearchService: Sendable {
    let index: any SearchIndex

    private static let mostHits = 1_000

    func index(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        let name = HostFunction.searchIndex.rawValue
        let model: String?
        switch arguments.first ?? .nil {
        case .nil: model = nil
        case let value:
            guard let text = value.text else { throw HostError("\(name): the model must be a string") }
            model = text
        }
        let count = try Blocking.wait(name, until: invocation.deadline) { [index] in
            try await index.rebuildIndex(model: model)
        }
        return [.integer(Int64(count))]
    }

    func query(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        let name = HostFunction.searchQuery.rawValue
        guard let words = arguments.first?.text else { throw HostError("\(name): the first argument must be a string") }
        let options = try TableReader(
            arguments.count > 1 ? arguments[1] : .nil, of: name, allowing: ["model", "fields", "limit", "offset"])
        let query = SearchQuery(
            words, model: try options.string("model"), fields: try options.strings("fields"),
            limit: try options.integer("limit", in: 0...Self.mostHits) ?? 20,
            offset: try options.integer("offset", in: 0...Int(Int32.max)) ?? 0)
        let result = try Blocking.wait(name, until: invocation.deadline) { [index] in try await index.search(query) }
        return [LuaValue(result)]
    }
}

extension LuaValue {
    fileprivate init(_ result: SearchResult) {
        let hits = result.hits.map { hit in
            LuaValue.object([
                LuaField("model", .text(hit.model)), LuaField("id", .text(hit.id)),
                LuaField("score", .number(hit.score)),
            ])
        }
        self = .object([LuaField("total", .integer(Int64(result.total))), LuaField("hits", .array(hits))])
    }
}
