public import ContentModel
internal import GRDB
internal import SyncEngine
public import SyncProtocol

extension Store {
    public func held(
        of source: String, scope: Scope, sourceKinds: [Kind], nonce: String
    ) async throws -> DestinationState {
        let own = try await kinds()
        let selected = try scope.kinds(among: own + sourceKinds).map(\.kind)
        let identity = identity
        // A write, because asking for a root recomputes dirty leaves.
        return try await write { db in
            let pid = try Numbers.knownPeer(db, source) ?? -1
            var states: [KindState] = []
            var roots: [(kind: Kind, root: Digest)] = []
            for kind in selected {
                let kid = try Numbers.kind(db, kind)
                let root = try DigestTree(role: .held, pid: pid, kid: kid).root(db)
                roots.append((kind, root.digest))
                states.append(
                    KindState(
                        kind: kind.name, root: root.digest.masked(by: nonce), held: root.count,
                        foreign: scope.mode == .mirror ? try HeldRows.foreign(db, kid: kid, pid: pid) : 0,
                        edited: try HeldRows.edited(db, kid: kid, pid: pid),
                        reverted: try HeldRows.reverted(db, kid: kid, pid: pid)))
            }
            return DestinationState(
                source: source, destination: identity,
                root: Digest.rootOfRoots(roots).masked(by: nonce), kinds: states)
        }
    }

    public func heldPage(transfer: String, _ request: ListHeld) async throws -> HeldPage {
        let kind = try Kind(request.kind)
        return try await read { db in
            let record = try TransferTable.requireListable(db, transfer)
            var check = ScopeCheck(record.scope)
            try check.require(kind)
            let pid = record.pid
            guard let kid = try Numbers.knownKind(db, kind) else { return HeldPage(items: [], next: nil) }
            return try HeldRows.page(db, kid: kid, pid: pid, request)
        }
    }
}

/// Rows of this destination as one source sees them.
enum HeldRows {
    /// Counted only for mirrors, because it looks at every row.
    static func foreign(_ db: Database, kid: Int64, pid: Int64) throws -> Int {
        try Int.fetchOne(
            db, sql: "SELECT count(*) FROM head WHERE kid = ? AND deleted = 0 AND origin <> ?", arguments: [kid, pid])
            ?? 0
    }

    static func edited(_ db: Database, kid: Int64, pid: Int64) throws -> Int {
        try Int.fetchOne(
            db, sql: "SELECT count(*) FROM head WHERE kid = ? AND origin = ? AND edited = 1", arguments: [kid, pid])
            ?? 0
    }

    static func reverted(_ db: Database, kid: Int64, pid: Int64) throws -> Int {
        try Int.fetchOne(
            db, sql: "SELECT count(*) FROM head WHERE kid = :kid AND \(revertedSQL)",
            arguments: ["kid": kid, "pid": pid])
            ?? 0
    }

    /// A rollback took back what this very source had sent.
    private static let revertedSQL = "reverted IS NOT NULL AND reverted IN (SELECT id FROM transfer WHERE pid = :pid)"

    static func page(_ db: Database, kid: Int64, pid: Int64, _ request: ListHeld) throws -> HeldPage {
        let limit = Limits.listPage
        let choice =
            request.onlyDrift ? "origin = :pid AND edited = 1" : "(deleted = 0 OR origin = :pid OR \(revertedSQL))"
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT id, bucket, CASE WHEN origin = :pid THEN base END, edited = 1, coalesce(\(revertedSQL), 0)
                FROM head
                WHERE kid = :kid AND \(choice) AND (bucket, id) > (:bucket, :id)
                ORDER BY bucket, id
                LIMIT :limit
                """,
            arguments: [
                "pid": pid, "kid": kid, "bucket": request.after.map { Int64($0.bucket) } ?? -1,
                "id": request.after?.id ?? "", "limit": limit,
            ])
        let items = rows.map { HeldItem(id: $0[0], base: $0.bytes(2)?.hex, isEdited: $0[3], isReverted: $0[4]) }
        guard rows.count == limit, let last = rows.last else { return HeldPage(items: items, next: nil) }
        return HeldPage(items: items, next: ListPosition(bucket: UInt16(last[1] as Int), id: last[0]))
    }
}
