public import ContentModel
internal import GRDB
public import SyncEngine

extension Store: KeyValueStore {
    public func value(_ key: String, of owner: String) async throws -> JSONDocument? {
        let now = clock.seconds
        return try await read { db in try KeptValues(db: db, owner: owner, now: now).value(key) }
    }

    public func set(_ value: JSONDocument?, _ key: String, of owner: String, seconds: Int64?) async throws {
        let now = clock.seconds
        try await write { db in
            let values = KeptValues(db: db, owner: owner, now: now)
            try values.dropExpired()
            guard let value else { return try values.remove(key) }
            try values.set(value, key, expires: seconds.map { now + $0 })
        }
    }

    public func increment(_ key: String, of owner: String, by amount: Int64) async throws -> Int64 {
        let now = clock.seconds
        return try await write { db in
            let values = KeptValues(db: db, owner: owner, now: now)
            try values.dropExpired()
            return try values.increment(key, by: amount)
        }
    }
}

/// The values of one owner inside a transaction.
private struct KeptValues {
    let db: Database
    let owner: String
    let now: Int64

    private static let mostKeys = 10_000
    private static let mostBytes = 1 << 20

    func value(_ key: String) throws -> JSONDocument? {
        try Row.fetchOne(
            db,
            sql: "SELECT bytes FROM kept_value WHERE owner = ? AND key = ? AND (expires IS NULL OR expires > ?)",
            arguments: [owner, key, now]
        )?.bytes(0).map { JSONDocument(trusted: $0) }
    }

    func set(_ value: JSONDocument, _ key: String, expires: Int64?) throws {
        try requireRoom(for: key.utf8.count + value.bytes.count, under: key)
        try db.execute(
            sql: "INSERT OR REPLACE INTO kept_value (owner, key, bytes, expires) VALUES (?, ?, ?, ?)",
            arguments: [owner, key, value.data, expires])
    }

    func remove(_ key: String) throws {
        try db.execute(sql: "DELETE FROM kept_value WHERE owner = ? AND key = ?", arguments: [owner, key])
    }

    /// Keeps the age of what is there.
    func increment(_ key: String, by amount: Int64) throws -> Int64 {
        let known = try value(key)
        guard let number = known.map({ JSONValue($0).integer }) ?? .some(0) else {
            throw TidelockError(
                .usage, "The value under '\(key.printable)' is no whole number, so nothing can be added to it.",
                hint: "Use another key, or set it to a number first.")
        }
        let (sum, isTooLarge) = number.addingReportingOverflow(amount)
        guard !isTooLarge else {
            throw TidelockError(
                .usage, "The number under '\(key.printable)' would become too large; it was not changed.")
        }
        let expires = try Int64.fetchOne(
            db, sql: "SELECT expires FROM kept_value WHERE owner = ? AND key = ?", arguments: [owner, key])
        try set(JSONDocument(integer: sum), key, expires: expires)
        return sum
    }

    /// Of all owners: nobody else would come by for those whose handlers are gone.
    func dropExpired() throws {
        try db.execute(sql: "DELETE FROM kept_value WHERE expires <= ?", arguments: [now])
    }

    private func requireRoom(for bytes: Int, under key: String) throws {
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT count(*), coalesce(sum(length(CAST(key AS BLOB)) + length(bytes)), 0)
                FROM kept_value WHERE owner = ? AND key <> ?
                """,
            arguments: [owner, key])
        let (keys, kept): (Int, Int) = row.map { ($0[0], $0[1]) } ?? (0, 0)
        guard keys < Self.mostKeys else {
            throw TooLarge.error(
                "\(owner.printable) keeps \(keys) values already, and \(Self.mostKeys) is the most; '\(key.printable)' was not kept."
            )
        }
        guard kept + bytes <= Self.mostBytes else {
            throw TooLarge.error(
                "\(owner.printable) keeps \(kept) bytes; with '\(key.printable)' it would be \(kept + bytes), and \(Self.mostBytes) is the most."
            )
        }
    }
}

private enum TooLarge {
    static func error(_ message: String) -> TidelockError {
        TidelockError(
            .tooLarge, message,
            hint: "Delete values that are not needed any more, give them an age, or use app.storage for many.")
    }
}
