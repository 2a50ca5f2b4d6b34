internal import ContentModel
internal import GRDB
public import SyncEngine
public import SyncProtocol

extension Store {
    public func commit(
        transfer: String, _ request: CommitTransfer, events: [QueuedEvent], _ preparation: Preparation
    ) async throws -> CommitResult {
        let auditor = auditor
        let result = try await writeLarge { db in
            let record = try TransferTable.require(db, transfer)
            if let result = record.result { return result }
            let commit = Commit(
                db: db, record: record, request: request, auditor: auditor, preparation: preparation)
            let result = try commit.run()
            try Outbox.add(db, events, due: auditor.now)
            return result
        }
        await linkUploads()
        return result
    }
}

/// The one transaction that makes a transfer visible, or changes nothing.
struct Commit {
    let db: Database
    let record: TransferTable.Record
    let request: CommitTransfer
    let auditor: Auditor
    let preparation: Preparation

    /// Whether all conflicts there were have been decided.
    var isDecided: Bool { preparation.isDecided }
    var transfer: String { record.id }
    var pid: Int64 { record.pid }
    var now: Int64 { auditor.now }
    /// A mirror with a filter was forced on the promise that only rows of its source are deleted.
    var sparesForeign: Bool { record.scope.hasFilter }

    func run() throws -> CommitResult {
        _ = try TransferTable.requireOpen(db, transfer)
        try Leases.require(db, transfer: transfer, fence: request.fence)
        try requireAllBatches()
        try SupersedingRows.settle(db, transfer: transfer)
        try requireUnmoved()
        try requireStandingRows()
        try requireFittingSchema()
        let sequence = try Settings.nextSequence(db)
        try decide()
        var tally = try VerdictTally(db, transfer: transfer, pid: pid)
        if tally.meetsTombstones, try noteDeletesMadeHere() {
            tally = try VerdictTally(db, transfer: transfer, pid: pid)
        }
        try guardDeletes(tally)
        try guardEmptySource(tally)
        try ParkedConflicts(db: db, transfer: transfer, pid: pid, now: now)
            .update(mayPark: isDecided || tally.has(.keepOriginal))
        try moveHeads(sequence: sequence, tally)
        try requireModels()
        var trees = TreeCheck(db: db, transfer: transfer)
        try trees.run()
        try PathCheck(db: db, changes: transfer).run()
        let links = try checkedLinks()
        if tally.hasForeign { try markForeignLeaves() }
        try verifyRoots(after: tally)
        var result = try report(sequence: sequence, tally)
        result.dangling = links.dangling
        result.uncheckedLinks = links.unchecked > 0 ? links.unchecked : nil
        result.schemaChanges = preparation.schema.changes
        try close(result, tally)
        return result
    }

    private func requireAllBatches() throws {
        let staged = try Row.fetchAll(
            db.cachedStatement(sql: "SELECT number, digest FROM staged_batch WHERE transfer = ? ORDER BY number"),
            arguments: [transfer]
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
        let undecided = isDecided ? "OR (s.seen IS NULL AND h.id IS NOT NULL AND \(Collision.isMet(record.scope)))" : ""
        let moved = try Row.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT kind.name, s.id FROM stage s
                    JOIN kind USING (kid)
                    LEFT JOIN head h ON h.kid = s.kid AND h.bucket = s.bucket AND h.id = s.id
                    LEFT JOIN shadow sh ON sh.pid = :pid AND sh.kid = s.kid AND sh.bucket = s.bucket AND sh.id = s.id
                    WHERE s.transfer = :transfer AND (
                        (s.seen IS NOT NULL AND s.seen IS NOT coalesce(h.hash, x'')) \(undecided))
                    LIMIT 1
                    """),
            arguments: isDecided
                ? ["transfer": transfer, "pid": pid, "spares": sparesForeign] : ["transfer": transfer, "pid": pid])
        guard let moved else { return }
        throw TidelockError(
            .movedMeanwhile,
            "Item \(moved[0] as String)/\((moved[1] as String).printable) was changed here while its conflict was decided.",
            hint: "Run again.")
    }

    /// The source's guard, once more where the rows are. It counts those that the source may know of, which makes the
    /// share of a kind that may be deleted smaller at most.
    private func guardDeletes(_ tally: VerdictTally) throws {
        let deletes = try tally.deletes.sorted { $0.key < $1.key }.map { kid, count in
            let kind = try Numbers.kind(db, numbered: kid)
            let part = try record.scope.kinds(among: [kind]).first { $0.kind == kind }
            let known = try HeldRows.known(
                db, in: part ?? KindScope(kind: kind, ids: []), record.scope.policy, kid: kid, pid: pid)
            return DeleteGuard.Kind(name: kind.name, deletes: count, present: known)
        }
        try DeleteGuard.check(deletes, allowed: request.confirmations.deletes)
    }

    /// The source's guard, once more: what it says of itself counts as long as nobody has agreed.
    private func guardEmptySource(_ tally: VerdictTally) throws {
        for name in request.emptyKinds ?? [] {
            let kind = try Kind(name)
            guard let kid = try Numbers.knownKind(db, kind) else { continue }
            try EmptySourceGuard.check(
                kind, .present(tally.deletes[kid] ?? 0), isConfirmed: request.confirmations.emptySource)
        }
    }

    private func verifyRoots(after tally: VerdictTally) throws {
        var changed = tally.buckets
        for (name, expected) in request.expectedRoots {
            let kind = try Kind(name)
            let kid = try Numbers.kind(db, kind)
            let root = try heldTree(kid).root(db, afterChanging: changed.removeValue(forKey: kid) ?? [])
            guard root.digest.hex == expected else {
                throw TidelockError(
                    .rootMismatch,
                    "After the run, \(kind) would not be what the source expects; nothing was changed.",
                    hint: "Run again: the two sides will compare their lists.", details: ["kind": name])
            }
        }
        // The leaves of kinds that nobody compares now were not marked either.
        for (kid, buckets) in changed { _ = try heldTree(kid).root(db, afterChanging: buckets) }
    }

    private func heldTree(_ kid: Int64) -> DigestTree { DigestTree(role: .held, pid: pid, kid: kid) }

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

    /// Links that lead nowhere, and how many lead to where the caller's key does not reach. About those nothing is told
    /// that depends on what is here, so a run that asks for a proof is refused for them as well.
    private func checkedLinks() throws -> (dangling: DanglingLinks?, unchecked: Int) {
        var check = try StagedLinkCheck(db, reached: request.linkedKinds)
        try check.run(transfer: transfer)
        if request.confirmations.refusesDangling == true {
            guard check.dangling.count == 0 else { throw refusal(of: check.dangling) }
            guard check.unreached == 0 else { throw refusal(ofUnchecked: check.unreached) }
        }
        return (check.dangling.count > 0 ? check.dangling : nil, check.unreached)
    }

    private func refusal(ofUnchecked links: Int) -> TidelockError {
        TidelockError(
            .danglingLinks,
            "\(links) links of the run lead into kinds that the sync key does not cover, so it is not told whether they lead anywhere; nothing was changed.",
            hint: "Run without --fail-on-dangling, or use a key that covers those kinds.",
            details: ["unchecked": String(links)])
    }

    private func refusal(of dangling: DanglingLinks) -> TidelockError {
        let first = dangling.links[0]
        return TidelockError(
            .danglingLinks,
            "After the run, \(dangling.count) links would lead to items that are not there, the first from \(first.kind)/\(first.id.printable) to \(first.missingKind)/\(first.missingID.printable); nothing was changed.",
            hint: "Send those items too, or run without --fail-on-dangling.",
            details: ["links": String(dangling.count)])
    }

    private func close(_ result: CommitResult, _ tally: VerdictTally) throws {
        try db.cachedStatement(sql: "UPDATE transfer SET phase = 'committed', result = ?, touched = ? WHERE id = ?")
            .execute(arguments: [try JSONColumns.encode(result), now, transfer])
        try NewestTransfer.note(db, transfer, begunBy: record.initiator, pid: pid)
        // Nobody could take back, or wants to read of, what changed nothing.
        if result.changedNothing { try Undo.forget(db, run: transfer) } else { try list(result, tally) }
        let source = try Numbers.identity(db, ofPeer: pid)
        try auditor.note(
            db, .commit, target: source?.name, run: transfer, note: record.scope.summary, counts: result.counts)
        try UploadLinks.note(db, run: transfer)
        if tally.rows <= CommittedStage.most {
            try TransferTable.clearStage(db, transfer: transfer)
        } else {
            try db.cachedStatement(sql: "DELETE FROM staged_batch WHERE transfer = ?").execute(arguments: [transfer])
        }
        try Leases.release(db, transfer: transfer)
        try Undo.prune(db, now: now)
    }

    /// Puts the run among those that can be undone.
    private func list(_ result: CommitResult, _ tally: VerdictTally) throws {
        try RunTable.noteUndoable(db, id: transfer, direction: "receive", target: nil, started: now)
        try UndoOrder.append(
            db, run: transfer, as: tally.hasChanged ? .exchanged : .local, rows: tally.rows)
        // A pull of ours is recorded when the run has ended, as all runs that begin here.
        guard record.direction == .push else { return }
        try SyncRecords.keepReceived(db, transfer: transfer, pid: pid, result: result, now: now)
    }
}
