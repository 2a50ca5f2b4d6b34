public import ContentModel
internal import GRDB
public import SyncEngine
internal import SyncProtocol

extension Store: ContentReader {
    public func items(model: String, limit: Int, skip: Int) async throws -> ContentPage? {
        let kind = try Kind.content(model)
        guard try await isKnown(model, kind: kind) else { return nil }
        return try await published(kind, limit: limit, skip: skip)
    }

    public func item(model: String, id: String?) async throws -> JSONDocument? {
        if let id { try await published(.content(model), id: id) } else { try await published(.singletons, id: model) }
    }

    public func published(_ kind: Kind, id: String) async throws -> JSONDocument? {
        try await liveItem(kind, id).flatMap { Self.isPublished($0) ? $0 : nil }
    }

    public func translations(of project: String, locale: String?) async throws -> JSONDocument? {
        // A name that no project can have is one that none has.
        guard let kind = try? Kind.translations(of: project),
            let translations = try await translations(of: kind, most: Limits.translationBytes)
        else { return nil }
        let published = translations.filter { Self.isPublished($0.item) }
        return .object(
            published.compactMap { translation in
                guard let locale else { return (translation.key, translation.values) }
                return translation.value(locale).map { (translation.key, $0) }
            })
    }

    private func isKnown(_ model: String, kind: Kind) async throws -> Bool {
        if try await liveItem(.models, model) != nil { return true }
        return try await kinds().contains(kind)
    }

    private static func isPublished(_ item: JSONDocument) -> Bool { (item.integer("_state") ?? 1) == 1 }

    /// In the order of their ids.
    public func published(_ kind: Kind, limit: Int, skip: Int) async throws -> ContentPage {
        try await read { db in
            guard let kid = try Numbers.knownKind(db, kind) else { return ContentPage(items: [], total: 0) }
            let total =
                try Int.fetchOne(
                    db.cachedStatement(sql: "SELECT count(*) FROM head WHERE \(Self.visible)"), arguments: [kid]) ?? 0
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT body.bytes
                    FROM head JOIN body USING (rid)
                    WHERE \(Self.visible)
                    ORDER BY id LIMIT ? OFFSET ?
                    """,
                arguments: [kid, limit, skip])
            var items: [JSONDocument] = []
            var size = 0
            while let row = try rows.next() {
                let item = JSONDocument(trusted: row.bytes(0)!)  // heads that are not deleted have bodies
                size += item.bytes.count
                guard size <= Limits.responseBytes else { throw Self.tooLarge(kind) }
                items.append(item)
            }
            return ContentPage(items: items, total: total)
        }
    }

    /// Only one body is in memory at a time.
    public func pageTree(limit: Int) async throws -> [PageNode] {
        try await read { db in
            guard let kid = try Numbers.knownKind(db, .pages) else { return [] }
            let rows = try Row.fetchCursor(
                db, sql: "SELECT body.bytes FROM head JOIN body USING (rid) WHERE \(Self.visible) ORDER BY id",
                arguments: [kid])
            var pages: [PageNode] = []
            var size = 0
            while let row = try rows.next() {
                guard let page = PageNode(JSONDocument(trusted: row.bytes(0)!)) else { continue }
                size += (page.slug?.utf8.count ?? 0) + (page.parent?.utf8.count ?? 0)
                guard pages.count < limit, size <= Limits.responseBytes else {
                    throw TidelockError(
                        .tooLarge, "There are more than \(limit) pages, or \(Limits.responseBytes) bytes of slugs.")
                }
                pages.append(page)
            }
            return pages
        }
    }

    /// Rows of a kind that readers see.
    private static let visible = "kid = ? AND deleted = 0 AND coalesce(state, 1) = 1"

    private static func tooLarge(_ kind: Kind) -> TidelockError {
        TidelockError(
            .tooLarge, "The items of \(kind) are more than \(Limits.responseBytes) bytes together.",
            hint: "Read fewer of them at once with 'limit' and 'skip'.")
    }
}
