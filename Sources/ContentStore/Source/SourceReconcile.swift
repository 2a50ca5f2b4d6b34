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
            let scope = try PlanTables.scope(db, transfer: transfer)
            let reconciler = try ShadowReconciler(
                db: db, pid: pid, kid: Numbers.kind(db, kind), kind: kind,
                selected: scope?.kinds(among: [kind]).first { $0.kind == kind },
                finished: PlanTables.finished(db, among: page, pid: pid))
            if isPlanOnly { try PlanTables.markCompared(db, pid: pid, by: transfer) }
            switch request.part {
            case .drift: try reconciler.drifted(page.items)
            case .all:
                try reconciler.replace(page, after: request.after)
                guard request.tellsSent == true, page.isWhole == true else { return }
                try ForgottenRows(db: db, pid: pid, kid: reconciler.kid, kind: kind)
                    .mark(beside: page, after: request.after, among: reconciler.selected)
                guard page.next == nil, !isPlanOnly else { return }
                try OwedKinds.noteCompared(db, pid: pid, kid: reconciler.kid, by: transfer)
            case .buckets(let buckets): try reconciler.replace(page, of: Set(buckets), after: request.after)
            case .nodes, .leaves: throw TidelockError(.internalFailure, "Digests were taken for a list of rows.")
            }
        }
    }
}

/// Makes the shadow of one kind say what the destination's own list says.
///
/// Rows that it changes are open from then on: the next run looks at them although the feed does not have them, and
/// until one has done that to the end the source is not quiet, although the roots are equal by then.
private struct ShadowReconciler {
    let db: Database
    let pid: Int64
    let kid: Int64
    let kind: Kind
    /// What of the kind the plan is about.
    let selected: KindScope?
    /// Runs of ours of which we know that they ended well.
    let finished: Set<String>

    private var tree: DigestTree { DigestTree(role: .shadowed, pid: pid, kid: kid) }

    /// Rows edited at the destination since: what we sent must be sent again.
    func drifted(_ items: [HeldItem]) throws {
        for item in items { try reconcile(item, nil, bucket: Bucket(kind: kind, id: item.id)) }
    }

    /// One page of the whole list. Rows of the shadow between the page's ends that the list does not have are gone.
    func replace(_ page: HeldPage, after: ListPosition?) throws {
        try forgetAbsent(from: page, among: rows(after: after, upTo: page.next))
        for item in page.items { try reconcile(item, page.run(of: item), bucket: Bucket(kind: kind, id: item.id)) }
    }

    /// One page of the rows of some buckets, which says nothing about others.
    func replace(_ page: HeldPage, of buckets: Set<UInt16>, after: ListPosition?) throws {
        let upper = page.next
        var shadowed: [Row] = []
        for bucket in buckets where bucket >= after?.bucket ?? 0 && bucket <= upper?.bucket ?? .max {
            let first = after.flatMap { $0.bucket == bucket ? $0 : nil } ?? ListPosition(bucket: bucket, id: "")
            let last = upper.flatMap { $0.bucket == bucket ? $0 : nil }
            shadowed += try rows(of: bucket, after: first.id, upTo: last?.id)
        }
        try forgetAbsent(from: page, among: shadowed)
        for item in page.items {
            let bucket = Bucket(kind: kind, id: item.id)
            if buckets.contains(bucket.number) { try reconcile(item, page.run(of: item), bucket: bucket) }
        }
    }

    /// Of an item that is at neither side there is nothing to find out; those that were deleted are kept for good, and
    /// may be many more than there are items.
    private static let isOfInterest = """
        (state <> \(ShadowState.none.rawValue) OR EXISTS (
            SELECT 1 FROM head h
            WHERE h.kid = shadow.kid AND h.bucket = shadow.bucket AND h.id = shadow.id AND h.deleted = 0))
        """

    private func rows(of bucket: UInt16, after: String, upTo: String?) throws -> [Row] {
        try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT bucket, id, state FROM shadow
                    WHERE pid = ? AND kid = ? AND bucket = ? AND id > ? AND (?5 IS NULL OR id <= ?5)
                        AND \(Self.isOfInterest)
                    """),
            arguments: [pid, kid, Int64(bucket), after, upTo])
    }

    private func rows(after: ListPosition?, upTo upper: ListPosition?) throws -> [Row] {
        try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT bucket, id, state FROM shadow
                    WHERE pid = ? AND kid = ? AND (bucket, id) > (?, ?) AND (bucket, id) <= (?, ?)
                        AND \(Self.isOfInterest)
                    """),
            arguments: [
                pid, kid, after.map { Int64($0.bucket) } ?? -1, after?.id ?? "",
                upper.map { Int64($0.bucket) } ?? 65_536, upper?.id ?? "",
            ])
    }

    private func forgetAbsent(from page: HeldPage, among rows: [Row]) throws {
        let listed = Set(page.items.filter(\.isThere).map { ItemID($0.id) })
        for row in rows where !listed.contains(ItemID(row[1])) {
            let state = ShadowState(rawValue: row[2]) ?? .none
            guard !state.isHeldBack else { continue }
            // Of what is somebody else's and outside of the scope a destination tells some keys nothing: its silence
            // proves nothing then, and a run whose scope has such a row in it compares digests.
            guard page.isWhole == true || selected?.includes(row[1]) != false else { continue }
            let bucket = Bucket(number: UInt16(row[0] as Int))
            try forget(bucket: bucket, id: row[1], wasThere: state.saysThatItWasThere)
        }
    }

    /// `run`: the one that left the row there as it is, where that is known.
    private func reconcile(_ item: HeldItem, _ run: String?, bucket: Bucket) throws {
        guard item.isThere else { return }
        let old = try ShadowRow.fetch(db, Place(kid: kid, bucket: bucket, id: item.id), at: pid)
        if item.isReverted {
            try set(item.id, bucket, state: .reverted, output: nil)
        } else if let base = item.base.flatMap({ ContentHash(hex: $0) }) {
            let isCurrent = old?.state == .acked && old?.output == base && !item.isEdited
            if !isCurrent {
                let isOurs = run.map(finished.contains) ?? false
                try hold(item, bucket, base: base, isKnown: old?.output == base, isOurs: isOurs)
            }
        } else if old?.state.isHeld == true || old?.state == .takenOver || old?.state == .reverted,
            try isHere(item.id, bucket)
        {
            try set(item.id, bucket, state: .takenOver, output: nil)
        } else if item.isSpared == true, try !isHere(item.id, bucket) {
            // Nothing that is not here makes it one of those that a mirror deletes.
            if let old, old.state != .none { try forget(bucket: bucket, id: item.id) }
        } else {
            try set(item.id, bucket, state: .foreign, output: nil)
        }
    }

    /// The destination holds an output of ours. Which item it was made of is forgotten only when we did not know it;
    /// then it may have been the one that is here.
    ///
    /// What a run of ours left there that we know to have ended well was known here then, and something else was sent
    /// since: the destination went back to it, and loses nothing when it gets the newer again. Who was restored to a
    /// time before a run does not know that run.
    private func hold(_ item: HeldItem, _ bucket: Bucket, base: ContentHash, isKnown: Bool, isOurs: Bool) throws {
        let edited: ShadowState =
            item.isGone == true ? .deletedThere : item.isEditSent == true ? .answered : .resend
        try set(item.id, bucket, state: item.isEdited ? edited : .acked, output: base)
        try db.cachedStatement(
            sql: """
                UPDATE shadow SET
                    fid = CASE WHEN NOT ?1 OR fid = \(ShadowRow.unexpected) THEN \(ShadowRow.unexpected) END,
                    src_hash = CASE WHEN ?1 THEN src_hash WHEN ?6 THEN coalesce(src_hash, out_hash) END,
                    life = CASE WHEN ?1 THEN life ELSE (
                        SELECT h.life FROM head h
                        WHERE h.kid = shadow.kid AND h.bucket = shadow.bucket AND h.id = shadow.id) END
                WHERE pid = ?2 AND kid = ?3 AND bucket = ?4 AND id = ?5
                """
        ).execute(arguments: [isKnown, pid, kid, Int64(bucket.number), item.id, isOurs])
        try BaseBodies.prune(db, Place(kid: kid, bucket: bucket, id: item.id))
    }

    private func isHere(_ id: String, _ bucket: Bucket) throws -> Bool {
        try Head.fetch(db, Place(kid: kid, bucket: bucket, id: id))?.isLive ?? false
    }

    private func set(_ id: String, _ bucket: Bucket, state: ShadowState, output: ContentHash?) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO shadow (pid, kid, bucket, id, src_hash, out_hash, fid, state, open)
                VALUES (?1, ?2, ?3, ?4, NULL, ?5, NULL, ?6, 1)
                ON CONFLICT (pid, kid, bucket, id) DO UPDATE SET
                    out_hash = coalesce(excluded.out_hash, out_hash), state = excluded.state, open = 1
                """
        ).execute(arguments: [pid, kid, Int64(bucket.number), id, output?.data, state.rawValue])
        try tree.markDirty(db, bucket: bucket)
    }

    /// The destination has no such row: we start anew with it, and still know what we sent. `wasThere`: it had one. An
    /// item that was made here since has nothing to do with what became of that.
    private func forget(bucket: Bucket, id: String, wasThere: Bool = false) throws {
        try db.cachedStatement(
            sql: """
                UPDATE shadow SET fid = NULL, open = 1, state = CASE
                    WHEN ?1 AND EXISTS (
                        SELECT 1 FROM head h
                        WHERE h.kid = shadow.kid AND h.bucket = shadow.bucket AND h.id = shadow.id
                            AND h.deleted = 0 AND h.life IS shadow.life) THEN \(ShadowState.missing.rawValue)
                    ELSE \(ShadowState.none.rawValue) END
                WHERE pid = ?2 AND kid = ?3 AND bucket = ?4 AND id = ?5
                """
        ).execute(arguments: [wasThere, pid, kid, Int64(bucket.number), id])
        try tree.markDirty(db, bucket: bucket)
    }
}

extension ShadowState {
    /// Of a row that the destination does not list: it had one that we had sent, whatever has become of it there.
    fileprivate var saysThatItWasThere: Bool { isHeld || isReplaced || self == .reverted }
}

extension HeldItem {
    /// Whether there is a row of which a source has to know. One that is somebody else's and deleted is told only for
    /// what had been sent of it.
    fileprivate var isThere: Bool { isOfSource || isGone != true }
}

extension PlanTables {
    /// What an earlier plan has found at a peer may be otherwise by now: what was deleted there may be there again, and
    /// what it did not know it may know.
    static func forgetPassing(_ db: Database, pid: Int64) throws {
        try db.cachedStatement(
            sql: """
                UPDATE shadow INDEXED BY shadow_open SET state = \(ShadowState.lastingNumber)
                WHERE pid = ? AND open = 1 AND state IN (\(ShadowState.passing))
                """
        ).execute(arguments: [pid])
        try OwedKinds.forgetCompared(db, pid: pid)
    }

    /// Those of the runs of a page that were planned here for the peer, and that we heard to be committed.
    fileprivate static func finished(_ db: Database, among page: HeldPage, pid: Int64) throws -> Set<String> {
        let statement = try db.cachedStatement(
            sql: "SELECT EXISTS (SELECT 1 FROM plan WHERE transfer = ? AND pid = ? AND phase = 'acknowledged')")
        // No more than rows can have been left by.
        return try Set(
            (page.runs ?? []).prefix(page.items.count).filter { run in
                try Bool.fetchOne(statement, arguments: [run, pid]) ?? false
            })
    }
}
