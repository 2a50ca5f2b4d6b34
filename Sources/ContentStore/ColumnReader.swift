internal import ContentModel
internal import GRDB
internal import GRDBSQLite

/// The columns of the row at which a statement stands, read where SQLite has them.
///
/// GRDB makes an object of each value first, which is felt where a run reads a hundred thousand rows. Nothing of it may
/// be used behind the next step. See https://sqlite.org/c3ref/column_blob.html.
struct ColumnReader {
    private let handle: SQLiteStatement

    init(_ statement: Statement) {
        handle = statement.sqliteStatement
    }

    /// 0 for NULL.
    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    /// The bytes of a text or a blob; none for NULL.
    func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
        let bytes = sqlite3_column_blob(handle, column)
        return UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : Int(sqlite3_column_bytes(handle, column)))
    }

    func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

    /// Nil for NULL.
    func hash(_ column: Int32) -> ContentHash? { isNull(column) ? nil : ContentHash(bytes: bytes(column)) }

    /// Nil for NULL.
    func document(_ column: Int32) -> JSONDocument? {
        isNull(column) ? nil : JSONDocument(trusted: [UInt8](bytes(column)))
    }
}
