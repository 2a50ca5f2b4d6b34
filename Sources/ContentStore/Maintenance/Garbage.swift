internal import ContentModel
internal import Foundation
internal import GRDB
internal import SyncEngine

/// What a collection freed, or would free.
public struct GarbageReport: Sendable, Codable, Equatable {
    public var isDryRun: Bool
    /// Runs that can be undone no more, and the rows that were kept for them.
    public var undoRuns = 0
    public var undoRows = 0
    /// Open transfers that nobody touched for too long, and rows that these and others had staged.
    public var abandonedTransfers = 0
    public var stagedRows = 0
    public var plans = 0
    public var planRows = 0
    public var transfers = 0
    public var runs = 0
    public var tokens = 0
    public var logRecords = 0
    public var auditRecords = 0
    /// Files of assets that nothing names any more, and how many bytes they had.
    public var files = 0
    public var fileBytes: Int64 = 0
    /// Bodies that belonged to nothing; each one is a defect of Tidelock.
    public var orphanedBodies = 0

    public init(isDryRun: Bool) {
        self.isDryRun = isDryRun
    }

    public var isEmpty: Bool { self == GarbageReport(isDryRun: isDryRun) }
}

extension Store {
    /// Frees what nothing needs any more, in many short transactions; may be called at any moment and twice.
    ///
    /// - Parameter looksForOrphans: also look for bodies that belong to nothing, which reads the whole file
    public func collectGarbage(isDryRun: Bool = false, looksForOrphans: Bool) async throws -> GarbageReport {
        let collection = GarbageCollection(store: self, now: clock.seconds, isDryRun: isDryRun)
        var report = GarbageReport(isDryRun: isDryRun)
        (report.undoRuns, report.undoRows) = try await collection.undo()
        (report.abandonedTransfers, report.stagedRows) = try await collection.stages()
        (report.plans, report.planRows) = try await collection.plans()
        report.transfers = try await collection.transfers()
        report.runs = try await collection.runs()
        report.tokens = try await collection.tokens()
        report.logRecords = try await collection.log()
        report.auditRecords = try await collection.audit()
        (report.files, report.fileBytes) = try await collection.blobs()
        if looksForOrphans { report.orphanedBodies = try await collection.orphanedBodies() }
        return report
    }
}

/// One collection. What may go is found while reading; every delete sees to it that this is still so.
struct GarbageCollection: Sendable {
    let store: Store
    let now: Int64
    let isDryRun: Bool

    /// Rows that a step deletes, and how long steps follow one another in one transaction: whoever wants to write
    /// waits no longer than that and one step.
    static let page = 64
    /// As many as there is room for in what is kept for a full disk.
    static let fewRows = 4
    static let slice = Duration.milliseconds(40)
    /// The same for what is freed right after a run, when its requests still come.
    static let shortSlice = Duration.milliseconds(10)
    /// What a part of a run or transfer is called for the moment in which it goes.
    static let partSuffix = "#part"

    /// Takes a step until it finds nothing more, in short transactions. Answers the sum of what the steps deleted.
    func repeatedly(
        slice: Duration = slice, _ step: @escaping @Sendable (Database) throws -> Int
    ) async throws -> Int {
        try await inPages(slice: slice) { db, _ in try step(db) }
    }

    /// The same, of a step that is told how many rows it may take.
    ///
    /// - Parameter end: what is left then is left for the next collection
    func inPages(
        slice: Duration = slice, until end: ContinuousClock.Instant? = nil,
        _ step: @escaping @Sendable (_ db: Database, _ rows: Int) throws -> Int
    ) async throws -> Int {
        var total = 0
        while true {
            let (count, isOver) = try await store.fromReserve { isLastRoom in
                try await store.writeLeavingRoom(for: LogRoom.slice) { db, hasRoom in
                    guard isLastRoom else {
                        return try Self.take({ try step($0, Self.page) }, for: hasRoom ? slice : .zero, db)
                    }
                    let deleted = try step(db, Self.fewRows)
                    return (deleted, deleted == 0)
                }
            }
            total += count
            if isOver { return total }
            if let end, ContinuousClock.now >= end { return total }
            // SQLite's lock has no queue: without a pause, others could miss every gap.
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Writes little, on a full disk from what is kept for that.
    func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await store.fromReserve { _ in try await store.write(body) }
    }

    private static func take(
        _ step: (Database) throws -> Int, for slice: Duration, _ db: Database
    ) throws -> (count: Int, isOver: Bool) {
        let start = ContinuousClock.now
        var count = 0
        repeat {
            let deleted = try step(db)
            guard deleted > 0 else { return (count, true) }
            count += deleted
        } while ContinuousClock.now - start < slice
        return (count, false)
    }

    /// Deletes rows by id where they still meet a condition; only counts them in a dry run.
    func delete(_ ids: [String], from table: String, key: String, where condition: String) async throws -> Int {
        guard !isDryRun else { return ids.count }
        var count = 0
        for page in ids.pages(of: 500) {
            let list = try JSONColumns.encode(page)
            count += try await write { db in
                try db.execute(
                    sql: "DELETE FROM \(table) WHERE \(key) IN (SELECT value FROM json_each(?)) AND \(condition)",
                    arguments: [list])
                return db.changesCount
            }
        }
        return count
    }

    /// The values of a table's first key column, found by jumping from one to the next.
    static func distinct(_ db: Database, _ column: String, of table: String) throws -> [String] {
        let next = try db.cachedStatement(
            sql: "SELECT \(column) FROM \(table) WHERE \(column) > ? ORDER BY \(column) LIMIT 1")
        var values: [String] = []
        while let value = try String.fetchOne(next, arguments: [values.last ?? ""]) { values.append(value) }
        return values
    }
}
