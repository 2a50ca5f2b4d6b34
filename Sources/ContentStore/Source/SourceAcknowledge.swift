internal import ContentModel
internal import GRDB
public import SyncEngine
public import SyncProtocol

extension Store {
    public func acknowledge(transfer: String, result: CommitResult, events: [QueuedEvent]) async throws {
        let now = clock.seconds
        try await write { db in
            guard
                let plan = try Row.fetchOne(
                    db.cachedStatement(
                        sql: "SELECT pid, phase, checkpoints, compared, initiator FROM plan WHERE transfer = ?"),
                    arguments: [transfer])
            else { throw TidelockError(.unknownTransfer, "There is no plan of transfer \(transfer.printable) here.") }
            switch plan[1] as String {
            case "acknowledged": return
            case "ready": break
            default:
                throw TidelockError(.unknownTransfer, "The plan of transfer \(transfer.printable) is not finished.")
            }
            let pid: Int64 = plan[0]
            // What had nothing to send, the destination did not commit, and knows nothing of.
            if result.sequence > 0 { try NewestTransfer.note(db, transfer, begunBy: plan[4], pid: pid) }
            try Acknowledgement.moveShadow(db, transfer: transfer, pid: pid)
            try BaseBodies.prune(db, plannedBy: transfer)
            try Acknowledgement.moveCheckpoints(
                db, of: transfer, pid: pid, stored: plan[2], wasCompared: plan[3])
            try Acknowledgement.refreshDigests(db, transfer: transfer, pid: pid)
            try db.cachedStatement(sql: "UPDATE plan SET phase = 'acknowledged' WHERE transfer = ?").execute(
                arguments: [transfer])
            for table in ["plan_op", "plan_blob"] {
                try db.cachedStatement(sql: "DELETE FROM \(table) WHERE transfer = ?").execute(arguments: [transfer])
            }
            try Outbox.add(db, events, due: now)
            if events.isEmpty {
                try db.cachedStatement(sql: "DELETE FROM plan_batch WHERE transfer = ?").execute(arguments: [transfer])
            }
        }
    }
}

/// What an acknowledged plan leaves at the source.
private enum Acknowledgement {
    /// The next run begins with the roots: they are computed by the run that changed them.
    static func refreshDigests(_ db: Database, transfer: String, pid: Int64) throws {
        let kinds = try Int64.fetchAll(
            db.cachedStatement(sql: "SELECT DISTINCT kid FROM plan_op WHERE transfer = ?"), arguments: [transfer])
        for kid in kinds {
            let changed = try UInt16.fetchAll(
                db.cachedStatement(sql: "SELECT DISTINCT bucket FROM plan_op WHERE transfer = ? AND kid = ? LIMIT ?"),
                arguments: [transfer, kid, DigestTree.mostLookedUp + 1])
            _ = try DigestTree(role: .shadowed, pid: pid, kid: kid).root(db, afterChanging: changed)
        }
    }

    static func moveShadow(_ db: Database, transfer: String, pid: Int64) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO shadow (pid, kid, bucket, id, src_hash, out_hash, fid, state, life)
                SELECT ?, kid, bucket, id, src_hash, out_hash, fid, \(ShadowState.acked.rawValue), life
                FROM plan_op WHERE transfer = ? AND action = \(PlannedOperation.Action.put.rawValue)
                ORDER BY kid, bucket, id
                ON CONFLICT (pid, kid, bucket, id) DO UPDATE SET
                    src_hash = excluded.src_hash, out_hash = excluded.out_hash, fid = excluded.fid,
                    state = excluded.state, life = excluded.life
                """
        ).execute(arguments: [pid, transfer])
        try noteDropped(db, transfer: transfer, pid: pid)
        try noteGone(db, transfer: transfer, pid: pid)
        try SettledDeletes.drop(db, sentBy: transfer, to: pid)
    }

    /// A row that was let go because a handler drops it is remembered, so that it is not looked at again. What is known
    /// of an item that had the id before stays as it is.
    private static func noteDropped(_ db: Database, transfer: String, pid: Int64) throws {
        try db.cachedStatement(
            sql: """
                UPDATE shadow SET state = \(ShadowState.dropped.rawValue), fid = p.fid,
                    src_hash = CASE
                        WHEN shadow.out_hash IS NULL OR shadow.life IS p.life THEN p.src_hash
                        ELSE shadow.src_hash END,
                    life = CASE WHEN shadow.out_hash IS NULL THEN p.life ELSE shadow.life END
                FROM plan_op p
                WHERE p.transfer = ?2 AND p.action IN (2, 3) AND p.src_hash IS NOT NULL
                    AND shadow.pid = ?1 AND shadow.kid = p.kid AND shadow.bucket = p.bucket AND shadow.id = p.id
                """
        ).execute(arguments: [pid, transfer])
    }

    /// Of an item that is not here, what was sent stays known: a rollback may bring it back, and then it is still the
    /// original of that; and what the peer makes of it meanwhile is another version. The peer's own item that came back
    /// is no original of anything.
    ///
    /// An item that is here all the same was left out by a filter. The row is open, because a run that would send it
    /// does not find it in the feed.
    private static func noteGone(_ db: Database, transfer: String, pid: Int64) throws {
        let isMeant = """
            pid = ?1 AND (kid, bucket, id) IN (
                SELECT kid, bucket, id FROM plan_op
                WHERE transfer = ?2 AND action IN (2, 3) AND src_hash IS NULL)
            """
        try db.cachedStatement(
            sql: """
                DELETE FROM shadow
                WHERE \(isMeant) AND (
                    (out_hash IS NULL AND src_hash IS NULL AND NOT \(isHere()))
                    OR \(isHere("h.origin = ?1 AND h.edited = 0")))
                """
        ).execute(arguments: [pid, transfer])
        try db.cachedStatement(
            sql: """
                UPDATE shadow SET state = \(ShadowState.none.rawValue), fid = NULL, open = \(isHere()),
                    life = CASE
                        WHEN out_hash IS src_hash AND NOT \(isHere()) THEN \(ShadowRow.endedLife)
                        ELSE life END
                WHERE \(isMeant)
                """
        ).execute(arguments: [pid, transfer])
    }

    private static func isHere(_ condition: String = "true") -> String {
        """
        EXISTS (
            SELECT 1 FROM head h
            WHERE h.kid = shadow.kid AND h.bucket = shadow.bucket AND h.id = shadow.id AND h.deleted = 0
                AND \(condition))
        """
    }

    /// Checkpoints never move backwards, except that a run which did not cover a kind makes the next look at all of
    /// it when its handlers were others: which handlers were used last is what tells that one is missing.
    ///
    /// So does a comparison of lists that somebody made meanwhile, and of which the plan knows nothing.
    static func moveCheckpoints(
        _ db: Database, of transfer: String, pid: Int64, stored: String?, wasCompared: Bool
    ) throws {
        guard let stored else { return }
        let epoch = try Settings.epoch(db)
        for checkpoint in try JSONColumns.decode([StoredCheckpoint].self, stored) {
            try db.cachedStatement(
                sql: """
                    INSERT INTO checkpoint (pid, kid, epoch, seq, fid) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (pid, kid) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq, fid = excluded.fid
                    WHERE excluded.seq >= seq OR excluded.epoch <> epoch OR seq > ? OR (excluded.seq = 0 AND excluded.fid <> fid)
                    """
            ).execute(arguments: [
                pid, checkpoint.kid, epoch, wasCompared ? 0 : checkpoint.sequence, checkpoint.fid,
                try Settings.sequence(db),
            ])
            guard try coversWholeKind(db, checkpoint) else { continue }
            try closeRows(db, pid: pid, kid: checkpoint.kid)
            // A comparison that somebody made meanwhile may have taken away what the plan had marked.
            if !wasCompared { try OwedKinds.settle(db, pid: pid, kid: checkpoint.kid, comparedBy: transfer) }
        }
    }

    /// A run that covered the whole kind has looked at every open row of it. One that did not has 0 for a sequence
    /// number; so has a kind without any item, which is looked at as a whole every time.
    private static func coversWholeKind(_ db: Database, _ checkpoint: StoredCheckpoint) throws -> Bool {
        if checkpoint.sequence > 0 { return true }
        return try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT max(seq) FROM head WHERE kid = ?"), arguments: [checkpoint.kid]) == nil
    }

    private static func closeRows(_ db: Database, pid: Int64, kid: Int64) throws {
        // What was true of a row only for one plan is not kept where no later one looks for it.
        try db.cachedStatement(
            sql: """
                UPDATE shadow INDEXED BY shadow_open
                SET open = 0, state = \(ShadowState.lastingNumber)
                WHERE pid = ? AND kid = ? AND open = 1
                """
        ).execute(arguments: [pid, kid])
    }
}
