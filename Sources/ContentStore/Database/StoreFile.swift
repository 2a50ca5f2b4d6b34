internal import ContentModel
internal import Foundation
internal import GRDB
internal import Glibc

/// How large the store's file is, in bytes.
public struct StoreSpace: Sendable, Codable, Equatable {
    public var fileBytes: Int64
    /// Space inside the file that is used again before the file grows.
    public var freeBytes: Int64
}

extension Store {
    public func space() async throws -> StoreSpace {
        try await read { db in try StoreFile.space(db) }
    }

    /// Gives back to the disk what can be given back while others work: whole pages where the file was made for that,
    /// and the write-ahead log.
    public func releaseSpace() async throws {
        try await translatingErrors(on: folder.path) {
            try await pool.writeWithoutTransaction { db in
                if try Int.fetchOne(db, sql: "PRAGMA auto_vacuum") == 2 {
                    try StoreFile.all(db, "PRAGMA incremental_vacuum")
                }
                try StoreFile.all(db, "PRAGMA wal_checkpoint(TRUNCATE)")
            }
        }
    }

    /// Writes the file anew without its free space. Nobody else can write meanwhile.
    ///
    /// Throws `disk_full` beforehand when there is not enough room, `run_in_progress` or `lease_held` when somebody is
    /// at work.
    public func compact() async throws {
        if let holder = try SyncLock.holder(in: folder) {
            throw TidelockError(
                .runInProgress, "Run \(holder.run.printable) is at work on this instance; the file stays as it is.",
                hint: "Wait until it has ended.")
        }
        if let lease = try await leaseHolder() {
            throw TidelockError(
                .leaseHeld, "\(lease.holder.printable) is writing here at the moment; the file stays as it is.",
                hint: "Wait until its run has ended.")
        }
        let space = try await space()
        try StoreFile.requireRoom(for: space.fileBytes - space.freeBytes, beside: folder)
        try await translatingErrors(on: folder.path) {
            try await pool.barrierWriteWithoutTransaction { db in
                // The copy is as large as the store, which may be more than there is memory.
                try db.execute(sql: "PRAGMA temp_store = FILE")
                defer { try? db.execute(sql: "PRAGMA temp_store = MEMORY") }
                try db.execute(sql: "VACUUM")
                try StoreFile.all(db, "PRAGMA wal_checkpoint(TRUNCATE)")
            }
        }
    }
}

enum StoreFile {
    static func space(_ db: Database) throws -> StoreSpace {
        func number(_ pragma: String) throws -> Int64 { try Int64.fetchOne(db, sql: "PRAGMA \(pragma)") ?? 0 }
        let page = try number("page_size")
        return StoreSpace(
            fileBytes: try number("page_count") * page, freeBytes: try number("freelist_count") * page)
    }

    /// Runs a pragma to its end, whatever rows it answers.
    static func all(_ db: Database, _ pragma: String) throws {
        _ = try Row.fetchAll(db, sql: pragma)
    }

    /// The copy is made in a temporary folder and travels through the write-ahead log beside the store.
    static func requireRoom(for bytes: Int64, beside folder: URL) throws {
        try requireRoom(for: bytes, times: 2, in: folder.path)
        let environment = ProcessInfo.processInfo.environment
        let candidates = [environment["SQLITE_TMPDIR"], environment["TMPDIR"], "/var/tmp", "/usr/tmp", "/tmp"]
        let temporary = candidates.compactMap { $0 }.first { FileManager.default.isWritableFile(atPath: $0) }
        if let temporary { try requireRoom(for: bytes, times: 1, in: temporary) }
    }

    static func requireRoom(for bytes: Int64, times: Int64, in path: String) throws {
        let free = try freeBytes(in: path)
        guard free >= bytes * times else {
            throw TidelockError(
                .diskFull,
                "That needs \(ByteText.of(bytes * times)) of free space in \(path), where \(ByteText.of(free)) are free.",
                hint: "Free some space, or use a larger disk.")
        }
    }

    /// Bytes that can still be written on the disk of a folder, without those kept back for the administrator.
    static func freeBytes(in path: String) throws -> Int64 {
        var facts = statvfs()
        guard statvfs(path, &facts) == 0 else {
            throw TidelockError(
                .storageFailed, "The free space in \(path) cannot be told: \(String(cString: strerror(errno))).")
        }
        return Int64(clamping: UInt64(facts.f_bavail) * UInt64(facts.f_frsize))
    }
}
