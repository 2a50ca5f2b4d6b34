internal import ContentModel
internal import GRDB
internal import GRDBSQLite

/// Turns rows ordered by bucket and id into leaves: SHA-256 over id, a zero byte, and the hash, for each row.
struct LeafBuilder {
    private(set) var leaves = Leaves()
    private var bucket: Int64?
    private var text: [UInt8] = []
    private var count = 0

    /// The leaves of all rows of (bucket, id, hash) that a statement gives.
    static func leaves(of statement: Statement, _ arguments: StatementArguments) throws -> Leaves {
        var builder = LeafBuilder()
        try builder.add(statement, arguments)
        return builder.leaves
    }

    /// Rows of (bucket, id, hash), of later buckets than those before.
    ///
    /// They are read where SQLite has them: a tree of a million rows would otherwise make an object of each value.
    mutating func add(_ statement: Statement, _ arguments: StatementArguments) throws {
        let rows = try Row.fetchCursor(statement, arguments: arguments)
        let handle = statement.sqliteStatement
        while try rows.next() != nil { add(rowOf: handle) }
        finish()
    }

    private mutating func add(rowOf handle: SQLiteStatement) {
        let next = sqlite3_column_int64(handle, 0)
        if next != bucket { finish() }
        bucket = next
        text.append(contentsOf: columnBytes(handle, 1))
        text.append(0)
        text.append(contentsOf: columnBytes(handle, 2))
        count += 1
    }

    private mutating func finish() {
        // A row with a bucket that does not exist is damage, which a verification names; no tree has it.
        if let number = bucket.flatMap({ UInt16(exactly: $0) }), count > 0 {
            leaves.append(number, DigestTree.Leaf(count: count, digest: Digest(over: text)))
        }
        text.removeAll(keepingCapacity: true)
        count = 0
    }
}

extension DigestTree.Leaf {
    /// A node as it is stored, read from the columns that begin with the given one.
    ///
    /// Where they hold what no node has, it equals no other and has no rows.
    init(_ handle: SQLiteStatement, _ column: Int32) {
        let digest = columnBytes(handle, column + 1)
        let count = sqlite3_column_int64(handle, column)
        let isSound = digest.count == Digest.length && (1...Self.mostInNode).contains(count)
        self.init(count: isSound ? Int(count) : -1, digest: isSound ? Digest(firstOf: digest) : .empty)
    }

    /// What its 256 leaves can be stored with; counts up to here can be added up without a thought.
    private static let mostInNode = 256 * Int64(UInt32.max)
}

extension Leaves {
    /// The leaves of a node that a column holds; nil where it holds something else.
    init?(_ handle: SQLiteStatement, _ column: Int32, node: UInt8) {
        self.init(unpacking: columnBytes(handle, column), node: node)
    }
}
