internal import ContentModel
internal import GRDB
internal import SyncEngine
internal import SyncProtocol

/// A run as `tidelock runs` lists it.
public struct RunRecord: Sendable, Codable, Equatable {
    public var id: String
    /// push, pull, receive, import, local or rollback.
    public var direction: String
    public var target: String?
    /// running, committed, unchanged, failed or interrupted.
    public var phase: String
    /// Unix seconds.
    public var started: Int64
    public var ended: Int64?
    public var canBeUndone: Bool
    /// The JSON report of a run that ended.
    public var report: String?
}

extension Store {
    public func beginRun(id: String, direction: String, target: String?) async throws {
        let now = clock.seconds
        try await write { db in
            try db.cachedStatement(
                sql: "INSERT INTO run (id, direction, target, phase, started) VALUES (?, ?, ?, 'running', ?)"
            ).execute(arguments: [id, direction, target, now])
        }
    }

    public func endRun(id: String, phase: String, report: String?) async throws {
        let now = clock.seconds
        try await write { db in
            try db.cachedStatement(sql: "UPDATE run SET phase = ?, ended = ?, report = ? WHERE id = ?").execute(
                arguments: [phase, now, report, id])
        }
    }

    /// Marks a local change that wrote undo under `id` as something that can be undone.
    public func markUndoable(id: String) async throws {
        let now = clock.seconds
        try await write { db in
            let rows = try UndoOrder.rows(db, of: id)
            if rows > 0 {
                try db.cachedStatement(sql: "UPDATE run SET undoable = 1 WHERE id = ?").execute(arguments: [id])
                try UndoOrder.append(db, run: id, as: .local, rows: rows)
            }
            try Undo.prune(db, now: now)
        }
    }

    /// Runs toward a target of which nobody knows how they ended. Meaningful only with the lock held.
    public func unsettledRuns(target: String) async throws -> [RunRecord] {
        try await read { db in
            try RunTable.fetch(
                db,
                """
                WHERE target = ? AND direction IN ('push', 'pull') AND phase IN ('running', 'unsettled')
                ORDER BY started, id
                """,
                [target])
        }
    }

    public func settleRun(id: String, phase: String) async throws {
        let auditor = auditor
        try await write { db in
            try db.cachedStatement(sql: "UPDATE run SET phase = ?, ended = coalesce(ended, ?) WHERE id = ?").execute(
                arguments: [phase, auditor.now, id])
            let target = try String.fetchOne(
                db.cachedStatement(sql: "SELECT target FROM run WHERE id = ?"), arguments: [id])
            try auditor.note(db, .settle, target: target, run: id, note: phase)
        }
    }

    /// The newest runs first.
    public func runs(limit: Int) async throws -> [RunRecord] {
        try await read { db in try RunTable.fetch(db, "ORDER BY started DESC, id DESC LIMIT ?", [limit]) }
    }

    /// A run by its id, or by an unambiguous beginning of it.
    public func run(_ id: String) async throws -> RunRecord {
        let found = try await read { db in
            try RunTable.fetch(
                db, "WHERE id = ? OR substr(id, 1, ?) = ? LIMIT 2", [id, id.unicodeScalars.count, id])
        }
        guard found.count == 1 else {
            let why = found.isEmpty ? "There is no run" : "More than one run begins with"
            throw TidelockError(.unknownRun, "\(why) '\(id.printable)'.", hint: "'tidelock runs' lists them.")
        }
        return found[0]
    }
}

enum RunTable {
    static func fetch(_ db: Database, _ condition: String, _ arguments: [any DatabaseValueConvertible]) throws
        -> [RunRecord]
    {
        try Row.fetchAll(
            db.cachedStatement(
                sql: "SELECT id, direction, target, phase, started, ended, undoable, report FROM run " + condition),
            arguments: StatementArguments(arguments)
        ).map { row in
            RunRecord(
                id: row[0], direction: row[1], target: row[2], phase: row[3], started: row[4], ended: row[5],
                canBeUndone: row[6], report: row[7])
        }
    }

    /// A change that is already committed: a transfer received, or a rollback. A run known here keeps its own words.
    static func noteUndoable(_ db: Database, id: String, direction: String, target: String?, started: Int64) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO run (id, direction, target, phase, started, ended, undoable)
                VALUES (?1, ?2, ?3, 'committed', ?4, ?4, 1)
                ON CONFLICT (id) DO UPDATE SET undoable = 1
                """
        ).execute(arguments: [id, direction, target, started])
    }

    /// A rollback, with its answer for whoever asks again.
    static func noteRollback(_ db: Database, id: String, result: RollbackResult, started: Int64) throws {
        try noteUndoable(db, id: id, direction: "rollback", target: result.run, started: started)
        try db.cachedStatement(sql: "UPDATE run SET report = ?, undoable = ? WHERE id = ?").execute(arguments: [
            try JSONColumns.encode(result), result.restored > 0, id,
        ])
        try UndoOrder.append(db, run: id, as: .local, rows: result.restored)
    }

    /// What the rollback of a run answered that has nothing left to undo, and when; nil when there was none, or there
    /// is more.
    static func rollback(of run: String, _ db: Database) throws -> RollbackResult? {
        guard try !isUndoable(db, id: run) else { return nil }
        return try Row.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT report, started FROM run
                    WHERE direction = 'rollback' AND target = ? AND report IS NOT NULL
                    ORDER BY started DESC, id DESC
                    LIMIT 1
                    """),
            arguments: [run]
        ).map { row in
            var result = try JSONColumns.decode(RollbackResult.self, row[0])
            // All of the run was meant, whatever was taken back last.
            result.item = nil
            result.doneBefore = row[1] as Int64
            return result
        }
    }

    static func isUndoable(_ db: Database, id: String) throws -> Bool {
        try Bool.fetchOne(db.cachedStatement(sql: "SELECT undoable FROM run WHERE id = ?"), arguments: [id]) ?? false
    }
}
