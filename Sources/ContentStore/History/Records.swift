internal import ContentModel
internal import Foundation
internal import GRDB
public import SyncEngine
public import SyncProtocol

// MARK: Log

extension Store: LogSink {
    public func record(_ record: LogRecord) {
        do {
            try pool.write { db in
                try db.cachedStatement(
                    sql: "INSERT INTO log (timestamp, type, channel, message, context) VALUES (?, ?, ?, ?, ?)"
                ).execute(arguments: [record.timestamp, record.type, record.channel, record.message, record.context])
                if db.lastInsertedRowID % 1_000 == 0 {
                    try db.cachedStatement(sql: "DELETE FROM log WHERE lid <= ?").execute(arguments: [
                        db.lastInsertedRowID - Int64(Retention.logRecords)
                    ])
                }
            }
        } catch {
            // The log itself failed: standard error is the only place left to say so.
            FileHandle.standardError.write(Data("tidelock: the log cannot be written: \(error)\n".utf8))
        }
    }

    /// The newest records, oldest of them first.
    public func log(channel: String?, type: String?, limit: Int) async throws -> [LogRecord] {
        try await read { db in
            try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT timestamp, type, channel, message, context FROM log
                        WHERE (?1 IS NULL OR channel = ?1) AND (?2 IS NULL OR type = ?2)
                        ORDER BY lid DESC
                        LIMIT ?3
                        """),
                arguments: [channel, type, limit]
            ).reversed().map { row in
                LogRecord(timestamp: row[0], type: row[1], channel: row[2], message: row[3], context: row[4])
            }
        }
    }
}

// MARK: Tokens

extension Store: ReplayMemory {
    public func remember(_ token: String, until expires: Int64) async throws -> Bool {
        let now = clock.seconds
        return try await write { db in
            try db.cachedStatement(sql: "DELETE FROM seen_token WHERE expires < ?").execute(arguments: [now])
            try db.cachedStatement(sql: "INSERT OR IGNORE INTO seen_token (jti, expires) VALUES (?, ?)").execute(
                arguments: [token, expires])
            return db.changesCount == 1
        }
    }
}

// MARK: API keys

public struct APIKeyRecord: Sendable, Codable, Equatable {
    public var name: String
    public var right: APIKeyRight
    /// Unix seconds.
    public var created: Int64
}

extension Store: APIKeyVerifier {
    /// Makes a key and answers it; only its hash is kept.
    public func addAPIKey(name: String, right: APIKeyRight = .read) async throws -> String {
        let key = "API-" + random.bytes(20).hex
        let (auditor, now) = (auditor, clock.seconds)
        try await write { db in
            try auditor.note(db, .apiKeyAdd, target: name, note: "may \(right.rawValue)")
            do {
                try db.cachedStatement(sql: "INSERT INTO api_key (name, hash, access, created) VALUES (?, ?, ?, ?)")
                    .execute(arguments: [name, sha256(Array(key.utf8)).hex, right.rawValue, now])
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
                throw TidelockError(
                    .usage, "There is an API key '\(name.printable)' already.", hint: "Choose another name.")
            }
        }
        return key
    }

    public func apiKeys() async throws -> [APIKeyRecord] {
        try await read { db in
            try Row.fetchAll(db.cachedStatement(sql: "SELECT name, access, created FROM api_key ORDER BY name"))
                .map { APIKeyRecord(name: $0[0], right: try right($0[1]), created: $0[2]) }
        }
    }

    /// Throws `not_found`, with a suggestion, where there is no key of that name.
    public func removeAPIKey(name: String) async throws {
        let auditor = auditor
        try await write { db in
            try auditor.note(db, .apiKeyRemove, target: name)
            try db.cachedStatement(sql: "DELETE FROM api_key WHERE name = ?").execute(arguments: [name])
            guard db.changesCount == 1 else {
                let names = try String.fetchAll(db.cachedStatement(sql: "SELECT name FROM api_key"))
                throw TidelockError(
                    .notFound, "There is no API key '\(name.printable)'.\(didYouMean(name, among: names))",
                    hint: "'tidelock apikeys list' lists them.")
            }
        }
    }

    /// Looked up by hash, so that no comparison of secrets takes time.
    public func holder(of key: String) async throws -> APIKeyHolder? {
        try await read { db in
            try Row.fetchOne(
                db.cachedStatement(sql: "SELECT name, access FROM api_key WHERE hash = ?"),
                arguments: [sha256(Array(key.utf8)).hex]
            ).map { APIKeyHolder(name: $0[0], right: try right($0[1])) }
        }
    }
}

/// A spelling that is not known here is damage, and no right.
private func right(_ spelling: String) throws -> APIKeyRight {
    guard let right = APIKeyRight(rawValue: spelling) else {
        throw TidelockError(.damagedStore, "An API key in the store has the unknown right '\(spelling.printable)'.")
    }
    return right
}
