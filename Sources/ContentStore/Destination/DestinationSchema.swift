public import ContentModel
internal import GRDB
public import SyncEngine
public import SyncProtocol

extension Store {
    public func stagedDefinitions(
        transfer: String, after: ListPosition?
    ) async throws -> StagedDefinitionPage {
        try await read { db in
            let record = try TransferTable.requireOpen(db, transfer)
            var page = StagedDefinitionPage(definitions: [], sequence: try Settings.sequence(db), next: nil)
            guard let kid = try Numbers.knownKind(db, .models) else { return page }
            let cursor = try Row.fetchCursor(
                db, sql: SchemaRows.stagedSQL,
                arguments: [
                    "transfer": transfer, "kid": kid, "pid": record.pid, "spares": record.scope.hasFilter,
                    "bucket": after.map { Int64($0.bucket) } ?? -1, "id": after?.id ?? "",
                ])
            var size = 0
            while let row = try cursor.next() {
                guard let old = row.bytes(2) else { continue }
                let new = row.bytes(3)
                page.definitions.append(
                    StagedDefinition(
                        model: row[1], old: JSONDocument(trusted: old), new: new.map { JSONDocument(trusted: $0) }))
                size += old.count + (new?.count ?? 0)
                guard size < Limits.batchBytes, page.definitions.count < Limits.schemaDefinitions else {
                    page.next = ListPosition(bucket: UInt16(row[0] as Int), id: row[1])
                    break
                }
            }
            return page
        }
    }

    public func definition(of model: String, for transfer: String) async throws -> JSONDocument? {
        try await read { db in
            let record = try TransferTable.requireListable(db, transfer)
            var check = ScopeCheck(record.scope)
            try check.require(.models, model)
            return try SchemaRows.definition(db, of: model)
        }
    }

    public func affectedItems(
        transfer: String, of model: String, by changes: [SchemaChange], _ part: ModelItems
    ) async throws -> SchemaPage {
        try await read { db in
            let record = try TransferTable.requireListable(db, transfer)
            var scan = ItemScan(db: db, record: record, model: model, changes: changes)
            return try scan.page(of: part)
        }
    }
}

/// Rows that a change of a definition is about.
enum SchemaRows {
    /// Definitions that are the same as those here take the place of nothing.
    static let stagedSQL = """
        SELECT s.bucket, s.id, old.bytes, new.bytes
        FROM stage s
        \(Collision.joins)
        JOIN body old ON old.rid = h.rid
        LEFT JOIN body new ON new.rid = s.rid
        WHERE s.transfer = :transfer AND s.kid = :kid AND (s.bucket, s.id) > (:bucket, :id)
            AND h.deleted = 0 AND h.hash IS NOT coalesce(s.stored, s.hash) AND \(Collision.givesWay)
        ORDER BY s.bucket, s.id
        """

    /// Rows of items, each with its place and its body.
    struct Items: Sendable {
        /// Name of the table that holds the place.
        fileprivate let table: String
        fileprivate let sql: String

        var page: String {
            """
            \(sql) AND (\(table).bucket, \(table).id) > (:bucket, :id)
            ORDER BY \(table).bucket, \(table).id
            LIMIT \(Limits.schemaPage)
            """
        }

        var one: String { "\(sql) AND \(table).bucket = :bucket AND \(table).id = :id" }
    }

    /// Items here.
    static let present = Items(
        table: "h",
        sql: """
            SELECT h.bucket, h.id, body.bytes
            FROM head h
            JOIN body ON body.rid = h.rid
            WHERE h.kid = :kid AND h.deleted = 0
            """)

    /// Items here that stay as they are.
    static let staying = Items(
        table: "h",
        sql: """
            \(present.sql) AND NOT EXISTS (
                SELECT 1 FROM stage s
                \(Collision.joinedShadow)
                WHERE s.transfer = :transfer AND s.kid = h.kid AND s.bucket = h.bucket AND s.id = h.id
                    AND \(Collision.givesWay))
            """)

    /// Items that are staged and will be here, in the place of rows that are here or as new ones.
    static let arriving = Items(
        table: "s",
        sql: """
            SELECT s.bucket, s.id, body.bytes
            FROM stage s
            JOIN body ON body.rid = s.rid
            LEFT JOIN head h ON h.kid = s.kid AND h.bucket = s.bucket AND h.id = s.id
            \(Collision.joinedShadow)
            WHERE s.transfer = :transfer AND s.kid = :kid AND s.op = 1 AND \(Collision.givesWay)
            """)

    static func definition(_ db: Database, of model: String) throws -> JSONDocument? {
        guard let kid = try Numbers.knownKind(db, .models) else { return nil }
        let place = Place(kid: kid, bucket: Bucket(kind: .models, id: model), id: model)
        return try Head.fetch(db, place)?.rid.map { try Bodies.fetch(db, $0) }
    }
}

/// Looks at items of one model, one body in memory at a time, and counts which of some changes affect them.
private struct ItemScan {
    private let db: Database
    private let record: TransferTable.Record
    private let model: String
    private let changes: [SchemaChange]
    private var check: ScopeCheck
    private var result: SchemaPage
    private var budget = SchemaBudget()

    init(db: Database, record: TransferTable.Record, model: String, changes: [SchemaChange]) {
        self.db = db
        self.record = record
        self.model = model
        self.changes = changes
        check = ScopeCheck(record.scope)
        result = SchemaPage(counts: changes.map { SchemaCount($0) })
    }

    mutating func page(of part: ModelItems) throws -> SchemaPage {
        switch part {
        case .present(let after): try scan(SchemaRows.present, [:], behind: after)
        case .staying(let after): try scan(SchemaRows.staying, staged, behind: after)
        case .arriving(let after): try scan(SchemaRows.arriving, staged, behind: after)
        case .named(let kind, let ids): try look(at: ids, of: kind)
        }
        return result
    }

    /// What says which rows are staged, and what becomes of those that they meet.
    private var staged: [String: (any DatabaseValueConvertible)?] {
        ["transfer": record.id, "pid": record.pid, "spares": record.scope.hasFilter]
    }

    /// Whoever asks by name could otherwise find out one by one which items there are that are none of its business.
    private mutating func look(at ids: [String], of kind: Kind) throws {
        for id in ids { try check.require(kind, id) }
        guard kind.model == model || kind == .singletons else { return }
        for (position, id) in ids.enumerated() where kind.model != nil || id == model {
            try look(SchemaRows.present, [:], kind, id)
            guard budget.isSpent, position + 1 < ids.count else { continue }
            result.next = ListPosition(bucket: Bucket(kind: kind, id: id).number, id: id)
            return
        }
    }

    /// A page of the collection or tree; the first one has the singleton beside it.
    private mutating func scan(
        _ items: SchemaRows.Items, _ arguments: [String: (any DatabaseValueConvertible)?],
        behind position: ListPosition?
    ) throws {
        if position == nil { try look(items, arguments, .singletons, model) }
        guard let kind = try? Kind.content(model) else { return }  // no kind, no items
        var place = arguments
        place["bucket"] = position.map { Int64($0.bucket) } ?? -1
        place["id"] = position?.id ?? ""
        let last = try count(items.page, place, kind)
        if last.rows == Limits.schemaPage || budget.isSpent { result.next = last.position }
    }

    private mutating func look(
        _ items: SchemaRows.Items, _ arguments: [String: (any DatabaseValueConvertible)?], _ kind: Kind, _ id: String
    ) throws {
        var place = arguments
        place["bucket"] = Int64(Bucket(kind: kind, id: id).number)
        place["id"] = id
        _ = try count(items.one, place, kind)
    }

    /// Answers how many rows there were, and where the last one is.
    private mutating func count(
        _ sql: String, _ arguments: [String: (any DatabaseValueConvertible)?], _ kind: Kind
    ) throws -> (rows: Int, position: ListPosition?) {
        guard let kid = try Numbers.knownKind(db, kind) else { return (0, nil) }
        var arguments = arguments
        arguments["kid"] = kid
        let cursor = try Row.fetchCursor(
            try db.cachedStatement(sql: sql), arguments: StatementArguments(arguments))
        var rows = 0
        var position: ListPosition?
        while let row = try cursor.next() {
            rows += 1
            let id: String = row[1]
            position = ListPosition(bucket: UInt16(row[0] as Int), id: id)
            guard let bytes = row.bytes(2) else { continue }
            try note(JSONDocument(trusted: bytes), kind, id)
            budget.spend(bytes.count, comparing: changes.count)
            if budget.isSpent { break }
        }
        return (rows, position)
    }

    private mutating func note(_ item: JSONDocument, _ kind: Kind, _ id: String) throws {
        for affected in changes.affecting(item) {
            result.counts[affected].items += 1
            guard result.counts[affected].examples.count < Limits.schemaCandidates, try check.includes(kind, id) else {
                continue
            }
            result.counts[affected].examples.append(ItemReference(kind: kind.name, id: id))
        }
    }
}
