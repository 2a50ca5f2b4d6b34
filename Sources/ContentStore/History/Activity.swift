internal import ContentModel
internal import GRDB
public import SyncEngine
internal import SyncProtocol

extension Store {
    public func activity() async throws -> ResponderStatus {
        let lease = try await leaseHolder()
        let lock = try SyncLock.holder(in: folder)
        let last = try await read { db in try LastSync.newest(db) }
        return ResponderStatus(
            isSyncing: lease != nil || lock != nil, holder: lease?.holder ?? lock.map { "\($0.host):\($0.pid)" },
            since: lease?.since ?? lock?.started, lastSync: last)
    }
}

extension LastSync {
    /// Newer plans among which the newest pull of somebody else is looked for: those behind them are older than runs
    /// that are known without.
    private static let plansLookedAt = 100

    fileprivate static func newest(_ db: Database) throws -> LastSync? {
        let run = try newestRun(db)
        guard let sent = try newestSent(db) else { return run?.sync }
        guard let run, run.started >= sent.timestamp else { return sent }
        return run.sync
    }

    /// Of what was started here, and of what arrived.
    private static func newestRun(_ db: Database) throws -> (sync: LastSync, started: Int64)? {
        try Row.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT run.id, run.direction, coalesce(run.target, source.name, source.instance, ''), run.phase,
                        coalesce(run.ended, run.started), run.started
                    FROM run
                    LEFT JOIN transfer ON transfer.id = run.id AND run.direction = 'receive'
                    LEFT JOIN (SELECT pid, instance, nullif(name, '') AS name FROM peer) AS source USING (pid)
                    WHERE run.direction IN ('push', 'pull', 'receive') AND run.phase <> 'running'
                    ORDER BY run.started DESC, run.id DESC
                    LIMIT 1
                    """)
        ).map { row in
            let sync = LastSync(
                run: row[0], action: Action(rawValue: row[1]) ?? .receive, peer: row[2], status: row[3],
                timestamp: row[4])
            return (sync, row[5])
        }
    }

    /// Of what others have pulled from here; such a run is none of this instance's. When it began counts, as nothing
    /// else is known of it.
    private static func newestSent(_ db: Database) throws -> LastSync? {
        try Row.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT plan.transfer, coalesce(nullif(peer.name, ''), peer.instance), plan.opened
                    FROM (
                        SELECT transfer, pid, direction, phase, opened FROM plan
                        ORDER BY transfer DESC
                        LIMIT \(plansLookedAt)) AS plan
                    JOIN peer USING (pid)
                    WHERE plan.direction = 'pull' AND plan.phase = 'acknowledged'
                    ORDER BY plan.opened DESC, plan.transfer DESC
                    LIMIT 1
                    """)
        ).map { LastSync(run: $0[0], action: .send, peer: $0[1], status: "committed", timestamp: $0[2]) }
    }
}
