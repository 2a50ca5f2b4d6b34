public import ContentModel
internal import GRDB
public import SyncEngine

extension Store: DocumentCollections {
    public func save(_ document: JSONDocument, in collection: String) async throws -> JSONDocument {
        guard document.isObject else {
            throw TidelockError(.invalidJSON, "Only an object can be saved in a collection.")
        }
        let id = document.string("_id") ?? random.bytes(12).hex
        let stored = document.string("_id") == nil ? document.setting("_id", to: JSONDocument(string: id)) : document
        try await write { db in try Documents.save(db, stored, id: id, in: collection) }
        return stored
    }

    public func find(in collection: String, _ query: DocumentQuery) async throws -> [JSONDocument] {
        let wanted = query.limit.map { $0 > Int.max - query.skip ? Int.max : query.skip + $0 } ?? Int.max
        guard wanted > 0 else { return [] }
        let found = try await read { db in
            query.sort.isEmpty
                ? try Documents.first(wanted, db, in: collection, matching: query.filter)
                : try Documents.least(wanted, db, in: collection, query)
        }
        return Array(found.dropFirst(query.skip).prefix(query.limit ?? Int.max))
    }

    public func remove(from collection: String, matching filter: ContentFilter) async throws -> Int {
        try await write { db in
            var doomed: [String] = []
            try Documents.forEach(db, in: collection) { id, document in
                if filter.matches(document) { doomed.append(id) }
                return true
            }
            for id in doomed {
                try db.cachedStatement(sql: "DELETE FROM document WHERE collection = ? AND id = ?").execute(arguments: [
                    collection, id,
                ])
            }
            return doomed.count
        }
    }

    public func count(in collection: String, matching filter: ContentFilter?) async throws -> Int {
        try await read { db in
            guard let filter else {
                return try Int.fetchOne(
                    db.cachedStatement(sql: "SELECT count(*) FROM document WHERE collection = ?"),
                    arguments: [collection]) ?? 0
            }
            var count = 0
            try Documents.forEach(db, in: collection) { _, document in
                if filter.matches(document) { count += 1 }
                return true
            }
            return count
        }
    }
}

/// Documents of collections inside a transaction.
enum Documents {
    static func save(_ db: Database, _ document: JSONDocument, id: String, in collection: String) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO document (collection, id, ordinal, bytes)
                VALUES (?1, ?2, (SELECT coalesce(max(ordinal), 0) + 1 FROM document WHERE collection = ?1), ?3)
                ON CONFLICT (collection, id) DO UPDATE SET bytes = excluded.bytes
                """
        ).execute(arguments: [collection, id, document.data])
    }

    /// In the order in which they were first saved, until `visit` answers false.
    static func forEach(
        _ db: Database, in collection: String, _ visit: (_ id: String, JSONDocument) throws -> Bool
    ) throws {
        let rows = try Row.fetchCursor(
            db, sql: "SELECT id, bytes FROM document WHERE collection = ? ORDER BY ordinal", arguments: [collection])
        while let row = try rows.next() {
            guard try visit(row[0], JSONDocument(trusted: row.bytes(1)!)) else { return }  // never null
        }
    }

    static func first(
        _ count: Int, _ db: Database, in collection: String, matching filter: ContentFilter?
    ) throws -> [JSONDocument] {
        var found: [JSONDocument] = []
        try forEach(db, in: collection) { _, document in
            if filter?.matches(document) ?? true { found.append(document) }
            return found.count < count
        }
        return found
    }

    /// The first ones by the order asked for. Never holds many more than these.
    static func least(
        _ count: Int, _ db: Database, in collection: String, _ query: DocumentQuery
    ) throws -> [JSONDocument] {
        let bound = count > Int.max / 4 ? Int.max : 2 * count + 64
        var found: [Ranked] = []
        func settle() {
            found.sort { $0.comes(before: $1, by: query.sort) }
            if found.count > count { found.removeSubrange(count...) }
        }
        try forEach(db, in: collection) { _, document in
            if query.filter?.matches(document) ?? true { found.append(Ranked(document, query.sort)) }
            if found.count >= bound { settle() }
            return true
        }
        settle()
        return found.map(\.document)
    }
}

/// A document with what it is sorted by, read once.
private struct Ranked {
    var document: JSONDocument
    var keys: [SortKey]

    init(_ document: JSONDocument, _ orders: [DocumentQuery.Order]) {
        self.document = document
        keys = orders.map { SortKey(document, $0.member) }
    }

    /// Members are compared like with like: numbers by value, texts bytewise, anything else as absent.
    func comes(before other: Ranked, by orders: [DocumentQuery.Order]) -> Bool {
        for (position, order) in orders.enumerated() where keys[position] != other.keys[position] {
            let isLess = keys[position] < other.keys[position]
            return order.isDescending ? !isLess : isLess
        }
        return false
    }
}

private enum SortKey: Comparable {
    case absent
    case number(Double)
    case text(String)

    init(_ document: JSONDocument, _ member: String) {
        switch document.member(member).map({ JSONValue($0) }) {
        case .integer(let value): self = .number(Double(value))
        case .number(let value): self = .number(value)
        case .string(let value): self = .text(value)
        default: self = .absent
        }
    }
}
