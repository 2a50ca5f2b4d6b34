internal import ContentModel
internal import GRDB
internal import SyncEngine

/// How far a handler is with an event; the numbers are stored.
enum DeliveryState: Int64 {
    /// It failed and will be tried again.
    case waiting = 0
    /// It was told.
    case done = 1
    /// It failed so often that a person has to decide.
    case dead = 2
}

/// An event that a handler failed on until it was given up.
public struct DeadDelivery: Sendable, Codable, Equatable {
    public var number: Int64
    public var event: String
    public var handler: String
    public var run: String
    public var attempts: Int
    public var failure: String?
    /// Unix seconds of the first failure.
    public var since: Int64
}

extension Store {
    /// After that many failures in a row an event waits for a person.
    public static let deliveryAttempts = 12
    private static let longestPause: Int64 = 3_600

    /// Writes down that a handler was told. Throws `fenced` when the claim lapsed: it may be told once more.
    public func delivered(_ event: ClaimedEvent, to handler: String) async throws {
        let now = clock.seconds
        try await write { db in
            try Self.require(db, event)
            try Self.note(db, event, handler, .done, attempts: 0, due: now, now: now, failure: nil)
        }
    }

    /// Writes down that a handler failed: it is tried again after twice the pause each time, and given up in the end.
    ///
    /// Answers whether it was given up. Throws `fenced` when the claim lapsed.
    @discardableResult
    public func failed(_ event: ClaimedEvent, by handler: String, reason: String) async throws -> Bool {
        let now = clock.seconds
        return try await write { db in
            try Self.require(db, event)
            let earlier =
                try Int.fetchOne(
                    db.cachedStatement(sql: "SELECT attempts FROM delivery WHERE oid = ? AND handler = ?"),
                    arguments: [event.number, handler]) ?? 0
            let isDead = earlier + 1 >= Self.deliveryAttempts
            let pause = min(Int64(1) << min(earlier, 12), Self.longestPause)
            try Self.note(
                db, event, handler, isDead ? .dead : .waiting, attempts: earlier + 1,
                due: isDead ? Outbox.never : now + pause, now: now, failure: String(reason.prefix(2_000)))
            return isDead
        }
    }

    /// Ends the claim: the event is over when every registered handler was told or given up, and is due again when
    /// the first of the others is. A handler that is not registered any more is not waited for.
    ///
    /// Throws `fenced` when the claim lapsed.
    public func conclude(_ event: ClaimedEvent, registered handlers: [String]) async throws {
        try await write { db in
            try Self.require(db, event)
            let rows = try Row.fetchAll(
                db.cachedStatement(sql: "SELECT handler, state, due FROM delivery WHERE oid = ?"),
                arguments: [event.number])
            let waiting = rows.filter { row in
                row[1] as Int64 == DeliveryState.waiting.rawValue && handlers.contains(row[0] as String)
            }
            let isDead = rows.contains { $0[1] as Int64 == DeliveryState.dead.rawValue }
            guard let due = waiting.map({ $0[2] as Int64 }).min() ?? (isDead ? Outbox.never : nil) else {
                return try Outbox.remove(db, event.number)
            }
            try db.cachedStatement(sql: "UPDATE outbox SET due = ?, claim = NULL, claimed_until = 0 WHERE oid = ?")
                .execute(arguments: [due, event.number])
        }
    }

    private static func require(_ db: Database, _ event: ClaimedEvent) throws {
        let holder = try String.fetchOne(
            db.cachedStatement(sql: "SELECT claim FROM outbox WHERE oid = ?"), arguments: [event.number])
        guard holder == event.claim else {
            throw TidelockError(
                .fenced, "Event \(event.number) is told by another process now.",
                hint: "This one was stopped for too long; observers may be told twice.")
        }
    }

    private static func note(
        _ db: Database, _ event: ClaimedEvent, _ handler: String, _ state: DeliveryState, attempts: Int, due: Int64,
        now: Int64, failure: String?
    ) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO delivery (oid, handler, state, attempts, due, since, failure) VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (oid, handler) DO UPDATE SET
                    state = excluded.state, attempts = excluded.attempts, due = excluded.due, failure = excluded.failure
                """
        ).execute(arguments: [event.number, handler, state.rawValue, attempts, due, now, failure])
    }
}

// MARK: - What was given up

extension Store {
    /// What handlers gave up on, oldest first; all of it, or one by its number.
    ///
    /// Throws `not_found` when there is none of that number.
    public func deadDeliveries(number: Int64? = nil) async throws -> [DeadDelivery] {
        let found = try await read { db in
            try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT did, event, handler, coalesce(run, ''), delivery.attempts, delivery.failure, since
                        FROM delivery JOIN outbox USING (oid)
                        WHERE state = 2 AND (?1 IS NULL OR did = ?1)
                        ORDER BY did
                        """),
                arguments: [number]
            ).map { row in
                DeadDelivery(
                    number: row[0], event: row[1], handler: row[2], run: row[3], attempts: row[4], failure: row[5],
                    since: row[6])
            }
        }
        if let number, found.isEmpty {
            throw TidelockError(
                .notFound, "There is no dead event \(number).", hint: "'tidelock hooks dead' lists them.")
        }
        return found
    }

    /// Makes events due again for the handlers that gave up on them, as if they had never failed.
    public func replay(_ deliveries: [DeadDelivery]) async throws {
        let now = clock.seconds
        try await write { db in
            for dead in deliveries {
                try db.cachedStatement(
                    sql: """
                        UPDATE delivery SET state = 0, attempts = 0, due = ?, since = ?, failure = NULL
                        WHERE did = ? AND state = 2
                        """
                ).execute(arguments: [now, now, dead.number])
                try db.cachedStatement(
                    sql: "UPDATE outbox SET due = min(due, ?) WHERE oid = (SELECT oid FROM delivery WHERE did = ?)"
                ).execute(arguments: [now, dead.number])
            }
        }
    }

    /// Why those of these deliveries failed again that are not through yet, by number; nil for one not tried yet.
    public func unsettled(_ deliveries: [DeadDelivery]) async throws -> [Int64: String?] {
        try await read { db in
            var reasons: [Int64: String?] = [:]
            for delivery in deliveries {
                let row = try Row.fetchOne(
                    db.cachedStatement(sql: "SELECT failure FROM delivery WHERE did = ? AND state <> 1"),
                    arguments: [delivery.number])
                if let row { reasons[delivery.number] = .some(row[0]) }
            }
            return reasons
        }
    }

    /// Gives events up for good. One that other handlers still wait for stays for these.
    public func forget(_ deliveries: [DeadDelivery]) async throws {
        try await write { db in
            for dead in deliveries {
                guard
                    let oid = try Int64.fetchOne(
                        db.cachedStatement(sql: "SELECT oid FROM delivery WHERE did = ? AND state = 2"),
                        arguments: [dead.number])
                else { continue }
                // As told, so that no later attempt takes the handler for one that never was.
                try db.cachedStatement(sql: "UPDATE delivery SET state = 1 WHERE did = ?").execute(arguments: [
                    dead.number
                ])
                let isOver =
                    try Bool.fetchOne(
                        db.cachedStatement(
                            sql: """
                                SELECT due = ? AND NOT EXISTS (SELECT 1 FROM delivery WHERE oid = ?2 AND state = 2)
                                FROM outbox WHERE oid = ?2
                                """),
                        arguments: [Outbox.never, oid]) ?? false
                if isOver { try Outbox.remove(db, oid) }
            }
        }
    }
}
