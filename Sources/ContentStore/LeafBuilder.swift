internal import ContentModel
internal import GRDB
internal import GRDBSQLite

/// Turns rows ordered by bucket and id into leaves: SHA-256 over id, a zero byte, and the hash, for each row.
struct LeafBuilder {
    private let emit: (UInt16, DigestTree.Leaf) -> Void
    private var bucket: Int64?
    private var text: [UInt8] = []
    private var count = 0

    init(emit: @escaping (UInt16, DigestTree.Leaf) -> Void) {
        self.emit = emit
    }

    /// Rows of (bucket, id, hash).
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
        append(column: 1, of: handle)
        text.append(0)
        append(column: 2, of: handle)
        count += 1
    }

    /// The bytes of a text or a blob: https://sqlite.org/c3ref/column_blob.html.
    private mutating func append(column: Int32, of handle: SQLiteStatement) {
        guard let bytes = sqlite3_column_blob(handle, column) else { return }
        let length = Int(sqlite3_column_bytes(handle, column))
        text.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: length))
    }

    private mutating func finish() {
        if let bucket, count > 0 {
            emit(UInt16(truncatingIfNeeded: bucket), DigestTree.Leaf(count: count, digest: Digest(over: text)))
        }
        text.removeAll(keepingCapacity: true)
        count = 0
    }
}
