internal import GRDB

/// What the verdicts of a commit come to, from one look at each row: what no row asks for need not be done.
struct VerdictTally {
    /// Rows by verdict, those that were there before those that were deleted or had never been.
    private var counts = [Int](repeating: 0, count: 2 * Verdict.allCases.count)
    /// How many rows of each kind are deleted.
    private(set) var deletes: [Int64: Int] = [:]
    /// Buckets with rows that the run touched, by kind.
    private(set) var buckets: [Int64: [UInt16]] = [:]
    /// Whether rows belonged to another source before.
    private(set) var hasForeign = false
    /// Whether items are made where there were some before.
    private(set) var meetsTombstones = false

    init(_ db: Database, transfer: String, pid: Int64) throws {
        let statement = try db.cachedStatement(
            sql: """
                SELECT kid, bucket, verdict, old_deleted, old_origin, existed FROM undo
                WHERE run = ? ORDER BY kid, bucket
                """)
        let rows = try Row.fetchCursor(statement, arguments: [transfer])
        let row = ColumnReader(statement)
        var last: (kid: Int64, bucket: Int64) = (-1, -1)
        while try rows.next() != nil {
            let place = (kid: row.integer(0), bucket: row.integer(1))
            if place != last { buckets[place.kid, default: []].append(UInt16(truncatingIfNeeded: place.bucket)) }
            last = place
            guard let verdict = Verdict(rawValue: row.integer(2)) else { continue }
            counts[Self.index(verdict, wasDeleted: row.integer(3) != 0)] += 1
            if verdict == .create, row.integer(5) != 0 { meetsTombstones = true }
            if verdict == .delete || verdict == .deleteEdited { deletes[place.kid, default: 0] += 1 }
            let origin = row.integer(4)
            if origin != 0, origin != pid { hasForeign = true }
        }
    }

    /// Raw values of verdicts count from 0.
    private static func index(_ verdict: Verdict, wasDeleted: Bool) -> Int {
        2 * Int(verdict.rawValue) + (wasDeleted ? 1 : 0)
    }

    /// How many rows have a verdict that were there before, or were not.
    func count(_ verdict: Verdict, wasDeleted: Bool) -> Int { counts[Self.index(verdict, wasDeleted: wasDeleted)] }

    func has(_ verdict: Verdict) -> Bool {
        count(verdict, wasDeleted: false) + count(verdict, wasDeleted: true) > 0
    }

    /// Whether the arrived body becomes current in every row.
    var isAllApplied: Bool { Verdict.allCases.allSatisfy { !has($0) || Verdict.applied.contains($0) } }

    /// Whether some item is another one than before.
    var hasChanged: Bool { Verdict.owning.contains(where: has) }

    var rows: Int { counts.reduce(0, +) }
}
