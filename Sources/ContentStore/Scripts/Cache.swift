public import ContentModel
internal import Foundation
internal import GRDB
public import SyncEngine

extension Store: CacheStore {
    /// The oldest values go when all of them together are larger.
    private static let mostCachedBytes = 64 << 20
    private static let largestCachedValue = 8 << 20

    public func cached(_ key: String) async throws -> JSONDocument? {
        let now = clock.seconds
        return try await read { db in
            try Row.fetchOne(
                db, sql: "SELECT bytes FROM cached_value WHERE key = ? AND (expires IS NULL OR expires > ?)",
                arguments: [key, now]
            )?.bytes(0).map { JSONDocument(trusted: $0) }
        }
    }

    /// Throws `too_large` for a single value above 8 MiB.
    public func cache(_ value: JSONDocument, under key: String, seconds: Int64?) async throws {
        let size = key.utf8.count + value.bytes.count
        guard size <= Self.largestCachedValue else {
            throw TidelockError(
                .tooLarge,
                "The value under '\(key.printable)' has \(size) bytes; the cache keeps at most \(Self.largestCachedValue) of one."
            )
        }
        let now = clock.seconds
        try await write { db in
            try db.execute(sql: "DELETE FROM cached_value WHERE expires <= ?", arguments: [now])
            // Not a replacement: a value written again is a young one.
            try db.execute(sql: "DELETE FROM cached_value WHERE key = ?", arguments: [key])
            try db.execute(
                sql: "INSERT INTO cached_value (key, bytes, size, expires) VALUES (?, ?, ?, ?)",
                arguments: [key, value.data, size, seconds.map { now + $0 }])
            try Self.dropOldest(db)
        }
    }

    public func uncache(_ key: String) async throws {
        try await write { db in
            try db.execute(sql: "DELETE FROM cached_value WHERE key = ?", arguments: [key])
        }
    }

    /// Also empties the folder `storage/cache`, and nothing beside it.
    public func flush() async throws {
        try await write { db in try db.execute(sql: "DELETE FROM cached_value") }
        try emptyCacheFolder()
    }

    /// As many as are needed, and no more.
    private static func dropOldest(_ db: Database) throws {
        let total = try Int.fetchOne(db, sql: "SELECT bytes FROM cache_total") ?? 0
        var excess = total - mostCachedBytes
        guard excess > 0 else { return }
        var last: Int64 = 0
        let rows = try Row.fetchCursor(db, sql: "SELECT cid, size FROM cached_value ORDER BY cid")
        while excess > 0, let row = try rows.next() {
            last = row[0]
            excess -= row[1] as Int
        }
        try db.execute(sql: "DELETE FROM cached_value WHERE cid <= ?", arguments: [last])
    }

    private func emptyCacheFolder() throws {
        let cache = folder.appending(path: "cache")
        let files = FileManager.default
        // A link could lead anywhere, and what is there belongs to somebody else.
        guard (try? files.attributesOfItem(atPath: cache.path))?[.type] as? FileAttributeType == .typeDirectory else {
            return
        }
        do {
            for entry in try files.contentsOfDirectory(atPath: cache.path) {
                do {
                    try files.removeItem(at: cache.appending(path: entry))
                } catch let error as CocoaError where error.code == .fileNoSuchFile {
                    // Somebody else flushes too.
                }
            }
        } catch {
            throw TidelockError(
                .storageFailed, "The folder \(cache.path) cannot be emptied: \(error.localizedDescription)",
                hint: "Check its owner and permissions.", underlying: error)
        }
    }
}
