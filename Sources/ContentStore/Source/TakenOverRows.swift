public import ContentModel
internal import GRDB
internal import SyncEngine

extension Store {
    public func takenOverRows(in kinds: [KindScope], toward peer: String) async throws -> Int {
        try await read { db in
            guard let pid = try Numbers.knownPeer(db, peer) else { return 0 }
            return try kinds.reduce(0) { try $0 + TakenOverRows.count(db, in: $1, pid: pid) }
        }
    }
}

/// Rows of a peer that were sent from here and that another source has taken over, whenever that was found out.
enum TakenOverRows {
    /// So many are looked up one by one, so that those whose item is gone here do not count. Where there are more, all of
    /// them count: a run that has nothing to do must not take long to say so.
    private static let mostLookedUp = 10_000

    static func count(_ db: Database, in part: KindScope, pid: Int64) throws -> Int {
        guard let kid = try Numbers.knownKind(db, part.kind) else { return 0 }
        var arguments: StatementArguments = ["pid": pid, "kid": kid]
        if let ids = part.ids {
            arguments += ["places": try NamedPlaces.text(of: ids, kind: part.kind)]
            return try Int.fetchOne(db.cachedStatement(sql: namedSQL), arguments: arguments) ?? 0
        }
        let all = try Int.fetchOne(db.cachedStatement(sql: allSQL), arguments: arguments) ?? 0
        guard all > 0, all <= mostLookedUp else { return all }
        return try Int.fetchOne(db.cachedStatement(sql: presentSQL), arguments: arguments) ?? 0
    }

    private static let rows = "shadow s INDEXED BY shadow_taken_over"
    private static let isOne = "s.pid = :pid AND s.kid = :kid AND s.state = \(ShadowState.takenOver.rawValue)"
    private static let item = "CROSS JOIN head h ON h.kid = s.kid AND h.bucket = s.bucket AND h.id = s.id"

    static let allSQL = "SELECT count(*) FROM \(rows) WHERE \(isOne)"
    static let presentSQL = "SELECT count(*) FROM \(rows) \(item) WHERE \(isOne) AND h.deleted = 0"
    private static let namedSQL = """
        SELECT count(*) FROM \(NamedPlaces.sql) CROSS JOIN shadow s ON \(NamedPlaces.isAt("s")) \(item)
        WHERE \(isOne) AND h.deleted = 0
        """
}
