public import ContentModel
internal import GRDB
public import SyncEngine

extension Store {
    public func isTree(_ kind: Kind) async throws -> Bool {
        guard kind.mayBeTree else { return false }
        return try await read { db in try Trees.isTree(db, kind) }
    }

    public func treeOrder(_ query: CandidateQuery) async throws -> any TreeOrder {
        let levels = try await read(at: query.catchUp?.moment) { db in
            try TreeLevels(of: query.kind) { add in
                guard let kid = try Numbers.knownKind(db, query.kind) else { return }
                let statement = try db.cachedStatement(sql: Trees.rowsSQL(query))
                let rows = try Row.fetchCursor(statement, arguments: Trees.arguments(query, kid: kid))
                let row = ColumnReader(statement)
                while try rows.next() != nil {
                    try add(row.bucket(0), row.text(1), row.isNull(2) ? nil : row.text(2))
                }
            }
        }
        return levels
    }

    /// Looks only at rows that the order has, as many as make a page.
    func candidates(_ query: CandidateQuery, in order: any TreeOrder) async throws -> CandidatePage {
        guard let levels = order as? TreeLevels else {
            preconditionFailure("an order comes from the store whose rows it has")
        }
        let places = try await levels.places(after: query.after, limit: query.limit)
        guard let last = places.last else { return CandidatePage(rows: [], next: nil) }
        var page = try await read(at: query.catchUp?.moment) { db in try Self.page(db, query, at: places) }
        let ranks = Dictionary(
            places.enumerated().map { (ItemID($0.element.id), $0.offset) }, uniquingKeysWith: { first, _ in first })
        let ranked = page.rows.map { row in (rank: ranks[ItemID(row.id)] ?? places.count - 1, row: row) }
        page.rows = ranked.sorted { $0.rank < $1.rank }.map { rank, row in
            var row = row
            row.level = places[rank].level
            return row
        }
        page.next = places.count < query.limit ? nil : last.position
        return page
    }

    /// Those of some rows that are candidates, in any order.
    private static func page(
        _ db: Database, _ query: CandidateQuery, at places: [TreeLevels.Place]
    ) throws -> CandidatePage {
        guard let kid = try Numbers.knownKind(db, query.kind) else { return CandidatePage(rows: [], next: nil) }
        var arguments: StatementArguments = [
            "kid": kid, "pid": try Numbers.knownPeer(db, query.peer) ?? -1,
            "fid": try knownHandlerSet(db, query.filters) ?? -1, "places": try NamedPlaces.text(of: places),
            "limit": query.limit,
        ]
        if let since = query.since { arguments += ["since": since, "upTo": query.upTo] }
        if let catchUp = query.catchUp { arguments += ["transfer": catchUp.transfer] }
        return try page(db.cachedStatement(sql: candidateSQL(query)), arguments, limit: query.limit)
    }
}

/// What is known here of trees.
enum Trees {
    static func isTree(_ db: Database, _ kind: Kind) throws -> Bool {
        guard let model = kind.model else { return kind.mayBeTree }
        return try SchemaRows.definition(db, of: model)?.string("type") == "tree"
    }

    /// The rows among which candidates are looked for, without their bodies.
    static func rowsSQL(_ query: CandidateQuery) -> String {
        let isFed = query.since != nil
        let named = query.ids == nil || isFed ? nil : "\(NamedPlaces.sql) CROSS JOIN head h ON \(NamedPlaces.isAt("h"))"
        return """
            SELECT h.bucket, h.id, h.parent
            FROM \(named ?? "head h")
            WHERE h.kid = :kid AND \(isFed ? "h.seq > :since AND h.seq <= :upTo" : "h.deleted = 0")
            """
    }

    static func arguments(_ query: CandidateQuery, kid: Int64) throws -> StatementArguments {
        if let since = query.since { return ["kid": kid, "since": since, "upTo": query.upTo] }
        guard let ids = query.ids else { return ["kid": kid] }
        return ["kid": kid, "places": try NamedPlaces.text(of: ids, kind: query.kind)]
    }
}
