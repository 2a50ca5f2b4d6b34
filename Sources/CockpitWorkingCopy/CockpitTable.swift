import Foundation
import GRDB

/// One table of documents. Cockpit's tables have a row number and one column with JSON text, no index and no
/// constraint: that the text is JSON, has its key, and has it once, must be checked here.
struct CockpitTable {
    var database: String
    var name: String
    var kind: String
    /// The field that identifies a document within its kind.
    var key: String

    /// Items of collections and trees.
    static func items(of model: String) -> CockpitTable {
        CockpitTable(
            database: "content.sqlite", name: itemPrefix + model, kind: "content/\(model)", key: "_id")
    }

    static let itemPrefix = "collections_"
    static let singletons = CockpitTable(
        database: "content.sqlite", name: "singletons", kind: "singletons", key: "_model")
    static let models = CockpitTable(database: "content.sqlite", name: "models", kind: "models", key: "name")
    static let locales = CockpitTable(database: "system.sqlite", name: "locales", kind: "locales", key: "i18n")

    static let assets = CockpitTable(database: "app.sqlite", name: "assets", kind: "assets", key: "_id")
    static let assetFolders = CockpitTable(
        database: "assets.sqlite", name: "folders", kind: "assets/folders", key: "_id")

    private var source: String { "\(database): \(name)" }

    // MARK: Reading

    typealias Found = Result<CockpitItem, CockpitProblem>

    /// Reports every row in order, as an item or as the problem it is. A table that does not exist has no rows:
    /// Cockpit makes it when it is first used.
    func visit(_ db: Database, _ body: (Found) throws -> Void) throws {
        guard try exists(db) else { return }
        let repeated = try repeatedRows(db)
        let rows = try CockpitProblem.naming(source) { try Row.fetchCursor(db, sql: rowsSQL) }
        while let row = try CockpitProblem.naming(source, rows.next) {
            try body(read(row, repeated: repeated))
        }
    }

    private func read(_ row: Row, repeated: [Int64: Int64]) -> Found {
        let number: Int64 = row["number"]
        let place = "\(source) row \(number)"
        if let verdict: String = row["verdict"] {
            return .failure(
                CockpitProblem(place, "the document \(verdict).", hint: "Repair or remove this row in Cockpit."))
        }
        let id: String = row["key"]
        if let first = repeated[number] {
            return .failure(
                CockpitProblem(
                    place, "the `\(key)` `\(id)` is already in row \(first).",
                    hint: "Remove one of the two in Cockpit; it always answers with the first."))
        }
        let text: Data = row["document"]
        return .success(CockpitItem(kind: kind, id: id, json: [UInt8](text), source: place))
    }

    /// Rows whose key an earlier row already has, with that row. Found by SQLite, whose sorter spills to disk,
    /// so that memory holds the repeated ones only.
    private func repeatedRows(_ db: Database) throws -> [Int64: Int64] {
        try CockpitProblem.naming(source) {
            let rows = try Row.fetchCursor(db, sql: repeatedRowsSQL)
            return try Dictionary(uniqueKeysWithValues: rows.map { ($0["number"], $0["first"]) })
        }
    }

    func countRows(_ db: Database) throws -> Int {
        guard try exists(db) else { return 0 }
        return try CockpitProblem.naming(source) {
            try Int.fetchOne(db, sql: "SELECT count(*) FROM \(name.quotedDatabaseIdentifier)") ?? 0
        }
    }

    private func exists(_ db: Database) throws -> Bool {
        try CockpitProblem.naming(source) { try db.tableExists(name) }
    }

    /// The names of all tables that hold items of a collection or tree.
    static func itemTables(_ db: Database) throws -> [String] {
        try CockpitProblem.naming(singletons.database) {
            try String.fetchAll(
                db,
                sql: """
                    SELECT name
                    FROM sqlite_master
                    WHERE type = 'table' AND substr(name, 1, length(:prefix)) = :prefix
                    ORDER BY name
                    """,
                arguments: ["prefix": itemPrefix])
        }
    }

    // MARK: SQL

    /// Every row with what is wrong with it, and its key where nothing is.
    private var keyedSQL: String {
        let path = "'$.\"\(key)\"'"
        return """
            judged AS (
                SELECT rowid AS number, document,
                    CASE
                    WHEN typeof(document) <> 'text' THEN 'is not stored as text'
                    WHEN NOT json_valid(document) THEN 'is not valid JSON'
                    WHEN json_type(document) <> 'object' THEN 'is not a JSON object'
                    WHEN json_type(document, \(path)) IS NOT 'text' THEN 'has no `\(key)`'
                    WHEN json_extract(document, \(path)) = '' THEN 'has an empty `\(key)`'
                    END AS verdict
                FROM \(name.quotedDatabaseIdentifier)
            ),
            keyed AS (
                SELECT number, verdict, document,
                    CASE WHEN verdict IS NULL THEN json_extract(document, \(path)) END AS key
                FROM judged
            )
            """
    }

    private var rowsSQL: String {
        """
        WITH \(keyedSQL)
        SELECT number, verdict, key, CAST(document AS BLOB) AS document
        FROM keyed
        ORDER BY number
        """
    }

    private var repeatedRowsSQL: String {
        """
        WITH \(keyedSQL)
        SELECT number, first
        FROM (
            SELECT number, min(number) OVER (PARTITION BY key) AS first
            FROM keyed
            WHERE key IS NOT NULL
        )
        WHERE number <> first
        """
    }
}
