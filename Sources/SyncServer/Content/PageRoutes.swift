internal import ContentModel
internal import SyncEngine
internal import SyncProtocol

/// The read API for sites: published pages, their menus and settings, and layout components, byte for byte as they are
/// stored.
extension Reception {
    func pages(_ arrival: Arrival) async throws -> Answer {
        switch arrival.endpoint {
        case .listPages: try await list(.pages, arrival)
        case .readPage: try await single(.pages, try arrival.parameter("id"))
        case .listMenus: try await list(.menus, arrival)
        case .readMenu: try await single(.menus, try arrival.parameter("name"))
        case .readPageSettings: try await single(.pageSettings, Self.settings)
        case .listComponents: try await list(.layoutComponents, arrival)
        default: try await routes()
        }
    }

    /// The id under which a site keeps the settings of its pages.
    private static let settings = "site"

    private func list(_ kind: Kind, _ arrival: Arrival) async throws -> Answer {
        try await list(of: kind.name, arrival) { limit, skip in
            try await dependencies.content.published(kind, limit: limit, skip: skip)
        }
    }

    private func single(_ kind: Kind, _ id: String) async throws -> Answer {
        guard let item = try await dependencies.content.published(kind, id: id) else {
            throw TidelockError(.unknownItem, "There is no published item \(kind)/\(id.printable).")
        }
        return Answer(body: item.bytes)
    }

    /// The ids of pages by their addresses. A header tells how many pages are left out because theirs are too long: a
    /// site does not fall over one of them.
    private func routes() async throws -> Answer {
        let routes = PageRoutes(try await dependencies.content.pageTree(limit: Limits.contentItems))
        let members = routes.list.map { ($0.path, JSONDocument(string: $0.page)) }
        var answer = Answer(body: JSONDocument.object(members).bytes)
        if routes.leftOut > 0 { answer.headers = [(HeaderName.leftOut, String(routes.leftOut))] }
        return answer
    }
}
