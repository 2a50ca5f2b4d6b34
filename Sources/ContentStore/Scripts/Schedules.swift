internal import GRDB
public import SyncEngine

extension Store: ScheduleClaims {
    public func claim(schedule: String, due: Int64) async throws -> Bool {
        try await write { [clock] db in
            try db.cachedStatement(
                sql: """
                    INSERT INTO schedule (name, due) VALUES (?, ?)
                    ON CONFLICT (name) DO UPDATE SET due = excluded.due WHERE excluded.due > due OR due > ?
                    """
            ).execute(  // Nothing is claimed before it is due: what lies ahead was claimed by a clock that was wrong.
                arguments: [schedule, due, clock.seconds + 60])
            return db.changesCount == 1
        }
    }
}
