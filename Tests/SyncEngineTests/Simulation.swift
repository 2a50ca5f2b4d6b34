import ContentModel
import ContentStore
import Foundation
import SyncEngine
import SyncProtocol
import TidelockTestSupport

/// A rule that a simulated history broke.
struct BrokenRule: Error, CustomStringConvertible {
    var rule: String
    var history: [String]

    var description: String { rule + "\n  after:\n" + history.map { "    " + $0 }.joined(separator: "\n") }
}

/// Three instances under random operations, compared with the reference model after every step.
final class Simulation {
    /// Which operations there are. A seed tells the same history only together with those it was found with.
    enum Repertoire: Sendable {
        /// Edits, handlers, runs of everything, of models and with a filter, faults, rollbacks of whole runs.
        case first
        /// Also runs of single items, rollbacks of one item, and runs that a guard or a policy stops.
        case full
    }

    private static let models = ["posts", "pages"]
    static let keys: [ItemKey] =
        models.map { ItemKey(.models, $0) } + [ItemKey(.singletons, "posts"), ItemKey(.singletons, "site")]
        + ["p1", "p2", "p3"].map { ItemKey(try! .content("posts"), $0) }  // both names are valid
        + ["q1"].map { ItemKey(try! .content("pages"), $0) } + assets
    /// Many of one kind, which come and go together.
    static let herd = (2...8).map { ItemKey(try! .content("pages"), "q\($0)") }  // a valid name
    static let assets = ["f1", "f2"].map { ItemKey(.assets, $0) }

    let clock = TestClock(sleep: .lastsUntilCancelled)
    var random: SeededRandom
    let instances: [TestInstance]
    let inspectors: [StoreInspector]
    var model: ReferenceModel
    var history: [String] = []
    /// After each of them every rule was checked.
    private var operations = 0
    private var freedFiles = 0
    /// Runs that found both sides quiet in one round trip.
    private var roundTrips = 0
    private let repertoire: Repertoire
    /// How often operations of the full repertoire did what.
    var further: [String: Int] = [:]
    /// Runs whose undo is older than it is kept for.
    private var oldRuns: Set<String> = []
    /// The versions of the stores that were checked last: one that nobody wrote to still keeps the rules.
    var checked: [Int?]
    /// The item whose states stand in the history of a rule that was broken.
    private let watched = Simulation.keys.first {
        "\($0)" == ProcessInfo.processInfo.environment["TIDELOCK_ITEM"]
    }

    init(seed: UInt64, repertoire: Repertoire = .full) throws {
        self.repertoire = repertoire
        random = SeededRandom(seed: seed)
        let ids = SeededRandom(seed: seed &+ 1)
        let clock = clock
        instances = try ["a", "b", "c"].map { try TestInstance($0, clock: clock, random: ids) }
        inspectors = try instances.map { try StoreInspector($0.store) }
        model = ReferenceModel(instances: instances.count)
        checked = Array(repeating: nil, count: instances.count)
    }

    /// How often runs did what.
    var tally: [String: Int] {
        let own = ["operations": operations, "freedFiles": freedFiles, "roundTrips": roundTrips]
        return model.tally.merging(own) { $1 }.merging(further) { $1 }
    }

    func perform(steps: Int) async throws {
        // A source without a single asset could prove no delete of one.
        for instance in 0..<2 { try await put(ModelItem(version: 1 + instance), Self.assets[0], at: instance) }
        for _ in 0..<steps {
            clock.advance(by: .seconds(1))
            if let watched { history.append("    \(watched): \(model.describe(watched))") }
            do {
                try await step()
            } catch let failure as TestRunFailure {
                throw BrokenRule(rule: "a run failed: \(failure.error) \(failure.calls)", history: history)
            }
            try check()
            operations += 1
        }
    }

    private func step() async throws {
        if repertoire == .full, chance(20) { return try await furtherStep() }
        switch roll(21) {
        case 0..<6: try await put()
        case 6, 7: try await remove()
        case 8: changeFilter()
        case 9: try await rollBack()
        case 10, 11: try await runWithFault()
        case 12: try await runWithEdits()
        case 13: try await collectGarbage()
        default: try await runTwice()
        }
    }

    /// Most happens between the first two, so that much of it meets.
    func someInstance() -> Int { chance(85) ? roll(2) : 2 }

    func someKey() -> ItemKey { chance(60) ? Self.keys[4 + roll(2)] : Self.keys[roll(Self.keys.count)] }

    func roll(_ sides: Int) -> Int { Int.random(in: 0..<sides, using: &random) }

    func chance(_ percent: Int) -> Bool { roll(100) < percent }

    func name(_ instance: Int) -> String { instances[instance].name }
}

// MARK: Operations

extension Simulation {
    private func put() async throws {
        let instance = someInstance()
        let key = someKey()
        try await put(ModelItem(version: 1 + roll(8), secret: chance(60) ? roll(2) : nil), key, at: instance)
    }

    private func put(_ item: ModelItem, _ key: ItemKey, at instance: Int) async throws {
        history.append("put \(name(instance)) \(key) \(item.text(key))")
        try bringFile(of: item, key, to: instance)
        let run = try await instances[instance].put(key.kind, item.text(key))
        model.put(item, key, at: instance, run: run)
    }

    private func bringFile(of item: ModelItem?, _ key: ItemKey, to instance: Int) throws {
        guard let item, key.kind == .assets else { return }
        try instances[instance].takeFile(ModelFile(of: item.version).text)
    }

    /// Undo grows old, and with it go files that only it named.
    private func collectGarbage() async throws {
        let instance = someInstance()
        if chance(30) {
            clock.advance(by: .seconds(8 * 86_400))
            oldRuns = Set(instances.indices.flatMap(model.undoable))
        }
        let report = try await instances[instance].collectGarbage()
        checked[instance] = nil
        history.append("gc \(name(instance)): \(report.files) files, \(report.undoRuns) runs")
        freedFiles += report.files
        try require(report.orphanedBodies == 0, "\(report.orphanedBodies) bodies belonged to nothing")
    }

    private func remove() async throws {
        let instance = someInstance()
        let live = model.rows[instance].filter { $0.value.item != nil }.keys.sorted()
        guard let key = live.randomElement(using: &random) else { return }
        history.append("rm \(name(instance)) \(key)")
        let run = try await instances[instance].remove(key.kind, key.id)
        model.remove(key, at: instance, run: run)
    }

    private func changeFilter() {
        let instance = someInstance()
        let filter = ModelFilter.allCases[roll(ModelFilter.allCases.count)]
        history.append("filter \(name(instance)) \(filter)")
        model.filters[instance] = filter
        guard filter != .none else { return instances[instance].hooks.clear() }
        instances[instance].hooks.install("\(filter)") { kind, item in
            switch filter.outcome(ModelItem(item.body)) {
            case .put(let output):
                let text = output.text(ItemKey(kind, item.id))
                return text == item.body.text ? .unchanged : .changed(try JSONDocument(validating: text))
            case .drop: return .dropped(reason: "a third")
            case .skip: return .skipped(reason: "a third")
            }
        }
    }

    private func rollBack() async throws {
        let instance = someInstance()
        try forgetUndo(at: instance)
        guard let run = model.undoable(at: instance).suffix(4).randomElement(using: &random) else { return }
        history.append("rollback \(name(instance)) \(run) of \(model.describe(run))")
        let id = instances[instance].newID()
        let result = try await instances[instance].store.rollback(run, as: id)
        let expected = model.rollback(run, as: id)
        try require(
            result.restored == expected.restored, "rollback restored \(result.restored), not \(expected.restored)")
        let kept = Set(try result.kept.map { ItemKey(try Kind($0.kind), $0.id) })
        try require(kept == expected.kept, "rollback kept \(kept.sorted()), not \(expected.kept.sorted())")
    }

    /// What has been freed by now cannot be undone; the newest runs of the last days can. Ten of them are kept at least,
    /// and those that changed no item, which the model does not know, are not counted among them.
    func forgetUndo(at instance: Int) throws {
        let kept = Set(try inspectors[instance].texts("SELECT id FROM run WHERE undoable = 1"))
        let newest = Set(model.undoable(at: instance).suffix(4)).subtracting(oldRuns)
        let lost = newest.subtracting(kept).sorted().map { "\($0) of \(model.describe($0))" }
        try require(lost.isEmpty, "the undo of new runs of \(name(instance)) was freed: \(lost)")
        model.forgetUndo(at: instance, except: kept)
    }

    func someRun() -> (run: ModelRun, isPush: Bool, test: TestRun) {
        let source = someInstance()
        let destination = source == 2 || chance(20) ? (source + 1 + roll(2)) % 3 : 1 - source
        var scope = Scope(models: chance(25) ? [Self.models[roll(2)]] : nil, mode: chance(30) ? .mirror : .merge)
        var run = ModelRun(
            source: source, destination: destination, scope: scope, includesReverted: false, minimum: nil)
        if chance(15) {
            run.minimum = 5
            scope.filter = "{\"v\":{\"$gte\":5}}"
            scope.allowsMirrorWithFilter = true
        }
        if chance(40) { scope.policy = [.target, .park, .mergeFields][roll(3)] }
        run.scope = scope
        let isPush = chance(60)
        run.includesReverted = chance(10)
        let test = TestRun(
            scope: scope, options: PlanOptions(batchSize: 1 + roll(4), includesReverted: run.includesReverted),
            confirmations: Confirmations(deletes: 1_000, missingFilters: true), repeatsCalls: chance(15))
        return (run, isPush, test)
    }

    private static let waitingDeletes = "SELECT CAST(cid AS TEXT) FROM conflict WHERE rid IS NULL ORDER BY cid"

    func describe(_ run: ModelRun, isPush: Bool) -> String {
        let arrow =
            isPush
            ? "push \(name(run.source)) to \(name(run.destination))"
            : "pull \(name(run.destination)) from \(name(run.source))"
        let items = run.scope.items.map { " items \($0)" } ?? ""
        return "\(arrow) \(run.scope.mode) models \(run.scope.models ?? [])\(items) minimum \(run.minimum ?? 0) "
            + "policy \(run.scope.policy) \(run.includesReverted ? "including reverted" : "")"
    }

    func perform(_ run: ModelRun, isPush: Bool, _ test: TestRun) async throws -> TestRunResult {
        let source = instances[run.source]
        let destination = instances[run.destination]
        return try await source.move(to: destination, isPush: isPush, test)
    }

    /// A run does what the model says, and the same run again does nothing.
    func runTwice() async throws {
        let (run, isPush, test) = someRun()
        try await runTwice(run, isPush: isPush, test)
    }

    func runTwice(_ run: ModelRun, isPush: Bool, _ test: TestRun) async throws {
        history.append(describe(run, isPush: isPush) + (test.repeatsCalls ? " repeating calls" : ""))
        guard try await succeeds(run, isPush: isPush, test) else { return }
        guard !run.includesReverted, chance(60) else { return }
        history.append("the same again")
        let mayKeep = model.mayKeepDeletes(run)
        let waiting = try inspectors[run.destination].texts(Self.waitingDeletes)
        let again = try await perform(run, isPush: isPush, test)
        try require(
            try inspectors[run.destination].texts(Self.waitingDeletes) == waiting,
            "deletes that wait were numbered anew: they were \(waiting)")
        if mayKeep {
            try require(again.result?.isQuiet ?? true, "I2: the second run did something: \(again.outcome)")
        } else {
            try require(again.isNoOp, "I2: the second run sent something: \(again.outcome)")
            try requireOneRoundTrip(again, run)
        }
        try await settle(run, again)
    }

    /// I2: after a run that looked at everything, when nothing at the destination differs from what it left.
    private func requireOneRoundTrip(_ again: TestRunResult, _ run: ModelRun) throws {
        guard run.scope.models == nil, run.scope.items == nil, run.minimum == nil else { return }
        let heads = try inspectors[run.destination].heads()
        guard heads.isAtRest(from: instances[run.source].identity.id, run.scope.mode) else { return }
        try require(again.isOneRoundTrip, "I2: both sides are quiet, and the run made the calls \(again.calls)")
        roundTrips += 1
    }

    /// Answers whether the run was expected to get through.
    func succeeds(_ run: ModelRun, isPush: Bool, _ test: TestRun) async throws -> Bool {
        let before = try inspectors[run.destination].heads()
        let result: TestRunResult
        do {
            result = try await perform(run, isPush: isPush, test)
        } catch let failure as TestRunFailure where failure.error.code == .emptySource && model.mayBeRefused(run) {
            model.noteHeldBack(run)
            return false
        }
        try require(!model.isRefused(run), "I4: a mirror of an empty source was not refused")
        try await settle(run, result)
        try checkUndo(run, result, before: before)
        try checkPlan(run, result)
        return true
    }

    /// How rows of the destination came out.
    private func outcome(of run: ModelRun, heads: [ItemKey: HeadRow]) throws -> (ItemKey) -> ModelOutcome {
        let kept = Set(
            try inspectors[run.destination].texts(
                """
                SELECT kind.name || '/' || id FROM conflict JOIN kind USING (kid) JOIN peer USING (pid)
                WHERE rid IS NULL AND peer.instance = '\(instances[run.source].identity.id)'
                """))
        return { key in
            ModelOutcome(
                item: heads[key]?.item, origin: self.origin(of: heads[key]),
                keepsDelete: kept.contains("\(key.kind.name)/\(key.id)"))
        }
    }

    func settle(_ run: ModelRun, _ result: TestRunResult) async throws {
        let heads = try inspectors[run.destination].heads()
        let outcomes = try outcome(of: run, heads: heads)
        model.perform(run, transfer: result.transfer, actual: outcomes)
        for instance in instances { try await instance.deliverEvents() }
    }

    /// A run breaks at some call; afterwards the destination shows the old or the new state, and a repeat ends well.
    private func runWithFault() async throws {
        var (run, isPush, test) = someRun()
        guard !model.mayBeRefused(run) else { return }
        model.noteHeldBack(run)
        let fault = FaultyPeer.Fault(call: 1 + roll(9), isCarriedOut: chance(50))
        history.append(
            describe(run, isPush: isPush) + " breaking at call \(fault.call)\(fault.isCarriedOut ? " after it" : "")")
        test.fault = fault
        // A run whose last words were lost leaves its lease behind until it expires.
        defer { clock.advance(by: .seconds(2 * Limits.leaseSeconds)) }
        do {
            let result = try await perform(run, isPush: isPush, test)
            return try await settle(run, result)
        } catch let failure as TestRunFailure where failure.hasBroken {
            try await recover(run, isPush: isPush, failure)
        }
        test.fault = nil
        history.append("the same again")
        _ = try await succeeds(run, isPush: isPush, test)
    }

    /// Items of the source change while the plan is made: they go with the run, and the next one has nothing to do.
    private func runWithEdits() async throws {
        let (run, isPush, test) = someRun()
        // Whether a mirror finds its source empty would depend on when it looks.
        guard run.scope.mode == .merge else { return try await runTwice() }
        model.noteHeldBack(run)
        let edits = Dictionary((0..<1 + roll(3)).map { _ in someEdit(at: run.source) }) { first, _ in first }
        history.append(
            describe(run, isPush: isPush) + " with edits "
                + edits.sorted { $0.key < $1.key }.map { "\($0) \($1?.text($0) ?? "removed")" }.joined(separator: ", "))
        let id = try await edit(edits, whilePlanningAt: run.source)
        let result = try await perform(run, isPush: isPush, test)
        instances[run.source].hooks.meanwhile(nil)
        try await instances[run.source].store.markUndoable(id: id)
        guard try inspectors[run.source].count("SELECT count(*) FROM undo WHERE run = '\(id)'") > 0 else {
            history.append("    nothing was filtered, so nothing was edited")
            return try await settle(run, result)
        }
        for (key, item) in edits.sorted(by: { $0.key < $1.key }) {
            if let item {
                model.put(item, key, at: run.source, run: id)
            } else {
                model.remove(key, at: run.source, run: id)
            }
        }
        try await settle(run, result)
        try checkPlan(run, result)
        guard !run.includesReverted else { return }
        let again = try await perform(run, isPush: isPush, test)
        try require(again.isNoOp, "I2: the run after one with edits sent something: \(again.outcome)")
        try await settle(run, again)
    }

    /// No item removes the one that is there.
    private func someEdit(at instance: Int) -> (ItemKey, ModelItem?) {
        let key = someKey()
        guard chance(70) || model.row(instance, key).item == nil else { return (key, nil) }
        return (key, ModelItem(version: 1 + roll(8), secret: chance(60) ? roll(2) : nil))
    }

    private func edit(_ edits: [ItemKey: ModelItem?], whilePlanningAt source: Int) async throws -> String {
        let instance = instances[source]
        for (key, item) in edits { try bringFile(of: item, key, to: source) }
        let (store, id) = (instance.store, instance.newID())
        try await store.beginRun(id: id, direction: "local", target: "test")
        let changes = try edits.sorted { $0.key < $1.key }.map { key, item in
            guard let item else { return LocalChange.remove(kind: key.kind, id: key.id) }
            let body = try JSONDocument(validating: item.text(key))
            return .put(kind: key.kind, body: body, hash: body.hash)
        }
        instance.hooks.meanwhile { _ = try store.writeBlocking(changes, run: id) }
        return id
    }

    private func recover(_ run: ModelRun, isPush: Bool, _ failure: TestRunFailure) async throws {
        let source = instances[run.source]
        let destination = instances[run.destination]
        var state: TransferState?
        do {
            state = try await destination.store.transferState(transfer: failure.transfer)
        } catch let error as TidelockError where error.code == .unknownTransfer {}
        if state?.phase == .committed {
            let heads = try inspectors[run.destination].heads()
            model.perform(run, transfer: failure.transfer, actual: try outcome(of: run, heads: heads))
        }
        guard chance(50) else { return }
        history.append("recovery")
        if let result = state?.result {
            do {
                try await source.store.acknowledge(transfer: failure.transfer, result: result, events: [])
            } catch let error as TidelockError where error.code == .unknownTransfer {}
        } else {
            try await source.store.abandonPlan(transfer: failure.transfer)
            try await destination.store.abandonTransfer(transfer: failure.transfer)
        }
    }
}

extension CommitResult {
    /// Whether no item is another one than before.
    fileprivate var isQuiet: Bool { created + updated + adopted + deleted == 0 }
}
