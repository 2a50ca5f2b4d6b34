internal import ContentModel
internal import Foundation
internal import GRDB

/// What rows that were edited here were made of, and items of which another instance has what a filter left of them:
/// without it, two versions of an item cannot be merged.
enum BaseBodies {
    /// Copies a row that is about to be edited here for the first time since its origin sent it, and an item that a peer
    /// was sent in another form.
    static func keep(_ db: Database, _ place: Place, before head: Head?) throws {
        guard let head, head.isLive, let rid = head.rid else { return }
        if head.origin != 0, !head.isEdited, let base = head.base {
            let beside = try ShadowRow.fetch(db, place, at: head.origin)?.output
            try put(db, place, hash: base.data, rid: Bodies.copy(db, rid), beside: beside?.data)
        }
        // What is there for the same hash says as much, and also what it stood beside.
        guard let hash = head.hash?.data, try SentOriginals.isSent(db, place, hash),
            try keptBody(db, place, hash) == nil
        else { return }
        try put(db, place, hash: hash, rid: Bodies.copy(db, rid), beside: nil)
    }

    /// What was made of that output, where that is kept.
    static func fetch(_ db: Database, _ place: Place, _ hash: Data?) throws -> JSONDocument? {
        try hash.flatMap { try keptBody(db, place, $0) }.map { try Bodies.fetch(db, $0) }
    }

    private static func keptBody(_ db: Database, _ place: Place, _ hash: Data) throws -> Int64? {
        try db.cachedStatement(
            sql: "SELECT rid FROM base_body WHERE kid = ? AND bucket = ? AND id = ? AND hash = ?"
        ).fetchInteger(StatementArguments(place.arguments + [hash]))
    }

    /// Takes the body over. One that is there for the same output gives way: it may be of a time when not all of the
    /// output was here.
    private static func put(_ db: Database, _ place: Place, hash: Data, rid: Int64, beside: Data?) throws {
        let known = try keptBody(db, place, hash)
        try db.cachedStatement(
            sql: """
                INSERT INTO base_body (kid, bucket, id, hash, rid, beside) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (kid, bucket, id, hash) DO UPDATE SET rid = excluded.rid, beside = excluded.beside
                """
        ).execute(
            arguments: StatementArguments(
                place.arguments + [hash, rid, beside] as [(any DatabaseValueConvertible)?]))
        try Bodies.drop(db, known)
    }

    /// What arrived and did not become current, although the row counts as made of it from now on: where the row here
    /// was kept, and, when `withMerges`, where a merge was stored. Where a rule about translations kept something,
    /// nobody decided between the two, so it is what both have in common. `withKept`: whether any row was kept.
    ///
    /// Takes those bodies over; frees the staged ones that nobody needs.
    static func keepArrived(
        _ db: Database, transfer: String, pid: Int64, withKept: Bool, withMerges: Bool, withRule: Bool
    ) throws {
        let isDecided = "s.keep NOT IN (\(Decision.list(Decision.ruled)))"
        if withRule { try keepCommon(db, transfer, pid) }
        if withKept { try keep(db, transfer, pid, "u.verdict = \(Verdict.keepOriginal.rawValue) AND \(isDecided)") }
        if withMerges {
            let isMerged = "s.arrived IS NOT NULL AND u.verdict IN (\(Verdict.list(Verdict.applied)))"
            try keep(db, transfer, pid, "\(isMerged) AND \(isDecided)")
            try db.cachedStatement(
                sql: """
                    DELETE FROM body WHERE rid IN (
                        SELECT arrived FROM stage WHERE transfer = ?1 AND arrived IS NOT NULL
                        EXCEPT
                        SELECT basis.rid FROM stage s \(beside("s", "basis"))
                        WHERE s.transfer = ?1 AND s.arrived IS NOT NULL)
                    """
            ).execute(arguments: [transfer])
        }
        guard withKept else { return }
        try db.cachedStatement(
            sql: """
                DELETE FROM body WHERE rid IN (
                    SELECT new_rid FROM undo WHERE run = ?1 AND verdict = \(Verdict.keepOriginal.rawValue)
                    EXCEPT
                    SELECT basis.rid FROM undo u \(beside("u", "basis"))
                    WHERE u.run = ?1 AND u.verdict = \(Verdict.keepOriginal.rawValue))
                """
        ).execute(arguments: [transfer])
    }

    /// Rows of which what is common is found at once.
    private static let page = 500

    private static func keepCommon(_ db: Database, _ transfer: String, _ pid: Int64) throws {
        var last = Place(kid: -1, bucket: Bucket(number: 0), id: "")
        while true {
            let rows = try Row.fetchAll(
                db, sql: commonSQL,
                arguments: [
                    "transfer": transfer, "pid": pid, "kid": last.kid, "bucket": Int64(last.bucket.number),
                    "id": last.id,
                ])
            for row in rows {
                last = row.place()
                let common = FieldCommon(
                    of: JSONDocument(trusted: row.bytes(5) ?? []), and: JSONDocument(trusted: row.bytes(6) ?? []),
                    before: row.bytes(7).map { JSONDocument(trusted: $0) })
                try put(db, last, hash: row[3], rid: Bodies.insert(db, common.item), beside: row[4])
            }
            guard rows.count == page else { return }
        }
    }

    /// Columns 5 to 7: what arrived, what is here now, and what both had in common before. The last of them is the row
    /// of then where it was not edited, and what is kept for it where it was; of rows of others nothing is known.
    private static let commonSQL = """
        SELECT s.kid, s.bucket, s.id, s.hash, sh.out_hash, arrived.bytes, present.bytes,
            CASE WHEN u.old_origin <> :pid THEN NULL WHEN u.old_edited = 0 THEN earlier.bytes ELSE common.bytes END
        FROM stage s
        JOIN undo u ON u.run = s.transfer AND u.kid = s.kid AND u.bucket = s.bucket AND u.id = s.id
        \(Collision.joins)
        JOIN body arrived ON arrived.rid = coalesce(s.arrived, s.rid)
        JOIN body present ON present.rid = h.rid
        LEFT JOIN body earlier ON earlier.rid = u.old_rid
        LEFT JOIN base_body b ON b.kid = s.kid AND b.bucket = s.bucket AND b.id = s.id AND b.hash = u.old_base
        LEFT JOIN body common ON common.rid = b.rid
        WHERE s.transfer = :transfer AND (s.kid, s.bucket, s.id) > (:kid, :bucket, :id)
            AND s.keep IN (\(Decision.list(Decision.ruled))) AND h.edited <> 0
        ORDER BY s.kid, s.bucket, s.id
        LIMIT \(page)
        """

    private static func keep(_ db: Database, _ transfer: String, _ pid: Int64, _ choice: String) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO base_body (kid, bucket, id, hash, rid, beside)
                SELECT s.kid, s.bucket, s.id, s.hash, coalesce(s.arrived, s.rid), sh.out_hash
                FROM stage s
                JOIN undo u ON u.run = s.transfer AND u.kid = s.kid AND u.bucket = s.bucket AND u.id = s.id
                LEFT JOIN shadow sh ON sh.pid = :pid AND sh.kid = s.kid AND sh.bucket = s.bucket AND sh.id = s.id
                WHERE s.transfer = :transfer AND \(choice)
                ON CONFLICT (kid, bucket, id, hash) DO UPDATE SET beside = excluded.beside
                """
        ).execute(arguments: ["pid": pid, "transfer": transfer])
    }

    private static func beside(_ rows: String, _ bodies: String) -> String {
        """
        JOIN base_body \(bodies)
        ON \(bodies).kid = \(rows).kid AND \(bodies).bucket = \(rows).bucket AND \(bodies).id = \(rows).id
        """
    }

    /// Frees what only the undo of this run needed; called while its undo is still here.
    static func prune(_ db: Database, undoOf run: String) throws {
        try prune(db, among: rows(of: "undo", where: "mine.run = :run"), ["run": run])
    }

    /// Rows in the undo of a run that have something here.
    static func places(_ db: Database, undoOf run: String, _ choice: String) throws -> [Place] {
        try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT DISTINCT basis.kid, basis.bucket, basis.id
                    FROM base_body basis
                    CROSS JOIN undo u ON u.run = ? AND u.kid = basis.kid AND u.bucket = basis.bucket AND u.id = basis.id
                    WHERE \(choice)
                    """),
            arguments: [run]
        ).map { $0.place() }
    }

    /// Frees what nothing needs any more of the items that a plan names.
    static func prune(_ db: Database, plannedBy transfer: String) throws {
        try prune(
            db, among: rows(of: "plan_op", where: "mine.transfer = :transfer"), ["run": "", "transfer": transfer])
    }

    private static func rows(of table: String, where choice: String) -> String {
        """
        FROM \(table) AS mine
        CROSS JOIN base_body AS basis
            ON basis.kid = mine.kid AND basis.bucket = mine.bucket AND basis.id = mine.id
        WHERE \(choice)
        """
    }

    /// Frees what nothing needs any more of one item.
    static func prune(_ db: Database, _ place: Place) throws {
        try prune(
            db,
            among: "FROM base_body AS basis WHERE basis.kid = :kid AND basis.bucket = :bucket AND basis.id = :id",
            ["run": "", "kid": place.kid, "bucket": Int64(place.bucket.number), "id": place.id])
    }

    /// Whether there is anything at all: where nothing was edited, nothing of many rows is looked for.
    static func isUsed(_ db: Database) throws -> Bool {
        try Bool.fetchOne(db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM base_body)")) ?? false
    }

    /// A rollback may bring an edited row back, so undo of other runs keeps what it was made of.
    private static func prune(_ db: Database, among rows: String, _ arguments: StatementArguments) throws {
        guard try isUsed(db) else { return }
        let rids = try Int64.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT basis.rid
                    \(rows)
                        AND NOT EXISTS (
                            SELECT 1 FROM head h
                            WHERE h.kid = basis.kid AND h.bucket = basis.bucket AND h.id = basis.id AND h.edited <> 0 AND h.base = basis.hash)
                        AND NOT EXISTS (
                            SELECT 1 FROM conflict c
                            WHERE c.kid = basis.kid AND c.bucket = basis.bucket AND c.id = basis.id AND c.base = basis.hash)
                        AND NOT EXISTS (
                            SELECT 1 FROM decided_conflict d
                            WHERE d.listed = 0 AND d.kid = basis.kid AND d.bucket = basis.bucket AND d.id = basis.id
                                AND d.base = basis.hash)
                        AND NOT EXISTS (
                            SELECT 1 FROM undo AS other INDEXED BY undo_by_item
                            CROSS JOIN run ON run.id = other.run AND run.undoable = 1
                            WHERE other.existed = 1 AND other.kid = basis.kid AND other.bucket = basis.bucket
                                AND other.id = basis.id AND other.old_edited <> 0 AND other.old_base = basis.hash
                                AND other.run <> :run)
                        AND NOT \(SentOriginals.isNeeded)
                    """),
            arguments: arguments)
        for rid in rids { try drop(db, rid) }
    }

    private static func drop(_ db: Database, _ rid: Int64) throws {
        try db.cachedStatement(sql: "DELETE FROM base_body WHERE rid = ?").execute(arguments: [rid])
        try Bodies.drop(db, rid)
    }
}
