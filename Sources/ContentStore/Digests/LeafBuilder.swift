internal import ContentModel
internal import GRDB

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
        let row = ColumnReader(statement)
        while try rows.next() != nil { add(row) }
        finish()
    }

    private mutating func add(_ row: ColumnReader) {
        let next = row.integer(0)
        if next != bucket { finish() }
        bucket = next
        text.append(contentsOf: row.bytes(1))
        text.append(0)
        text.append(contentsOf: row.bytes(2))
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
    init(_ row: ColumnReader, _ column: Int32) {
        let digest = row.bytes(column + 1)
        let count = row.integer(column)
        let isSound = digest.count == Digest.length && (1...Self.mostInNode).contains(count)
        self.init(count: isSound ? Int(count) : -1, digest: isSound ? Digest(firstOf: digest) : .empty)
    }

    /// What its 256 leaves can be stored with; counts up to here can be added up without a thought.
    private static let mostInNode = 256 * Int64(UInt32.max)
}

extension Leaves {
    /// The leaves of a node that a column holds; nil where it holds something else.
    init?(_ row: ColumnReader, _ column: Int32, node: UInt8) {
        self.init(unpacking: row.bytes(column), node: node)
    }
}
