public import ContentModel
internal import Foundation
internal import GRDB
internal import Glibc
public import SyncEngine

extension Store: StatisticsStore {
    /// Seconds for which a handler is remembered that nobody calls.
    private static let remembered: Int64 = 90 * 86_400

    public func add(_ news: [HandlerStatistics]) async throws {
        guard !news.isEmpty else { return }
        let now = clock.seconds
        try await write { db in
            for statistics in news { try Self.add(statistics, at: now, db) }
            try db.execute(sql: "DELETE FROM handler_total WHERE updated < ?", arguments: [now - Self.remembered])
        }
    }

    private static func add(_ news: HandlerStatistics, at now: Int64, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO handler_total (
                    event, name, calls, errors, killed_cpu, killed_wall, killed_memory, cpu, wall, peak_memory, changed,
                    dropped, skipped, updated)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (event, name) DO UPDATE SET
                    calls = calls + excluded.calls,
                    errors = errors + excluded.errors,
                    killed_cpu = killed_cpu + excluded.killed_cpu,
                    killed_wall = killed_wall + excluded.killed_wall,
                    killed_memory = killed_memory + excluded.killed_memory,
                    cpu = cpu + excluded.cpu,
                    wall = wall + excluded.wall,
                    peak_memory = max(peak_memory, excluded.peak_memory),
                    changed = changed + excluded.changed,
                    dropped = dropped + excluded.dropped,
                    skipped = skipped + excluded.skipped,
                    updated = excluded.updated
                """,
            arguments: [
                news.event, news.name, news.calls, news.errors, news.killed.cpu, news.killed.wall, news.killed.memory,
                news.cpuNanoseconds, news.wallNanoseconds, news.peakMemory, news.changed, news.dropped, news.skipped,
                now,
            ])
    }

    public func handlerTotals() async throws -> [HandlerStatistics] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT event, name, calls, errors, killed_cpu, killed_wall, killed_memory, cpu, wall, peak_memory,
                        changed, dropped, skipped
                    FROM handler_total
                    ORDER BY event, name
                    """
            ).map { row in
                var total = HandlerStatistics(event: row[0], name: row[1])
                (total.calls, total.errors) = (row[2], row[3])
                total.killed = HandlerStatistics.Kills(cpu: row[4], wall: row[5], memory: row[6])
                (total.cpuNanoseconds, total.wallNanoseconds, total.peakMemory) = (row[7], row[8], row[9])
                (total.changed, total.dropped, total.skipped) = (row[10], row[11], row[12])
                return total
            }
        }
    }
}

// MARK: - Processes

extension Store {
    public func report(_ process: ProcessReport) async throws {
        let now = clock.seconds
        try await write { db in
            try db.execute(
                sql: "DELETE FROM process WHERE seen < ?", arguments: [now - ProcessReport.silence])
            try db.execute(
                sql: """
                    INSERT OR REPLACE INTO process (host, pid, command, started, seen, generation, error)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    process.host, process.pid, process.command, process.started, now, process.generation,
                    process.error,
                ])
        }
    }

    public func forget(_ process: ProcessReport) async throws {
        try await write { db in
            try db.execute(
                sql: "DELETE FROM process WHERE host = ? AND pid = ?", arguments: [process.host, process.pid])
        }
    }

    public func processes() async throws -> [ProcessReport] {
        let now = clock.seconds
        let known = try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT pid, host, command, started, seen, generation, error FROM process
                    WHERE seen >= ?
                    ORDER BY started, host, pid
                    """,
                arguments: [now - ProcessReport.silence]
            ).map { row in
                ProcessReport(
                    pid: row[0], host: row[1], command: row[2], started: row[3], seen: row[4], generation: row[5],
                    error: row[6])
            }
        }
        let here = ProcessInfo.processInfo.hostName
        return known.filter { $0.host != here || Self.isAlive($0.pid) }
    }

    /// Whether a process of this machine is there, whoever owns it.
    private static func isAlive(_ pid: Int32) -> Bool {
        pid > 0 && (kill(pid, 0) == 0 || errno == EPERM)
    }
}
