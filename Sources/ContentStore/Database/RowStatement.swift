internal import ContentModel
internal import GRDB
internal import GRDBSQLite

/// Runs one statement for row after row, binding each value as what it is.
///
/// GRDB boxes every argument, which costs more than the row itself where a run writes a hundred thousand of them.
/// See https://sqlite.org/c3ref/bind_blob.html.
struct RowStatement {
    private let db: Database
    private let handle: SQLiteStatement
    private let sql: String

    init(_ db: Database, sql: String) throws {
        self.db = db
        self.sql = sql
        handle = try db.cachedStatement(sql: sql).sqliteStatement
    }

    /// Runs the statement once with the values that `bind` adds in their order; those it does not add are NULL.
    func run(_ bind: (inout RowValues) -> Void) throws {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
        var values = RowValues(handle: handle)
        bind(&values)
        try step(values.failure)
    }

    /// Whether a query has a row for the values that `bind` adds.
    func finds(_ bind: (inout RowValues) -> Void) throws -> Bool {
        sqlite3_reset(handle)
        var values = RowValues(handle: handle)
        bind(&values)
        return try step(values.failure, mayFind: true)
    }

    /// Runs a statement of one value without copying it.
    func run(_ bytes: [UInt8]) throws {
        sqlite3_reset(handle)
        // The binding is gone before the bytes are.
        try bytes.withUnsafeBytes { buffer in
            defer { sqlite3_clear_bindings(handle) }
            try step(sqlite3_bind_blob64(handle, 1, buffer.baseAddress ?? emptyValue, UInt64(buffer.count), nil))
        }
    }

    /// Answers whether there was a row, which is a failure of what is no query.
    @discardableResult
    private func step(_ bound: Int32, mayFind: Bool = false) throws -> Bool {
        let result = bound == SQLITE_OK ? sqlite3_step(handle) : bound
        guard result != SQLITE_DONE, !mayFind || result != SQLITE_ROW else {
            sqlite3_reset(handle)
            return result == SQLITE_ROW
        }
        let message = String(cString: sqlite3_errmsg(sqlite3_db_handle(handle)))
        sqlite3_reset(handle)
        throw DatabaseError(resultCode: ResultCode(rawValue: result), message: message, sql: sql)
    }
}

/// A null pointer would bind NULL instead of a value without bytes.
private nonisolated(unsafe) let emptyValue = UnsafeRawPointer(
    UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1))

/// Tells SQLite to make a copy of a value before the call returns.
private nonisolated(unsafe) let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

/// The values of one row, bound from left to right.
struct RowValues {
    fileprivate let handle: SQLiteStatement
    fileprivate var failure = SQLITE_OK
    private var position: Int32 = 0

    fileprivate init(handle: SQLiteStatement) {
        self.handle = handle
    }

    mutating func add(_ number: Int64?) {
        position += 1
        if let number { note(sqlite3_bind_int64(handle, position, number)) }
    }

    mutating func add(_ text: String?) {
        guard var text else { return addNull() }
        text.withUTF8 { add(text: UnsafeRawBufferPointer($0)) }
    }

    /// A text that is UTF-8 already.
    mutating func add(text: UnsafeRawBufferPointer) {
        position += 1
        let characters = (text.baseAddress ?? emptyValue).assumingMemoryBound(to: CChar.self)
        note(sqlite3_bind_text64(handle, position, characters, UInt64(text.count), copied, UInt8(SQLITE_UTF8)))
    }

    mutating func add(_ bytes: [UInt8]?) {
        guard let bytes else { return addNull() }
        bytes.withUnsafeBytes { add($0) }
    }

    mutating func add(_ hash: ContentHash?) {
        guard let hash else { return addNull() }
        hash.withUnsafeBytes { add($0) }
    }

    mutating func add(_ digest: Digest) {
        digest.withUnsafeBytes { add($0) }
    }

    private mutating func addNull() { position += 1 }

    private mutating func add(_ bytes: UnsafeRawBufferPointer) {
        position += 1
        note(sqlite3_bind_blob64(handle, position, bytes.baseAddress ?? emptyValue, UInt64(bytes.count), copied))
    }

    mutating func add(_ place: Place) {
        add(place.kid)
        add(Int64(place.bucket.number))
        add(place.id)
    }

    private mutating func note(_ result: Int32) {
        if failure == SQLITE_OK { failure = result }
    }
}
