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

    /// Somebody made the item here of that version.
    static func forget(_ db: Database, of pid: Int64, at place: Place) throws {
        try db.cachedStatement(
            sql: "DELETE FROM unmerged_version WHERE pid = ? AND kid = ? AND bucket = ? AND id = ?"
        ).execute(arguments: StatementArguments([pid] + place.arguments as [any DatabaseValueConvertible]))
    }
}
