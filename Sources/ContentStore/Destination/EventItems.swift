public import ContentModel
internal import GRDB
public import SyncEngine
internal import SyncProtocol

/// Some of the items that an event is about.
public struct EventPage: Sendable {
    public struct Item: Sendable {
        /// The same whenever the page is read again.
        public var position: Int
        public var kind: Kind
        public var body: JSONDocument
    }

    /// The same whenever the items are read again.
    public var number: Int
    /// May be empty: deletes show no items.
    public var items: [Item]
    fileprivate var last: EventPlace
}

/// Where the next page begins.
private enum EventPlace: Sendable {
    case batch(Int)
    case row(kid: Int64, bucket: Int64, id: String)
    case level(ReceivedTree, CandidatePosition)
}

extension Store {
    /// The items that a run moved, page by page: those that a push sent, or a pull brought here. Nil behind the last.
    public func items(of event: QueuedEvent, after page: EventPage? = nil) async throws -> EventPage? {
        event.direction == .push
            ? try await sentItems(run: event.run, after: page) : try await receivedItems(run: event.run, after: page)
    }

    /// A page is one batch.
    private func sentItems(run: String, after page: EventPage?) async throws -> EventPage? {
        var last = 0
        if case .batch(let number)? = page?.last { last = number }
        let found = try await read { [last] db in
            try Row.fetchOne(
                db.cachedStatement(
                    sql: """
                        SELECT number, payload FROM plan_batch
                        WHERE transfer = ? AND number > ?
                        ORDER BY number
                        LIMIT 1
                        """),
                arguments: [run, last]
            ).map { (number: $0[0] as Int, payload: $0.bytes(1)!) }  // never null
        }
        guard let found else { return nil }
        let superseded = try await superseded(run: run, after: found.number)
        var decoder = try BatchDecoder(payload: found.payload)
        var items: [EventPage.Item] = []
        var position = 0
        while let entry = try decoder.next() {
            position += 1
            guard case .put(let body, _) = entry.operation, !superseded.contains(ItemKey(entry.kind, entry.id))
            else { continue }
            items.append(EventPage.Item(position: position, kind: entry.kind, body: body))
        }
        return EventPage(number: found.number, items: items, last: .batch(found.number))
    }

    /// Items of which a later batch says something else: those that changed while the run was planned.
    private func superseded(run: String, after number: Int) async throws -> Set<ItemKey> {
        try await read { db in
            let batches = try Row.fetchCursor(
                db, sql: "SELECT payload FROM plan_batch WHERE transfer = ? AND number > ? AND supersedes = 1",
                arguments: [run, number])
            var items: Set<ItemKey> = []
            while let row = try batches.next() {
                var decoder = try BatchDecoder(payload: row.bytes(0)!)  // never null
                while let entry = try decoder.next() { items.insert(ItemKey(entry.kind, entry.id)) }
            }
            return items
        }
    }

    /// Rows in the order of their key, and those of a tree in its order; the bodies of some may have been freed by now.
    private func receivedItems(run: String, after page: EventPage?) async throws -> EventPage? {
        let number = (page?.number ?? 0) + 1
        var begin: (kid: Int64, bucket: Int64, id: String) = (-1, 0, "")
        switch page?.last {
        case .row(let kid, let bucket, let id)?: begin = (kid, bucket, id)
        case .level(let tree, let position)?:
            if let next = try await receivedItems(of: tree, number: number, after: position) { return next }
            begin = (tree.kid + 1, -1, "")
        case .batch?, nil: break
        }
        let found = try await read { [begin] db in
            try Self.receivedRows(
                db, run: run, number: number, arguments: [run, begin.kid, begin.bucket, begin.id, Self.pageRows])
        }
        switch found {
        case .page(let page): return page
        case .tree(let kid, let kind):
            let tree = try await receivedTree(run: run, kid: kid, kind: kind)
            return try await receivedItems(of: tree, number: number, after: nil)
        }
    }

    private enum ReceivedRows: Sendable {
        case page(EventPage?)
        /// The next row is one of this tree.
        case tree(kid: Int64, Kind)
    }

    /// A page ends where a tree begins.
    private static func receivedRows(
        _ db: Database, run: String, number: Int, arguments: StatementArguments
    ) throws -> ReceivedRows {
        let rows = try Row.fetchAll(db, sql: receivedSQL, arguments: arguments)
        var items: [EventPage.Item] = []
        var last: EventPlace?
        var (kind, isTree): (Kind?, Bool) = (nil, false)
        for (position, row) in rows.enumerated() {
            let own = try Kind(row[3] as String)
            if own != kind { (kind, isTree) = (own, try Trees.isTree(db, own)) }
            if isTree, last == nil { return .tree(kid: row[0], own) }
            if isTree { break }
            last = .row(kid: row[0], bucket: row[1], id: row[2])
            guard let bytes = row.bytes(4) else { continue }
            items.append(EventPage.Item(position: position + 1, kind: own, body: JSONDocument(trusted: bytes)))
        }
        return .page(last.map { EventPage(number: number, items: items, last: $0) })
    }

    fileprivate static let pageRows = 500

    static let receivedSQL = """
        SELECT u.kid, u.bucket, u.id, kind.name, body.bytes
        FROM undo u JOIN kind USING (kid) LEFT JOIN body ON body.rid = u.new_rid
        WHERE u.run = ? AND (u.kid, u.bucket, u.id) > (?, ?, ?)
            AND u.verdict IN (\(Verdict.list(Verdict.applied)))
        ORDER BY u.kid, u.bucket, u.id
        LIMIT ?
        """
}

// MARK: Trees

/// The items of one tree that a run brought here, parents before children.
private struct ReceivedTree: Sendable {
    var run: String
    var kid: Int64
    var kind: Kind
    var levels: TreeLevels
}

extension Store {
    /// In the order of the items as the run brought them, whatever they are by now: what is read again is the same.
    private func receivedTree(run: String, kid: Int64, kind: Kind) async throws -> ReceivedTree {
        let levels = try await read { db in
            try TreeLevels(of: kind) { add in
                let statement = try db.cachedStatement(sql: Self.receivedTreeSQL)
                let rows = try Row.fetchCursor(statement, arguments: [run, kid])
                let row = ColumnReader(statement)
                while try rows.next() != nil {
                    let parent = row.document(2)?.withMembers { $0.parent(of: kind) }
                    try add(row.bucket(0), row.text(1), parent)
                }
            }
        }
        return ReceivedTree(run: run, kid: kid, kind: kind, levels: levels)
    }

    private func receivedItems(
        of tree: ReceivedTree, number: Int, after position: CandidatePosition?
    ) async throws -> EventPage? {
        let places = try await tree.levels.places(after: position, limit: Self.pageRows)
        guard let last = places.last else { return nil }
        let bodies = try await read { db in
            try Row.fetchAll(
                db.cachedStatement(sql: Self.receivedPlacesSQL),
                arguments: ["places": try NamedPlaces.text(of: places), "run": tree.run, "kid": tree.kid]
            ).map { (offset: $0[0] as Int, body: JSONDocument(trusted: $0.bytes(1)!)) }  // not null where it joins
        }
        let items = bodies.sorted { $0.offset < $1.offset }.map { offset, body in
            EventPage.Item(position: offset + 1, kind: tree.kind, body: body)
        }
        return EventPage(number: number, items: items, last: .level(tree, last.position))
    }

    private static let receivedTreeSQL = """
        SELECT u.bucket, u.id, body.bytes
        FROM undo u LEFT JOIN body ON body.rid = u.new_rid
        WHERE u.run = ? AND u.kid = ? AND u.verdict IN (\(Verdict.list(Verdict.applied)))
        """

    private static let receivedPlacesSQL = """
        SELECT named.key, body.bytes
        FROM \(NamedPlaces.sql) CROSS JOIN undo u ON \(NamedPlaces.isAt("u"))
        JOIN body ON body.rid = u.new_rid
        WHERE u.run = :run AND u.kid = :kid AND u.verdict IN (\(Verdict.list(Verdict.applied)))
        """
}
