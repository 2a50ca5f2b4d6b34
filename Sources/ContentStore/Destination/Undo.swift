internal import ContentModel
internal import GRDB

/// What a commit decided about one row; the numbers are stored.
enum Verdict: Int64, CaseIterable {
    case create = 0
    case update = 1
    /// The same item was there already.
    case adopt = 2
    /// An edit made here was overwritten; it is in undo.
    case replace = 3
    /// The item here is the unfiltered original of what arrived, and stays.
    case keepOriginal = 4
    case delete = 5
    /// There was nothing to do any more.
    case nothing = 6
    /// An item edited here was deleted; it is in undo.
    case deleteEdited = 7
    case release = 8

    /// Verdicts that make the arrived body current.
    static let applied: [Verdict] = [.create, .update, .replace]
    static let conflicts: [Verdict] = [.replace, .keepOriginal, .deleteEdited]
    /// Verdicts that took the body away from its head: only undo holds it. All others left it where it was.
    static let owning: [Verdict] = [.create, .update, .replace, .delete, .deleteEdited]
    /// Verdicts that left the body and changed whose output the row counts as.
    static let settling: [Verdict] = [.adopt, .keepOriginal]

    static func list(_ verdicts: [Verdict]) -> String {
        verdicts.map { String($0.rawValue) }.joined(separator: ", ")
    }
}

/// The memory of what runs replaced.
enum Undo {
    /// What is noted of a row, in this order: what becomes of it, what was there, and what is there then.
    static let columns = """
        (run, kid, bucket, id, verdict, existed, old_rid, old_hash, old_base, old_origin, old_edited, old_modified,
         old_state, old_parent, old_deleted, old_reverted, new_rid, new_hash, new_base, new_origin, old_life)
        """

    /// Notes what a local change found; it leaves alone whose output the row counts as. The first note of a run about a row is the one to go back to.
    static func note(
        _ db: Database, run: String, place: Place, verdict: Verdict, rid: Int64?, hash: ContentHash?
    ) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO undo \(columns)
                SELECT ?1, ?2, ?3, ?4, ?5, h.id IS NOT NULL, h.rid, h.hash, h.base, coalesce(h.origin, 0),
                       coalesce(h.edited, 0), h.modified, h.state, h.parent, coalesce(h.deleted, 1), h.reverted, ?6, ?7,
                       h.base, coalesce(h.origin, 0), h.life
                FROM (SELECT 1) LEFT JOIN head h ON h.kid = ?2 AND h.bucket = ?3 AND h.id = ?4
                WHERE true
                ON CONFLICT (run, kid, bucket, id) DO UPDATE SET
                    new_rid = excluded.new_rid, new_hash = excluded.new_hash, verdict = excluded.verdict,
                    new_base = excluded.new_base, new_origin = excluded.new_origin
                """
        ).execute(
            arguments: StatementArguments(
                [run] + place.arguments + [verdict.rawValue, rid, hash?.data] as [(any DatabaseValueConvertible)?]))
    }

    /// Makes room for another change of the same row by the same run: the body that the earlier one put there is freed.
    ///
    /// Where somebody else has changed the row since, that body is in their undo, and the row as they left it is what
    /// this run goes back to from now on.
    static func dropIntermediate(_ db: Database, run: String, place: Place, current: Int64?) throws {
        let arguments = StatementArguments([run] + place.arguments as [any DatabaseValueConvertible])
        let find = try db.cachedStatement(
            sql: "SELECT new_rid, old_rid FROM undo WHERE run = ? AND kid = ? AND bucket = ? AND id = ?")
        guard let earlier = try Row.fetchOne(find, arguments: arguments) else { return }
        let isStillThere = earlier[0] as Int64? == current
        try db.cachedStatement(sql: "DELETE FROM body WHERE rid = ?")
            .execute(arguments: [earlier[isStillThere ? 0 : 1] as Int64?])
        guard !isStillThere else { return }
        try db.cachedStatement(sql: "DELETE FROM undo WHERE run = ? AND kid = ? AND bucket = ? AND id = ?")
            .execute(arguments: arguments)
    }

    /// Frees undo that is older than promised, with the bodies only it still holds; of many runs some, so that one change
    /// does not wait for a week of others.
    ///
    /// A run that observers have still to be told about keeps it: the list of its items stands nowhere else.
    static func prune(_ db: Database, now: Int64) throws {
        for run in try UndoOrder.expired(db, now: now, most: Retention.undoRunsFreedAtOnce) {
            try forget(db, run: run)
        }
    }

    static func isNeededByObservers(_ db: Database, run: String) throws -> Bool {
        try Bool.fetchOne(
            db.cachedStatement(
                sql: "SELECT EXISTS (SELECT 1 FROM outbox WHERE run = ? AND event IN (\(Outbox.eventsAboutItems)))"),
            arguments: [run]) ?? false
    }

    static func forget(_ db: Database, run: String) throws {
        try DecidedConflicts.forget(db, of: run)
        try BaseBodies.prune(db, undoOf: run)
        try db.cachedStatement(
            sql: """
                DELETE FROM body WHERE rid IN (
                    SELECT old_rid FROM undo WHERE run = ? AND verdict IN (\(Verdict.list(Verdict.owning))))
                """
        ).execute(arguments: [run])
        try db.cachedStatement(sql: "DELETE FROM undo WHERE run = ?").execute(arguments: [run])
        try db.cachedStatement(sql: "UPDATE run SET undoable = 0 WHERE id = ?").execute(arguments: [run])
    }
}
