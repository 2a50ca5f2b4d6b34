public import ContentModel
internal import GRDB
internal import SyncEngine

/// Rows of a destination that it sent to its source earlier, seen from either side.
///
/// The source does not send back what came from there and was not edited, so at the destination such rows count as
/// somebody else's for ever. That a mirror leaves them alone is proved by what the two know of the stream that runs the
/// other way: which rows those are, at either end.
extension Store {
    public func received(of kinds: [Kind], from peer: String) async throws -> [Kind: Digest] {
        // A write, because asking for a root recomputes dirty leaves.
        try await write { db in
            guard let pid = try Numbers.knownPeer(db, peer) else { return [:] }
            var roots: [Kind: Digest] = [:]
            for kind in kinds {
                guard let kid = try Numbers.knownKind(db, kind), try !ExchangedRows.areEdited(db, kid: kid, pid: pid)
                else { continue }
                let root = try DigestTree(role: .held, pid: pid, kid: kid).root(db)
                if root.count > 0 { roots[kind] = root.digest }
            }
            return roots
        }
    }

    public func sent(of kinds: [Kind], in scope: Scope, to source: String) async throws -> [Kind: Digest] {
        let selected = try scope.kinds(among: kinds)
        return try await write { db in
            guard let pid = try Numbers.knownPeer(db, source) else { return [:] }
            var roots: [Kind: Digest] = [:]
            for part in selected {
                guard let kid = try Numbers.knownKind(db, part.kind),
                    try HeldRows.areForeignSent(db, in: part, scope.policy, kid: kid, pid: pid)
                else { continue }
                roots[part.kind] = try DigestTree(role: .shadowed, pid: pid, kid: kid).root(db).digest
            }
            return roots
        }
    }
}

enum ExchangedRows {
    /// The peer holds an output of ours at the place of `row`.
    static func isHeld(_ row: String) -> String {
        "EXISTS (SELECT 1 \(fromHeld(row)))"
    }

    /// What the peer holds of ours at the place of `row`.
    static func sent(_ row: String) -> String {
        "(SELECT s.out_hash \(fromHeld(row)))"
    }

    /// The same, where we remember to have sent it. What is known from the peer's own list alone may be lost here: who
    /// was restored finds in that list, when it pushes, what it does not have any more.
    static func remembered(_ row: String) -> String {
        "(SELECT s.out_hash \(fromHeld(row)) AND s.src_hash IS NOT NULL)"
    }

    private static func fromHeld(_ row: String) -> String {
        """
        FROM shadow s
        WHERE s.pid = :pid AND s.kid = \(row).kid AND s.bucket = \(row).bucket AND s.id = \(row).id
            AND s.state IN (\(ShadowState.held))
        """
    }

    /// The peer holds just the item of `row` as an output of ours: a commit of what it made of that finds no edit.
    static func isSent(_ row: String) -> String { "coalesce(\(sent(row)) = \(row).hash, 0)" }

    /// A row of the peer that was edited or deleted here. One of which the peer holds an output of ours is not the peer's
    /// own any more: the digests of what it holds of us prove that.
    static let editedSQL = """
        SELECT EXISTS (
            SELECT 1 FROM head h INDEXED BY head_drift
            WHERE h.kid = :kid AND h.origin = :pid AND h.edited <> 0 AND NOT \(isHeld("h")))
        """

    fileprivate static func areEdited(_ db: Database, kid: Int64, pid: Int64) throws -> Bool {
        try Bool.fetchOne(db.cachedStatement(sql: editedSQL), arguments: ["kid": kid, "pid": pid]) ?? true
    }
}
