internal import ContentModel
public import ContentStore
internal import Foundation
internal import GRDB
public import SyncEngine

/// Reads a store's tables from outside, to check what must always hold.
public final class StoreInspector: Sendable {
    let database: DatabaseQueue

    public init(_ store: Store) throws {
        var configuration = Configuration()
        configuration.readonly = true
        database = try DatabaseQueue(
            path: store.folder.appending(path: "tidelock.sqlite").path, configuration: configuration)
    }

    /// Number of rows of a query's first column and row.
    public func count(_ sql: String) throws -> Int {
        try database.read { try Int.fetchOne($0, sql: sql) ?? 0 }
    }

    /// A number that is another one once somebody else has written to the store.
    public func version() throws -> Int {
        try database.read { try Int.fetchOne($0, sql: "PRAGMA data_version") ?? 0 }
    }

    /// The first column of a query's rows.
    public func texts(_ sql: String) throws -> [String] {
        try database.read { try String.fetchAll($0, sql: sql) }
    }

    /// How SQLite carries out a statement, one line a step.
    public func queryPlan(_ sql: String) throws -> [String] {
        try database.read { db in
            try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + sql).map { $0["detail"] }
        }
    }
}

/// A head with its body.
public struct HeadRow: Hashable, Sendable {
    /// Nil for a tombstone.
    public var body: String?
    public var hash: String?
    public var base: String?
    /// Instance id; nil for rows made at the instance itself.
    public var origin: String?
    public var edited: Int
    public var sequence: Int
    public var reverted: String?
}

/// A store at one moment.
public struct StoreView: Sendable {
    public var heads: [ItemKey: HeadRow]
    /// Transfers towards the instance that took effect, each with its fence.
    public var committed: [String: Int64]
    /// The newest fence that was issued.
    public var fence: Int64
}

extension StoreInspector {
    public func heads() throws -> [ItemKey: HeadRow] {
        try database.read { try Self.heads($0) }
    }

    private static func heads(_ db: Database) throws -> [ItemKey: HeadRow] {
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT kind.name, head.id, cast(body.bytes AS TEXT), CASE WHEN hash IS NULL THEN NULL ELSE hex(hash) END,
                        CASE WHEN base IS NULL THEN NULL ELSE hex(base) END, peer.instance, edited, seq, reverted
                    FROM head JOIN kind USING (kid) LEFT JOIN body USING (rid) LEFT JOIN peer ON peer.pid = head.origin
                    """))
        let pairs = try rows.map { row in
            (
                ItemKey(try Kind(row[0] as String), row[1]),
                HeadRow(
                    body: row[2], hash: row[3], base: row[4], origin: row[5], edited: row[6], sequence: row[7],
                    reverted: row[8])
            )
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    /// What a reader sees, and which transfers are committed, at one moment.
    public func view() throws -> StoreView {
        try database.read { db in
            let committed = try Row.fetchAll(
                db.cachedStatement(sql: "SELECT id, fence FROM transfer WHERE phase = 'committed'"))
            return StoreView(
                heads: try Self.heads(db),
                committed: Dictionary(uniqueKeysWithValues: committed.map { ($0[0] as String, $0[1] as Int64) }),
                fence: try Int64.fetchOne(db.cachedStatement(sql: "SELECT value FROM setting WHERE key = 'fence'")) ?? 0
            )
        }
    }

    /// Runs of which an event with this name waits to be told.
    public func runs(told event: String) throws -> Set<String> {
        try database.read { db in
            Set(
                try String.fetchAll(
                    db.cachedStatement(sql: "SELECT run FROM outbox WHERE event = ?"), arguments: [event]))
        }
    }

    /// Hashes that the undo of a run can bring back, by item.
    public func undone(by run: String) throws -> [ItemKey: String?] {
        try database.read { db in
            let rows = try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT kind.name, undo.id, CASE WHEN body.rid IS NULL THEN NULL ELSE hex(old_hash) END
                        FROM undo JOIN kind USING (kid) LEFT JOIN body ON body.rid = old_rid
                        WHERE run = ?
                        """), arguments: [run])
            return Dictionary(
                uniqueKeysWithValues: try rows.map { (ItemKey(try Kind($0[0] as String), $0[1]), $0[2] as String?) })
        }
    }
}
