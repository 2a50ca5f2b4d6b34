internal import ContentModel
internal import GRDB
internal import Glibc
internal import SyncProtocol

/// Looks for references of staged items that lead nowhere once the heads have moved.
struct StagedLinkCheck {
    private let db: Database
    /// Kinds that the caller's key reaches; nil for all.
    private let reached: Set<String>?
    private let liveHead: RowStatement
    /// Kinds that references have led into so far.
    private var targets: [String: Target] = [:]
    /// The first of those, which are found by their bytes alone: most transfers lead into few kinds.
    private var first: [Target] = []
    private(set) var dangling = DanglingLinks(count: 0, links: [])
    /// References into kinds that are not reached. Whether there are items at their ends makes no difference.
    private(set) var unreached = 0

    /// Kinds that are kept in mind. A sender may name any number of them; those beyond are looked up each time.
    private static let mostTargets = 1_000
    private static let mostFirst = 8

    private struct Target {
        let name: String
        /// Nil for a kind that was never seen here.
        let kid: Int64?
        let isReached: Bool

        func isCalled(_ bytes: UnsafeRawBufferPointer) -> Bool {
            var name = name
            return name.withUTF8 { name in
                guard name.count == bytes.count, let ours = name.baseAddress, let theirs = bytes.baseAddress
                else { return name.isEmpty && bytes.isEmpty }
                return memcmp(ours, theirs, bytes.count) == 0
            }
        }
    }

    init(_ db: Database, reached: Set<String>?) throws {
        self.db = db
        self.reached = reached
        liveHead = try RowStatement(
            db, sql: "SELECT 1 FROM head WHERE kid = ? AND bucket = ? AND id = ? AND deleted = 0")
    }

    /// Only look-ups by key; the list is bounded, the counts are not.
    mutating func run(transfer: String) throws {
        let statement = try db.cachedStatement(
            sql: "SELECT kid, id, links FROM stage WHERE transfer = ? AND links IS NOT NULL")
        let rows = try Row.fetchCursor(statement, arguments: [transfer])
        let columns = ColumnReader(statement)
        while try rows.next() != nil {
            guard try PackedLinks.unpack(columns.bytes(2), { try look(at: $0, of: columns) }) else {
                throw TidelockError(
                    .damagedStore, "The references of the staged item \(columns.text(1).printable) cannot be read.",
                    hint: "Reset the lock with 'tidelock lock reset', which frees it, and run again.")
            }
        }
    }

    private mutating func look(at link: PackedLinks.Link, of row: ColumnReader) throws {
        let target = try target(named: link.kind)
        guard target.isReached else {
            unreached += 1
            return
        }
        if let kid = target.kid, try isLive(link, kid: kid) { return }
        dangling.count += 1
        guard dangling.links.count < Limits.listedConflicts else { return }
        dangling.links.append(
            DanglingLink(
                kind: try Numbers.kind(db, numbered: row.integer(0)).name, id: row.text(1), missingKind: target.name,
                missingID: String(decoding: link.id, as: UTF8.self)))
    }

    private func isLive(_ link: PackedLinks.Link, kid: Int64) throws -> Bool {
        try liveHead.finds { values in
            values.add(kid)
            values.add(Int64(link.bucket.number))
            values.add(text: link.id)
        }
    }

    private mutating func target(named bytes: UnsafeRawBufferPointer) throws -> Target {
        if let known = first.first(where: { $0.isCalled(bytes) }) { return known }
        let name = String(decoding: bytes, as: UTF8.self)
        let found =
            try targets[name]
            ?? Target(
                name: name, kid: try Numbers.knownKind(db, Kind(name)), isReached: reached?.contains(name) ?? true)
        if targets.count < Self.mostTargets { targets[name] = found }
        if first.count < Self.mostFirst { first.append(found) }
        return found
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
        throw TreeCircle(
            kind: kind.name, items: Array(circle.prefix(TreeCircle.listed)), count: circle.count
        ).refusal
    }
}
