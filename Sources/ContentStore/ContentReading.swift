public import ContentModel
public import SyncEngine

extension Store: ContentReader {
    public func items(model: String, limit: Int, skip: Int) async throws -> ContentPage? {
        let kind = try Kind.content(model)
        guard try await isKnown(model, kind: kind) else { return nil }
        let page = try await published(kind, limit: limit, skip: skip)
        return ContentPage(items: page.items, total: page.total)
    }

    public func item(model: String, id: String?) async throws -> JSONDocument? {
        do {
            let item =
                if let id { try await item(.content(model), id) } else { try await item(.singletons, model) }
            return (item.integer("_state") ?? 1) == 1 ? item : nil
        } catch let error as TidelockError where error.code == .unknownItem {
            return nil
        }
    }

    private func isKnown(_ model: String, kind: Kind) async throws -> Bool {
        let models = try await summaries(of: .models)
        if models.contains(where: { $0.id == model }) { return true }
        return try await kinds().contains(kind)
    }
}
