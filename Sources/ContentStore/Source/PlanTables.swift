internal import ContentModel
internal import Foundation
internal import GRDB
internal import SyncEngine
internal import SyncProtocol

struct StoredCheckpoint: Codable {
    var kid: Int64
    var sequence: Int64
    var fid: Int64
}

/// The tables that hold a plan.
enum PlanTables {
    /// A later plan of the same stream makes an unfinished one pointless: it reads the same shadow.
    static func forgetUnfinished(_ db: Database, pid: Int64) throws {
        let unfinished = try String.fetchAll(
            db.cachedStatement(sql: "SELECT transfer FROM plan WHERE pid = ? AND phase <> 'acknowledged'"),
            arguments: [pid])
        for transfer in unfinished { try forget(db, transfer: transfer) }
    }

    /// A plan that is only looked at makes no other pointless; those whose reader never came back must not add up.
    static func makeRoomForPlanOnly(_ db: Database, pid: Int64, now: Int64) throws {
        let old = try String.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT transfer FROM plan WHERE phase IN ('looking', 'looked') AND (opened < ?1 OR transfer IN (
                        SELECT transfer FROM plan WHERE phase IN ('looking', 'looked') AND pid = ?2
                        ORDER BY opened DESC, transfer DESC LIMIT -1 OFFSET ?3))
                    """),
            arguments: [now - Limits.transferSeconds, pid, Limits.plansOnly - 1])
        for transfer in old { try forget(db, transfer: transfer) }
    }

    /// Replaces a plan of the same transfer.
    static func insert(
        _ db: Database, transfer: String, pid: Int64, initiator: String, direction: Direction, scope: Scope,
        phase: String, now: Int64
    ) throws {
        try forget(db, transfer: transfer)
        try db.cachedStatement(
            sql: """
                INSERT INTO plan (transfer, pid, initiator, direction, scope, phase, opened)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [transfer, pid, initiator, direction.rawValue, try JSONColumns.encode(scope), phase, now])
    }

    static func scope(_ db: Database, transfer: String) throws -> Scope? {
        try String.fetchOne(db.cachedStatement(sql: "SELECT scope FROM plan WHERE transfer = ?"), arguments: [transfer])
            .map { try JSONColumns.decode(Scope.self, $0) }
    }

    static func markCompared(_ db: Database, pid: Int64, by transfer: String) throws {
        try db.cachedStatement(
            sql: "UPDATE plan SET compared = 1 WHERE pid = ? AND transfer <> ? AND phase IN ('planning', 'ready')"
        ).execute(arguments: [pid, transfer])
    }

    /// Whoever goes on planning after the plan was given up must not leave rows behind that belong to nothing.
    ///
    /// Answers whether the plan is only looked at.
    @discardableResult
    static func requirePlanning(_ db: Database, transfer: String) throws -> Bool {
        let phase = try String.fetchOne(
            db.cachedStatement(sql: "SELECT phase FROM plan WHERE transfer = ?"), arguments: [transfer])
        guard phase == "planning" || phase == "looking" else {
            throw TidelockError(
                .fenced, "Transfer \(transfer.printable) was given up or superseded while its plan was made.",
                hint: "Start the run again.")
        }
        return phase == "looking"
    }

    static func forget(_ db: Database, transfer: String) throws {
        for table in ["plan_op", "plan_batch", "plan_blob", "plan"] {
            try db.cachedStatement(sql: "DELETE FROM \(table) WHERE transfer = ?").execute(arguments: [transfer])
        }
    }

    /// Rows of one kind that were made with the same handlers.
    static func record(
        _ db: Database, _ rows: some Sequence<PlannedOperation>, transfer: String, pid: Int64, kid: Int64, fid: Int64
    ) throws {
        let insert = try RowStatement(
            db,
            sql: """
                INSERT INTO plan_op (transfer, kid, bucket, id, action, src_hash, out_hash, fid, life)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        let hasBodies = try BaseBodies.isUsed(db)
        let hasDeletes = try SettledDeletes.areThere(db, of: pid)
        for row in rows {
            let place = Place(kid: kid, bucket: row.bucket, id: row.id)
            if row.action.isRemembered {
                try remember(db, row, at: place, pid: pid, fid: fid)
                if hasDeletes, row.action == .same { try SettledDeletes.drop(db, at: place, heldBy: pid) }
                if hasBodies { try BaseBodies.prune(db, place) }
                continue
            }
            if row.supersedes { try take(db, back: place, transfer: transfer) }
            guard row.action != .withdraw else { continue }
            try insert.run { values in
                values.add(transfer)
                values.add(place)
                values.add(Int64(row.action.rawValue))
                values.add(row.source)
                values.add(row.output)
                values.add(fid)
                values.add(row.life)
            }
        }
    }

    /// The row changed after the plan had said something of it.
    private static func take(_ db: Database, back place: Place, transfer: String) throws {
        try db.cachedStatement(sql: "DELETE FROM plan_op WHERE transfer = ? AND kid = ? AND bucket = ? AND id = ?")
            .execute(arguments: [transfer] + StatementArguments(place.arguments))
    }

    /// Results that change nothing at the destination are facts about this side alone, true whatever becomes of
    /// the run, so they are remembered at once.
    private static func remember(
        _ db: Database, _ row: PlannedOperation, at place: Place, pid: Int64, fid: Int64
    ) throws {
        let fresh: ShadowState = row.action == .drop ? .dropped : .skipped
        try RowStatement(db, sql: rememberSQL).run { values in
            values.add(pid)
            values.add(place)
            values.add(row.source)
            values.add(fid)
            values.add(Int64(fresh.rawValue))
            values.add(row.life)
            values.add(Int64(row.action.rawValue))
        }
    }

    /// What the peer holds stays contested as long as nobody has looked whether it is the same. What was sent of an
    /// item that had the id before is not forgotten for one of which nothing is sent.
    private static let rememberSQL = """
        INSERT INTO shadow (pid, kid, bucket, id, src_hash, out_hash, fid, state, life)
        VALUES (?, ?, ?, ?, ?, NULL, ?, ?, ?8)
        ON CONFLICT (pid, kid, bucket, id) DO UPDATE SET
            src_hash = CASE
                WHEN ?9 = \(PlannedOperation.Action.skip.rawValue) AND state IN (\(ShadowState.held)) AND src_hash IS NULL THEN NULL
                WHEN \(isOfAnother) THEN src_hash
                ELSE excluded.src_hash END,
            life = CASE
                WHEN NOT (\(isOfAnother)) THEN excluded.life
                WHEN life < 0 AND state NOT IN (\(ShadowState.held)) THEN coalesce(\(lookedAt), \(ShadowRow.endedLife))
                ELSE life END,
            fid = CASE WHEN \(holdsBackEdit) THEN NULL ELSE excluded.fid END,
            state = CASE WHEN state IN (\(ShadowState.held)) THEN state ELSE excluded.state END
        """

    /// The peer holds an output of an item that was edited since and is skipped now. A row of no handlers tells that,
    /// as long as the item is skipped: see `UnseenEdits`.
    private static let holdsBackEdit = """
        ?9 = \(PlannedOperation.Action.skip.rawValue) AND state IN (\(ShadowState.held))
            AND (src_hash IS NOT excluded.src_hash OR \(ShadowRow.lacksHandlers("fid")))
        """

    private static let isOfAnother = """
        ?9 <> \(PlannedOperation.Action.same.rawValue) AND out_hash IS NOT NULL AND life IS NOT excluded.life
        """

    /// Null where the item is another one by now: then nobody has looked at that.
    private static let lookedAt = """
        (SELECT \(ShadowRow.lifeBeside("h")) FROM head h
        WHERE h.kid = shadow.kid AND h.bucket = shadow.bucket AND h.id = shadow.id
            AND h.hash IS excluded.src_hash AND h.life IS excluded.life)
        """

    static func record(_ db: Database, _ batch: EncodedBatch, transfer: String, supersedes: Bool) throws {
        // Not kept: a statement holds its values until it is used again, and payloads are large.
        try db.execute(
            sql: """
                INSERT INTO plan_batch (transfer, number, digest, operations, payload, supersedes)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                transfer, batch.info.number, batch.info.digest, batch.info.operations, batch.payload.data, supersedes,
            ])
    }

    /// The shadow's root as it will be once the plan is acknowledged.
    static func expectedRoot(_ db: Database, transfer: String, pid: Int64, kid: Int64) throws -> Digest {
        // Where rows are put, the rows themselves tell the bucket.
        let emptied = try UInt16.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT DISTINCT bucket FROM plan_op WHERE transfer = ? AND kid = ? AND action <> 1 ORDER BY bucket
                    """),
            arguments: [transfer, kid])
        let rows = try db.cachedStatement(
            sql: """
                SELECT bucket, id, out_hash FROM (
                    SELECT s.bucket, s.id, s.out_hash FROM shadow s
                    WHERE s.pid = :pid AND s.kid = :kid AND s.state IN (\(ShadowState.held))
                        AND s.bucket IN (SELECT DISTINCT bucket FROM plan_op WHERE transfer = :transfer AND kid = :kid)
                        AND NOT EXISTS (
                            SELECT 1 FROM plan_op p
                            WHERE p.transfer = :transfer AND p.kid = s.kid AND p.bucket = s.bucket AND p.id = s.id)
                    UNION ALL
                    SELECT p.bucket, p.id, p.out_hash FROM plan_op p
                    WHERE p.transfer = :transfer AND p.kid = :kid AND p.action = 1
                )
                ORDER BY bucket, id
                """)
        let leaves = try LeafBuilder.leaves(of: rows, ["pid": pid, "kid": kid, "transfer": transfer])
        let patch = Leaves(emptying: emptied).replacing(leaves.entries[...])
        return try DigestTree(role: .shadowed, pid: pid, kid: kid).root(db, replacing: patch).digest
    }
}
