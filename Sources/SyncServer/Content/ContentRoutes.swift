internal import ContentModel
internal import SyncEngine
internal import SyncProtocol

/// The read API for applications: published items only, byte for byte as they are stored.
extension Reception {
    func content(_ arrival: Arrival) async throws -> Answer {
        switch arrival.endpoint {
        case .listItems: try await items(of: try arrival.parameter("model"), arrival)
        case .readItem: try await item(of: try arrival.parameter("model"), id: try arrival.parameter("id"))
        case .readSingleton: try await item(of: try arrival.parameter("model"), id: nil)
        case .readTranslations: try await translations(of: try arrival.parameter("name"), nil)
        case .readLocale: try await translations(of: try arrival.parameter("name"), try arrival.parameter("locale"))
        default: try await pages(arrival)
        }
    }

    private func items(of model: String, _ arrival: Arrival) async throws -> Answer {
        try await list(of: "model '\(model.printable)'", arrival) { limit, skip in
            let page = try await dependencies.content.items(model: model, limit: limit, skip: skip)
            guard let page else { throw TidelockError(.notFound, "There is no model '\(model.printable)'.") }
            return page
        }
    }

    private func translations(of project: String, _ locale: String?) async throws -> Answer {
        guard let translations = try await dependencies.content.translations(of: project, locale: locale) else {
            throw TidelockError(.notFound, "Project '\(project.printable)' not found.")
        }
        return Answer(body: translations.bytes)
    }

    /// A list; with both `limit` and `skip` an object that also tells how many there are.
    func list(
        of what: String, _ arrival: Arrival, read: (_ limit: Int, _ skip: Int) async throws -> ContentPage
    ) async throws -> Answer {
        let limit = try arrival.queryNumber("limit").map { Int($0) }
        let skip = try arrival.queryNumber("skip").map { Int($0) }
        guard limit ?? 0 <= Limits.contentItems else {
            throw TidelockError(.usage, "'limit' may be at most \(Limits.contentItems).")
        }
        let page = try await read(limit ?? Limits.contentItems, skip ?? 0)
        // An incomplete list that looks complete would be worse than none.
        guard limit != nil || page.items.count >= page.total - (skip ?? 0) else {
            throw TidelockError(
                .tooLarge, "There are \(page.total) items of \(what), more than fit one answer.",
                hint: "Read them in parts with 'limit' and 'skip'.")
        }
        let list = JSONDocument.array(page.items)
        guard limit != nil, skip != nil else { return Answer(body: list.bytes) }
        let meta = JSONDocument.object([("total", JSONDocument(integer: page.total))])
        return Answer(body: JSONDocument.object([("data", list), ("meta", meta)]).bytes)
    }

    private func item(of model: String, id: String?) async throws -> Answer {
        guard let item = try await dependencies.content.item(model: model, id: id) else {
            let what = id.map { "item '\($0.printable)' in '\(model.printable)'" } ?? "singleton '\(model.printable)'"
            throw TidelockError(.unknownItem, "There is no published \(what).")
        }
        return Answer(body: item.bytes)
    }
}
