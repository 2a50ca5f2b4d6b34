internal import ContentModel
internal import GRDB
internal import SyncEngine

/// Where a row lives: the primary key of every table about items.
struct Place {
    var kid: Int64
    var bucket: Bucket
    var id: String

    var arguments: [any DatabaseValueConvertible] { [kid, Int64(bucket.number), id] }
}

/// Members of an item that stand beside it in narrow columns, because lists filter on them.
struct ItemFacts {
    var modified: Int64?
    var state: Int64?
    var parent: String?

    init(_ members: some TopLevelMembers, of kind: Kind) {
        modified = members.integer("_modified")
        state = members.integer("_state")
        parent = members.parent(of: kind)
    }

    init(_ body: JSONDocument, of kind: Kind) {
        self = body.withMembers { ItemFacts($0, of: kind) }
    }
}

/// What `head.edited` says of rows that differ from what their source applied last; 0 says that they do not.
enum Edit {
    /// Changed here since.
    static let made: Int64 = 1
    /// Kept or merged on purpose when the source sent something else.
    static let kept: Int64 = 2
    /// The same by a rule about translations, each of which decides otherwise.
    static let keptKeys: Int64 = 3
    static let keptValues: Int64 = 4
    /// Kept as a whole, and not edited since: what is here was not made of what was sent.
    static let keptWhole: Int64 = 5
    /// Changed here since it was kept as a whole, or by such a rule: still not made of what was sent.
    static let madeUnmerged: Int64 = 6
    /// No edit: a rollback brought the row back, which was this instance's own before the run. Without this, a row that
    /// came back and belongs to nobody is what the source of the run had left here, and the source may replace it.
    static let own: Int64 = 7
    /// Changed here since a rollback brought the row back. It belongs to nobody and is not left alone any more; its
    /// mark still tells whose run was taken back.
    static let madeSinceReturn: Int64 = 8

    /// Of rows that were changed since somebody decided about them.
    static let changes = [made, madeUnmerged]
    /// Of rows that were not made of what was sent, whether they were changed since or not.
    static let unmerged = [keptWhole, madeUnmerged]
    /// The same, and those of which a rule about translations left something otherwise than their source has it: more
    /// than a merge has to know of, since what both sides have in common is kept for that.
    static let untaken = unmerged + [keptKeys, keptValues]

    static func list(_ edits: [Int64]) -> String { edits.map { String($0) }.joined(separator: ", ") }

    /// Whether the column says that the row is an edit.
    static func isOne(_ column: String) -> String { "\(column) NOT IN (0, \(own))" }
}

/// The narrow row that says which body is current.
struct Head {
    var rid: Int64?
    var hash: ContentHash?
    var base: ContentHash?
    var origin: Int64
    /// See ``Edit``.
    var edited: Int64
    var isDeleted: Bool
    var state: Int64?
    /// Which of the items that had this id one after another it is; nil for the first. A tombstone keeps that of the
    /// item it was.
    var life: Int64?
    /// The transfer that a rollback took back here.
    var reverted: String?

    var isLive: Bool { !isDeleted }
    var isEdited: Bool { edited != 0 }
    /// Edited, and not just kept or merged on purpose when its source sent something else.
    var isEditedSince: Bool { Edit.changes.contains(edited) }
    /// What `edited` says once the row is changed here again. Nobody takes in by that what was sent.
    var edit: Int64 { Edit.untaken.contains(edited) ? Edit.madeUnmerged : Edit.made }
    /// The same once somebody decided about some of its fields.
    var keptEdit: Int64 { edited == Edit.keptWhole ? Edit.keptWhole : Edit.kept }

    /// Whether a change that is made here changes what a rollback brought back of another source. What was this
    /// instance's own is that again, and so is an item that is made where there was none.
    private var wasBroughtBack: Bool {
        origin == 0 && reverted != nil && edited != Edit.own && (isLive || isEdited)
    }

    /// What `edited` and `reverted` say of a row that belongs to nobody once it is changed here.
    private var changedAsNobodys: (edited: Int64, reverted: String?) {
        wasBroughtBack ? (Edit.madeSinceReturn, reverted) : (0, nil)
    }

    static func fetch(_ db: Database, _ place: Place) throws -> Head? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT rid, hash, base, origin, edited, deleted, state, life, reverted
                FROM head
                WHERE kid = ? AND bucket = ? AND id = ?
                """)
        return try Row.fetchOne(statement, arguments: StatementArguments(place.arguments)).map { row in
            Head(
                rid: row[0], hash: row.hash(1), base: row.hash(2), origin: row[3], edited: row[4], isDeleted: row[5],
                state: row[6], life: row[7], reverted: row[8])
        }
    }

    /// Puts an item where `head` is; whose output the row counts as stays. Over a tombstone a new life begins.
    /// `isKept`: an edit that was decided about for what its source sent last.
    static func put(
        _ db: Database, _ place: Place, over head: Head?, rid: Int64, hash: ContentHash, facts: ItemFacts,
        isEdited: Bool, isKept: Bool = false, sequence: Int64, now: Int64
    ) throws {
        let life = head?.isDeleted == true ? sequence : head?.life
        let nobodys = head?.changedAsNobodys ?? (edited: 0, reverted: nil)
        let edited = isEdited ? isKept ? head?.keptEdit ?? Edit.kept : head?.edit ?? Edit.made : nobodys.edited
        try db.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO head
                    (kid, bucket, id, rid, hash, base, origin, edited, seq, arrived, modified, state, parent, deleted,
                     reverted, life)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)
                """
        ).execute(
            arguments: StatementArguments(
                place.arguments + [
                    rid, hash.data, head?.base?.data, head?.origin ?? 0, edited, sequence, now, facts.modified,
                    facts.state, facts.parent, nobodys.reverted, life,
                ] as [(any DatabaseValueConvertible)?]))
    }

    /// Leaves a tombstone in the place of `head`; whose output the row counts as stays.
    static func bury(_ db: Database, _ place: Place, _ head: Head, sequence: Int64, now: Int64) throws {
        let nobodys = head.changedAsNobodys
        try db.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO head
                    (kid, bucket, id, rid, hash, base, origin, edited, seq, arrived, deleted, reverted, life)
                VALUES (?, ?, ?, NULL, NULL, ?, ?, ?, ?, ?, 1, ?, ?)
                """
        ).execute(
            arguments: StatementArguments(
                place.arguments + [
                    head.base?.data, head.origin, head.origin == 0 ? nobodys.edited : head.edit, sequence, now,
                    nobodys.reverted, head.life,
                ] as [(any DatabaseValueConvertible)?]))
    }
}

enum Bodies {
    static func insertion(_ db: Database) throws -> RowStatement {
        try RowStatement(db, sql: "INSERT INTO body (bytes) VALUES (?)")
    }

    static func insert(_ db: Database, _ body: JSONDocument) throws -> Int64 {
        try insert(db, body, by: insertion(db))
    }

    static func insert(_ db: Database, _ body: JSONDocument, by insertion: RowStatement) throws -> Int64 {
        try insertion.run(body.bytes)
        return db.lastInsertedRowID
    }

    /// A body of its own with the same bytes.
    static func copy(_ db: Database, _ rid: Int64) throws -> Int64 {
        try db.cachedStatement(sql: "INSERT INTO body (bytes) SELECT bytes FROM body WHERE rid = ?")
            .execute(arguments: [rid])
        return db.lastInsertedRowID
    }

    static func drop(_ db: Database, _ rid: Int64?) throws {
        guard let rid else { return }
        try db.cachedStatement(sql: "DELETE FROM body WHERE rid = ?").execute(arguments: [rid])
    }

    static func fetch(_ db: Database, _ rid: Int64) throws -> JSONDocument {
        let statement = try db.cachedStatement(sql: "SELECT bytes FROM body WHERE rid = ?")
        guard let bytes = try Row.fetchOne(statement, arguments: [rid])?.bytes(0) else {
            throw TidelockError(.damagedStore, "The body \(rid) of an item is missing.", hint: "Restore a backup.")
        }
        return JSONDocument(trusted: bytes)
    }

    /// Those of the items that are here.
    static func fetch(_ db: Database, _ items: [ItemKey]) throws -> [ItemKey: JSONDocument] {
        var bodies: [ItemKey: JSONDocument] = [:]
        for item in items {
            guard let kid = try Numbers.knownKind(db, item.kind) else { continue }
            let place = Place(kid: kid, bucket: Bucket(kind: item.kind, id: item.id), id: item.id)
            guard let head = try Head.fetch(db, place), head.isLive, let rid = head.rid else { continue }
            bodies[item] = try fetch(db, rid)
        }
        return bodies
    }
}
