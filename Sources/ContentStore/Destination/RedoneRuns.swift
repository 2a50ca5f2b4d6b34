internal import ContentModel
internal import GRDB
internal import SyncProtocol

extension RolledBack {
    /// What asking for the rollback of a run deserves that has nothing left to undo, since all of it was taken back,
    /// while some of that is in force again. Nil for any other run.
    static func redone(_ db: Database, _ run: String) throws -> TidelockError? {
        guard try !RunTable.isUndoable(db, id: run), let redone = try inForceAgain(db, run) else { return nil }
        return TidelockError(
            .unknownRun,
            "Run \(run.printable) is in force again: its rollback \(redone.rollback.printable) was taken back. Nothing was undone.",
            hint: redone.canBeUndone
                ? "Where it was received or made, 'tidelock rollback \(redone.by.printable)' takes it back once more."
                : nil)
    }

    /// What put a run, or parts of it, in force again. Nil for a run that was not taken back, or still is.
    static func inForceAgain(_ db: Database, _ run: String) throws -> RunDetail.Redone? {
        for rollback in try effective(db, of: run) {
            guard let last = try standing(db, of: rollback) else { continue }
            return RunDetail.Redone(
                rollback: rollback, by: last, isPartial: try holdsBack(db, run, otherwiseThan: rollback),
                canBeUndone: try RunTable.isUndoable(db, id: last))
        }
        return nil
    }

    /// Whether anything of a run is taken back, by this rollback of it or by another, although that one was taken back.
    private static func holdsBack(_ db: Database, _ run: String, otherwiseThan redone: String) throws -> Bool {
        if try RunTable.isUndoable(db, id: redone) { return true }
        return try effective(db, of: run).contains { try $0 != redone && standing(db, of: $0) == nil }
    }

    /// The newest rollback of a run, or of parts of it, that was not taken back itself.
    private static func standing(_ db: Database, of run: String) throws -> String? {
        try effective(db, of: run).first { try standing(db, of: $0) == nil }
    }

    /// Rollbacks of a run that restored anything, the newest first. Each is newer than its run, so that following them
    /// comes to an end.
    private static func effective(_ db: Database, of run: String) throws -> [String] {
        try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT id, report FROM run
                    WHERE direction = 'rollback' AND target = ? AND report IS NOT NULL
                    ORDER BY started DESC, id DESC
                    """),
            arguments: [run]
        ).filter { try JSONColumns.decode(RollbackResult.self, $0[1]).restored > 0 }.map { $0[0] }
    }
}
