public import ContentModel
internal import GRDB
internal import SyncEngine

/// One item as lists show it.
public struct ItemSummary: Sendable, Codable, Equatable {
    public var id: String
    public var hash: String
    public var bytes: Int
    /// Unix seconds; nil when the item does not say.
    public var modified: Int64?
    public var state: Int64?
    /// The instance that sent it; nil when it was made here.
    public var origin: String?
    /// Changed here since its origin sent it.
    public var isEdited: Bool
}

/// One kind as `tidelock kinds` shows it.
public struct KindSummary: Sendable, Codable, Equatable {
    public var kind: String
    public var items: Int
    /// Digest over the ids and hashes of all items: equal roots mean equal items.
    public var root: String
}

extension Store {
    /// Throws `unknown_item`.
    public func item(_ kind: Kind, _ id: String) async throws -> JSONDocument {
        guard let item = try await liveItem(kind, id) else {
            throw TidelockError(
                .unknownItem, "There is no item \(kind)/\(id.printable).",
                hint: "'tidelock ls \(kind)' lists the items.")
        }
        return item
    }

    /// Nil when there is none.
    public func liveItem(_ kind: Kind, _ id: String) async throws -> JSONDocument? {
        try await read { db in try Self.liveItem(db, kind, id) }
    }

    static func liveItem(_ db: Database, _ kind: Kind, _ id: String) throws -> JSONDocument? {
        try Row.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT body.bytes
                    FROM head JOIN kind USING (kid) JOIN body USING (rid)
                    WHERE kind.name = ? AND bucket = ? AND id = ? AND deleted = 0
                    """),
            arguments: [kind.name, Int64(Bucket(kind: kind, id: id).number), id]
        )?.bytes(0).map { JSONDocument(trusted: $0) }
    }

    /// Calls `visit` with every live item of a kind, ordered by id. The whole walk sees one state.
    public func forEachItem(of kind: Kind, _ visit: @escaping @Sendable (JSONDocument) throws -> Void) async throws {
        try await read { db in
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT body.bytes
                    FROM head JOIN kind USING (kid) JOIN body USING (rid)
                    WHERE kind.name = ? AND deleted = 0
                    ORDER BY id
                    """,
                arguments: [kind.name])
            while let row = try rows.next() { try visit(JSONDocument(trusted: row.bytes(0)!)) }
        }
    }

    public func summaries(of kind: Kind) async throws -> [ItemSummary] {
        try await read { db in
            try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT head.id, hash, length(body.bytes), modified, state, peer.name, \(Edit.isOne("edited"))
                        FROM head JOIN kind USING (kid) JOIN body USING (rid) LEFT JOIN peer ON peer.pid = head.origin
                        WHERE kind.name = ? AND deleted = 0
                        ORDER BY head.id
                        """),
                arguments: [kind.name]
            ).map { row in
                ItemSummary(
                    id: row[0], hash: row.hash(1)!.hex, bytes: row[2], modified: row[3], state: row[4], origin: row[5],
                    isEdited: row[6])
            }
        }
    }

    public func kindSummaries() async throws -> [KindSummary] {
        try await read { db in
            try Numbers.kinds(db).sorted { $0.value < $1.value }.compactMap { kid, kind in
                let rows = try db.cachedStatement(
                    sql: "SELECT bucket, id, hash FROM head WHERE kid = ? AND deleted = 0 ORDER BY bucket, id")
                let root = try DigestTree.root(of: rows, [kid])
                return root.count == 0 ? nil : KindSummary(kind: kind.name, items: root.count, root: root.digest.hex)
            }
        }
    }
}
