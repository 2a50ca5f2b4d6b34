internal import GRDB

/// A database for rows that are put in order or looked up, and forgotten then.
///
/// SQLite keeps what does not fit into its cache in a file of its temporary folder, which nobody else can open, and which
/// is gone with the connection: https://sqlite.org/inmemorydb.html#temp_db.
enum TemporaryDatabase {
    static func open() throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA cache_size = -8192") }
        return try DatabaseQueue(path: "", configuration: configuration)
    }
}
