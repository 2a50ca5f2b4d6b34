public import ContentModel
internal import GRDB
internal import HookCatalog
public import SyncEngine
internal import SyncProtocol

/// A queued event on its way to the observers.
public struct PendingEvent: Sendable {
    public var number: Int64
    public var event: QueuedEvent
    public var attempts: Int
}

extension Store {
    /// Queues events that belong to no other transaction, such as those of a failed run.
    public func queue(_ events: [QueuedEvent]) async throws {
        let now = clock.seconds
        try await write { db in try Outbox.add(db, events, due: now) }
    }

    /// Events that are due, oldest first.
    public func dueEvents(limit: Int) async throws -> [PendingEvent] {
        let now = clock.seconds
        return try await read { db in
            try Row.fetchAll(
                db, sql: "SELECT oid, payload, attempts FROM outbox WHERE due <= ? ORDER BY oid LIMIT ?",
                arguments: [now, limit]
            ).map { row in
                PendingEvent(number: row[0], event: try JSONColumns.decode(QueuedEvent.self, row[1]), attempts: row[2])
            }
        }
    }

    /// Takes an event away once its observers were told.
    public func delivered(_ event: PendingEvent) async throws {
        try await write { db in
            try db.execute(sql: "DELETE FROM outbox WHERE oid = ?", arguments: [event.number])
            try Outbox.freeBatches(db)
        }
    }

    /// Keeps an event for later, with twice the pause each time; gives up after `Outbox.attempts`.
    public func failed(_ event: PendingEvent, reason: String) async throws {
        let now = clock.seconds
        try await write { db in
            let pause = Int64(1) << min(event.attempts, 12)
            let gaveUp = event.attempts + 1 >= Outbox.attempts
            try db.execute(
                sql: "UPDATE outbox SET attempts = attempts + 1, due = ?, failure = ? WHERE oid = ?",
                arguments: [gaveUp ? Int64.max : now + pause, reason, event.number])
        }
    }

    /// The items a finished push sent, in pages of one batch; empty behind the last.
    public func sentItems(run: String, batch: Int) async throws -> [(kind: Kind, body: JSONDocument)] {
        let payload = try await read { db in
            try Row.fetchOne(
                db, sql: "SELECT payload FROM plan_batch WHERE transfer = ? AND number = ?", arguments: [run, batch])?
                .bytes(0)
        }
        guard let payload else { return [] }
        var decoder = try BatchDecoder(payload: payload)
        var items: [(kind: Kind, body: JSONDocument)] = []
        while let entry = try decoder.next() {
            if case .put(let body, _) = entry.operation { items.append((entry.kind, body)) }
        }
        return items
    }

    /// The items a finished pull brought here, in pages ordered by key; empty behind the last.
    public func receivedItems(run: String, page: Int) async throws -> [(kind: Kind, body: JSONDocument)] {
        try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT kind.name, body.bytes
                    FROM undo u JOIN kind USING (kid) JOIN body ON body.rid = u.new_rid
                    WHERE u.run = ? AND u.verdict IN (\(Verdict.list(Verdict.applied)))
                    ORDER BY u.kid, u.bucket, u.id
                    LIMIT ? OFFSET ?
                    """,
                arguments: [run, Limits.batchItems, page * Limits.batchItems]
            ).map { row in (try Kind(row[0] as String), JSONDocument(trusted: row.bytes(1)!)) }
        }
    }
}

enum Outbox {
    /// After that many failures an event waits for a person.
    static let attempts = 12

    static func add(_ db: Database, _ events: [QueuedEvent], due: Int64) throws {
        for event in events {
            try db.execute(
                sql: "INSERT INTO outbox (event, payload, due) VALUES (?, ?, ?)",
                arguments: [event.event.rawValue, try JSONColumns.encode(event), due])
        }
    }

    /// Batches of acknowledged plans are kept only while an event still needs their items.
    static func freeBatches(_ db: Database) throws {
        try db.execute(
            sql: """
                DELETE FROM plan_batch
                WHERE transfer IN (SELECT transfer FROM plan WHERE phase = 'acknowledged')
                    AND transfer NOT IN (SELECT payload ->> '$.run' FROM outbox)
                """)
    }
}
