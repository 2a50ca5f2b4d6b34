public import ContentModel
internal import GRDB
public import SyncEngine
public import SyncProtocol

extension Store {
    public func held(
        of source: String, scope: Scope, sourceKinds: [Kind], nonce: String
    ) async throws -> DestinationState {
        let own = try await kinds()
        let selected = try scope.kinds(among: own + sourceKinds)
        let identity = identity
        // A write, because asking for a root recomputes dirty leaves.
        return try await write { db in
            let pid = try Numbers.knownPeer(db, source) ?? -1
            var states: [KindState] = []
            var roots: [(kind: Kind, root: Digest)] = []
            for part in selected {
                let kind = part.kind
                let kid = try Numbers.kind(db, kind)
                let root = try DigestTree(role: .held, pid: pid, kid: kid).root(db)
                roots.append((kind, root.digest))
                let edited = EditedRows(of: kind, in: scope)
                var state = KindState(
                    kind: kind.name, root: root.digest.masked(by: nonce), held: root.count,
                    foreign: scope.mode == .mirror
                        ? try HeldRows.foreign(db, in: part, scope.policy, kid: kid, pid: pid) : 0,
                    edited: try HeldRows.count(edited, db, kid: kid, pid: pid),
                    reverted: try HeldRows.reverted(db, kid: kid, pid: pid))
                state.decided = try HeldRows.decided(db, in: part, edited, kid: kid, pid: pid)
                states.append(state)
            }
            return DestinationState(
                source: source, destination: identity,
                root: Digest.rootOfRoots(roots).masked(by: nonce), kinds: states)
        }
    }

    public func unseenRows(of source: String, scope: Scope, kinds: [Kind]) async throws -> [Kind: UnseenRows] {
        let selected = try scope.kinds(among: kinds)
        return try await read { db in
            let pid = try Numbers.knownPeer(db, source) ?? -1
            var unseen: [Kind: UnseenRows] = [:]
            for part in selected {
                guard let kid = try Numbers.knownKind(db, part.kind) else { continue }
                unseen[part.kind] = try UnseenHeld.rows(
                    db, in: part, scope.policy, EditedRows(of: part.kind, in: scope), kid: kid, pid: pid)
            }
            return unseen
        }
    }

    public func heldPage(transfer: String, _ request: ListHeld) async throws -> HeldPage {
        let kind = try Kind(request.kind)
        if case .buckets(let buckets) = request.part, buckets.count > Limits.listedBuckets {
            throw TidelockError(.tooLarge, "A list of more than \(Limits.listedBuckets) buckets is asked for.")
        }
        switch request.part {
        case .nodes, .leaves:
            // A write, because asking for digests recomputes dirty leaves.
            return try await write { db in
                let pid = try Self.listing(db, kind, of: transfer).pid
                return try DigestDescent.page(db, kid: Numbers.kind(db, kind), pid: pid, request)
            }
        case .all, .drift, .buckets:
            return try await read { db in
                let record = try Self.listing(db, kind, of: transfer)
                guard let kid = try Numbers.knownKind(db, kind) else { return .empty }
                let edited = EditedRows(of: kind, in: record.scope)
                return try HeldRows.page(db, kid: kid, pid: record.pid, edited, record.scope.policy, request)
            }
        }
    }

    /// Whose rows are listed. Throws where the transfer is not open or does not reach the kind.
    private static func listing(_ db: Database, _ kind: Kind, of transfer: String) throws -> TransferTable.Record {
        let record = try TransferTable.requireListable(db, transfer)
        var check = ScopeCheck(record.scope)
        try check.require(kind)
        return record
    }
}

/// Rows of this destination as one source sees them.
enum HeldRows {
    /// Counted only for mirrors and for plans that are looked at, because it looks at every row; and only in scope: of
    /// others a mirror deletes none, and how many there are is nothing that the source needs to know. Nor does a mirror
    /// delete spared ones.
    static func foreign(
        _ db: Database, in part: KindScope, _ policy: ConflictPolicy, kid: Int64, pid: Int64
    ) throws -> Int {
        try Int.fetchOne(
            db.cachedStatement(sql: "SELECT count(*) \(foreignSQL(part, policy))"),
            arguments: arguments(part, kid: kid, pid: pid)) ?? 0
    }

    /// Whether the source holds, as far as is known here, each row in scope that it did not leave here.
    static func areForeignSent(
        _ db: Database, in part: KindScope, _ policy: ConflictPolicy, kid: Int64, pid: Int64
    ) throws -> Bool {
        try Bool.fetchOne(
            db.cachedStatement(sql: allSentSQL(part, policy)), arguments: arguments(part, kid: kid, pid: pid)) ?? false
    }

    static func allSentSQL(_ part: KindScope, _ policy: ConflictPolicy) -> String {
        "SELECT NOT EXISTS (SELECT 1 \(foreignSQL(part, policy)) AND NOT \(ExchangedRows.isHeld("h")))"
    }

    /// The rows that `foreign` counts.
    static func foreignSQL(_ part: KindScope, _ policy: ConflictPolicy) -> String {
        "\(othersSQL(part)) AND NOT \(SparedRows.contains("h", policy))"
    }

    /// The same, spared or not.
    static func othersSQL(_ part: KindScope) -> String {
        "FROM \(rows(of: part)) WHERE h.kid = :kid AND h.deleted = 0 AND h.origin <> :pid"
    }

    /// The rows that are in scope, called `h`, of a statement with `arguments`.
    static func rows(of part: KindScope) -> String {
        part.ids == nil ? "head h" : "\(NamedPlaces.sql) CROSS JOIN head h ON \(NamedPlaces.isAt("h"))"
    }

    static func arguments(_ part: KindScope, kid: Int64, pid: Int64) throws -> StatementArguments {
        var arguments: StatementArguments = ["kid": kid, "pid": pid]
        if let ids = part.ids { arguments += ["places": try NamedPlaces.text(of: ids, kind: part.kind)] }
        return arguments
    }

    /// Rows that the source may know of: its own, and those of others in scope.
    static func known(
        _ db: Database, in part: KindScope, _ policy: ConflictPolicy, kid: Int64, pid: Int64
    ) throws -> Int {
        let own = try Int.fetchOne(
            db.cachedStatement(sql: "SELECT count(*) FROM head WHERE kid = ? AND deleted = 0 AND origin = ?"),
            arguments: [kid, pid])
        return try (own ?? 0) + foreign(db, in: part, policy, kid: kid, pid: pid)
    }

    static func count(_ edited: EditedRows, _ db: Database, kid: Int64, pid: Int64) throws -> Int {
        try Int.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT count(*) FROM head INDEXED BY \(edited.index)
                    WHERE kid = ? AND origin = ? AND \(edited.condition)
                    """),
            arguments: [kid, pid])
            ?? 0
    }

    /// Rows of the source that differ from what it sent and are no edits of that: they were kept or merged on purpose.
    static func kept(beside edited: EditedRows, _ db: Database, kid: Int64, pid: Int64) throws -> Int {
        try differing(db, kid: kid, pid: pid) - count(edited, db, kid: kid, pid: pid)
    }

    /// Rows that differ from what the source sent, whatever for.
    private static func differing(_ db: Database, kid: Int64, pid: Int64) throws -> Int {
        try Int.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT count(*) FROM head INDEXED BY head_drift WHERE kid = ? AND origin = ? AND edited <> 0
                    """),
            arguments: [kid, pid])
            ?? 0
    }

    static func reverted(_ db: Database, kid: Int64, pid: Int64) throws -> Int {
        try Int.fetchOne(
            db.cachedStatement(
                sql: "SELECT count(*) FROM head INDEXED BY head_reverted WHERE kid = :kid AND \(revertedSQL)"),
            arguments: ["kid": kid, "pid": pid])
            ?? 0
    }

    /// A rollback took back what this very source had sent, and what came back was not changed here since.
    private static let revertedSQL = """
        (reverted IS NOT NULL AND edited <> \(Edit.madeSinceReturn)
            AND reverted IN (SELECT id FROM transfer WHERE pid = :pid))
        """

    private static let remembered = ExchangedRows.remembered("head")

    /// Where a column needs another table, it is looked up only for rows of which it can be true.
    private static func columns(_ edited: EditedRows, _ policy: ConflictPolicy, tellsSent: Bool = false) -> String {
        """
        SELECT id, bucket, CASE WHEN origin = :pid THEN base END, \(edited.condition), coalesce(\(revertedSQL), 0),
            CASE WHEN origin <> :pid THEN \(SparedRows.contains("head", policy)) ELSE 0 END,
            CASE WHEN origin = :pid AND edited = 0 AND deleted = 0 THEN seq END,
            CASE WHEN origin = :pid AND \(edited.condition) THEN \(ExchangedRows.isSent("head")) ELSE 0 END,
            deleted = 1, \(tellsSent ? remembered : "NULL")
        FROM head
        """
    }
    private static let listed = "(deleted = 0 OR origin = :pid OR \(revertedSQL))"

    static func page(
        _ db: Database, kid: Int64, pid: Int64, _ edited: EditedRows, _ policy: ConflictPolicy, _ request: ListHeld
    ) throws -> HeldPage {
        if case .buckets(let buckets) = request.part {
            return try page(db, kid: kid, pid: pid, edited, policy, buckets: buckets, after: request.after)
        }
        let limit = Limits.listPage
        let tellsSent = request.tellsSent == true
        let choice =
            request.part == .drift
            ? "origin = :pid AND \(edited.condition)" : tellsSent ? "(\(listed) OR \(remembered) IS NOT NULL)" : listed
        let rows = try Row.fetchAll(
            db,
            sql: """
                \(columns(edited, policy, tellsSent: tellsSent))
                WHERE kid = :kid AND \(choice) AND (bucket, id) > (:bucket, :id)
                ORDER BY bucket, id
                LIMIT :limit
                """,
            arguments: [
                "pid": pid, "kid": kid, "bucket": request.after.map { Int64($0.bucket) } ?? -1,
                "id": request.after?.id ?? "", "limit": limit,
            ])
        var runs = ListedRuns(db, pid: pid)
        let items = try rows.map { try item($0, &runs) }
        guard rows.count == limit, let last = rows.last else { return HeldPage(items, of: runs, next: nil) }
        return HeldPage(items, of: runs, next: ListPosition(bucket: UInt16(last[1] as Int), id: last[0]))
    }

    private static func item(_ row: Row, _ runs: inout ListedRuns) throws -> HeldItem {
        var item = HeldItem(
            id: row[0], base: row.bytes(2)?.hex, isEdited: row[3], isReverted: row[4],
            run: try runs.number(of: row[6] as Int64?))
        item.isSpared = row[5] ? true : nil
        item.isEditSent = row[7] ? true : nil
        item.isGone = row[8] ? true : nil
        item.sent = row.hash(9)?.hex
        return item
    }

    static func bucketSQL(_ edited: EditedRows, _ policy: ConflictPolicy) -> String {
        """
        \(columns(edited, policy))
        WHERE kid = :kid AND bucket = :bucket AND id > :id AND \(listed)
        ORDER BY id
        LIMIT :limit
        """
    }

    private static func page(
        _ db: Database, kid: Int64, pid: Int64, _ edited: EditedRows, _ policy: ConflictPolicy, buckets: [UInt16],
        after: ListPosition?
    ) throws -> HeldPage {
        var items: [HeldItem] = []
        var runs = ListedRuns(db, pid: pid)
        let statement = try db.cachedStatement(sql: bucketSQL(edited, policy))
        for bucket in Set(buckets).sorted() where bucket >= after?.bucket ?? 0 {
            let start = after.flatMap { $0.bucket == bucket ? $0.id : nil } ?? ""
            let room = Limits.listPage - items.count
            let rows = try Row.fetchAll(
                statement,
                arguments: ["pid": pid, "kid": kid, "bucket": Int64(bucket), "id": start, "limit": room])
            items += try rows.map { try item($0, &runs) }
            if rows.count == room, let last = items.last {
                return HeldPage(items, of: runs, next: ListPosition(bucket: bucket, id: last.id))
            }
        }
        return HeldPage(items, of: runs, next: nil)
    }
}

extension HeldPage {
    /// Of a kind of which there is nothing here.
    fileprivate static var empty: HeldPage {
        var page = HeldPage(items: [], next: nil)
        page.isWhole = true
        return page
    }

    fileprivate init(_ items: [HeldItem], of runs: ListedRuns, next: ListPosition?) {
        self.init(items: items, next: next)
        if !runs.names.isEmpty { self.runs = runs.names }
        isWhole = true
    }
}
