internal import ContentModel
internal import Foundation
internal import GRDB
internal import GRDBSQLite

/// Room on the disk for SQLite's log to be copied to the database file, https://sqlite.org/wal.html#ckpt.
///
/// Everything is written to the log first and copied later, so for a while it is there twice. Where the log alone fills
/// the disk, it can neither be copied nor be added to, and not even what was written there in vain can be deleted.
enum LogRoom {
    /// For the log of one step of freeing, which may touch a page of bodies and one of rows for each of its rows.
    static let bytes = Int64(2 * GarbageCollection.page * Store.pageSize)
    /// More than the log of several steps in one transaction will have.
    static let slice: Int64 = 32 << 20

    /// Whether so much can be written and copied then. Copies the log where the disk is so full that it would be too
    /// late afterwards.
    static func has(for bytes: Int64, _ db: Database, in store: Store) -> Bool {
        guard free(in: store) < 2 * bytes + Self.bytes + size(in: store) else { return true }
        guard (try? copy(db)) != nil else { return false }
        // Space inside the file is used before the file grows. While others read, the log stays as long as it is, and
        // nobody knows how much of it is left to be copied.
        let inside = (try? StoreFile.space(db).freeBytes) ?? 0
        return size(in: store) > 0 || free(in: store) >= bytes + max(0, bytes - inside) + Self.bytes
    }

    /// Copies what can be copied without waiting for anybody, and gives the log back to the disk where all of it was.
    static func copy(_ db: Database) throws {
        // Neither call can fail: https://sqlite.org/c3ref/busy_timeout.html.
        sqlite3_busy_timeout(db.sqliteConnection, 0)
        defer { sqlite3_busy_timeout(db.sqliteConnection, Int32(Store.busyTimeout * 1_000)) }
        try StoreFile.all(db, "PRAGMA wal_checkpoint(TRUNCATE)")
    }

    private static func size(in store: Store) -> Int64 { BlobFile.size(at: "\(store.pool.path)-wal") ?? 0 }

    /// Where nobody knows, SQLite finds out.
    private static func free(in store: Store) -> Int64 {
        (try? StoreFile.freeBytes(in: store.folder.path)) ?? .max
    }
}

extension Store {
    /// Writes so many bytes, about, as long as that leaves room for the log to be copied. Where it does not, `body`
    /// decides what follows from that.
    func writeLeavingRoom<Value: Sendable>(
        for bytes: Int64 = 0, _ body: @escaping @Sendable (_ db: Database, _ hasRoom: Bool) throws -> Value
    ) async throws -> Value {
        try await translatingErrors(on: folder.path) {
            try await pool.writeWithoutTransaction { [self] db in
                let hasRoom = LogRoom.has(for: bytes, db, in: self)
                var value: Value?
                try db.inTransaction(.immediate) {
                    value = try body(db, hasRoom)
                    return .commit
                }
                return value!  // set by the transaction, or it threw
            }
        }
    }

    /// Does something that frees what others need. On a full disk it is done once more with what is kept for that; then
    /// `body` should write as little as it can.
    func fromReserve<Value: Sendable>(
        _ body: @Sendable (_ isLastRoom: Bool) async throws -> Value
    ) async throws -> Value {
        do {
            return try await body(false)
        } catch let error as TidelockError where error.code == .diskFull {
            DiskReserve.release(beside: pool.path)
            await copyLog()
        }
        do {
            let value = try await body(true)
            await refillReserve()
            return value
        } catch {
            await refillReserve()
            throw error
        }
    }

    /// Takes back what was given for a moment, if there is room for it by now.
    private func refillReserve() async {
        await copyLog()
        DiskReserve.keep(beside: pool.path)
    }

    /// Where the file cannot grow, all stays as it is.
    private func copyLog() async {
        try? await pool.writeWithoutTransaction { db in try LogRoom.copy(db) }
    }
}

extension TidelockError {
    /// The disk is not full yet, but what was to be written would fill it.
    static func noRoom(for bytes: Int64, in store: Store) -> TidelockError {
        TidelockError(
            .diskFull,
            "The disk that holds \(store.folder.path) is full: it has no room for \(ByteText.of(bytes)) more.",
            hint: "Free some space and run again.")
    }
}
