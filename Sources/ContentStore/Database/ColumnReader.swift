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
    func document(_ column: Int32) -> JSONDocument? {
        isNull(column) ? nil : JSONDocument(trusted: [UInt8](bytes(column)))
    }

    /// Nil for NULL. Throws `damaged_store` for bytes that are no hash.
    func hash(_ column: Int32) throws -> ContentHash? {
        guard !isNull(column) else { return nil }
        let bytes = bytes(column)
        guard bytes.count == ContentHash.length else { throw Self.damage("a hash has \(bytes.count) bytes") }
        return ContentHash(bytes: bytes)
    }

    /// Throws `damaged_store` for a number that no bucket has.
    func bucket(_ column: Int32) throws -> Bucket {
        guard let number = UInt16(exactly: integer(column)) else {
            throw Self.damage("\(integer(column)) is no bucket")
        }
        return Bucket(number: number)
    }

    private static func damage(_ what: String) -> TidelockError {
        TidelockError(
            .damagedStore, "A row of the store is damaged: \(what).",
            hint: "Run 'tidelock verify', and restore a backup.")
    }
}
