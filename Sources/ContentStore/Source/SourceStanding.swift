public import ContentModel
internal import GRDB
public import SyncEngine
internal import SyncProtocol

extension Store {
    public func kinds() async throws -> [Kind] {
        try await read { db in
            try String.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT name FROM kind
                        WHERE EXISTS (SELECT 1 FROM head WHERE head.kid = kind.kid)
                            OR EXISTS (SELECT 1 FROM checkpoint WHERE checkpoint.kid = kind.kid)
                        """)
            ).map { try Kind($0) }.sorted()
        }
    }

    public func peer(_ instance: String) async throws -> InstanceIdentity? {
        try await read { db in
            try Row.fetchOne(
                db.cachedStatement(sql: "SELECT instance, name FROM peer WHERE instance = ?"), arguments: [instance]
            )
            .map { InstanceIdentity(id: $0[0], name: $0[1]) }
        }
    }

    public func bodies(of items: [ItemKey]) async throws -> [ItemKey: JSONDocument] {
        try await read { db in try Bodies.fetch(db, items) }
    }

    public func received(_ items: [ItemKey], from peer: String) async throws -> Set<ItemKey> {
        try await read { db in
            guard let pid = try Numbers.knownPeer(db, peer) else { return [] }
            let isTheirs = try db.cachedStatement(
                sql: """
                    SELECT EXISTS (
                        SELECT 1 FROM head
                        WHERE origin = ? AND kid = ? AND bucket = ? AND id = ? AND deleted = 0 AND edited = 0)
                    """)
            return Set(
                try items.filter { item in
                    guard let kid = try Numbers.knownKind(db, item.kind) else { return false }
                    let place = Place(kid: kid, bucket: Bucket(kind: item.kind, id: item.id), id: item.id)
                    return try Bool.fetchOne(isTheirs, arguments: StatementArguments([pid] + place.arguments)) == true
                })
        }
    }

    public func liveItems(of kind: Kind) async throws -> Int {
        try await read { db in
            try Int.fetchOne(
                db.cachedStatement(
                    sql: "SELECT count(*) FROM head JOIN kind USING (kid) WHERE kind.name = ? AND deleted = 0"),
                arguments: [kind.name]) ?? 0
        }
    }

    public func items(of kind: Kind, from peer: String) async throws -> Int {
        try await read { db in
            guard let pid = try Numbers.knownPeer(db, peer), let kid = try Numbers.knownKind(db, kind) else { return 0 }
            return try Int.fetchOne(
                db.cachedStatement(
                    sql: """
                        SELECT count(*) FROM head h
                        LEFT JOIN shadow s ON s.pid = :pid AND s.kid = h.kid AND s.bucket = h.bucket AND s.id = h.id
                            AND s.state IN (\(ShadowState.held))
                        WHERE h.kid = :kid AND h.deleted = 0 AND h.origin = :pid AND s.id IS NULL
                        """),
                arguments: ["pid": pid, "kid": kid]) ?? 0
        }
    }

    public func standing(of kinds: [Kind], toward peer: String) async throws -> [KindStanding] {
        // A write, because asking for a root recomputes dirty leaves.
        try await write { db in
            let pid = try Numbers.knownPeer(db, peer)
            return try kinds.map { try Self.standing(db, kind: $0, pid: pid) }
        }
    }

    private static func standing(_ db: Database, kind: Kind, pid: Int64?) throws -> KindStanding {
        let kid = try Numbers.kind(db, kind)
        let latest =
            try Int64.fetchOne(db.cachedStatement(sql: "SELECT max(seq) FROM head WHERE kid = ?"), arguments: [kid])
            ?? 0
        guard let pid else {
            return KindStanding(
                kind: kind, checkpoint: nil, latest: latest, filters: nil, root: .empty, held: 0, reverted: 0,
                changes: 0)
        }
        let reverted = try Int.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT count(*) FROM shadow INDEXED BY shadow_reverted
                    WHERE pid = ? AND kid = ? AND state = \(ShadowState.reverted.rawValue)
                    """),
            arguments: [pid, kid])
        let hasOpenRows = try Bool.fetchOne(
            db.cachedStatement(
                sql:
                    "SELECT EXISTS (SELECT 1 FROM shadow INDEXED BY shadow_open WHERE pid = ? AND kid = ? AND open = 1)"
            ),
            arguments: [pid, kid])
        let root = try DigestTree(role: .shadowed, pid: pid, kid: kid).root(db)
        let checkpoint = try Row.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT c.seq, f.fingerprint, f.names
                    FROM checkpoint c JOIN handler_set f USING (fid)
                    WHERE c.pid = ? AND c.kid = ? AND c.epoch = ? AND c.seq <= ?
                    """),
            arguments: [pid, kid, try Settings.epoch(db), try Settings.sequence(db)])
        var standing = KindStanding(
            kind: kind, checkpoint: checkpoint.map { $0[0] }, latest: latest,
            filters: try checkpoint.map { try HandlerSets.decode($0, from: 1) }, root: root.digest, held: root.count,
            reverted: reverted ?? 0, changes: try changes(db, kid: kid, since: checkpoint?[0] ?? 0),
            hasOpenRows: hasOpenRows ?? false)
        standing.isOwed = try OwedKinds.contains(db, pid: pid, kid: kid)
        if standing.hasOpenRows { standing.takenOver = try takenOver(db, pid: pid, kid: kid) }
        return standing
    }

    private static func takenOver(_ db: Database, pid: Int64, kid: Int64) throws -> Int {
        try Int.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT count(*) FROM shadow s INDEXED BY shadow_open
                    JOIN head h ON h.kid = s.kid AND h.bucket = s.bucket AND h.id = s.id
                    WHERE s.pid = ? AND s.kid = ? AND s.open = 1 AND h.deleted = 0
                        AND \(ShadowRow.isAsTakenOver("s"))
                    """),
            arguments: [pid, kid]) ?? 0
    }

    private static func changes(_ db: Database, kid: Int64, since sequence: Int64) throws -> Int {
        let limit = Limits.inlineItems + 1
        return try Int.fetchOne(
            db.cachedStatement(
                sql: "SELECT count(*) FROM (SELECT 1 FROM head WHERE kid = ? AND seq > ? LIMIT \(limit))"),
            arguments: [kid, sequence]) ?? 0
    }
}

/// Filter sets as the short numbers that rows hold.
enum HandlerSets {
    static func number(_ db: Database, _ filters: FilterSet) throws -> Int64 {
        let names = try JSONColumns.encode(filters.handlers)
        let find = try db.cachedStatement(sql: "SELECT fid FROM handler_set WHERE fingerprint = ? AND names = ?")
        if let known = try find.fetchInteger([filters.fingerprint.data, names]) { return known }
        try db.cachedStatement(sql: "INSERT INTO handler_set (fingerprint, names) VALUES (?, ?)").execute(arguments: [
            filters.fingerprint.data, names,
        ])
        return db.lastInsertedRowID
    }

    static func decode(_ row: Row, from column: Int) throws -> FilterSet {
        FilterSet(
            handlers: try JSONColumns.decode([String].self, row[column + 1]),
            fingerprint: Digest(bytes: row.bytes(column)!))
    }
}
