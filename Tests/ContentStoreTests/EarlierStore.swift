import Foundation
import GRDB

@testable import ContentStore

/// Gives a store back the form that it had in an earlier version of Tidelock.
///
/// What that form was, the migrations themselves say. Rows stay, in the columns that both forms have; tables that only
/// the earlier one has are empty.
enum EarlierStore {
    /// - Parameter migration: the last one that the earlier version had
    static func restore(in storage: URL, upTo migration: String) throws {
        let earlier = try DatabaseQueue()
        try Schema.migrator.migrate(earlier, upTo: migration)
        let (form, migrations) = try earlier.read { db in
            (try SchemaObject.all(db), try Schema.migrator.appliedIdentifiers(db))
        }
        let store = try DatabaseQueue(path: storage.appending(path: "tidelock.sqlite").path)
        try store.write { db in
            try take(form, db)
            for later in try Schema.migrator.appliedIdentifiers(db).subtracting(migrations) {
                try db.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = ?", arguments: [later])
            }
        }
    }

    private static func take(_ form: Set<SchemaObject>, _ db: Database) throws {
        let changed = try SchemaObject.all(db).subtracting(form).filter(\.isTable)
        let kept = changed.filter { later in form.contains { $0.isTable && $0.name == later.name } }
        for table in kept { try db.execute(sql: "CREATE TEMP TABLE kept_\(table.name) AS SELECT * FROM \(table.name)") }
        for table in changed { try table.drop(db) }
        for other in try SchemaObject.all(db).subtracting(form) { try other.drop(db) }
        let missing = form.subtracting(try SchemaObject.all(db))
        for table in missing.filter(\.isTable) { try db.execute(sql: table.sql) }
        for table in kept { try restoreRows(of: table.name, db) }
        for other in missing.filter({ !$0.isTable }) { try db.execute(sql: other.sql) }
    }

    private static func restoreRows(of table: String, _ db: Database) throws {
        let present = try columns(of: table, db)
        let columns = try columns(of: "kept_\(table)", db).filter(present.contains)
        let list = columns.map { "\"\($0)\"" }.joined(separator: ", ")
        try db.execute(
            sql: """
                INSERT INTO \(table) (\(list)) SELECT \(list) FROM kept_\(table);
                DROP TABLE kept_\(table);
                """)
    }

    private static func columns(of table: String, _ db: Database) throws -> [String] {
        try String.fetchAll(db, sql: "SELECT name FROM pragma_table_info(?)", arguments: [table])
    }
}

/// A table, or what belongs to one, as the statement says that made it.
private struct SchemaObject: Hashable {
    var type: String
    var name: String
    var sql: String

    var isTable: Bool { type == "table" }

    /// Without those that SQLite makes by itself.
    static func all(_ db: Database) throws -> Set<SchemaObject> {
        let rows = try Row.fetchAll(
            db, sql: "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT GLOB 'sqlite_*'")
        return Set(rows.map { SchemaObject(type: $0[0], name: $0[1], sql: $0[2]) })
    }

    func drop(_ db: Database) throws { try db.execute(sql: "DROP \(type) \(name)") }
}
