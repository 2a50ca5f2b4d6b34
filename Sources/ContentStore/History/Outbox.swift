internal import ContentModel
internal import GRDB
internal import HookCatalog
public import SyncEngine

/// An event that this process alone tells observers about, until its claim lapses.
public struct ClaimedEvent: Sendable {
    public var number: Int64
    public var event: QueuedEvent
    /// Handlers that were told, or that gave up, or whose next attempt is not due yet.
    public var settled: Set<String>
    let claim: String
}

extension Store {
    /// How long a claim lasts that nobody renews, in seconds.
    public static let claimSeconds: Int64 = 30

    /// Queues events that belong to no other transaction, such as those of a failed run.
    public func queue(_ events: [QueuedEvent]) async throws {
        let now = clock.seconds
        try await write { db in try Outbox.add(db, events, due: now) }
    }

    /// Events that are due, oldest first, whoever may be telling observers about them.
    public func dueEvents(limit: Int) async throws -> [QueuedEvent] {
        let now = clock.seconds
        return try await read { db in
            try String.fetchAll(
                db.cachedStatement(sql: "SELECT payload FROM outbox WHERE due <= ? ORDER BY oid LIMIT ?"),
                arguments: [now, limit]
            ).map { try JSONColumns.decode(QueuedEvent.self, $0) }
        }
    }

    /// Claims the oldest event behind `number` that is due and that nobody else is telling about; nil without one.
    ///
    /// Throws `damaged_store` for an event that cannot be read, which then keeps nobody from the others for an hour.
    public func claimEvent(after number: Int64 = 0) async throws -> ClaimedEvent? {
        let now = clock.seconds
        // Most of the time there is none, and looking must not wait for whoever writes.
        guard try await read({ db in try Outbox.free(db, after: number, now: now) }) != nil else { return nil }
        let claim = random.bytes(12).hex
        guard let taken = try await write({ db in try Outbox.take(db, after: number, now: now, claim: claim) }) else {
            return nil
        }
        do {
            let event = try JSONColumns.decode(QueuedEvent.self, taken.payload)
            return ClaimedEvent(number: taken.oid, event: event, settled: taken.settled, claim: claim)
        } catch let error as TidelockError {
            try await write { db in
                try db.cachedStatement(
                    sql: "UPDATE outbox SET claim = NULL, claimed_until = 0, due = ?, failure = ? WHERE oid = ?"
                ).execute(arguments: [now + 3_600, error.message, taken.oid])
            }
            throw error
        }
    }

    /// Keeps the claim for as long again. False when it lapsed and somebody else may be at work on the event.
    public func renewClaim(on event: ClaimedEvent) async throws -> Bool {
        let until = clock.seconds + Self.claimSeconds
        return try await write { db in
            try db.cachedStatement(sql: "UPDATE outbox SET claimed_until = ? WHERE oid = ? AND claim = ?").execute(
                arguments: [until, event.number, event.claim])
            return db.changesCount == 1
        }
    }

    /// Gives an event back as it was, to be told later by anybody. May be called twice.
    public func releaseClaim(on event: ClaimedEvent) async throws {
        try await write { db in
            try db.cachedStatement(sql: "UPDATE outbox SET claim = NULL, claimed_until = 0 WHERE oid = ? AND claim = ?")
                .execute(arguments: [event.number, event.claim])
        }
    }

    /// Takes back what a change queued that is itself taken back.
    public func forgetEvents(of run: String) async throws {
        try await write { db in
            for oid in try Int64.fetchAll(
                db.cachedStatement(sql: "SELECT oid FROM outbox WHERE run = ?"), arguments: [run])
            {
                try Outbox.remove(db, oid)
            }
        }
    }
}

enum Outbox {
    /// Events whose handlers are shown the items of a run. Others need nothing that a run left behind.
    static let eventsAboutItems = [EventName.contentAfter, .itemPushed, .itemPulled]
        .map { "'\($0.rawValue)'" }.joined(separator: ", ")

    /// When an event is due that waits for a person.
    static let never = Int64.max

    static func add(_ db: Database, _ events: [QueuedEvent], due: Int64) throws {
        for event in events {
            // Not kept: a statement holds its values until it is used again, and items may be large.
            try db.execute(
                sql: "INSERT INTO outbox (event, run, payload, due) VALUES (?, ?, ?, ?)",
                arguments: [event.event.rawValue, event.run, try JSONColumns.encode(event), due])
        }
    }

    static func free(_ db: Database, after number: Int64, now: Int64) throws -> Int64? {
        try Int64.fetchOne(
            db.cachedStatement(
                sql: "SELECT oid FROM outbox WHERE oid > ? AND due <= ? AND claimed_until <= ? ORDER BY oid LIMIT 1"),
            arguments: [number, now, now])
    }

    /// Claims an event in the transaction that looks at it, so that two processes never both find it free.
    static func take(
        _ db: Database, after number: Int64, now: Int64, claim: String
    ) throws -> (oid: Int64, payload: String, settled: Set<String>)? {
        guard let oid = try free(db, after: number, now: now) else { return nil }
        try db.cachedStatement(sql: "UPDATE outbox SET claim = ?, claimed_until = ? WHERE oid = ?").execute(arguments: [
            claim, now + Store.claimSeconds, oid,
        ])
        let payload = try String.fetchOne(
            db.cachedStatement(sql: "SELECT payload FROM outbox WHERE oid = ?"), arguments: [oid])
        let settled = try String.fetchSet(
            db.cachedStatement(sql: "SELECT handler FROM delivery WHERE oid = ? AND NOT (state = ? AND due <= ?)"),
            arguments: [oid, DeliveryState.waiting.rawValue, now])
        return (oid, payload ?? "", settled)
    }

    /// Takes an event away, and the batches of its run when no other event needs their items.
    static func remove(_ db: Database, _ oid: Int64) throws {
        let run = try String.fetchOne(db.cachedStatement(sql: "SELECT run FROM outbox WHERE oid = ?"), arguments: [oid])
        try db.cachedStatement(sql: "DELETE FROM delivery WHERE oid = ?").execute(arguments: [oid])
        try db.cachedStatement(sql: "DELETE FROM outbox WHERE oid = ?").execute(arguments: [oid])
        try db.cachedStatement(
            sql: """
                DELETE FROM plan_batch
                WHERE transfer = ?1
                    AND EXISTS (SELECT 1 FROM plan WHERE transfer = ?1 AND phase = 'acknowledged')
                    AND NOT EXISTS (SELECT 1 FROM outbox WHERE run = ?1 AND event IN (\(eventsAboutItems)))
                """
        ).execute(arguments: [run])
    }
}
