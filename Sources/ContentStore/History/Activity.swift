internal import ContentModel
internal import GRDB
public import SyncEngine
internal import SyncProtocol

extension Store {
    public func activity() async throws -> ResponderStatus {
        let lease = try await leaseHolder()
        let lock = try SyncLock.holder(in: folder)
        let last = try await read { db in
            try Row.fetchOne(
                db.cachedStatement(
                    sql: """
                        SELECT id, direction, coalesce(target, ''), phase, coalesce(ended, started) FROM run
                        WHERE direction IN ('push', 'pull', 'receive') AND phase <> 'running'
                        ORDER BY started DESC, id DESC
                        LIMIT 1
                        """)
            ).map { row in
                LastSync(
                    run: row[0], direction: row[1] == "push" ? .push : .pull, peer: row[2], status: row[3],
                    timestamp: row[4])
            }
        }
        return ResponderStatus(
            isSyncing: lease != nil || lock != nil, holder: lease?.holder ?? lock.map { "\($0.host):\($0.pid)" },
            since: lease?.since ?? lock?.started, lastSync: last)
    }
}
