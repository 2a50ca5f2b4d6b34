internal import GRDB

/// Versions of a peer that the row here kept away, and that nobody took in before the row came to count as the output of
/// another peer, or of nobody.
///
/// While it counts as the output of the peer, the row says so itself: see `UnmergedRows`.
enum UnmergedVersions {
    /// Whether there is one of the peer `pid` beside the row `h`.
    static func isBeside(_ pid: String) -> String {
        """
        EXISTS (
            SELECT 1 FROM unmerged_version v
            WHERE v.pid = \(pid) AND v.kid = h.kid AND v.bucket = h.bucket AND v.id = h.id)
        """
    }

    /// Takes down those of others whose rows a commit of `pid` takes over. Called once it is known which conflicts wait
    /// on. What arrives may be just what was kept away.
    static func noteTakenOver(_ db: Database, transfer: String, by pid: Int64) throws {
        try db.cachedStatement(
            sql: """
                INSERT OR IGNORE INTO unmerged_version (pid, kid, bucket, id)
                SELECT u.old_origin, u.kid, u.bucket, u.id FROM undo u
                WHERE u.run = :transfer AND u.old_origin NOT IN (0, :pid) AND u.old_edited <> 0
                    AND u.verdict <> \(Verdict.nothing.rawValue)
                    AND NOT (u.verdict IN (\(Verdict.list(Verdict.applied + [.adopt]))) AND u.new_hash IS u.old_base)
                    AND \(UnmergedRows.keepsAway("u.old_edited", at: "u", from: "u.old_origin"))
                """
        ).execute(arguments: ["transfer": transfer, "pid": pid])
    }

    /// Takes down those that a rollback keeps away: what comes back was there before the source of the run sent its
    /// version. What the run itself left as it was is one already, or is made of what arrived. Called before rows move.
    static func noteTakenBack(_ db: Database, _ run: String, of pid: Int64, by rollback: String) throws {
        try db.cachedStatement(sql: takenBackSQL).execute(arguments: ["pid": pid, "run": run, "rollback": rollback])
    }

    /// Begins with the rows that come back: of a large run that may be a single one.
    static let takenBackSQL = """
        INSERT OR IGNORE INTO unmerged_version (pid, kid, bucket, id)
        SELECT :pid, u.kid, u.bucket, u.id
        FROM undo mine
        CROSS JOIN undo u ON u.run = :run AND u.kid = mine.kid AND u.bucket = mine.bucket AND u.id = mine.id
        CROSS JOIN head h ON h.kid = u.kid AND h.bucket = u.bucket AND h.id = u.id
        WHERE mine.run = :rollback AND u.new_base IS NOT NULL AND u.new_base IS NOT u.old_hash
            AND (u.old_deleted = 0 OR \(Edit.isOne("u.old_edited")))
            AND (u.verdict NOT IN (\(Verdict.list(Verdict.settling)))
                OR \(UnmergedRows.keepsAway("h.edited", at: "h", from: ":pid")))
        """

    /// Forgets those of `pid` of which a commit brought another version: from then on the row says what became of that.
    static func forget(_ db: Database, of pid: Int64, broughtBy transfer: String) throws {
        try db.cachedStatement(
            sql: """
                DELETE FROM unmerged_version
                WHERE pid = :pid AND EXISTS (
                    SELECT 1 FROM undo u
                    WHERE u.run = :transfer AND u.kid = unmerged_version.kid AND u.bucket = unmerged_version.bucket
                        AND u.id = unmerged_version.id AND u.verdict <> \(Verdict.nothing.rawValue))
                """
        ).execute(arguments: ["pid": pid, "transfer": transfer])
    }

    /// Forgets those whose source owns the row again that a rollback brought back: from then on the row says so itself.
    static func forgetOwned(_ db: Database, broughtBackBy rollback: String) throws {
        try db.cachedStatement(
            sql: """
                DELETE FROM unmerged_version
                WHERE (pid, kid, bucket, id) IN (
                    SELECT v.pid, v.kid, v.bucket, v.id
                    FROM undo mine
                    JOIN head h ON h.kid = mine.kid AND h.bucket = mine.bucket AND h.id = mine.id
                    JOIN unmerged_version v
                        ON v.pid = h.origin AND v.kid = h.kid AND v.bucket = h.bucket AND v.id = h.id
                    WHERE mine.run = ?)
                """
        ).execute(arguments: [rollback])
    }

    /// Somebody made the item here of that version.
    static func forget(_ db: Database, of pid: Int64, at place: Place) throws {
        try db.cachedStatement(
            sql: "DELETE FROM unmerged_version WHERE pid = ? AND kid = ? AND bucket = ? AND id = ?"
        ).execute(arguments: StatementArguments([pid] + place.arguments as [any DatabaseValueConvertible]))
    }
}
