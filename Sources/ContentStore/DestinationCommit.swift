internal import ContentModel
internal import GRDB
public import SyncEngine
public import SyncProtocol

extension Store {
    public func commit(
        transfer: String, _ request: CommitTransfer, events: [QueuedEvent], isDecided: Bool
    ) async throws -> CommitResult {
        let auditor = auditor
        return try await write { db in
            let record = try TransferTable.require(db, transfer)
            if let result = record.result { return result }
            let commit = Commit(db: db, record: record, request: request, auditor: auditor, isDecided: isDecided)
            let result = try commit.run()
            try Outbox.add(db, events, due: auditor.now)
            return result
        }
    }
}

/// The one transaction that makes a transfer visible, or changes nothing.
private struct Commit {
    let db: Database
    let record: TransferTable.Record
    let request: CommitTransfer
    let auditor: Auditor
    /// Whether all conflicts there were have been decided.
    let isDecided: Bool

    private var transfer: String { record.id }
    private var pid: Int64 { record.pid }
    private var now: Int64 { auditor.now }
    /// A mirror with a filter was forced on the promise that only rows of its source are deleted.
    private var sparesForeign: Bool { record.scope.filter != nil }

    func run() throws -> CommitResult {
        _ = try TransferTable.requireOpen(db, transfer)
        try Leases.require(db, transfer: transfer, fence: request.fence)
        try requireAllBatches()
        try requireUnmoved()
        let sequence = try Settings.nextSequence(db)
        try decide()
        try guardDeletes()
        try ParkedConflicts(db: db, transfer: transfer, pid: pid, now: now).update(isDecided: isDecided)
        try moveHeads(sequence: sequence)
        try requireModels()
        var trees = TreeCheck(db: db, transfer: transfer)
        try trees.run()
        let dangling = try danglingLinks()
        try markLeaves()
        try verifyRoots()
        var result = try report(sequence: sequence)
        result.dangling = dangling
        try close(result)
        return result
    }

    private func requireAllBatches() throws {
        let staged = try Row.fetchAll(
            db, sql: "SELECT number, digest FROM staged_batch WHERE transfer = ? ORDER BY number", arguments: [transfer]
        )
        let expected = request.batches.sorted { $0.number < $1.number }
        let matches =
            staged.count == expected.count
            && zip(staged, expected).allSatisfy { $0[0] == $1.number && $0[1] == $1.digest }
        guard matches else {
            throw TidelockError(
                .batchConflict, "The commit names \(expected.count) batches, \(staged.count) are staged or differ.",
                hint: "Send the missing batches, or start the run again.")
        }
    }

    /// A decision about a row holds only for the row as it was then, and no row is overwritten undecided.
    private func requireUnmoved() throws {
        let undecided = isDecided ? "OR (s.seen IS NULL AND \(Collision.isEdited))" : ""
        let moved = try Row.fetchOne(
            db,
            sql: """
                SELECT kind.name, s.id FROM stage s
                JOIN kind USING (kid)
                LEFT JOIN head h ON h.kid = s.kid AND h.bucket = s.bucket AND h.id = s.id
                LEFT JOIN shadow sh ON sh.pid = :pid AND sh.kid = s.kid AND sh.bucket = s.bucket AND sh.id = s.id
                WHERE s.transfer = :transfer AND (
                    (s.seen IS NOT NULL AND s.seen IS NOT coalesce(h.hash, x'')) \(undecided))
                LIMIT 1
                """,
            arguments: isDecided
                ? ["transfer": transfer, "pid": pid, "spares": sparesForeign] : ["transfer": transfer, "pid": pid])
        guard let moved else { return }
        throw TidelockError(
            .movedMeanwhile,
            "Item \(moved[0] as String)/\((moved[1] as String).printable) was changed here while its conflict was decided.",
            hint: "Run again.")
    }

    /// Writes the verdict of every staged row beside what it found, which is also the undo of the run.
    private func decide() throws {
        try db.execute(
            sql: """
                INSERT INTO undo
                    (run, kid, bucket, id, verdict, existed, old_rid, old_hash, old_base, old_origin, old_edited,
                     old_modified, old_state, old_parent, old_deleted, old_reverted, new_rid, new_hash, new_base, new_origin)
                SELECT s.transfer, s.kid, s.bucket, s.id,
                    CASE s.op
                    WHEN 1 THEN CASE
                        WHEN s.keep IN (\(Decision.list(Decision.keeping))) THEN \(Verdict.keepOriginal.rawValue)
                        WHEN s.keep IN (\(Decision.list(Decision.merging))) AND h.deleted = 0 AND h.hash = s.stored THEN \(Verdict.keepOriginal.rawValue)
                        WHEN h.id IS NULL THEN \(Verdict.create.rawValue)
                        WHEN h.reverted IN (SELECT id FROM transfer WHERE pid = :pid) THEN CASE h.deleted WHEN 1 THEN \(Verdict.create.rawValue) ELSE \(Verdict.update.rawValue) END
                        WHEN h.deleted = 1 THEN CASE WHEN h.edited <> 0 THEN \(Verdict.replace.rawValue) ELSE \(Verdict.create.rawValue) END
                        WHEN h.hash = coalesce(s.stored, s.hash) THEN \(Verdict.adopt.rawValue)
                        WHEN s.keep = \(Decision.patched.rawValue) THEN \(Verdict.update.rawValue)
                        WHEN h.origin = :pid AND h.edited = 0 AND s.contested = 0 THEN \(Verdict.update.rawValue)
                        WHEN sh.state IN (1, 4) AND sh.out_hash = h.hash THEN \(Verdict.update.rawValue)
                        WHEN s.keep = 0 AND sh.out_hash IS NOT NULL AND sh.out_hash IS NOT sh.src_hash THEN \(Verdict.keepOriginal.rawValue)
                        ELSE \(Verdict.replace.rawValue) END
                    WHEN 2 THEN CASE
                        WHEN h.id IS NULL OR h.deleted = 1 THEN \(Verdict.nothing.rawValue)
                        WHEN h.origin <> :pid AND \(sparesForeign) THEN \(Verdict.nothing.rawValue)
                        WHEN s.keep IN (\(Decision.list(Decision.keeping))) THEN \(Verdict.release.rawValue)
                        WHEN h.edited <> 0 OR s.contested = 1 THEN \(Verdict.deleteEdited.rawValue)
                        ELSE \(Verdict.delete.rawValue) END
                    ELSE CASE WHEN h.origin = :pid THEN \(Verdict.release.rawValue) ELSE \(Verdict.nothing.rawValue) END END,
                    h.id IS NOT NULL, h.rid, h.hash, h.base, coalesce(h.origin, 0), coalesce(h.edited, 0),
                    h.modified, h.state, h.parent, coalesce(h.deleted, 1), h.reverted, s.rid,
                    coalesce(s.stored, s.hash), s.hash, CASE s.op WHEN 1 THEN :pid ELSE 0 END
                FROM stage s
                LEFT JOIN head h ON h.kid = s.kid AND h.bucket = s.bucket AND h.id = s.id
                LEFT JOIN shadow sh ON sh.pid = :pid AND sh.kid = s.kid AND sh.bucket = s.bucket AND sh.id = s.id
                WHERE s.transfer = :transfer
                ORDER BY s.kid, s.bucket, s.id
                """,
            arguments: ["pid": pid, "transfer": transfer])
    }

    /// The source's guard, once more where the rows are.
    private func guardDeletes() throws {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT kind.name, count(*),
                    (SELECT count(*) FROM head WHERE head.kid = undo.kid AND head.deleted = 0)
                FROM undo JOIN kind USING (kid)
                WHERE run = ? AND verdict IN (\(Verdict.list([.delete, .deleteEdited])))
                GROUP BY undo.kid
                """,
            arguments: [transfer])
        let deletes = rows.map { DeleteGuard.Kind(name: $0[0], deletes: $0[1], present: $0[2]) }
        try DeleteGuard.check(deletes, allowed: request.confirmations.deletes)
    }

    private func moveHeads(sequence: Int64) throws {
        try put(sequence: sequence)
        try settle(.adopt, edited: 0, sequence: sequence)
        try settle(.keepOriginal, edited: 2, sequence: sequence)
        try bury(sequence: sequence)
        try releaseRows(sequence: sequence)
        try BaseBodies.keepArrived(db, transfer: transfer, pid: pid, withMerges: isDecided)
        try db.execute(
            sql: """
                DELETE FROM body WHERE rid IN (
                    SELECT new_rid FROM undo WHERE run = ? AND verdict = \(Verdict.adopt.rawValue))
                """,
            arguments: [transfer])
    }

    private func put(sequence: Int64) throws {
        try db.execute(
            sql: """
                INSERT INTO head
                    (kid, bucket, id, rid, hash, base, origin, edited, seq, arrived, modified, state, parent, deleted, reverted)
                SELECT s.kid, s.bucket, s.id, s.rid, coalesce(s.stored, s.hash), s.hash, :pid,
                    CASE WHEN s.keep IN (\(Decision.list(Decision.merging))) AND s.stored IS NOT s.hash THEN 2 ELSE 0 END, :sequence, :now,
                    s.modified, s.state, s.parent, 0, NULL
                FROM stage s
                JOIN undo u ON u.run = s.transfer AND u.kid = s.kid AND u.bucket = s.bucket AND u.id = s.id
                WHERE s.transfer = :transfer AND u.verdict IN (\(Verdict.list(Verdict.applied)))
                ORDER BY s.kid, s.bucket, s.id
                ON CONFLICT (kid, bucket, id) DO UPDATE SET
                    rid = excluded.rid, hash = excluded.hash, base = excluded.base, origin = excluded.origin,
                    edited = excluded.edited, seq = excluded.seq, arrived = excluded.arrived, modified = excluded.modified,
                    state = excluded.state, parent = excluded.parent, deleted = 0, reverted = NULL
                """,
            arguments: ["pid": pid, "sequence": sequence, "now": now, "transfer": transfer])
    }

    /// Rows that keep their body and only learn what the source believes to be here.
    ///
    /// They need no new sequence number, unless they came from a third instance: it did not get back what was its own,
    /// and may have to see the row from now on. So may the source of a row that counted as edited and is just what it sent.
    private func settle(_ verdict: Verdict, edited: Int, sequence: Int64) throws {
        try db.execute(
            sql: """
                UPDATE head SET base = u.new_base, origin = ?1, edited = ?2, reverted = NULL,
                    seq = CASE WHEN u.old_origin IN (0, ?1) AND u.old_edited = 0 THEN seq ELSE ?5 END
                FROM undo u
                WHERE u.run = ?3 AND u.verdict = ?4
                    AND head.kid = u.kid AND head.bucket = u.bucket AND head.id = u.id
                """,
            arguments: [pid, edited, transfer, verdict.rawValue, sequence])
    }

    private func bury(sequence: Int64) throws {
        try db.execute(
            sql: """
                UPDATE head SET rid = NULL, hash = NULL, base = NULL, origin = 0, edited = 0, deleted = 1,
                    seq = ?, arrived = ?, reverted = NULL
                FROM undo u
                WHERE u.run = ? AND u.verdict IN (\(Verdict.list([.delete, .deleteEdited])))
                    AND head.kid = u.kid AND head.bucket = u.bucket AND head.id = u.id
                """,
            arguments: [sequence, now, transfer])
        // A tombstone that the source also lets go of is nobody's any more.
        try db.execute(
            sql: """
                UPDATE head SET base = NULL, origin = 0, edited = 0
                FROM undo u
                WHERE u.run = ? AND u.verdict = \(Verdict.nothing.rawValue) AND head.origin = ?
                    AND head.kid = u.kid AND head.bucket = u.bucket AND head.id = u.id
                """,
            arguments: [transfer, pid])
    }

    /// Rows that are this instance's own from now on, so that whoever pulls from here gets to see them.
    private func releaseRows(sequence: Int64) throws {
        try db.execute(
            sql: """
                UPDATE head SET base = NULL, origin = 0, edited = 0, seq = ?
                FROM undo u
                WHERE u.run = ? AND u.verdict = \(Verdict.release.rawValue)
                    AND head.kid = u.kid AND head.bucket = u.bucket AND head.id = u.id
                """,
            arguments: [sequence, transfer])
    }

    /// Both the leaves of this source and those of whoever held a row before.
    private func markLeaves() throws {
        let role = DigestTree.Role.held.rawValue
        try db.execute(
            sql: """
                \(DigestTree.markSQL)
                SELECT DISTINCT \(role), ?, kid, bucket, 0, x'', 1 FROM undo WHERE run = ?
                \(DigestTree.markConflictSQL)
                """,
            arguments: [pid, transfer])
        try db.execute(
            sql: """
                \(DigestTree.markSQL)
                SELECT DISTINCT \(role), old_origin, kid, bucket, 0, x'', 1
                FROM undo WHERE run = ? AND old_origin NOT IN (0, ?)
                \(DigestTree.markConflictSQL)
                """,
            arguments: [transfer, pid])
    }

    private func verifyRoots() throws {
        for (name, expected) in request.expectedRoots {
            let kind = try Kind(name)
            let root = try DigestTree(role: .held, pid: pid, kid: Numbers.kind(db, kind)).root(db)
            guard root.digest.hex == expected else {
                throw TidelockError(
                    .rootMismatch,
                    "After the run, \(kind) would not be what the source expects; nothing was changed.",
                    hint: "Run again: the two sides will compare their lists.", details: ["kind": name])
            }
        }
    }

    /// Items whose model is not known here could be neither shown nor edited.
    private func requireModels() throws {
        for model in request.requiredModels ?? [] {
            let kid = try Numbers.kind(db, .models)
            let place = Place(kid: kid, bucket: Bucket(kind: .models, id: model), id: model)
            guard try Head.fetch(db, place)?.isLive != true else { continue }
            throw TidelockError(
                .modelMissing,
                "The run brings items of the model '\(model.printable)', which is not defined at the destination; nothing was changed.",
                hint:
                    "Bring the definition along: --models \(model.printable) for all of it, or --items models/\(model.printable) beside the items, or 'item … --with-links'.",
                details: ["model": model.printable])
        }
    }

    private func danglingLinks() throws -> DanglingLinks? {
        let dangling = try StagedLinks.dangling(db, transfer: transfer)
        guard let dangling, request.confirmations.refusesDangling == true else { return dangling }
        let first = dangling.links[0]
        throw TidelockError(
            .danglingLinks,
            "After the run, \(dangling.count) links would lead to items that are not there, the first from \(first.kind)/\(first.id.printable) to \(first.missingKind)/\(first.missingID.printable); nothing was changed.",
            hint: "Send those items too, or run without --fail-on-dangling.",
            details: ["links": String(dangling.count)])
    }

    private func report(sequence: Int64) throws -> CommitResult {
        var result = CommitResult(isVerified: true, sequence: sequence)
        let counts = try Row.fetchAll(
            db,
            sql: "SELECT verdict, old_deleted, count(*) FROM undo WHERE run = ? GROUP BY verdict, old_deleted",
            arguments: [transfer])
        for row in counts {
            guard let verdict = Verdict(rawValue: row[0]) else { continue }
            result.count(verdict, wasDeleted: row[1], by: row[2])
        }
        let spared = isDecided ? try sparedDeletes() : 0
        result.kept += spared
        result.conflictCount += spared
        result.conflicts = try conflicts()
        let resumed = try StagedBatches.resumed(db, transfer: transfer)
        if resumed > 0 { result.resumedBatches = resumed }
        return result
    }

    /// Deletes that a decision turned into letting go.
    private func sparedDeletes() throws -> Int {
        try Int.fetchOne(
            db,
            sql: """
                SELECT count(*) FROM undo JOIN stage s ON s.transfer = run AND \(Self.isSameRow)
                WHERE run = ? AND verdict = \(Verdict.release.rawValue) AND s.keep <> 0
                """,
            arguments: [transfer]) ?? 0
    }

    private static let isSameRow = "s.kid = undo.kid AND s.bucket = undo.bucket AND s.id = undo.id"

    private func conflicts() throws -> [Conflict] {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT kind.name, undo.id, verdict, s.keep
                FROM undo JOIN kind USING (kid) JOIN stage s ON s.transfer = run AND \(Self.isSameRow)
                WHERE run = ? AND (
                    verdict IN (\(Verdict.list(Verdict.conflicts)))
                    OR (verdict = \(Verdict.release.rawValue) AND s.keep <> 0))
                ORDER BY kind.name, undo.id
                LIMIT \(Limits.listedConflicts)
                """,
            arguments: [transfer])
        return rows.map { row in
            let verdict = Verdict(rawValue: row[2]) ?? .nothing
            let decision = Decision(rawValue: row[3]) ?? .none
            return Conflict(kind: row[0], id: row[1], verdict: Conflict.Verdict(verdict, decision))
        }
    }

    private func close(_ result: CommitResult) throws {
        try db.execute(
            sql: "UPDATE transfer SET phase = 'committed', result = ?, touched = ? WHERE id = ?",
            arguments: [try JSONColumns.encode(result), now, transfer])
        try RunTable.noteUndoable(db, id: transfer, direction: "receive", target: nil, started: now)
        // A pull of ours is recorded when the run has ended, as all runs that begin here.
        if record.direction == .push {
            try SyncRecords.keepReceived(db, transfer: transfer, pid: pid, result: result, now: now)
        }
        let source = try Numbers.identity(db, ofPeer: pid)
        try auditor.note(
            db, .commit, target: source?.name, run: transfer, note: record.scope.summary, counts: result.counts)
        try TransferTable.clearStage(db, transfer: transfer)
        try Leases.release(db, transfer: transfer)
        try Undo.prune(db, now: now)
    }
}

extension Conflict.Verdict {
    /// What people are told.
    init(_ verdict: Verdict, _ decision: Decision) {
        self =
            switch decision {
            case .kept, .keptTarget: .keptTarget
            case .parked: .parked
            case .merged, .patched: .merged
            case .mergedParked: .mergedParked
            case .none, .arriving: verdict == .keepOriginal ? .keptOriginal : .replaced
            }
    }
}

extension CommitResult {
    fileprivate var counts: [String: Int] {
        ["created": created, "updated": updated, "deleted": deleted, "released": released, "conflicts": conflictCount]
    }

    fileprivate mutating func count(_ verdict: Verdict, wasDeleted: Bool, by number: Int) {
        switch verdict {
        case .create: created += number
        case .update: updated += number
        case .replace:
            if wasDeleted { created += number } else { updated += number }
            conflictCount += number
        case .adopt: adopted += number
        case .keepOriginal:
            kept += number
            conflictCount += number
        case .delete: deleted += number
        case .deleteEdited:
            deleted += number
            conflictCount += number
        case .release: released += number
        case .nothing: break
        }
    }
}
