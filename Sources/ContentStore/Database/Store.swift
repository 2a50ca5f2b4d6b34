public import ContentModel
public import Foundation
internal import GRDB
internal import GRDBSQLite
public import SyncEngine
internal import SyncProtocol
internal import Synchronization

/// The embedded store of one instance: everything it knows, in one SQLite file.
///
/// Several processes may have the same store open; SQLite's locks keep them apart, and nothing is cached here
/// that another process can change.
public final class Store: Sendable {
    let pool: DatabasePool
    let clock: any WallClock
    let random: any RandomSource
    public let folder: URL
    let arrivals: BlobArrivals
    let turns: BlobTurns
    let stagingSeats = StagingSeats(Limits.stagedAtOnce)
    /// Transfers that this process gave up on a full disk.
    let givenUp = Mutex<Set<String>>([])
    private let openLock: OpenLock
    /// Who this instance is; fixed when the store is made.
    public let identity: InstanceIdentity

    static let busyTimeout: TimeInterval = 15
    static let pageSize = 16_384
    private static let checkpointPages: Int32 = 4_096

    private init(
        pool: DatabasePool, openLock: OpenLock, identity: InstanceIdentity, folder: URL, clock: any WallClock,
        random: any RandomSource
    ) {
        self.pool = pool
        self.openLock = openLock
        self.identity = identity
        self.folder = folder
        self.clock = clock
        self.random = random
        arrivals = BlobArrivals(BlobFolder(in: folder))
        turns = BlobTurns(clock: clock, patience: .seconds(Limits.patienceSeconds))
    }

    /// Opens the store in a folder, making it first when it is not there.
    ///
    /// Until it is closed, no newer version migrates it. Throws `storage_failed`, `disk_full` or `schema_too_new`, and
    /// `run_in_progress` while a process of an earlier version has the store open.
    public static func open(
        in folder: URL, name: String, clock: any WallClock, random: any RandomSource
    ) throws -> Store {
        try translatingErrors(on: folder.path) {
            let pool = try DatabasePool(
                path: folder.appending(path: "tidelock.sqlite").path, configuration: configuration)
            // GRDB lowers this to NORMAL when it switches the journal mode; a commit here must survive power loss.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            try Schema.migrate(pool, in: folder)
            let openLock = try Schema.keep(pool)
            DiskReserve.keep(beside: pool.path)
            let identity = try pool.write { db in
                try Settings.identity(db, name: name, random: random)
            }
            return Store(
                pool: pool, openLock: openLock, identity: identity, folder: folder, clock: clock, random: random)
        }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(busyTimeout)
        configuration.maximumReaderCount = 4
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA page_size = \(pageSize)")
            // Readers are several, and go over much more than any of them could keep. So does whoever writes a run: a
            // larger cache makes nothing faster.
            try db.execute(sql: "PRAGMA cache_size = \(db.configuration.readonly ? -8_192 : -16_384)")
            try db.execute(sql: "PRAGMA temp_store = MEMORY")
            // Some builds of SQLite write zeros over every page that becomes free, twice, which is most of what a run
            // writes when it has ended; pages that are written anyway are still cleared. What is deleted stays for days in
            // undo, so nobody can count on its being gone at once.
            try StoreFile.all(db, "PRAGMA secure_delete = FAST")
            // Pages that are written again and again go to the database file once for many transactions.
            try db.execute(sql: "PRAGMA wal_autocheckpoint = \(checkpointPages)")
            try db.execute(sql: "PRAGMA journal_size_limit = 67108864")
        }
        return configuration
    }

    /// Gives a copied store an identity of its own. Takes effect when the store is opened the next time.
    public func renewIdentity() async throws -> String {
        let (random, auditor) = (random, auditor)
        return try await write { db in try Settings.renewIdentity(db, random: random, auditor: auditor) }
    }

    /// Closes all connections. May be called twice.
    public func close() throws {
        try pool.close()
        openLock.release()
    }

    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await translatingErrors(on: folder.path) {
            try await pool.read(body)
        }
    }

    /// Writes what may be much, without copying it to the database file at once: whoever waits for the transaction need
    /// not wait for that, and the next one does it. See https://sqlite.org/wal.html#ckpt.
    func writeLarge<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await translatingErrors(on: folder.path) {
            try await pool.writeWithoutTransaction { db in
                // Not by a statement: where the task is cancelled meanwhile, none would be carried out any more. Neither
                // call can fail: https://sqlite.org/c3ref/wal_autocheckpoint.html.
                sqlite3_wal_autocheckpoint(db.sqliteConnection, 0)
                defer { sqlite3_wal_autocheckpoint(db.sqliteConnection, Self.checkpointPages) }
                var value: Value?
                try db.inTransaction(.immediate) {
                    value = try body(db)
                    return .commit
                }
                return value!  // set by the transaction, or it threw
            }
        }
    }

    func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await translatingErrors(on: folder.path) {
            try await pool.write(body)
        }
    }
}
