public import ContentModel
internal import GRDB
public import SyncEngine

extension Store: DocumentCollections {
    public func save(_ document: JSONDocument, in collection: String) async throws -> JSONDocument {
        guard document.isObject else {
            throw TidelockError(.invalidJSON, "Only an object can be saved in a collection.")
        }
        let id = document.string("_id") ?? random.bytes(12).hex
        let stored = document.string("_id") == nil ? document.setting("_id", to: JSONDocument(string: id)) : document
        try await write { db in
            let ordinal = try Int64.fetchOne(db, sql: "SELECT coalesce(max(ordinal), 0) + 1 FROM document") ?? 1
            try db.execute(
                sql: """
                    INSERT INTO document (collection, id, ordinal, bytes) VALUES (?, ?, ?, ?)
                    ON CONFLICT (collection, id) DO UPDATE SET bytes = excluded.bytes
                    """,
                arguments: [collection, id, ordinal, stored.data])
        }
        return stored
    }

    public func find(in collection: String, _ query: DocumentQuery) async throws -> [JSONDocument] {
        let matching = try await documents(in: collection, matching: query.filter)
        let ordered = query.sort.isEmpty ? matching : matching.sorted { query.places($0, before: $1) }
        return Array(ordered.dropFirst(query.skip).prefix(query.limit ?? Int.max))
    }

    public func remove(from collection: String, matching filter: ContentFilter) async throws -> Int {
        try await write { db in
            let doomed = try Self.documents(db, in: collection).filter { filter.matches($0.document) }
            for entry in doomed {
                try db.execute(
                    sql: "DELETE FROM document WHERE collection = ? AND id = ?", arguments: [collection, entry.id])
            }
            return doomed.count
        }
    }

    public func count(in collection: String, matching filter: ContentFilter?) async throws -> Int {
        try await documents(in: collection, matching: filter).count
    }

    private func documents(in collection: String, matching filter: ContentFilter?) async throws -> [JSONDocument] {
        try await read { db in
            try Self.documents(db, in: collection).map(\.document).filter { filter?.matches($0) ?? true }
        }
    }

    /// In the order in which they were first saved.
    private static func documents(_ db: Database, in collection: String) throws -> [(
        id: String, document: JSONDocument
    )] {
        try Row.fetchAll(
            db, sql: "SELECT id, bytes FROM document WHERE collection = ? ORDER BY ordinal", arguments: [collection]
        ).map { ($0[0], JSONDocument(trusted: $0.bytes(1)!)) }
    }
}

extension DocumentQuery {
    /// Members are compared like with like: numbers by value, texts bytewise, anything else as absent.
    fileprivate func places(_ left: JSONDocument, before right: JSONDocument) -> Bool {
        for order in sort {
            let a = SortKey(left, order.member)
            let b = SortKey(right, order.member)
            if a != b { return order.isDescending ? b < a : a < b }
        }
        return false
    }
}

private enum SortKey: Comparable {
    case absent
    case number(Double)
    case text(String)

    init(_ document: JSONDocument, _ member: String) {
        switch document.member(member).map({ JSONValue($0) }) {
        case .integer(let value): self = .number(Double(value))
        case .number(let value): self = .number(value)
        case .string(let value): self = .text(value)
        default: self = .absent
        }
    }
}
