internal import ContentModel
internal import Foundation
internal import GRDB
public import SyncEngine

extension Store {
    public func openConflicts(transfer: String, limit: Int) async throws -> [StagedConflict] {
        try await read { db in
            let record = try TransferTable.requireOpen(db, transfer)
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT kind.name, s.id, arriving.bytes, present.bytes, h.hash, peer.instance, peer.name
                    FROM stage s
                    JOIN kind USING (kid)
                    JOIN peer ON peer.pid = :pid
                    \(Collision.joins)
                    LEFT JOIN body arriving ON arriving.rid = s.rid
                    LEFT JOIN body present ON present.rid = h.rid
                    WHERE s.transfer = :transfer AND s.seen IS NULL AND \(Collision.isEdited)
                    ORDER BY s.kid, s.bucket, s.id
                    LIMIT :limit
                    """,
                arguments: [
                    "pid": record.pid, "transfer": transfer, "limit": limit, "spares": record.scope.filter != nil,
                ])
            return try rows.map(StagedConflict.init)
        }
    }

    public func decide(transfer: String, fence: Int64, _ decisions: [ConflictDecision]) async throws {
        try await write { db in
            _ = try TransferTable.requireOpen(db, transfer)
            try Leases.require(db, transfer: transfer, fence: fence)
            for decision in decisions { try Collision.settle(db, transfer: transfer, decision) }
        }
    }

    public func reopenMovedConflicts(transfer: String) async throws {
        try await write { db in
            let merged = try Int.fetchOne(
                db,
                sql: "SELECT count(*) FROM stage WHERE keep = \(Decision.merged.rawValue) AND \(Collision.hasMoved)",
                arguments: ["transfer": transfer])
            guard merged == 0 else {
                throw TidelockError(
                    .movedMeanwhile, "An item was changed here while its conflict was decided.", hint: "Run again.")
            }
            try db.execute(
                sql: "UPDATE stage SET seen = NULL, keep = 0 WHERE \(Collision.hasMoved)",
                arguments: ["transfer": transfer])
        }
    }
}

/// What handlers decided about a staged row; the numbers are stored in `stage.keep`.
enum Decision: Int64 {
    /// Nothing: the policy decides.
    case none = 0
    /// The row here stays.
    case kept = 1
    /// The staged body is a merge of both.
    case merged = 2
    /// What arrives counts.
    case arriving = 3
}

/// Staged rows that meet rows edited here.
enum Collision {
    /// Whether a decided row is another one here than the decision was about.
    static let hasMoved = """
        transfer = :transfer AND seen IS NOT NULL AND seen IS NOT (
            SELECT coalesce(h.hash, x'') FROM head h
            WHERE h.kid = stage.kid AND h.bucket = stage.bucket AND h.id = stage.id)
        """

    /// Beside a staged row `s`: the row here `h` and what this instance knows of the source's `sh`.
    static let joins = """
        JOIN head h ON h.kid = s.kid AND h.bucket = s.bucket AND h.id = s.id
        LEFT JOIN shadow sh ON sh.pid = :pid AND sh.kid = s.kid AND sh.bucket = s.bucket AND sh.id = s.id
        """

    /// Whether an edit made here would be lost: the rows of which a commit says `replace`, `keepOriginal` or
    /// `deleteEdited`.
    static let isEdited = """
        CASE s.op
        WHEN 1 THEN NOT coalesce(h.reverted IN (SELECT id FROM transfer WHERE pid = :pid), 0)
            AND h.hash IS NOT coalesce(s.stored, s.hash)
            AND CASE h.deleted WHEN 1 THEN h.edited <> 0 ELSE NOT (h.origin = :pid AND h.edited = 0) END
            AND NOT coalesce(sh.state IN (1, 4) AND sh.out_hash = h.hash, 0)
        WHEN 2 THEN h.deleted = 0 AND h.edited <> 0 AND NOT (h.origin <> :pid AND :spares)
        ELSE 0 END
        """

    static func settle(_ db: Database, transfer: String, _ decision: ConflictDecision) throws {
        let place = try Place(
            kid: Numbers.kind(db, decision.item.kind),
            bucket: Bucket(kind: decision.item.kind, id: decision.item.id), id: decision.item.id)
        let seen = decision.seen?.data ?? Data()
        switch decision.verdict {
        case nil: try note(db, transfer, place, seen: seen, .none)
        case .source: try note(db, transfer, place, seen: seen, .arriving)
        case .target: try note(db, transfer, place, seen: seen, .kept)
        case .item(let document):
            try note(db, transfer, place, seen: seen, .merged)
            try Arrival.replace(db, transfer: transfer, place, by: document)
        }
    }

    private static func note(_ db: Database, _ transfer: String, _ place: Place, seen: Data, _ decision: Decision)
        throws
    {
        try db.execute(
            sql: "UPDATE stage SET seen = ?, keep = ? WHERE transfer = ? AND kid = ? AND bucket = ? AND id = ?",
            arguments: StatementArguments(
                [seen, decision.rawValue, transfer] as [any DatabaseValueConvertible] + place.arguments))
    }
}

/// Staged bodies that differ from what the source sent.
enum Arrival {
    /// Stores `document` in the place of the staged body.
    static func replace(_ db: Database, transfer: String, _ place: Place, by document: JSONDocument) throws {
        let arguments = [transfer] as [any DatabaseValueConvertible] + place.arguments
        guard
            let row = try Row.fetchOne(
                db, sql: "SELECT op, rid FROM stage WHERE transfer = ? AND kid = ? AND bucket = ? AND id = ?",
                arguments: StatementArguments(arguments)), row[0] == 1
        else { throw TidelockError(.internalFailure, "A merge was decided for a row that brings no item.") }
        try db.execute(sql: "DELETE FROM body WHERE rid = ?", arguments: [row[1] as Int64?])
        let facts = ItemFacts(document)
        let values: [(any DatabaseValueConvertible)?] = [
            try Bodies.insert(db, document), document.hash.data, facts.modified, facts.state, facts.parent,
        ]
        try db.execute(
            sql: """
                UPDATE stage SET rid = ?, stored = ?, modified = ?, state = ?, parent = ?
                WHERE transfer = ? AND kid = ? AND bucket = ? AND id = ?
                """,
            arguments: StatementArguments(values + arguments))
    }
}

extension StagedConflict {
    fileprivate init(_ row: Row) throws {
        let origin = InstanceIdentity(id: row[5], name: row[6])
        let conflict = ItemConflict(
            kind: try Kind(row[0] as String), id: row[1], origin: origin,
            source: row.bytes(2).map { JSONDocument(trusted: $0) },
            target: row.bytes(3).map { JSONDocument(trusted: $0) })
        self.init(conflict: conflict, seen: row.hash(4))
    }
}
