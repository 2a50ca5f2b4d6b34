internal import ContentModel
internal import GRDB
internal import SyncEngine

extension Store {
    /// Brings what was indexed before up to date with what was committed since; builds nothing. May be called often.
    public func updateIndex() async throws {
        for kid in try await read({ db in try SearchProgress.stale(db) }) { try await index(kid) }
    }

    /// Indexes what changed in a kind, or all of it the first time.
    ///
    /// Page by page, so that nobody who writes waits for it. Several processes may do so at once: a page that somebody
    /// else has indexed meanwhile is not indexed again.
    func index(_ kid: Int64) async throws {
        while true {
            let page = try await read { db in try SearchPage.next(db, kid: kid) }
            guard let page else { return }
            let texts = page.items.map { item in item.body.map(SearchTexts.of) ?? [] }
            try await write { db in
                guard try SearchProgress.fetch(db, kid) == page.begin else { return }
                for (item, texts) in zip(page.items, texts) { try item.replace(db, by: texts) }
                try SearchProgress.move(db, kid, to: page.end)
            }
        }
    }
}

/// A row of head by the order in which rows changed.
struct SearchPlace: Equatable, Sendable {
    var sequence: Int64 = 0
    var bucket: Int64 = -1
    var id = ""
}

/// How far the index of each kind has come.
enum SearchProgress {
    static func fetch(_ db: Database, _ kid: Int64) throws -> SearchPlace? {
        try Row.fetchOne(db, sql: "SELECT seq, bucket, id FROM search_progress WHERE kid = ?", arguments: [kid])
            .map { SearchPlace(sequence: $0[0], bucket: $0[1], id: $0[2]) }
    }

    static func move(_ db: Database, _ kid: Int64, to place: SearchPlace) throws {
        try db.execute(
            sql: "INSERT OR REPLACE INTO search_progress (kid, seq, bucket, id) VALUES (?, ?, ?, ?)",
            arguments: [kid, place.sequence, place.bucket, place.id])
    }

    /// Kinds whose index was begun and misses something.
    ///
    /// Asked for one by one: only a comparison with values that are known beforehand uses the whole index, and a single
    /// commit may have given a million rows the same sequence number.
    static func stale(_ db: Database) throws -> [Int64] {
        try Int64.fetchAll(db, sql: "SELECT kid FROM search_progress").filter { kid in
            guard let place = try fetch(db, kid) else { return false }
            return try Bool.fetchOne(
                db, sql: "SELECT EXISTS (SELECT 1 FROM head WHERE kid = ? AND (seq, bucket, id) > (?, ?, ?))",
                arguments: [kid, place.sequence, place.bucket, place.id]) ?? false
        }
    }
}

/// Rows of one kind that changed behind what is indexed, in the order of their changes.
struct SearchPage: Sendable {
    struct Item: Sendable {
        var kid: Int64
        var bucket: Int64
        var id: String
        /// Nil for a deleted one.
        var body: JSONDocument?

        func replace(_ db: Database, by texts: [(field: String, text: String)]) throws {
            let rows = try db.cachedStatement(
                sql: "SELECT sid FROM search_row WHERE kid = ? AND bucket = ? AND id = ?")
            for sid in try Int64.fetchAll(rows, arguments: [kid, bucket, id]) {
                try db.cachedStatement(sql: "DELETE FROM search_text WHERE rowid = ?").execute(arguments: [sid])
                try db.cachedStatement(sql: "DELETE FROM search_row WHERE sid = ?").execute(arguments: [sid])
            }
            for (field, text) in texts {
                try db.cachedStatement(sql: "INSERT INTO search_row (kid, bucket, id, field) VALUES (?, ?, ?, ?)")
                    .execute(arguments: [kid, bucket, id, field])
                try db.cachedStatement(sql: "INSERT INTO search_text (rowid, text) VALUES (?, ?)")
                    .execute(arguments: [db.lastInsertedRowID, text])
            }
        }
    }

    /// What was indexed when the page was read; nil when nothing ever was.
    var begin: SearchPlace?
    var end: SearchPlace
    var items: [Item]

    private static let rows = 200
    private static let bytes = 2 << 20

    static let sql = """
        SELECT seq, bucket, id, body.bytes
        FROM head LEFT JOIN body USING (rid)
        WHERE kid = ? AND (seq, bucket, id) > (?, ?, ?)
        ORDER BY seq, bucket, id
        LIMIT ?
        """

    /// Nil when everything is indexed.
    static func next(_ db: Database, kid: Int64) throws -> SearchPage? {
        let begin = try SearchProgress.fetch(db, kid)
        let from = begin ?? SearchPlace()
        let rows = try Row.fetchCursor(
            db, sql: Self.sql, arguments: [kid, from.sequence, from.bucket, from.id, Self.rows])
        var page = SearchPage(begin: begin, end: from, items: [])
        var size = 0
        while size < bytes, let row = try rows.next() {
            let body = row.bytes(3).map { JSONDocument(trusted: $0) }
            size += body?.bytes.count ?? 0
            page.end = SearchPlace(sequence: row[0], bucket: row[1], id: row[2])
            page.items.append(Item(kid: kid, bucket: row[1], id: row[2], body: body))
        }
        return page.items.isEmpty ? nil : page
    }
}
