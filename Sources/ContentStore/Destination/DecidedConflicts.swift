internal import ContentModel
internal import Foundation
internal import GRDB
internal import SyncProtocol

/// Conflicts that runs took off the list, kept as long as the runs can be taken back.
///
/// A rollback lists them again and says so under its own name, so that taking back the rollback decides them once more.
enum DecidedConflicts {
    /// What a conflict is beside its body.
    private static let facts = "cid, transfer, pid, kid, bucket, id, output, seen, base, fields, created"

    private static let isAt = "run = ? AND kid = ? AND bucket = ? AND id = ?"
    /// Of several sources that have a version of the item, one.
    private static let isOfSource = "\(isAt) AND pid = ?"

    /// What became of a conflict that is kept, as the column `listed` says it.
    private enum State: Int {
        /// It waited, and was taken off the list.
        case takenOff = 0
        /// A rollback put it on the list again.
        case listed = 1
        /// Somebody had decided against the delete before the run took it off: it does not wait when it comes back.
        case settled = 2
    }

    /// Takes down a conflict that a run decides, before it is off the list and after the run has noted its undo. Takes
    /// the body over. Frees it where the run left the item as it was: then there is nothing to take back.
    static func keep(_ db: Database, _ cid: Int64, at place: Place, decidedBy run: String, body rid: Int64?) throws {
        let source = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT pid FROM conflict WHERE cid = ?"), arguments: [cid])
        if let source { try forget(db, place, from: source, of: run) }
        try db.cachedStatement(
            sql: """
                INSERT INTO decided_conflict (run, listed, rid, \(facts))
                SELECT :run, CASE WHEN decided = 1 THEN \(State.settled.rawValue) ELSE \(State.takenOff.rawValue) END,
                    :rid, \(facts)
                FROM conflict AS c
                WHERE c.cid = :cid AND EXISTS (
                    SELECT 1 FROM undo u
                    WHERE u.run = :run AND u.kid = c.kid AND u.bucket = c.bucket AND u.id = c.id)
                """
        ).execute(arguments: ["run": run, "rid": rid, "cid": cid])
        if db.changesCount == 0 { try Bodies.drop(db, rid) }
    }

    /// Takes a delete that was not carried out off the list, because a run deletes the item all the same. Called after
    /// the run has noted its undo, with which the delete is kept, unless another decision of the run is.
    static func keepDelete(_ db: Database, _ cid: Int64, at place: Place, deletedBy run: String) throws {
        let isKept = try Bool.fetchOne(
            db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM decided_conflict WHERE \(isAt))"),
            arguments: StatementArguments([run] + place.arguments))
        if isKept != true { try keep(db, cid, at: place, decidedBy: run, body: nil) }
        try ConflictTable.drop(db, cid: cid, rid: nil)
    }

    /// Of the items that a rollback has restored, lists those conflicts again that the run took off the list, and takes
    /// off those that it, a rollback itself, had put there.
    ///
    /// Throws `conflicts` when more would wait than are kept.
    static func takeBack(_ db: Database, _ run: String, by rollback: String) throws {
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT d.kid, d.bucket, d.id, d.listed, d.cid, d.pid
                    FROM decided_conflict d
                    CROSS JOIN undo mine
                        ON mine.run = ?2 AND mine.kid = d.kid AND mine.bucket = d.bucket AND mine.id = d.id
                    WHERE d.run = ?1
                    ORDER BY d.cid
                    """),
            arguments: [run, rollback])
        guard !rows.isEmpty else { return }
        for row in rows {
            let place = row.place()
            if row[3] == State.listed.rawValue {
                try decideAgain(db, row[4], at: place, from: row[5], of: run, by: rollback)
            } else {
                try list(db, row[4], at: place, from: row[5], of: run, by: rollback)
            }
        }
        try requireRoom(db)
    }

    /// Where another conflict of the same source about the item waits by now, or another delete, that one counts.
    private static func list(
        _ db: Database, _ cid: Int64, at place: Place, from source: Int64, of run: String, by rollback: String
    ) throws {
        guard try returns(db, cid, at: place, from: source, of: run) else {
            return try forget(db, place, from: source, of: run)
        }
        try db.cachedStatement(sql: "UPDATE decided_conflict SET run = ?, listed = ?, rid = NULL WHERE \(isOfSource)")
            .execute(arguments: [rollback, State.listed.rawValue] + arguments(run, place, source))
    }

    /// Puts a conflict on the list again, and answers whether it could. A delete that was decided against is only marked.
    private static func returns(
        _ db: Database, _ cid: Int64, at place: Place, from source: Int64, of run: String
    ) throws -> Bool {
        try db.cachedStatement(sql: "UPDATE conflict SET decided = 0 WHERE cid = ?").execute(arguments: [cid])
        guard db.changesCount == 0 else { return true }
        try db.cachedStatement(
            sql: """
                INSERT INTO conflict (rid, decided, \(facts))
                SELECT rid, listed = \(State.settled.rawValue), \(facts)
                FROM decided_conflict AS d
                WHERE \(isOfSource) AND NOT EXISTS (
                    SELECT 1 FROM conflict c
                    WHERE c.kid = d.kid AND c.bucket = d.bucket AND c.id = d.id
                        AND (c.pid = d.pid OR (c.rid IS NULL AND d.rid IS NULL)))
                """
        ).execute(arguments: arguments(run, place, source))
        return db.changesCount > 0
    }

    private static func decideAgain(
        _ db: Database, _ cid: Int64, at place: Place, from source: Int64, of run: String, by rollback: String
    ) throws {
        try forget(db, place, from: source, of: run)
        // Somebody may have decided it meanwhile in a way that left the item alone.
        let waiting = try Row.fetchOne(
            db.cachedStatement(sql: "SELECT rid FROM conflict WHERE cid = ? AND decided = 0"), arguments: [cid])
        guard let waiting else { return }
        let rid: Int64? = waiting[0]
        try keep(db, cid, at: place, decidedBy: rollback, body: rid)
        try ConflictTable.settle(db, cid: cid, isDelete: rid == nil)
    }

    private static func requireRoom(_ db: Database) throws {
        let open = try ConflictTable.count(db)
        guard open > Limits.parkedConflicts else { return }
        throw TidelockError(
            .conflicts,
            "\(open) conflicts would wait here again, and at most \(Limits.parkedConflicts) can; nothing was taken back.",
            hint: "Resolve some with 'tidelock conflicts resolve', or take single items back with --item.")
    }

    /// Frees all that a run decided; called with its undo.
    static func forget(_ db: Database, of run: String) throws {
        try db.cachedStatement(
            sql: "DELETE FROM body WHERE rid IN (SELECT rid FROM decided_conflict WHERE run = ? AND rid IS NOT NULL)"
        ).execute(arguments: [run])
        try db.cachedStatement(sql: "DELETE FROM decided_conflict WHERE run = ?").execute(arguments: [run])
    }

    private static func forget(_ db: Database, _ place: Place, from source: Int64, of run: String) throws {
        try db.cachedStatement(
            sql: "DELETE FROM body WHERE rid IN (SELECT rid FROM decided_conflict WHERE \(isOfSource))"
        ).execute(arguments: arguments(run, place, source))
        try db.cachedStatement(sql: "DELETE FROM decided_conflict WHERE \(isOfSource)")
            .execute(arguments: arguments(run, place, source))
    }

    private static func arguments(_ run: String, _ place: Place, _ source: Int64) -> StatementArguments {
        StatementArguments([run] + place.arguments + [source] as [any DatabaseValueConvertible])
    }
}
