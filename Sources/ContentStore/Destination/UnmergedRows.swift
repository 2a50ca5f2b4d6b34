internal import SyncProtocol

/// Rows that stayed as they were when their source sent something else: what is here was not made of that, although the
/// row counts as its output from then on. Whoever gets them back has to be told, or would take them for an answer to
/// what it sent.
enum UnmergedRows {
    /// Decisions after which a row is one of these: a rule about translations decides nothing between two versions.
    static let decisions: [Decision] = [.none, .kept, .keptTarget, .parked]

    /// Whether the row `h` is one towards the peer `:pid`. What waits among the conflicts, as a whole or for some
    /// fields, is not settled by an edit either.
    static let isUnmerged = condition(towards: ":pid")

    static func condition(towards pid: String) -> String {
        "coalesce(h.deleted = 0 AND \(wasKept(from: pid)), 0)"
    }

    /// Whether `h` is what is left of one towards the peer `:pid`: the item stayed deleted when the peer sent its
    /// version, or was deleted after it had stayed as it was. What the peer has is not what was deleted.
    static let isUnmergedDelete = "coalesce(h.deleted = 1 AND \(wasKept(from: ":pid")), 0)"

    private static func wasKept(from pid: String) -> String {
        """
        CASE WHEN h.origin = \(pid) THEN \(keepsAway("h.edited", at: "h", from: pid))
            ELSE \(UnmergedVersions.isBeside(pid)) END
        """
    }

    /// Whether a row that counts as the output of the peer `pid`, and differs from it as `edited` says, was not made of
    /// that output. `row` says where it is.
    static func keepsAway(_ edited: String, at row: String, from pid: String) -> String {
        """
        (\(edited) IN (\(Edit.list(Edit.unmerged))) OR (\(edited) <> 0 AND EXISTS (
            SELECT 1 FROM conflict c
            WHERE c.kid = \(row).kid AND c.bucket = \(row).bucket AND c.id = \(row).id AND c.pid = \(pid)
                AND c.rid IS NOT NULL)))
        """
    }
}

/// What the source says of a staged row beside its item: the bits of `stage.contested`.
enum StagedMark {
    /// See `BatchEntry.isContested`.
    static let contested: Int64 = 1
    /// See `BatchEntry.isUnmerged`.
    static let unmerged: Int64 = 2

    static func of(_ entry: BatchEntry) -> Int64 {
        (entry.isContested ? contested : 0) | (entry.isUnmerged ? unmerged : 0)
    }

    static let isContested = "s.contested & \(contested) <> 0"
    static let isUnmerged = "s.contested & \(unmerged) <> 0"
}
