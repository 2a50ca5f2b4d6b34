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

    /// Rows in the order of their key; the bodies of some may have been freed by now.
    private func receivedItems(run: String, after page: EventPage?) async throws -> EventPage? {
        var begin: (kid: Int64, bucket: Int64, id: String) = (-1, 0, "")
        if case .row(let kid, let bucket, let id)? = page?.last { begin = (kid, bucket, id) }
        let number = (page?.number ?? 0) + 1
        return try await read { [begin] db in
            let rows = try Row.fetchAll(
                db, sql: Self.receivedSQL, arguments: [run, begin.kid, begin.bucket, begin.id, Self.pageRows])
            guard let last = rows.last else { return nil }
            var items: [EventPage.Item] = []
            for (position, row) in rows.enumerated() {
                guard let bytes = row.bytes(4) else { continue }
                items.append(
                    EventPage.Item(
                        position: position + 1, kind: try Kind(row[3] as String), body: JSONDocument(trusted: bytes)))
            }
            return EventPage(number: number, items: items, last: .row(kid: last[0], bucket: last[1], id: last[2]))
        }
    }

    private static let pageRows = 500

    static let receivedSQL = """
        SELECT u.kid, u.bucket, u.id, kind.name, body.bytes
        FROM undo u JOIN kind USING (kid) LEFT JOIN body ON body.rid = u.new_rid
        WHERE u.run = ? AND (u.kid, u.bucket, u.id) > (?, ?, ?)
            AND u.verdict IN (\(Verdict.list(Verdict.applied)))
        ORDER BY u.kid, u.bucket, u.id
        LIMIT ?
        """
}
