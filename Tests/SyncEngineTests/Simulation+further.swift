import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import TidelockTestSupport

/// The operations of the full repertoire.
extension Simulation {
    func furtherStep() async throws {
        switch roll(6) {
        case 0: try await rollBackOneItem()
        case 1, 2: try await runOfItems()
        case 3: try await runThatConflictsStop()
        default: try await unconfirmedMirror()
        }
    }

    private func note(_ name: String) { further[name, default: 0] += 1 }

    // MARK: Single items

    private func rollBackOneItem() async throws {
        let instance = someInstance()
        try forgetUndo(at: instance)
        guard let run = model.undoable(at: instance).suffix(4).randomElement(using: &random),
            let key = model.undo[run]?.rows.keys.sorted().randomElement(using: &random)
        else { return }
        history.append("rollback \(name(instance)) of \(key) in \(run) of \(model.describe(run))")
        let id = instances[instance].newID()
        let result = try await instances[instance].store.rollback(
            run, only: ItemReference(kind: key.kind.name, id: key.id), as: id)
        let expected = model.rollback(run, only: key, as: id)
        try require(
            result.restored == expected.restored,
            "rollback of one item restored \(result.restored), not \(expected.restored)")
        let kept = Set(try result.kept.map { ItemKey(try Kind($0.kind), $0.id) })
        try require(kept == expected.kept, "rollback of one item kept \(kept.sorted()), not \(expected.kept.sorted())")
        note("oneItemRolledBack")
    }

    /// One item or two that are named, and nothing beside them.
    private func runOfItems() async throws {
        var (run, isPush, test) = someRun()
        let items = Set((0...roll(2)).map { _ in someKey() })
        // Without the definition of its model at the destination, an item is refused.
        guard items.allSatisfy({ isDefined($0, for: run) }) else { return try await runTwice() }
        (run.scope.models, run.scope.filter, run.minimum) = (nil, nil, nil)
        run.scope.items = Dictionary(grouping: items.sorted(), by: \.kind.name).mapValues { $0.map(\.id) }
        test.scope = run.scope
        note("itemRuns")
        try await runTwice(run, isPush: isPush, test)
    }

    private func isDefined(_ key: ItemKey, for run: ModelRun) -> Bool {
        guard let name = key.kind.model else { return true }
        let definition = ItemKey(.models, name)
        return model.row(run.source, definition).item == nil || model.row(run.destination, definition).item != nil
    }

    // MARK: Runs that are stopped

    /// The policy `fail`: edits at the destination stop the run before anything is applied.
    private func runThatConflictsStop() async throws {
        var (run, isPush, test) = someRun()
        run.scope.policy = .fail
        test.scope = run.scope
        guard !model.mayBeRefused(run) else { return }
        let isStopped = try await runOrRefusal(
            run, isPush: isPush, test, expected: model.conflicts(run), as: .conflicts, rule: "policy fail")
        note(isStopped ? "stopped" : "unstopped")
    }

    /// I4: a mirror that would delete many items is stopped until that was confirmed.
    private func unconfirmedMirror() async throws {
        var (run, isPush, test) = someRun()
        run.scope.mode = .mirror
        test.scope = run.scope
        test.confirmations.deletes = nil
        if chance(60) { try await moveHerd(at: run.source) }
        guard !model.mayBeRefused(run) else { return }
        let isStopped = try await runOrRefusal(
            run, isPush: isPush, test, expected: model.deleteGuard(run), as: .deleteGuard, rule: "I4: the guard")
        note(isStopped ? "guarded" : "unguarded")
        guard isStopped, chance(50) else { return }
        history.append("the same, confirmed")
        test.confirmations.deletes = 1_000
        _ = try await succeeds(run, isPush: isPush, test)
    }

    /// Answers whether the run was refused; then it must have changed nothing. Otherwise it did what the model says.
    private func runOrRefusal(
        _ run: ModelRun, isPush: Bool, _ test: TestRun, expected: Refusal, as code: ErrorCode, rule: String
    ) async throws -> Bool {
        history.append("\(describe(run, isPush: isPush)) unless refused with \(code), which is to happen \(expected)")
        let before = try inspectors[run.destination].heads()
        do {
            let result = try await perform(run, isPush: isPush, test)
            try require(expected != .always, "\(rule) did not stop a run: \(result.outcome)")
            try await settle(run, result)
            try checkUndo(run, result, before: before)
            try checkPlan(run, result)
            return false
        } catch let failure as TestRunFailure where failure.error.code == code {
            try require(expected != .never, "\(rule) stopped a run: \(failure.error)")
            let after = try inspectors[run.destination].heads()
            try require(after == before, "\(rule) stopped a run after it had changed something")
            model.noteHeldBack(run)
            return true
        }
    }

    /// Many items of one kind come at once, or go: enough for the guard.
    private func moveHerd(at instance: Int) async throws {
        let live = Self.herd.filter { model.row(instance, $0).item != nil }
        if live.count > DeleteGuard.perKind {
            history.append("the herd leaves \(name(instance))")
            let run = try await instances[instance].change(live.map { .remove(kind: $0.kind, id: $0.id) })
            for key in live { model.remove(key, at: instance, run: run) }
        } else {
            let item = ModelItem(version: 1 + roll(8))
            history.append("the herd comes to \(name(instance)): \(item)")
            let run = try await instances[instance].change(
                try Self.herd.map { key in
                    let body = try JSONDocument(validating: item.text(key))
                    return LocalChange.put(kind: key.kind, body: body, hash: body.hash)
                })
            for key in Self.herd { model.put(item, key, at: instance, run: run) }
        }
    }
}
