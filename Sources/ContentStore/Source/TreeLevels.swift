internal import ContentModel
internal import GRDB
internal import SyncEngine

/// Rows of a tree by their levels, parents before children.
///
/// A class, because it lives as long as somebody reads: its rows are in a database of their own.
final class TreeLevels: TreeOrder {
    /// A row at its place.
    struct Place: Sendable {
        var level: Int
        var bucket: Bucket
        var id: String

        var position: CandidatePosition {
            CandidatePosition(sequence: Int64(level), bucket: bucket.number, id: id)
        }
    }

    private let queue: DatabaseQueue

    /// `rows` hands each row to its argument, once: the bucket, the id, and the id of the parent.
    init(
        of kind: Kind, rows: (_ add: (Bucket, String, String?) throws -> Void) throws -> Void
    ) throws {
        queue = try TemporaryDatabase.open()
        try queue.write { db in
            try db.execute(sql: Self.tableSQL)
            let insert = try RowStatement(
                db, sql: "INSERT INTO node (bucket, id, above, parent) VALUES (?, ?, ?, ?)")
            try rows { bucket, id, parent in
                try insert.run { values in
                    values.add(Int64(bucket.number))
                    values.add(id)
                    values.add(parent.map { Int64(Bucket(kind: kind, id: $0).number) })
                    values.add(parent)
                }
            }
            try Self.findLevels(db)
        }
    }

    /// The next rows.
    func places(after position: CandidatePosition?, limit: Int) async throws -> [Place] {
        try await queue.read { db in
            try Row.fetchAll(
                db.cachedStatement(sql: Self.placeSQL),
                arguments: [
                    position?.sequence ?? -1, position.map { Int64($0.bucket) } ?? -1, position?.id ?? "", limit,
                ]
            ).map { Place(level: $0[0], bucket: $0.bucket(1), id: $0[2]) }
        }
    }

    /// Each row is met once, as the child of its parent: a circle has no beginning and so is never met.
    private static func findLevels(_ db: Database) throws {
        try db.execute(sql: topSQL)
        try db.execute(sql: indexSQL)
        let descend = try db.cachedStatement(sql: descendSQL)
        var level = 0
        repeat {
            try Task.checkCancellation()
            level += 1
            try descend.execute(arguments: ["level": level, "above": level - 1])
        } while db.changesCount > 0
        try db.execute(sql: "UPDATE node SET level = ? WHERE level IS NULL", arguments: [level])
    }
}

// MARK: Statements

extension TreeLevels {
    fileprivate static let tableSQL = """
        CREATE TABLE node (
            bucket INTEGER NOT NULL,
            id     TEXT    NOT NULL,
            above  INTEGER,
            parent TEXT,
            level  INTEGER,
            PRIMARY KEY (bucket, id)
        ) STRICT, WITHOUT ROWID
        """

    fileprivate static let indexSQL = """
        CREATE INDEX node_by_level ON node (level);
        CREATE INDEX node_by_parent ON node (above, parent);
        """

    /// Rows whose parents are not among them.
    fileprivate static let topSQL = """
        UPDATE node SET level = 0
        WHERE parent IS NULL
            OR NOT EXISTS (SELECT 1 FROM node AS up WHERE up.bucket = node.above AND up.id = node.parent)
        """

    /// By these indexes, so that a deep tree takes no longer than a flat one.
    fileprivate static let descendSQL = """
        UPDATE node INDEXED BY node_by_parent SET level = :level
        FROM node AS up INDEXED BY node_by_level
        WHERE up.level = :above AND node.above = up.bucket AND node.parent = up.id
        """

    fileprivate static let placeSQL = """
        SELECT level, bucket, id FROM node
        WHERE (level, bucket, id) > (?, ?, ?)
        ORDER BY level, bucket, id
        LIMIT ?
        """
}
