internal import GRDB
public import SyncEngine

extension Store: ScheduleClaims {
    public func claim(schedule: String, due: Int64) async throws -> Bool {
        try await write { db in
            try db.execute(
                sql: """
                    INSERT INTO schedule (name, due) VALUES (?, ?)
                    ON CONFLICT (name) DO UPDATE SET due = excluded.due WHERE excluded.due > due
                    """,
                arguments: [schedule, due])
            return db.changesCount == 1
        }
    }
}
