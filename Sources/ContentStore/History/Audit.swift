internal import ContentModel
internal import GRDB
public import SyncEngine

/// A record of the audit log as `tidelock audit` lists it.
public struct AuditRecord: Sendable, Codable, Equatable {
    public var number: Int64
    /// Unix seconds.
    public var time: Int64
    /// See `AuditAction`.
    public var action: String
    /// Id of an instance, or name of a user; nil when nobody knows.
    public var actor: String?
    /// What people call the instance, or who became that user with sudo.
    public var name: String?
    public var address: String?
    public var target: String?
    public var run: String?
    /// An error code, or `ok`.
    public var outcome: String
    public var note: String?
    public var counts: [String: Int]
}

/// Which records are asked for.
public struct AuditQuery: Sendable {
    public var action: AuditAction?
    /// The run's id, or its beginning.
    public var run: String?
    /// Unix seconds.
    public var since: Int64?
    public var limit: Int

    public init(action: AuditAction? = nil, run: String? = nil, since: Int64? = nil, limit: Int) {
        self.action = action
        self.run = run
        self.since = since
        self.limit = limit
    }
}

extension Store: AuditLog {
    public func append(_ entry: AuditEntry) async throws {
        let now = clock.seconds
        try await write { db in try AuditTable.add(db, entry, now: now) }
    }

    /// The newest records that match, oldest of them first.
    public func audit(_ query: AuditQuery) async throws -> [AuditRecord] {
        try await read { db in try AuditTable.fetch(db, query) }
    }

    /// Notes, in the transaction of a change, for whom it is made. Made before the transaction: inside it nobody knows
    /// the task any more.
    var auditor: Auditor { Auditor(principal: .current, now: clock.seconds) }
}

/// Writes records into the transaction that they tell about, so that neither is there without the other.
struct Auditor: Sendable {
    let principal: Principal
    let now: Int64

    func note(
        _ db: Database, _ action: AuditAction, target: String? = nil, run: String? = nil, note: String? = nil,
        counts: [String: Int] = [:]
    ) throws {
        let entry = AuditEntry(action, by: principal, target: target, run: run, note: note, counts: counts)
        try AuditTable.add(db, entry, now: now)
    }
}

enum AuditTable {
    private static let succeeded = "ok"

    static func add(_ db: Database, _ entry: AuditEntry, now: Int64) throws {
        let principal = entry.principal
        let counts = entry.counts.filter { $0.value != 0 }
        try db.cachedStatement(
            sql: """
                INSERT INTO audit (time, action, actor, name, address, target, run, outcome, note, counts)
                VALUES (?1, ?2, ?3, coalesce(?4, (SELECT name FROM peer WHERE instance = ?3)), ?5, ?6, ?7, ?8, ?9, ?10)
                """
        ).execute(
            arguments: [
                now, entry.action.rawValue, principal.id, principal.name, principal.address, entry.target, entry.run,
                entry.failure?.rawValue ?? succeeded, entry.note,
                counts.isEmpty ? nil : try JSONColumns.encode(counts),
            ])
    }

    static func fetch(_ db: Database, _ query: AuditQuery) throws -> [AuditRecord] {
        try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT aid, time, action, actor, name, address, target, run, outcome, note, counts FROM audit
                    WHERE (?1 IS NULL OR action = ?1) AND (?2 IS NULL OR substr(run, 1, length(?2)) = ?2)
                        AND (?3 IS NULL OR time >= ?3)
                    ORDER BY aid DESC
                    LIMIT ?4
                    """),
            arguments: [query.action?.rawValue, query.run, query.since, query.limit]
        ).reversed().map { row in
            AuditRecord(
                number: row[0], time: row[1], action: row[2], actor: row[3], name: row[4], address: row[5],
                target: row[6], run: row[7], outcome: row[8], note: row[9],
                counts: try (row[10] as String?).map { try JSONColumns.decode([String: Int].self, $0) } ?? [:])
        }
    }

    /// What the table lets go; the same rule as its trigger.
    static let isOld = """
        time < (SELECT time FROM audit ORDER BY aid DESC LIMIT 1)
            - CASE WHEN action = '\(AuditAction.refuse.rawValue)' AND actor IS NULL
              THEN \(Retention.refusalSeconds) ELSE \(Retention.auditSeconds) END
        """
}

extension GarbageCollection {
    /// The newest record tells the age of the others, so the record of the collection comes first. Where the clock was
    /// put back, records wait for it.
    func audit() async throws -> Int {
        let now = now
        let old = try await store.read { db in
            try Int.fetchOne(
                db.cachedStatement(
                    sql: """
                        SELECT count(*) FROM audit WHERE time < ? OR (action = ? AND actor IS NULL AND time < ?)
                        """),
                arguments: [now - Retention.auditSeconds, AuditAction.refuse.rawValue, now - Retention.refusalSeconds])
                ?? 0
        }
        guard old > 0, !isDryRun else { return old }
        let auditor = store.auditor
        try await store.write { db in try auditor.note(db, .forget, counts: ["records": old]) }
        return try await repeatedly { db in
            try db.cachedStatement(
                sql: "DELETE FROM audit WHERE aid IN (SELECT aid FROM audit WHERE \(AuditTable.isOld) LIMIT 1000)"
            ).execute()
            return db.changesCount
        }
    }
}
