public import ContentModel
internal import GRDB
internal import SyncEngine
public import SyncProtocol

extension Store {
    /// Of several plans of one stream at a time, only the one that is carried out must be right at its end. A run that
    /// begins supersedes plans that are only looked at, so no page of theirs is older than what a later run found. A
    /// run that was there before keeps its plan; but its acknowledgement must not hide what was found out here.
    public func reconcile(
        transfer: String, _ page: HeldPage, request: ListHeld, kind: Kind, peer: String
    ) async throws {
        try await write { db in
            let isPlanOnly = try PlanTables.requirePlanning(db, transfer: transfer)
            guard let pid = try Numbers.knownPeer(db, peer) else {
                throw TidelockError(.internalFailure, "A list of an unknown peer was supplied.")
            }
            let reconciler = try ShadowReconciler(db: db, pid: pid, kid: Numbers.kind(db, kind), kind: kind)
            try reconciler.forgetCheckpoint()
            if isPlanOnly { try PlanTables.markCompared(db, pid: pid, by: transfer) }
            if request.onlyDrift {
                try reconciler.drifted(page.items)
            } else {
                try reconciler.replace(page, after: request.after)
            }
        }
    }
}

/// Makes the shadow of one kind say what the destination's own list says.
private struct ShadowReconciler {
    let db: Database
    let pid: Int64
    let kid: Int64
    let kind: Kind

    /// What the list tells is acted upon by a look at everything. Until a run has done that to the end, the feed alone
    /// must not seem to be enough, although the roots are equal from now on.
    func forgetCheckpoint() throws {
        try db.cachedStatement(sql: "UPDATE checkpoint SET seq = 0 WHERE pid = ? AND kid = ?").execute(arguments: [
            pid, kid,
        ])
    }

    private var tree: DigestTree { DigestTree(role: .shadowed, pid: pid, kid: kid) }

    /// Rows edited at the destination since: what we sent must be sent again.
    func drifted(_ items: [HeldItem]) throws {
        for item in items { try reconcile(item, bucket: Bucket(kind: kind, id: item.id)) }
    }

    /// One page of the whole list. Rows of the shadow between the page's ends that the list does not have are gone.
    func replace(_ page: HeldPage, after: ListPosition?) throws {
        try forgetAbsent(from: page, after: after)
        for item in page.items { try reconcile(item, bucket: Bucket(kind: kind, id: item.id)) }
    }

    private func forgetAbsent(from page: HeldPage, after: ListPosition?) throws {
        // By their bytes: two texts that Swift calls equal are two ids.
        let listed = Set(page.items.map { Array($0.id.utf8) })
        let upper = page.next
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT bucket, id, state FROM shadow
                WHERE pid = ? AND kid = ? AND (bucket, id) > (?, ?) AND (bucket, id) <= (?, ?)
                """,
            arguments: [
                pid, kid, after.map { Int64($0.bucket) } ?? -1, after?.id ?? "",
                upper.map { Int64($0.bucket) } ?? 65_536, upper?.id ?? "",
            ])
        for row in rows where !listed.contains(Array((row[1] as String).utf8)) {
            let state = ShadowState(rawValue: row[2]) ?? .none
            guard state != .dropped, state != .skipped else { continue }
            try forget(bucket: Bucket(number: UInt16(row[0] as Int)), id: row[1])
        }
    }

    private func reconcile(_ item: HeldItem, bucket: Bucket) throws {
        let old = try shadow(bucket: bucket, id: item.id)
        if item.isReverted {
            try set(item.id, bucket, state: .reverted, output: nil)
        } else if let base = item.base.flatMap({ ContentHash(hex: $0) }) {
            let isCurrent = old?.state == .acked && old?.output == base && !item.isEdited
            if !isCurrent {
                try hold(item, bucket, base: base, isKnown: old?.state.isHeld == true && old?.output == base)
            }
        } else if old?.state.isHeld == true || old?.state == .takenOver || old?.state == .reverted,
            try isHere(item.id, bucket)
        {
            try set(item.id, bucket, state: .takenOver, output: nil)
        } else {
            try set(item.id, bucket, state: .foreign, output: nil)
        }
    }

    /// The destination holds an output of ours. Which item it was made of is forgotten only when we did not know it.
    private func hold(_ item: HeldItem, _ bucket: Bucket, base: ContentHash, isKnown: Bool) throws {
        try set(item.id, bucket, state: item.isEdited ? .resend : .acked, output: base)
        try db.cachedStatement(
            sql: """
                UPDATE shadow SET fid = NULL, src_hash = CASE WHEN ? THEN src_hash END
                WHERE pid = ? AND kid = ? AND bucket = ? AND id = ?
                """
        ).execute(arguments: [isKnown, pid, kid, Int64(bucket.number), item.id])
    }

    private func isHere(_ id: String, _ bucket: Bucket) throws -> Bool {
        try Head.fetch(db, Place(kid: kid, bucket: bucket, id: id))?.isLive ?? false
    }

    private func shadow(bucket: Bucket, id: String) throws -> (state: ShadowState, output: ContentHash?)? {
        let statement = try db.cachedStatement(
            sql: "SELECT state, out_hash FROM shadow WHERE pid = ? AND kid = ? AND bucket = ? AND id = ?")
        return try Row.fetchOne(statement, arguments: [pid, kid, Int64(bucket.number), id]).map { row in
            (ShadowState(rawValue: row[0]) ?? .none, row.hash(1))
        }
    }

    private func set(_ id: String, _ bucket: Bucket, state: ShadowState, output: ContentHash?) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO shadow (pid, kid, bucket, id, src_hash, out_hash, fid, state)
                VALUES (?1, ?2, ?3, ?4, NULL, ?5, NULL, ?6)
                ON CONFLICT (pid, kid, bucket, id) DO UPDATE SET
                    out_hash = coalesce(excluded.out_hash, out_hash), state = excluded.state
                """
        ).execute(arguments: [pid, kid, Int64(bucket.number), id, output?.data, state.rawValue])
        try tree.markDirty(db, bucket: bucket)
    }

    /// The destination has no such row: we start anew with it, and still know what we sent.
    private func forget(bucket: Bucket, id: String) throws {
        try db.cachedStatement(
            sql: "UPDATE shadow SET state = 0, fid = NULL WHERE pid = ? AND kid = ? AND bucket = ? AND id = ?"
        ).execute(arguments: [pid, kid, Int64(bucket.number), id])
        try tree.markDirty(db, bucket: bucket)
    }
}
