internal import ContentModel
internal import GRDB

/// The blobs that a store names, each once.
///
/// They are listed in a temporary database, which is gone with this value: memory does not grow with their number.
/// Everything here blocks the thread.
struct NamedBlobs: Sendable {
    struct Entry: Sendable {
        var blob: Blob
        /// An asset has it as it is now. The others, which undo, conflicts and runs under way name, need not be there.
        var isCurrent: Bool
    }

    private let list: DatabaseQueue

    /// Blobs held in memory at once.
    private static let page = 500

    /// A row is a blob that is named, however often.
    private static let schema = """
        CREATE TABLE named (
            sha256  BLOB    NOT NULL,
            size    INTEGER NOT NULL,
            current INTEGER NOT NULL,
            PRIMARY KEY (sha256, size)
        ) STRICT, WITHOUT ROWID
        """

    init(_ db: Database) throws {
        list = try TemporaryDatabase.open()
        try list.write { list in
            try list.execute(sql: Self.schema)
            try Self.note(all: db, in: list)
        }
    }

    private static func note(all db: Database, in list: Database) throws {
        guard let kid = try Numbers.knownKind(db, .assets) else { return }
        let insert = try list.cachedStatement(
            sql: """
                INSERT INTO named (sha256, size, current) VALUES (?, ?, ?)
                ON CONFLICT (sha256, size) DO UPDATE SET current = max(current, excluded.current)
                """)
        for owner in try BodyAccount.owners(db) {
            let bodies = try Row.fetchCursor(
                db,
                sql: "SELECT b.bytes FROM \(owner.table) AS o JOIN body b ON b.rid = o.\(owner.column) WHERE o.kid = ?",
                arguments: [kid])
            while let row = try bodies.next() {
                guard let file = AssetFiles.file(ofStored: row.bytes(0)) else { continue }
                try insert.execute(arguments: [file.blob.hash.data, file.blob.size, owner.table == "head"])
            }
        }
    }

    var isEmpty: Bool {
        get throws {
            try list.read { db in try Bool.fetchOne(db, sql: "SELECT NOT EXISTS (SELECT 1 FROM named)") ?? true }
        }
    }

    func contains(_ hash: ContentHash) throws -> Bool {
        try list.read { db in
            try Bool.fetchOne(
                db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM named WHERE sha256 = ?)"),
                arguments: [hash.data]) ?? false
        }
    }

    /// In the order of hashes. May be called twice, and tells the same then.
    func forEach(_ visit: (Entry) throws -> Void) throws {
        var last: Entry?
        repeat {
            let page = try page(after: last?.blob)
            for entry in page { try visit(entry) }
            last = page.count < Self.page ? nil : page.last
        } while last != nil
    }

    private func page(after last: Blob?) throws -> [Entry] {
        try list.read { db in
            try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT sha256, size, current FROM named
                        WHERE (sha256, size) > (?, ?)
                        ORDER BY sha256, size
                        LIMIT ?
                        """),
                arguments: [last?.hash.data ?? [UInt8]().data, last?.size ?? 0, Self.page]
            ).compactMap { row in
                row.hash(0).map { Entry(blob: Blob(hash: $0, size: row[1]), isCurrent: row[2]) }
            }
        }
    }
}
