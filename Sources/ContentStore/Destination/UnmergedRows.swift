internal import ContentModel
internal import GRDB
internal import SyncEngine
internal import SyncProtocol

/// Rows that stayed as they were when their source sent something else: what is here was not made of that, although the
/// row counts as its output from then on. Whoever gets them back has to be told, or would take them for an answer to
/// what it sent.
enum UnmergedRows {
    /// Decisions after which a row says so itself. What a rule about translations kept is told from that by the rule.
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
        (\(edited) IN (\(Edit.list(Edit.untaken))) OR (\(edited) <> 0 AND EXISTS (
            SELECT 1 FROM conflict c
            WHERE c.kid = \(row).kid AND c.bucket = \(row).bucket AND c.id = \(row).id AND c.pid = \(pid)
                AND c.rid IS NOT NULL)))
        """
    }
}

/// Merges that begin at a version which the row here kept away: what that version had changed is in none of both, so the
/// row is still not made of what its source sent.
enum UnmergedMerges {
    /// Called when a decision about a staged row is stored. What waits as a whole is no beginning of a merge, and what a
    /// handler chose makes up for everything.
    static func note(_ db: Database, _ record: TransferTable.Record, _ decision: ConflictDecision) throws {
        switch decision.settlement {
        case .merged, .mergedParked, .patched: break
        case .applied, .arriving, .kept, .keptTarget, .parked, .chosen, .spared, .filled: return
        }
        let bucket = Bucket(kind: decision.item.kind, id: decision.item.id)
        try db.cachedStatement(sql: noteSQL).execute(arguments: [
            "transfer": record.id, "pid": record.pid, "kid": try Numbers.kind(db, decision.item.kind),
            "bucket": Int64(bucket.number), "id": decision.item.id,
        ])
    }

    private static let noteSQL = """
        UPDATE stage AS s SET contested = contested | \(StagedMark.leavesOut)
        WHERE s.transfer = :transfer AND s.kid = :kid AND s.bucket = :bucket AND s.id = :id
            AND NOT \(Collision.waits)
            AND EXISTS (
                SELECT 1 FROM head h
                JOIN base_body b ON b.kid = h.kid AND b.bucket = h.bucket AND b.id = h.id AND b.hash = h.base
                LEFT JOIN shadow sh
                    ON sh.pid = :pid AND sh.kid = h.kid AND sh.bucket = h.bucket AND sh.id = h.id
                WHERE h.kid = s.kid AND h.bucket = s.bucket AND h.id = s.id AND h.origin = :pid
                    AND h.edited IN (\(Edit.list(Edit.unmerged))) AND b.beside IS sh.out_hash)
        """

    /// Takes back what `note` said. In a statement that changes rows of the stage.
    static let forgotten = "contested = contested & ~\(StagedMark.leavesOut)"
}

/// What the source says of a staged row beside its item: the bits of `stage.contested`.
enum StagedMark {
    /// See `BatchEntry.isContested`.
    static let contested: Int64 = 1
    /// See `BatchEntry.isUnmerged`.
    static let unmerged: Int64 = 2
    /// Noted here: see `UnmergedMerges`.
    static let leavesOut: Int64 = 64

    static func of(_ entry: BatchEntry) -> Int64 {
        (entry.isContested ? contested : 0) | (entry.isUnmerged ? unmerged : 0)
    }

    static let isContested = "s.contested & \(contested) <> 0"
    static let isUnmerged = "s.contested & \(unmerged) <> 0"
    static let isLeavingOut = "s.contested & \(leavesOut) <> 0"
}
