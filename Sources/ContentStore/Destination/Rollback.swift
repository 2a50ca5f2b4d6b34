internal import ContentModel
internal import GRDB
internal import SyncEngine
public import SyncProtocol

extension Store {
    public func rollback(_ run: String, as rollbackRun: String) async throws -> RollbackResult {
        try await rollback(run, only: nil, as: rollbackRun)
    }

    /// Restores, in one transaction, the rows that still hold what a run wrote, and the conflicts about them that it
    /// decided; keeps and names the others.
    ///
    /// What a rollback took back that was taken back itself is in force again, and its undo is elsewhere: such a run is
    /// refused with the name of the one to roll back instead.
    ///
    /// Writes its own undo under `rollbackRun`. A second call restores nothing more and answers what the first did;
    /// under another name it also tells when that was. Throws `unknown_run` when the run's undo is not here (any
    /// more) or is in another run, `unknown_item` when the run did not touch the one item that is asked for.
    public func rollback(
        _ run: String, only item: ItemReference?, as rollbackRun: String
    ) async throws -> RollbackResult {
        let (auditor, clock) = (auditor, clock)
        let now = auditor.now
        let result = try await write { db in
            if let answered = try RolledBack.answer(db, of: run, only: item, called: rollbackRun) { return answered }
            if let redone = try RolledBack.redone(db, run) { throw redone }
            let place = try item.map { try RolledBack.place(db, $0, of: run) }
            if let item, let place, let before = try RolledBack.moment(db, place, of: run) {
                return RollbackResult(run: run, item: item, restored: 1, kept: [], doneBefore: before)
            }
            if place == nil, let answered = try RunTable.rollback(of: run, db) { return answered }
            guard try RunTable.isUndoable(db, id: run) else {
                throw TidelockError(
                    .unknownRun,
                    "Run \(run.printable) cannot be undone here: it changed nothing, or its undo has been freed.",
                    hint: "'tidelock runs' lists the runs that can be undone.")
            }
            if let lease = try Leases.held(db, at: clock.seconds) {
                throw TidelockError(
                    .leaseHeld, "\(lease.holder) is writing here at the moment; nothing was undone.",
                    hint: "Wait until its run has ended, or reset the lock with 'tidelock lock reset'.")
            }
            if let item, let place { try RolledBack.require(db, place, item, of: run) }
            var rollback = try Rollback(db, run: run, as: rollbackRun, now: now)
            (rollback.item, rollback.place) = (item, place)
            let result = try rollback.perform()
            try auditor.note(
                db, .rollback, target: item.map { "\($0.kind)/\($0.id)" }, run: run,
                counts: ["restored": result.restored, "kept": result.kept.count])
            return result
        }
        await linkUploads()
        return result
    }
}

/// What was taken back before.
enum RolledBack {
    /// What the rollback of that very name answered; nil when there is none. Throws where something else has the name:
    /// peers choose them.
    static func answer(
        _ db: Database, of run: String, only item: ItemReference?, called id: String
    ) throws -> RollbackResult? {
        let known = try RunTable.fetch(db, "WHERE id = ?", [id]).first
        if let known, known.direction == "rollback", known.target == run, let report = known.report {
            let answered = try JSONColumns.decode(RollbackResult.self, report)
            if answered.item == item { return answered }
        }
        guard try known == nil && TransferTable.fetch(db, id) == nil else {
            throw TidelockError(
                .malformedMessage,
                "A rollback cannot be called \(id.printable): that is the name of something else here.")
        }
        return nil
    }

    static func place(_ db: Database, _ item: ItemReference, of run: String) throws -> Place {
        let kind = try Kind(item.kind)
        return Place(
            kid: try Numbers.knownKind(db, kind) ?? -1, bucket: Bucket(kind: kind, id: item.id), id: item.id)
    }

    private static func holds(_ db: Database, _ place: Place, of run: String) throws -> Bool {
        let sql = "SELECT EXISTS (SELECT 1 FROM undo WHERE run = ? AND kid = ? AND bucket = ? AND id = ?)"
        return try Bool.fetchOne(db, sql: sql, arguments: StatementArguments([run] + place.arguments)) ?? false
    }

    /// When one item was taken back; nil when it was not. What a rollback restored is in its own undo, and no longer in
    /// that of the run.
    static func moment(_ db: Database, _ place: Place, of run: String) throws -> Int64? {
        guard try !holds(db, place, of: run) else { return nil }
        let rollbacks = try Row.fetchAll(
            db, sql: "SELECT id, started FROM run WHERE direction = 'rollback' AND target = ? AND undoable = 1",
            arguments: [run])
        return try rollbacks.first { try holds(db, place, of: $0[0]) }.map { $0[1] as Int64 }
    }

    static func require(_ db: Database, _ place: Place, _ item: ItemReference, of run: String) throws {
        guard try holds(db, place, of: run) else {
            throw TidelockError(
                .unknownItem,
                "Run \(run.printable) did nothing to \(item.kind.printable)/\(item.id.printable) that could be undone.",
                hint: "'tidelock runs show' tells what a run did; an item is named as KIND/ID.")
        }
    }
}

/// Undoes one run inside one transaction.
private struct Rollback {
    let db: Database
    let run: String
    let rollbackRun: String
    let now: Int64
    /// Whose items the run brought; nil for a local change and for a rollback.
    let pid: Int64?
    /// The one item that is meant; nil for all of the run.
    var item: ItemReference?
    var place: Place?

    init(_ db: Database, run: String, as rollbackRun: String, now: Int64) throws {
        self.db = db
        self.run = run
        self.rollbackRun = rollbackRun
        self.now = now
        pid = try TransferTable.fetch(db, run)?.pid
    }

    /// Rows that nobody touched since the run. Where only that counts, or the row comes back exactly as it was, it must
    /// also still be whose output it was then: a source that has sent the same since would otherwise lose it.
    private var untouched: String {
        let isSettled = "u.verdict IN (\(Verdict.list(Verdict.settling)))"
        let isSameOwner = "h.origin = u.new_origin AND h.base IS u.new_base"
        return """
            CASE
            WHEN \(isSettled) THEN h.rid IS u.old_rid AND \(isSameOwner)
            WHEN u.new_rid IS NULL THEN h.deleted = 1
            ELSE h.rid = u.new_rid AND h.hash IS u.new_hash AND h.deleted = 0 END
            \(pid == nil ? "AND \(isSameOwner)" : "")
            """
    }

    /// What a run let go of changed no item, and stays as it is.
    private static let isPastUndo = "u.verdict IN (\(Verdict.list([.nothing, .release])))"

    /// Condition on `u`; its one parameter is the last of a statement.
    private var chosen: String {
        place.map { "u.kid = \($0.kid) AND u.bucket = \($0.bucket.number) AND u.id = ?" } ?? "true"
    }

    private func arguments(_ values: String...) -> StatementArguments {
        StatementArguments(values + (place.map { [$0.id] } ?? []))
    }

    private var isSources: String { pid.map { "u.old_origin = \($0)" } ?? "false" }

    /// What `edited` says of a row that comes back: what was an edit is one again, although it belongs to nobody then.
    /// What was this instance's own is told from what the source had left here, which may have come back before.
    private var edited: String {
        guard let pid else { return "u.old_edited" }
        return """
            CASE
            WHEN u.old_edited = \(Edit.madeSinceReturn) THEN \(Edit.made)
            WHEN u.old_edited <> 0 THEN u.old_edited
            WHEN u.old_origin = 0 AND u.existed = 1 AND NOT EXISTS (
                SELECT 1 FROM transfer t WHERE t.id = u.old_reverted AND t.pid = \(pid)) THEN \(Edit.own)
            ELSE 0 END
            """
    }

    func perform() throws -> RollbackResult {
        let sequence = try Settings.nextSequence(db)
        let kept = try listKept()
        try noteUndo()
        try markLeaves()
        if let pid { try UnmergedVersions.noteTakenBack(db, run, of: pid, by: rollbackRun) }
        let restored = try restore(sequence: sequence)
        try markLeaves()
        try UnmergedVersions.forgetOwned(db, broughtBackBy: rollbackRun)
        try DecidedConflicts.takeBack(db, run, by: rollbackRun)
        try ConflictTable.closeOutdated(db, touchedBy: rollbackRun)
        try UploadLinks.note(db, run: rollbackRun)
        try forgetRestored()
        let result = RollbackResult(run: run, item: item, restored: restored, kept: kept)
        if restored > 0 || kept.isEmpty {
            try RunTable.noteRollback(db, id: rollbackRun, result: result, started: now)
        }
        return result
    }

    private func listKept() throws -> [Conflict] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT kind.name, u.id
                FROM undo u
                JOIN kind USING (kid)
                LEFT JOIN head h ON h.kid = u.kid AND h.bucket = u.bucket AND h.id = u.id
                WHERE u.run = ? AND NOT \(Self.isPastUndo) AND NOT coalesce((\(untouched)), 0) AND \(chosen)
                ORDER BY kind.name, u.id
                LIMIT \(Limits.listedConflicts)
                """,
            arguments: arguments(run)
        ).map { Conflict(kind: $0[0], id: $0[1], verdict: .keptEdited) }
    }

    private func noteUndo() throws {
        try db.execute(
            sql: """
                INSERT INTO undo \(Undo.columns)
                SELECT ?, u.kid, u.bucket, u.id,
                    CASE WHEN h.rid IS u.old_rid THEN \(Verdict.adopt.rawValue)
                         WHEN u.old_deleted = 1 THEN \(Verdict.delete.rawValue)
                         ELSE \(Verdict.update.rawValue) END,
                    1, h.rid, h.hash, h.base, h.origin, h.edited, h.modified, h.state, h.parent, h.deleted, h.reverted,
                    u.old_rid, u.old_hash,
                    CASE WHEN \(isSources) THEN NULL ELSE u.old_base END,
                    CASE WHEN \(isSources) THEN 0 ELSE u.old_origin END, h.life
                FROM undo u
                JOIN head h ON h.kid = u.kid AND h.bucket = u.bucket AND h.id = u.id
                WHERE u.run = ? AND NOT \(Self.isPastUndo) AND (\(untouched)) AND \(chosen)
                ORDER BY u.kid, u.bucket, u.id
                """,
            arguments: arguments(rollbackRun, run))
    }

    /// Rows come back as they were, except that what belonged to the source of the run comes back as nobody's and is
    /// marked: what the source believes to be here is gone, and it shall not send it again unasked.
    private func restore(sequence: Int64) throws -> Int {
        try db.execute(
            sql: """
                UPDATE head SET
                    rid = u.old_rid, hash = u.old_hash, modified = u.old_modified, state = u.old_state,
                    parent = u.old_parent, deleted = u.old_deleted, life = u.old_life,
                    base = CASE WHEN \(isSources) THEN NULL ELSE u.old_base END,
                    origin = CASE WHEN \(isSources) THEN 0 ELSE u.old_origin END,
                    edited = \(edited),
                    reverted = \(pid == nil ? "u.old_reverted" : "u.run"), seq = ?, arrived = ?
                FROM undo mine
                CROSS JOIN undo u ON u.kid = mine.kid AND u.bucket = mine.bucket AND u.id = mine.id
                WHERE mine.run = ? AND u.run = ? AND head.kid = u.kid AND head.bucket = u.bucket AND head.id = u.id
                """,
            arguments: [sequence, now, rollbackRun, run])
        return db.changesCount
    }

    /// Marks the leaves of whoever the rows belong to at this moment; called before and after they move.
    private func markLeaves() throws {
        try db.execute(
            sql: """
                \(DigestTree.markSQL)
                SELECT DISTINCT \(DigestTree.Role.held.rawValue), h.origin, h.kid, h.bucket
                FROM undo mine JOIN head h ON h.kid = mine.kid AND h.bucket = mine.bucket AND h.id = mine.id
                WHERE mine.run = ? AND h.origin <> 0
                \(DigestTree.markConflictSQL)
                """,
            arguments: [rollbackRun])
    }

    /// The bodies that came back belong to their heads again. A run with nothing left to undo is over.
    private func forgetRestored() throws {
        let forgotten = try BaseBodies.places(db, undoOf: run, Self.isPastUndo)
        try db.execute(
            sql: """
                DELETE FROM undo AS u
                WHERE run = ?1 AND ((kid, bucket, id) IN (SELECT kid, bucket, id FROM undo WHERE run = ?2)
                    OR (\(Self.isPastUndo) AND \(chosen)))
                """,
            arguments: arguments(run, rollbackRun))
        for place in forgotten { try BaseBodies.prune(db, place) }
        let left = try Int.fetchOne(
            db, sql: "SELECT count(*) FROM undo u WHERE run = ? AND NOT \(Self.isPastUndo)", arguments: [run])
        guard left == 0 else { return }
        try db.execute(sql: "DELETE FROM undo WHERE run = ?", arguments: [run])
        try db.execute(sql: "UPDATE run SET undoable = 0 WHERE id = ?", arguments: [run])
    }
}
