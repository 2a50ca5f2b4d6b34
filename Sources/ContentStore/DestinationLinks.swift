internal import ContentModel
internal import GRDB
internal import SyncProtocol

/// References of staged items that lead nowhere once the heads have moved.
enum StagedLinks {
    /// A reference, ready to be written.
    struct Reference {
        var link: ItemLink
        var bucket: Bucket

        init(_ link: ItemLink) {
            self.link = link
            bucket = Bucket(kind: link.kind, id: link.id)
        }
    }

    static func insertion(_ db: Database) throws -> RowStatement {
        try RowStatement(
            db,
            sql:
                "INSERT INTO stage_link (transfer, batch, number, from_kid, from_id, kind, bucket, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        )
    }

    /// `number`: how many the batch has so far.
    static func add(
        _ links: [Reference], transfer: String, batch: Int64, number: inout Int64, from place: Place,
        by insert: RowStatement
    ) throws {
        for reference in links {
            number += 1
            try insert.run { values in
                values.add(transfer)
                values.add(batch)
                values.add(number)
                values.add(place.kid)
                values.add(place.id)
                values.add(reference.link.kind.name)
                values.add(Int64(reference.bucket.number))
                values.add(reference.link.id)
            }
        }
    }

    /// Nil when every link into `kinds`, which are all where they are nil, leads to an item. Only look-ups by key; the
    /// list is bounded, the count is not.
    static func dangling(_ db: Database, transfer: String, into kinds: Set<String>?) throws -> DanglingLinks? {
        let names = try kinds.map { try JSONColumns.encode($0.sorted()) }
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT f.name, l.from_id, l.kind, l.id
                FROM stage_link l
                JOIN kind f ON f.kid = l.from_kid
                LEFT JOIN kind k ON k.name = l.kind
                LEFT JOIN head h ON h.kid = k.kid AND h.bucket = l.bucket AND h.id = l.id
                WHERE l.transfer = :transfer AND (h.id IS NULL OR h.deleted = 1)
                    AND (:kinds IS NULL OR l.kind IN (SELECT value FROM json_each(:kinds)))
                """,
            arguments: ["transfer": transfer, "kinds": names])
        var dangling = DanglingLinks(count: 0, links: [])
        while let row = try rows.next() {
            dangling.count += 1
            guard dangling.links.count < Limits.listedConflicts else { continue }
            dangling.links.append(DanglingLink(kind: row[0], id: row[1], missingKind: row[2], missingID: row[3]))
        }
        return dangling.count > 0 ? dangling : nil
    }

    /// How many links lead into other kinds than these. Whether there are items at their ends makes no difference.
    static func count(_ db: Database, transfer: String, outsideOf kinds: Set<String>) throws -> Int {
        try Int.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT count(*) FROM stage_link
                    WHERE transfer = ? AND kind NOT IN (SELECT value FROM json_each(?))
                    """),
            arguments: [transfer, try JSONColumns.encode(kinds.sorted())]) ?? 0
    }

    static func clear(_ db: Database, transfer: String) throws {
        try db.cachedStatement(sql: "DELETE FROM stage_link WHERE transfer = ?").execute(arguments: [transfer])
    }
}

/// Makes sure that no item of a tree becomes its own ancestor by a transfer.
struct TreeCheck {
    private let db: Database
    private let transfer: String
    /// Items known to lead to a root, or to nothing that the transfer has to do with.
    private var settled: [Int64: Set<ItemID>] = [:]

    init(db: Database, transfer: String) {
        self.db = db
        self.transfer = transfer
    }

    /// Called when the heads have moved; throws `tree_cycle` with the items, and the commit is undone.
    ///
    /// A circle needs an item that got another parent, so only the ways up from those are walked, each step once.
    mutating func run() throws {
        let changed = try Row.fetchCursor(
            db,
            sql: """
                SELECT s.kid, s.id FROM stage s
                JOIN undo u ON u.run = s.transfer AND u.kid = s.kid AND u.bucket = s.bucket AND u.id = s.id
                WHERE s.transfer = ? AND s.parent IS NOT NULL AND u.verdict IN (\(Verdict.list(Verdict.applied)))
                    AND (u.old_deleted = 1 OR u.old_parent IS NOT s.parent)
                """,
            arguments: [transfer])
        var kinds: [Int64: Kind] = [:]
        while let row = try changed.next() {
            let kid: Int64 = row[0]
            let kind = try kinds[kid] ?? Numbers.kind(db, numbered: kid)
            kinds[kid] = kind
            guard kind.mayBeTree else { continue }
            try walk(from: row[1], kid: kid, kind: kind)
        }
    }

    private mutating func walk(from id: String, kid: Int64, kind: Kind) throws {
        var path: [ItemID] = []
        var onPath: Set<ItemID> = []
        var next: ItemID? = ItemID(id)
        while let id = next, settled[kid]?.contains(id) != true {
            if onPath.contains(id) {
                try refuse(path.drop { $0 != id }.map(\.text), kid: kid, kind: kind)
                break
            }
            path.append(id)
            onPath.insert(id)
            next = try parent(Place(kid: kid, bucket: Bucket(kind: kind, id: id.text), id: id.text))
        }
        settled[kid, default: []].formUnion(path)
    }

    private func parent(_ place: Place) throws -> ItemID? {
        let statement = try db.cachedStatement(
            sql: "SELECT parent FROM head WHERE kid = ? AND bucket = ? AND id = ? AND deleted = 0")
        let row = try Row.fetchOne(statement, arguments: StatementArguments(place.arguments))
        return (row?[0] as String?).map { ItemID($0) }
    }

    /// A circle that was here before is not the transfer's doing.
    private func refuse(_ circle: [String], kid: Int64, kind: Kind) throws {
        let isOurs = try circle.contains { id in
            try Int.fetchOne(
                db.cachedStatement(
                    sql: """
                        SELECT 1 FROM undo u JOIN head h USING (kid, bucket, id)
                        WHERE u.run = ? AND u.kid = ? AND u.bucket = ? AND u.id = ?
                            AND u.verdict IN (\(Verdict.list(Verdict.applied)))
                            AND (u.old_deleted = 1 OR u.old_parent IS NOT h.parent)
                        """),
                arguments: [transfer, kid, Int64(Bucket(kind: kind, id: id).number), id]) != nil
        }
        guard isOurs else { return }
        let named = circle.prefix(10).map(\.printable).joined(separator: " → ")
        let more = circle.count > 10 ? " → and \(circle.count - 10) more" : ""
        throw TidelockError(
            .treeCycle,
            "In \(kind), these items would be inside one another: \(named)\(more) → \(circle[0].printable); nothing was changed.",
            hint: "Give one of them another parent, or push all of them together.",
            details: ["kind": kind.name])
    }
}
