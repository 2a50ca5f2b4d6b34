internal import ContentModel
internal import Foundation
internal import GRDB
internal import SyncProtocol

/// What a commit changes in the list of conflicts that wait for somebody.
struct ParkedConflicts {
    let db: Database
    let transfer: String
    let pid: Int64
    let now: Int64

    /// Called once the verdicts stand and before rows move. `mayPark`: whether anything was decided or stays.
    ///
    /// Throws `conflicts` when more would wait than are kept: none is dropped to make room.
    func update(mayPark: Bool) throws {
        let parked = mayPark ? try parkedRows() : []
        try close()
        if mayPark { try settleDeletes() }
        for row in parked { try add(row) }
        guard !parked.isEmpty else { return }
        let open = try ConflictTable.count(db)
        guard open <= Limits.parkedConflicts else {
            throw TidelockError(
                .conflicts,
                "\(open) conflicts would wait at the destination, and at most \(Limits.parkedConflicts) can; nothing was applied.",
                hint: "Resolve some there with 'tidelock conflicts resolve', or choose another policy.")
        }
    }

    private struct Parked {
        var place: Place
        /// What arrived, in a body of its own.
        var rid: Int64?
        var output: Data?
        var seen: Data
        var base: Data?
        var fields: String?
        /// A delete that nobody has to decide about any more.
        var isDecided: Bool
    }

    /// Of an item that stays: a policy or a handler said so.
    private static let isSettledDelete = "s.op = 2 AND s.keep IN (\(Decision.list([.kept, .keptTarget])))"

    /// A merge without collisions keeps the fields that an earlier run left open. An item whose delete was not carried out
    /// belongs to nobody, so only its conflict tells a later mirror that it was kept on purpose, on the list or decided;
    /// where that delete is known already, its row stays. What met an unfiltered original and could not be merged with it
    /// was decided by nobody: it waits whatever the policy. What takes the place of a version that waited as a whole has
    /// as much in common with the row here as that had.
    private func parkedRows() throws -> [Parked] {
        try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT s.kid, s.bucket, s.id, coalesce(s.arrived, s.rid), s.hash,
                        CASE WHEN s.arrived IS NULL THEN coalesce(s.seen, u.old_hash) ELSE s.stored END,
                        CASE
                            WHEN u.old_origin <> :pid THEN NULL
                            WHEN c.rid IS NOT NULL AND c.fields IS NULL THEN c.base
                            ELSE u.old_base END,
                        CASE WHEN s.keep IN (\(Decision.list([.merged, .patched]))) THEN c.fields ELSE s.fields END,
                        \(Self.isSettledDelete)
                    FROM stage s
                    JOIN undo u ON u.run = s.transfer AND u.kid = s.kid AND u.bucket = s.bucket AND u.id = s.id
                    LEFT JOIN conflict c ON c.kid = s.kid AND c.bucket = s.bucket AND c.id = s.id AND c.pid = :pid
                    WHERE s.transfer = :transfer AND u.verdict <> \(Verdict.nothing.rawValue) AND (
                        s.keep IN (\(Decision.parked.rawValue), \(Decision.mergedParked.rawValue))
                        OR (s.keep = \(Decision.none.rawValue) AND u.verdict = \(Verdict.keepOriginal.rawValue))
                        OR (s.op = 2 AND s.keep IN (\(Decision.list(Decision.keeping))))
                        OR (s.keep = \(Decision.merged.rawValue) AND s.fields = '[]' AND c.fields IS NOT NULL)
                        OR (s.keep = \(Decision.patched.rawValue) AND c.fields IS NOT NULL))
                        AND NOT (s.op = 2 AND c.cid IS NOT NULL AND c.rid IS NULL)
                    ORDER BY s.kid, s.id
                    """),
            arguments: ["pid": pid, "transfer": transfer]
        ).map { row in
            Parked(
                place: row.place(),
                rid: try (row[3] as Int64?).map { try Bodies.copy(db, $0) }, output: row[4], seen: row[5] ?? Data(),
                base: row[6], fields: row[7], isDecided: row[8])
        }
    }

    /// What waited until now is decided by what this transfer decides against the same delete.
    private func settleDeletes() throws {
        try db.cachedStatement(
            sql: """
                UPDATE conflict SET decided = 1
                WHERE rid IS NULL AND pid = :pid AND decided = 0 AND EXISTS (
                    SELECT 1 FROM stage s
                    WHERE s.transfer = :transfer AND s.kid = conflict.kid AND s.bucket = conflict.bucket
                        AND s.id = conflict.id AND \(Self.isSettledDelete))
                """
        ).execute(arguments: ["pid": pid, "transfer": transfer])
    }

    /// What this transfer changes or keeps anew is not what an earlier one of its source left open, unless it is the same
    /// delete. What another source sent waits on, unless it is just what is here from now on; and so does its delete,
    /// unless this transfer deletes the item as well, which was carried out or waits instead.
    private func close() throws {
        let closed = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT c.cid, c.rid FROM conflict c
                    WHERE EXISTS (
                        SELECT 1 FROM undo u
                        WHERE u.run = :transfer AND u.kid = c.kid AND u.bucket = c.bucket AND u.id = c.id
                            AND u.verdict <> \(Verdict.nothing.rawValue)
                            AND CASE
                                WHEN c.pid = :pid THEN
                                    NOT (c.rid IS NULL AND u.verdict = \(Verdict.release.rawValue))
                                WHEN c.rid IS NULL THEN EXISTS (
                                    SELECT 1 FROM stage s
                                    WHERE s.transfer = u.run AND s.kid = u.kid AND s.bucket = u.bucket AND s.id = u.id
                                        AND s.op = 2)
                                ELSE u.verdict IN (\(Verdict.list(Verdict.applied + [.adopt])))
                                    AND u.new_hash IS c.output END)
                    """),
            arguments: ["transfer": transfer, "pid": pid])
        for row in closed { try ConflictTable.drop(db, cid: row[0], rid: row[1]) }
    }

    private func add(_ row: Parked) throws {
        let values: [(any DatabaseValueConvertible)?] =
            [transfer, pid] + row.place.arguments
            + [row.rid, row.output, row.seen, row.base, row.fields, now, row.isDecided]
        try db.cachedStatement(
            sql: """
                INSERT INTO conflict (transfer, pid, kid, bucket, id, rid, output, seen, base, fields, created, decided)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: StatementArguments(values))
    }
}

/// Conflicts that wait, as rows.
enum ConflictTable {
    /// How many wait.
    static func count(_ db: Database) throws -> Int {
        try Int.fetchOne(db.cachedStatement(sql: "SELECT count(*) FROM conflict WHERE decided = 0")) ?? 0
    }

    /// Forgets a conflict with its body, unless that went elsewhere.
    static func drop(_ db: Database, cid: Int64, rid: Int64?) throws {
        try db.cachedStatement(sql: "DELETE FROM conflict WHERE cid = ?").execute(arguments: [cid])
        try Bodies.drop(db, rid)
    }

    /// Takes a conflict off the list that was decided for an item here; its body is the caller's.
    static func settle(_ db: Database, cid: Int64, isDelete: Bool) throws {
        guard isDelete else { return try drop(db, cid: cid, rid: nil) }
        try db.cachedStatement(sql: "UPDATE conflict SET decided = 1 WHERE cid = ?").execute(arguments: [cid])
    }

    /// An item that `run` deleted here needs no decision about its delete any more, unless that is taken back. What its
    /// source sent waits on.
    static func settleDelete(_ db: Database, of place: Place, by run: String) throws {
        let waiting = try Int64.fetchOne(
            db.cachedStatement(
                sql: "SELECT cid FROM conflict WHERE kid = ? AND bucket = ? AND id = ? AND rid IS NULL"),
            arguments: StatementArguments(place.arguments))
        if let waiting { try DecidedConflicts.keepDelete(db, waiting, at: place, deletedBy: run) }
    }

    /// A rollback took rows back: what does not count as the output of which a conflict speaks any more is no conflict,
    /// unless another source had taken the row over already; and neither is the delete of an item that is gone, which is
    /// one again when the rollback is taken back.
    static func closeOutdated(_ db: Database, touchedBy run: String) throws {
        let outdated = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT c.cid, c.rid, c.kid, c.bucket, c.id FROM conflict c
                    CROSS JOIN undo u ON u.run = ? AND u.kid = c.kid AND u.bucket = c.bucket AND u.id = c.id
                    LEFT JOIN head h ON h.kid = c.kid AND h.bucket = c.bucket AND h.id = c.id
                    WHERE CASE
                        WHEN c.rid IS NULL THEN coalesce(h.deleted, 1) = 1
                        ELSE (u.old_origin = c.pid OR h.origin IS c.pid)
                            AND NOT (h.origin IS c.pid AND h.base IS c.output) END
                    """),
            arguments: [run])
        for row in outdated {
            let rid: Int64? = row[1]
            guard rid == nil else {
                try drop(db, cid: row[0], rid: rid)
                continue
            }
            let place = row.place(2)
            try DecidedConflicts.keepDelete(db, row[0], at: place, deletedBy: run)
        }
    }
}
