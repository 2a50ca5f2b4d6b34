internal import ContentModel
internal import GRDB
internal import SyncProtocol

// MARK: With bodies

extension GarbageCollection {
    /// Makes some rows of an owner those of a part, so that they can go without the rest. Answers the part and how many.
    fileprivate static func setApart(
        _ db: Database, _ table: String, of owner: String, in column: String, most rows: Int
    ) throws -> (part: String, count: Int) {
        let part = owner + partSuffix
        try db.cachedStatement(
            sql: """
                UPDATE \(table) SET \(column) = ?2 WHERE \(column) = ?1 AND (kid, bucket, id) IN (
                    SELECT DISTINCT kid, bucket, id FROM \(table)
                    WHERE \(column) = ?1 ORDER BY kid, bucket, id LIMIT \(rows))
                """
        ).execute(arguments: [owner, part])
        return (part, db.changesCount)
    }

    /// First the runs lose their undo, then its rows go: no half of it is ever taken for the whole.
    func undo() async throws -> (runs: Int, rows: Int) {
        let now = now
        if isDryRun {
            return try await store.read { db in
                let runs = try UndoOrder.expired(db, now: now).union(Undo.ended(db, now: now))
                return (runs.count, try runs.reduce(0) { try $0 + Undo.count(db, run: $1) })
            }
        }
        for page in Array(try await store.read { db in try UndoOrder.expired(db, now: now) }).pages(of: 500) {
            let list = try JSONColumns.encode(page)
            try await write { db in
                try db.execute(
                    sql: "UPDATE run SET undoable = 0 WHERE id IN (SELECT value FROM json_each(?))", arguments: [list])
            }
        }
        let runs = Array(try await store.read { db in try Undo.ended(db, now: now) })
        var rows = 0
        for page in runs.pages(of: Self.page) {
            rows += try await inPages { db, rows in try Undo.forgetPage(db, among: page, most: rows) }
        }
        return (runs.count, rows)
    }

    func stages() async throws -> (transfers: Int, rows: Int) {
        let expired = "phase = 'open' AND touched < \(now - Limits.transferSeconds)"
        let isKept = TransferTable.keepsStage(now: now)
        if isDryRun {
            return try await store.read { db in
                let transfers = try Int.fetchOne(db, sql: "SELECT count(*) FROM transfer WHERE \(expired)") ?? 0
                let rows = try Stages.dead(db, isKept: isKept).reduce(0) {
                    sum, transfer in
                    try sum
                        + (Int.fetchOne(
                            db, sql: "SELECT count(*) FROM stage WHERE transfer = ?", arguments: [transfer]) ?? 0)
                }
                return (transfers, rows)
            }
        }
        let (transfers, dead) = try await write { db in
            try db.execute(sql: "UPDATE transfer SET phase = 'abandoned' WHERE \(expired)")
            let transfers = db.changesCount
            try Leases.dropOutlived(db)
            return (transfers, try Stages.dead(db, isKept: isKept))
        }
        var rows = 0
        for transfer in dead { rows += try await stage(of: transfer) }
        return (transfers, rows)
    }

    /// Frees what a transfer staged and nobody needs any more. Answers how many rows there were.
    func stage(
        of transfer: String, slice: Duration = slice, until end: ContinuousClock.Instant? = nil
    ) async throws -> Int {
        guard try await store.read({ db in try CommittedStage.isCommitted(db, transfer) }) else {
            return try await inPages(slice: slice, until: end) { db, rows in
                try Stages.dropPage(db, transfer: transfer, most: rows)
            }
        }
        return try await stage(ofCommitted: transfer)
    }

    /// Bodies that neither a head nor a stage nor undo holds.
    func orphanedBodies() async throws -> Int {
        let found = try await store.read { db in try BodyAccount.take(db, most: 0).orphans }
        guard !isDryRun, !found.isEmpty else { return found.count }
        var count = 0
        for page in found.pages(of: 10_000) {
            count += try await write { db in try Orphans.free(db, page) }
        }
        return count
    }
}

extension Undo {
    /// Runs that left undo which nothing can bring back: they are not undoable (any more). A change that goes on is
    /// marked as undoable at its end, and one that was killed never.
    static func ended(_ db: Database, now: Int64) throws -> Set<String> {
        let runs = try GarbageCollection.distinct(db, "run", of: "undo").filter { run in
            let isKept = try Bool.fetchOne(
                db, sql: "SELECT undoable = 1 OR (phase = 'running' AND started >= ?) FROM run WHERE id = ?",
                arguments: [now - Retention.undoSeconds, run])
            return try isKept != true && !isNeededByObservers(db, run: run)
        }
        return Set(runs)
    }

    static func count(_ db: Database, run: String) throws -> Int {
        try Int.fetchOne(db, sql: "SELECT count(*) FROM undo WHERE run = ?", arguments: [run]) ?? 0
    }

    /// Frees some rows of the first of these runs that has any. None of them is undoable; the rows become a run of their
    /// own, which is forgotten as any other. Answers how many.
    static func forgetPage(_ db: Database, among runs: [String], most rows: Int) throws -> Int {
        for run in runs {
            let (part, count) = try GarbageCollection.setApart(db, "undo", of: run, in: "run", most: rows)
            guard count > 0 else { continue }
            // In the same order, and never of an item whose undo has gone before.
            _ = try GarbageCollection.setApart(db, "decided_conflict", of: run, in: "run", most: rows)
            try forget(db, run: part)
            return count
        }
        return 0
    }
}

private enum Stages {
    /// Transfers that staged something that is of no use any more.
    static func dead(_ db: Database, isKept: String) throws -> [String] {
        let staged = try Set(
            GarbageCollection.distinct(db, "transfer", of: "stage")
                + GarbageCollection.distinct(db, "transfer", of: "staged_batch"))
        return try staged.filter { transfer in
            try Bool.fetchOne(db, sql: "SELECT \(isKept) FROM transfer WHERE id = ?", arguments: [transfer]) != true
        }.sorted()
    }

    static func dropPage(_ db: Database, transfer: String, most rows: Int) throws -> Int {
        let (part, count) = try GarbageCollection.setApart(db, "stage", of: transfer, in: "transfer", most: rows)
        try TransferTable.dropStage(db, transfer: count > 0 ? part : transfer)
        return count
    }
}

/// Which bodies there are and to whom they belong.
struct BodyAccount {
    var bodies = 0
    /// Bodies that belong to nothing.
    var orphans: [Int64] = []
    /// Bodies that belong to two rows, and bodies that a row names and that are not there; the first of them.
    var shared: [Int64] = []
    var missing: [Int64] = []

    /// Bodies looked at together, one bit each: memory does not grow with the number of items.
    private static let window: Int64 = 1 << 25

    static func take(_ db: Database, most: Int) throws -> BodyAccount {
        var account = BodyAccount()
        let named = try references(db)
        let last = try Int64.fetchOne(
            db, sql: "SELECT max(rid) FROM (SELECT max(rid) AS rid FROM body UNION ALL SELECT max(rid) FROM head)")
        for first in stride(from: Int64(0), through: last ?? 0, by: Int(window)) {
            let bounds: StatementArguments = [first, first + window - 1]
            var bits = BitField()
            let held = try Int64.fetchCursor(db, sql: named, arguments: bounds)
            while let rid = try held.next() {
                if !bits.set(Int(rid - first)), account.shared.count < most { account.shared.append(rid) }
            }
            let bodies = try Int64.fetchCursor(
                db, sql: "SELECT rid FROM body WHERE rid BETWEEN ?1 AND ?2", arguments: bounds)
            while let rid = try bodies.next() {
                account.bodies += 1
                if !bits.clear(Int(rid - first)) { account.orphans.append(rid) }
            }
            account.missing += bits.first(most - account.missing.count).map { first + Int64($0) }
        }
        return account
    }

    /// Every body that a row within bounds names; the schema is asked, since an older one has fewer owners.
    fileprivate static func references(_ db: Database) throws -> String {
        try owners(db).map { owner in
            "SELECT \(owner.column) FROM \(owner.table) WHERE \(owner.column) BETWEEN ?1 AND ?2 AND \(owner.condition)"
        }.joined(separator: " UNION ALL ")
    }

    static func owners(_ db: Database) throws -> [BodyOwner] {
        try BodyOwner.all.filter { owner in
            try db.tableExists(owner.table) && db.columns(in: owner.table).contains { $0.name == owner.column }
        }
    }
}

/// Bits that are clear until they are set, with room up to the highest of them.
private struct BitField {
    private var words: [UInt64] = []

    /// Sets a bit; false when it was set.
    mutating func set(_ number: Int) -> Bool {
        let missing = (number >> 6) - words.count + 1
        if missing > 0 { words.append(contentsOf: repeatElement(0, count: missing)) }
        let bit: UInt64 = 1 << UInt64(number & 63)
        defer { words[number >> 6] |= bit }
        return words[number >> 6] & bit == 0
    }

    /// Clears a bit; false when it was clear.
    mutating func clear(_ number: Int) -> Bool {
        guard number >> 6 < words.count else { return false }
        let bit: UInt64 = 1 << UInt64(number & 63)
        defer { words[number >> 6] &= ~bit }
        return words[number >> 6] & bit != 0
    }

    /// The lowest bits that are set, up to so many.
    func first(_ most: Int) -> [Int] {
        var found: [Int] = []
        guard most > 0 else { return found }
        for (index, word) in words.enumerated() where word != 0 {
            for bit in 0..<64 where word >> UInt64(bit) & 1 == 1 && found.count < most {
                found.append(index << 6 | bit)
            }
        }
        return found
    }
}

/// Frees bodies that belong to nothing.
private enum Orphans {
    /// Looks once more, since the number of a body that somebody else freed may have been given again. That holds the
    /// lock for longer than other steps, and happens only where there is a defect.
    static func free(_ db: Database, _ bodies: [Int64]) throws -> Int {
        guard let first = bodies.min(), let last = bodies.max() else { return 0 }
        try db.execute(
            sql: """
                DELETE FROM body
                WHERE rid IN (SELECT value FROM json_each(?3)) AND rid NOT IN (\(BodyAccount.references(db)))
                """,
            arguments: [first, last, try JSONColumns.encode(bodies)])
        return db.changesCount
    }
}

/// A column that holds the numbers of bodies.
struct BodyOwner {
    var table: String
    var column: String
    var condition = "true"

    /// All there are. Who adds one adds it here, or its bodies are taken for orphans.
    static let all = [
        BodyOwner(table: "head", column: "rid"),
        BodyOwner(table: "stage", column: "rid", condition: CommittedStage.ownsBodies),
        BodyOwner(table: "stage", column: "arrived", condition: CommittedStage.ownsBodies),
        BodyOwner(table: "undo", column: "old_rid", condition: "verdict IN (\(Verdict.list(Verdict.owning)))"),
        BodyOwner(table: "base_body", column: "rid"),
        BodyOwner(table: "conflict", column: "rid"),
        BodyOwner(table: "decided_conflict", column: "rid"),
    ]
}
