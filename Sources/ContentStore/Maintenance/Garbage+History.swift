internal import ContentModel
internal import GRDB
internal import SyncProtocol

extension GarbageCollection {
    /// A plan goes before its rows, so that nobody acknowledges a half of it.
    func plans() async throws -> (plans: Int, rows: Int) {
        let (gone, told) = try await store.read { db in
            (try PlanTables.outdated(db, now: now), try PlanTables.told(db))
        }
        if isDryRun {
            return try await store.read { db in
                let rows = try Set(gone + told + PlanTables.ownerless(db)).reduce(0) { sum, transfer in
                    try sum + PlanTables.rows(db, of: transfer)
                }
                return (gone.count, rows)
            }
        }
        let plans = try await delete(gone, from: "plan", key: "transfer", where: "true")
        var rows = 0
        for transfer in try await store.read({ db in try PlanTables.ownerless(db) }) + told {
            rows += try await repeatedly { db in try PlanTables.dropPage(db, transfer: transfer) }
        }
        return (plans, rows)
    }

    /// Transfers answer for long how they ended. Those that a rollback undid are needed for as long as their mark
    /// stands at an item.
    func transfers() async throws -> Int {
        let old = now - Retention.historySeconds
        let isUnused = """
            phase <> 'open' AND touched < \(old)
            AND NOT EXISTS (SELECT 1 FROM run WHERE run.id = transfer.id AND undoable = 1)
            AND NOT EXISTS (SELECT 1 FROM undo WHERE undo.run = transfer.id)
            AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.run = transfer.id)
            AND NOT EXISTS (SELECT 1 FROM stage WHERE stage.transfer = transfer.id)
            AND NOT EXISTS (SELECT 1 FROM lease WHERE lease.transfer = transfer.id)
            """
        let unused = try await store.read { db in
            let unused = try String.fetchAll(db, sql: "SELECT id FROM transfer WHERE \(isUnused)")
            guard !unused.isEmpty else { return [String]() }
            let marks = try String.fetchSet(
                db,
                sql: """
                    SELECT reverted FROM head WHERE reverted IS NOT NULL
                    UNION SELECT old_reverted FROM undo WHERE old_reverted IS NOT NULL
                    """)
            return unused.filter { !marks.contains($0) }
        }
        return try await delete(unused, from: "transfer", key: "id", where: isUnused)
    }

    /// Runs of which nobody knows how they ended are kept for the run that will find out.
    func runs() async throws -> Int {
        let old = now - Retention.historySeconds
        let unused = try await store.read { db in
            let tooMany = try Self.start(db, ofNewest: Retention.mostRuns) ?? .min
            let latest = try min(max(old, tooMany), Self.start(db, ofNewest: Retention.fewestRuns) ?? .min)
            return try String.fetchAll(
                db, sql: "SELECT id FROM run WHERE started < ? AND \(Self.isUnusedRun)", arguments: [latest])
        }
        return try await delete(unused, from: "run", key: "id", where: Self.isUnusedRun)
    }

    private static let isUnusedRun = """
        undoable = 0 AND NOT (phase IN ('running', 'unsettled') AND direction IN ('push', 'pull'))
        AND NOT EXISTS (SELECT 1 FROM undo WHERE undo.run = run.id)
        AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.run = run.id)
        """

    /// When the run began that has so many newer ones; nil when there are fewer.
    private static func start(_ db: Database, ofNewest count: Int) throws -> Int64? {
        try Int64.fetchOne(
            db, sql: "SELECT started FROM run ORDER BY started DESC LIMIT 1 OFFSET ?", arguments: [count - 1])
    }

    func tokens() async throws -> Int {
        let now = now
        if isDryRun {
            return try await store.read { db in
                try Int.fetchOne(db, sql: "SELECT count(*) FROM seen_token WHERE expires < ?", arguments: [now]) ?? 0
            }
        }
        return try await repeatedly { db in
            try db.cachedStatement(
                sql: "DELETE FROM seen_token WHERE jti IN (SELECT jti FROM seen_token WHERE expires < ? LIMIT 1000)"
            ).execute(arguments: [now])
            return db.changesCount
        }
    }

    /// Records are numbered in the order of their coming, so the oldest are looked at, and no others.
    func log() async throws -> Int {
        let old = now - Retention.logSeconds
        let isOld = "timestamp < \(old) OR lid <= (SELECT max(lid) FROM log) - \(Retention.logRecords)"
        if isDryRun {
            return try await store.read { db in
                try Int.fetchOne(db, sql: "SELECT count(*) FROM log WHERE \(isOld)") ?? 0
            }
        }
        return try await repeatedly { db in
            try db.cachedStatement(
                sql: """
                    DELETE FROM log WHERE lid IN (
                        SELECT lid FROM (SELECT lid, timestamp FROM log ORDER BY lid LIMIT 1000) WHERE \(isOld))
                    """
            ).execute()
            return db.changesCount
        }
    }
}

extension PlanTables {
    /// Plans that nobody finishes any more, and acknowledged ones that nobody asks about.
    fileprivate static func outdated(_ db: Database, now: Int64) throws -> [String] {
        try String.fetchAll(
            db,
            sql: """
                SELECT transfer FROM plan
                WHERE NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.run = plan.transfer) AND CASE phase
                    WHEN 'acknowledged' THEN opened < ?1
                    ELSE opened < ?2 AND NOT EXISTS (
                        SELECT 1 FROM run WHERE run.id = plan.transfer AND run.phase IN ('running', 'unsettled')) END
                """,
            arguments: [now - Retention.historySeconds, now - Retention.planSeconds])
    }

    /// Acknowledged plans whose items no observer waits for.
    fileprivate static func told(_ db: Database) throws -> [String] {
        try GarbageCollection.distinct(db, "transfer", of: "plan_batch").filter { transfer in
            let phase = try String.fetchOne(db, sql: "SELECT phase FROM plan WHERE transfer = ?", arguments: [transfer])
            return try phase == "acknowledged" && !Undo.isNeededByObservers(db, run: transfer)
        }
    }

    /// Transfers with rows and without a plan.
    fileprivate static func ownerless(_ db: Database) throws -> [String] {
        let planned = try Set(
            GarbageCollection.distinct(db, "transfer", of: "plan_op")
                + GarbageCollection.distinct(db, "transfer", of: "plan_batch")
                + GarbageCollection.distinct(db, "transfer", of: "plan_blob"))
        return try planned.filter { transfer in
            try String.fetchOne(db, sql: "SELECT phase FROM plan WHERE transfer = ?", arguments: [transfer]) == nil
        }.sorted()
    }

    fileprivate static func rows(_ db: Database, of transfer: String) throws -> Int {
        try ["plan_op", "plan_batch", "plan_blob"].reduce(0) { sum, table in
            try sum
                + (Int.fetchOne(
                    db, sql: "SELECT count(*) FROM \(table) WHERE transfer = ?", arguments: [transfer]) ?? 0)
        }
    }

    /// Batches are large, so few of them go at a time.
    fileprivate static func dropPage(_ db: Database, transfer: String) throws -> Int {
        try db.cachedStatement(
            sql: """
                DELETE FROM plan_batch WHERE transfer = ?1 AND number IN (
                    SELECT number FROM plan_batch WHERE transfer = ?1 LIMIT 4)
                """
        ).execute(arguments: [transfer])
        let batches = db.changesCount
        let page = "SELECT kid, bucket, id FROM plan_op WHERE transfer = ?1 LIMIT 500"
        try db.cachedStatement(sql: "DELETE FROM plan_op WHERE transfer = ?1 AND (kid, bucket, id) IN (\(page))")
            .execute(arguments: [transfer])
        let rows = batches + db.changesCount
        let blobs = "SELECT sha256 FROM plan_blob WHERE transfer = ?1 LIMIT 500"
        try db.cachedStatement(sql: "DELETE FROM plan_blob WHERE transfer = ?1 AND sha256 IN (\(blobs))")
            .execute(arguments: [transfer])
        return rows + db.changesCount
    }
}
