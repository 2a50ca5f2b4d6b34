internal import ContentModel
internal import GRDB

/// Staged bodies that differ from what the source sent.
enum Arrival {
    /// Stores `document` in the place of the staged body, which is kept beside it.
    static func replace(_ db: Database, transfer: String, _ place: Place, by document: JSONDocument) throws {
        let key = [transfer] as [any DatabaseValueConvertible] + place.arguments
        guard
            let row = try Row.fetchOne(
                db.cachedStatement(
                    sql: "SELECT op, rid, arrived FROM stage WHERE transfer = ? AND kid = ? AND bucket = ? AND id = ?"),
                arguments: StatementArguments(key)), row[0] == 1
        else { throw TidelockError(.internalFailure, "A merge was decided for a row that brings no item.") }
        // An earlier merge of the same row gives way; what arrived stays.
        let arrived = row[2] as Int64?
        if arrived != nil { try Bodies.drop(db, row[1]) }
        try put(
            db, key, kid: place.kid, rid: Bodies.insert(db, document), document, stored: document.hash,
            arrived: arrived ?? row[1] as Int64?)
    }

    /// What the source sent comes back where a merge was decided that does not hold any more.
    static func takeBack(_ db: Database, transfer: String, where condition: String) throws {
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT kid, bucket, id, rid, arrived, hash FROM stage
                    WHERE transfer = :transfer AND arrived IS NOT NULL AND \(condition)
                    """),
            arguments: ["transfer": transfer])
        for row in rows {
            let key: [any DatabaseValueConvertible] = [transfer, row[0] as Int64, row[1] as Int64, row[2] as String]
            let document = try Bodies.fetch(db, row[4])
            let hash = document.hash
            try Bodies.drop(db, row[3])
            try put(
                db, key, kid: row[0], rid: row[4], document, stored: hash == row.hash(5) ? nil : hash, arrived: nil)
        }
    }

    private static func put(
        _ db: Database, _ key: [any DatabaseValueConvertible], kid: Int64, rid: Int64, _ document: JSONDocument,
        stored: ContentHash?, arrived: Int64?
    ) throws {
        let facts = ItemFacts(document, of: try Numbers.kind(db, numbered: kid))
        let values: [(any DatabaseValueConvertible)?] = [
            rid, stored?.data, arrived, facts.modified, facts.state, facts.parent,
        ]
        try db.cachedStatement(
            sql: """
                UPDATE stage SET rid = ?, stored = ?, arrived = ?, modified = ?, state = ?, parent = ?
                WHERE transfer = ? AND kid = ? AND bucket = ? AND id = ?
                """
        ).execute(arguments: StatementArguments(values + key))
    }
}
