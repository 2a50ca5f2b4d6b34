internal import ContentModel
internal import GRDB
internal import SyncEngine
public import SyncProtocol

extension Store {
    /// Restores, in one transaction, the rows that still hold what a run wrote; keeps and names the others.
    ///
    /// Writes its own undo under `rollbackRun`. Throws `unknown_run` when the run's undo is not here (any more).
    public func rollback(_ run: String, as rollbackRun: String) async throws -> RollbackResult {
        let now = clock.seconds
        return try await write { db in
            guard try RunTable.isUndoable(db, id: run) else {
                throw TidelockError(
                    .unknownRun, "Run \(run.printable) cannot be undone here: it changed nothing, or its undo has been freed.",
                    hint: "'tidelock runs' lists the runs that can be undone.")
            }
            if let lease = try Leases.current(db), lease.expires > now {
                throw TidelockError(
                    .leaseHeld, "\(lease.holder) is writing here at the moment; nothing was undone.",
                    hint: "Wait until its run has ended, or reset the lock with 'tidelock lock reset'.")
            }
            return try Rollback(db: db, run: run, as: rollbackRun, now: now).perform()
        }
    }
}

/// Undoes one run inside one transaction.
private struct Rollback {
    let db: Database
    let run: String
    let rollbackRun: String
    let now: Int64

    init(db: Database, run: String, as rollbackRun: String, now: Int64) {
        self.db = db
        self.run = run
        self.rollbackRun = rollbackRun
        self.now = now
    }

    /// Rows that nobody touched since the run.
    private static let untouched = """
        (u.verdict IN (\(Verdict.list(Verdict.applied))) AND h.rid = u.new_rid AND h.deleted = 0)
        OR (u.verdict IN (\(Verdict.list([.delete, .deleteEdited]))) AND h.deleted = 1)
        OR (u.verdict IN (\(Verdict.list([.adopt, .keepOriginal, .release]))) AND h.rid IS u.old_rid AND h.deleted = u.old_deleted)
        """

    func perform() throws -> RollbackResult {
        let sequence = try Settings.nextSequence(db)
        let kept = try listKept()
        try noteUndo()
        try markLeaves()
        let restored = try restore(sequence: sequence)
        try markLeaves()
        try forgetRestored()
        try RunTable.noteUndoable(db, id: rollbackRun, direction: "rollback", target: run, started: now)
        return RollbackResult(run: run, restored: restored, kept: kept)
    }

    private func listKept() throws -> [Conflict] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT kind.name, u.id
                FROM undo u
                JOIN kind USING (kid)
                LEFT JOIN head h ON h.kid = u.kid AND h.bucket = u.bucket AND h.id = u.id
                WHERE u.run = ? AND u.verdict <> \(Verdict.nothing.rawValue) AND NOT coalesce((\(Self.untouched)), 0)
                ORDER BY kind.name, u.id
                LIMIT \(Limits.listedConflicts)
                """,
            arguments: [run]
        ).map { Conflict(kind: $0[0], id: $0[1], verdict: .keptEdited) }
    }

    private func noteUndo() throws {
        try db.execute(
            sql: """
                INSERT INTO undo
                    (run, kid, bucket, id, verdict, existed, old_rid, old_hash, old_base, old_origin, old_edited,
                     old_modified, old_state, old_parent, old_deleted, old_reverted, new_rid, new_hash)
                SELECT ?, u.kid, u.bucket, u.id,
                    CASE WHEN u.old_deleted = 1 THEN \(Verdict.delete.rawValue)
                         WHEN h.rid IS u.old_rid THEN \(Verdict.adopt.rawValue)
                         ELSE \(Verdict.update.rawValue) END,
                    1, h.rid, h.hash, h.base, h.origin, h.edited, h.modified, h.state, h.parent, h.deleted, h.reverted,
                    u.old_rid, u.old_hash
                FROM undo u
                JOIN head h ON h.kid = u.kid AND h.bucket = u.bucket AND h.id = u.id
                WHERE u.run = ? AND u.verdict <> \(Verdict.nothing.rawValue) AND (\(Self.untouched))
                ORDER BY u.kid, u.bucket, u.id
                """,
            arguments: [rollbackRun, run])
    }

    /// Rows come back as nobody's: what the source left there is gone, so it must not count as its own.
    private func restore(sequence: Int64) throws -> Int {
        try db.execute(
            sql: """
                UPDATE head SET
                    rid = u.old_rid, hash = u.old_hash, modified = u.old_modified, state = u.old_state,
                    parent = u.old_parent, deleted = u.old_deleted,
                    base = CASE WHEN u.verdict IN (\(Verdict.list([.adopt, .keepOriginal, .release]))) THEN u.old_base END,
                    origin = CASE WHEN u.verdict IN (\(Verdict.list([.adopt, .keepOriginal, .release]))) THEN u.old_origin ELSE 0 END,
                    edited = CASE WHEN u.verdict IN (\(Verdict.list([.adopt, .keepOriginal, .release]))) THEN u.old_edited ELSE 0 END,
                    seq = ?, arrived = ?, reverted = ?
                FROM undo u
                JOIN undo mine ON mine.run = ? AND mine.kid = u.kid AND mine.bucket = u.bucket AND mine.id = u.id
                WHERE u.run = ? AND head.kid = u.kid AND head.bucket = u.bucket AND head.id = u.id
                """,
            arguments: [sequence, now, run, rollbackRun, run])
        return db.changesCount
    }

    /// Marks the leaves of whoever the rows belong to at this moment; called before and after they move.
    private func markLeaves() throws {
        try db.execute(
            sql: """
                \(DigestTree.markSQL)
                SELECT DISTINCT \(DigestTree.Role.held.rawValue), h.origin, h.kid, h.bucket, 0, x'', 1
                FROM undo mine JOIN head h ON h.kid = mine.kid AND h.bucket = mine.bucket AND h.id = mine.id
                WHERE mine.run = ? AND h.origin <> 0
                \(DigestTree.markConflictSQL)
                """,
            arguments: [rollbackRun])
    }

    /// The bodies that came back belong to their heads again.
    private func forgetRestored() throws {
        try db.execute(
            sql: """
                DELETE FROM undo
                WHERE run = ?1 AND (kid, bucket, id) IN (SELECT kid, bucket, id FROM undo WHERE run = ?2)
                """,
            arguments: [run, rollbackRun])
        let left = try Int.fetchOne(db, sql: "SELECT count(*) FROM undo WHERE run = ?", arguments: [run]) ?? 0
        if left == 0 { try db.execute(sql: "UPDATE run SET undoable = 0 WHERE id = ?", arguments: [run]) }
    }
}
