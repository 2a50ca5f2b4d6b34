internal import ContentModel
internal import GRDB
internal import SyncProtocol

/// Transfers as their destination keeps them.
enum TransferTable {
    struct Record {
        var id: String
        var pid: Int64
        var phase: TransferState.Phase
        var fence: Int64
        var direction: Direction
        var initiator: String
        var scope: Scope
        var result: CommitResult?
    }

    static func fetch(_ db: Database, _ id: String) throws -> Record? {
        guard
            let row = try Row.fetchOne(
                db.cachedStatement(
                    sql: "SELECT pid, phase, fence, direction, initiator, scope, result FROM transfer WHERE id = ?"),
                arguments: [id])
        else { return nil }
        return Record(
            id: id, pid: row[0], phase: TransferState.Phase(rawValue: row[1]) ?? .abandoned, fence: row[2],
            direction: Direction(rawValue: row[3]) ?? .push, initiator: row[4],
            scope: try JSONColumns.decode(Scope.self, row[5]),
            result: try (row[6] as String?).map { try JSONColumns.decode(CommitResult.self, $0) })
    }

    static func insert(_ db: Database, _ record: Record, now: Int64) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO transfer (id, pid, initiator, direction, scope, phase, fence, opened, touched)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            record.id, record.pid, record.initiator, record.direction.rawValue,
            try JSONColumns.encode(record.scope), record.phase.rawValue, record.fence, now, now,
        ])
    }

    static func require(_ db: Database, _ id: String) throws -> Record {
        guard let record = try fetch(db, id) else {
            throw TidelockError(
                .unknownTransfer, "There is no transfer \(id.printable) here.", hint: "Start the run again.")
        }
        return record
    }

    /// Lists are given to those who carry a transfer out and to those who only plan it.
    static func requireListable(_ db: Database, _ id: String) throws -> Record {
        let record = try require(db, id)
        return record.phase == .planOnly ? record : try requireOpen(db, id)
    }

    static func requireOpen(_ db: Database, _ id: String) throws -> Record {
        let record = try require(db, id)
        guard record.phase == .open else {
            throw TidelockError(
                .fenced, "Transfer \(id.printable) is \(record.phase.rawValue); nothing can be added to it.",
                hint: "Start the run again.")
        }
        return record
    }

    /// A source's new transfer supersedes what it left unfinished here; what that staged may be resumed while it is about
    /// the same scope.
    static func abandonUnfinished(_ db: Database, pid: Int64, scope: Scope, now: Int64) throws {
        try db.cachedStatement(
            sql: "UPDATE transfer SET phase = 'abandoned' WHERE phase = 'open' AND (pid = ? OR touched < ?)"
        ).execute(arguments: [pid, now - Limits.transferSeconds])
        try db.cachedStatement(
            sql: """
                UPDATE transfer SET touched = 0
                WHERE phase = 'abandoned' AND touched > 0 AND (touched < ?1 OR (pid = ?2 AND scope <> ?3))
                """
        ).execute(arguments: [now - Limits.transferSeconds, pid, try JSONColumns.encode(scope)])
        try dropStages(db, now: now)
    }

    /// Whether what a transfer staged is of use: a source that never came back must not keep it here for ever.
    static func keepsStage(now: Int64) -> String {
        "(phase IN ('open', 'abandoned') AND touched >= \(now - Limits.transferSeconds))"
    }

    /// Frees what is of no use any more where that is little. Whoever opens a transfer waits for this, so much of it is
    /// left for after a commit, or to the garbage.
    private static func dropStages(_ db: Database, now: Int64) throws {
        let dead = try String.fetchAll(
            db,
            sql: """
                SELECT transfer FROM staged_batch
                WHERE transfer NOT IN (SELECT id FROM transfer WHERE \(keepsStage(now: now)))
                GROUP BY transfer HAVING sum(operations) <= \(CommittedStage.most)
                """)
        for transfer in dead { try dropStage(db, transfer: transfer) }
    }

    /// Gives up all transfers and frees what they staged.
    static func abandonAll(_ db: Database) throws {
        try giveUpAll(db)
        for transfer in try String.fetchAll(db.cachedStatement(sql: "SELECT DISTINCT transfer FROM staged_batch")) {
            try dropStage(db, transfer: transfer)
        }
    }

    static func dropStage(_ db: Database, transfer: String) throws {
        for column in ["rid", "arrived"] {
            try db.cachedStatement(
                sql: "DELETE FROM body WHERE rid IN (SELECT \(column) FROM stage WHERE transfer = ?)"
            ).execute(arguments: [transfer])
        }
        try clearStage(db, transfer: transfer)
    }

    static func clearStage(_ db: Database, transfer: String) throws {
        try db.cachedStatement(sql: "DELETE FROM stage WHERE transfer = ?").execute(arguments: [transfer])
        try db.cachedStatement(sql: "DELETE FROM staged_batch WHERE transfer = ?").execute(arguments: [transfer])
    }
}
