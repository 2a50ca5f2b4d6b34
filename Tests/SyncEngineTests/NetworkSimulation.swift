import ContentModel
import ContentStore
import Foundation
import SyncEngine
import SyncProtocol
import TidelockTestSupport

/// A hub and one or two editors, between which calls get lost, come twice or too late, while processes die.
///
/// With one editor its items go to the hub, pushed or pulled, and what the hub must show is known exactly. With two,
/// each pushes its own items to the hub and pulls everybody's. In every other history the editors' handlers hold a
/// field back from the beginning, and no byte of it may ever be found anywhere else.
final class NetworkSimulation {
    /// One direction in which items go, and who asks.
    struct Route: Hashable {
        var source: Int
        var destination: Int
        var isPush: Bool

        var initiator: Int { isPush ? source : destination }
        var responder: Int { isPush ? destination : source }
    }

    /// A run whose end nobody knows yet.
    private struct Unsettled {
        var transfer: String
        var route: Route
    }

    /// What a run was made from.
    private struct Origin {
        var route: Route
        var scope: Scope
        var items: [ItemKey: ModelItem]
        var filter: ModelFilter
    }

    private static let hub = 0

    private let clock = TestClock(sleep: .lastsUntilCancelled)
    private var random: SeededRandom
    let instances: [TestInstance]
    private let inspectors: [StoreInspector]
    private let watches: [NetworkWatch]
    private let links: [SimulatedLink]
    private let routes: [Route]
    /// Whether items have only ever left an editor without their secrets.
    private let keepsSecrets: Bool
    private var filter = ModelFilter.none
    private var unsettled: [Unsettled] = []
    private var origins: [String: Origin] = [:]
    /// Transfers of which a run said that they took no effect, and pushes of which one said that they did.
    private var failed: Set<String> = []
    private var succeeded: Set<String> = []
    private var history: [String] = []
    private(set) var tally: [String: Int] = [:]

    init(seed: UInt64) throws {
        random = SeededRandom(seed: seed)
        let ids = SeededRandom(seed: seed &+ 1)
        let clock = clock
        let names = seed % 3 == 0 ? ["hub", "one", "two"] : ["hub", "one"]
        keepsSecrets = names.count == 2 ? seed % 3 == 1 : seed % 2 == 1
        instances = try names.map { try TestInstance($0, clock: clock, random: ids) }
        inspectors = try instances.map { try StoreInspector($0.store) }
        let watches = try instances.map { try NetworkWatch($0.store) }
        self.watches = watches
        links = instances.enumerated().map { number, instance in
            SimulatedLink(to: instance, seed: seed &* 31 &+ UInt64(number)) { for watch in watches { watch.look() } }
        }
        routes =
            names.count == 2
            ? [
                Route(source: 1, destination: Self.hub, isPush: true),
                Route(source: 1, destination: Self.hub, isPush: false),
            ]
            : [1, 2].flatMap {
                [
                    Route(source: $0, destination: Self.hub, isPush: true),
                    Route(source: Self.hub, destination: $0, isPush: false),
                ]
            }
    }

    private var isExact: Bool { instances.count == 2 }

    func perform(rounds: Int) async throws {
        // It changes nothing; but it may be the one that raises.
        for instance in instances { instance.hooks.inspect { _, _ in [:] } }
        if keepsSecrets { for editor in instances.indices.dropFirst() { install(.strips, at: editor) } }
        for number in 1...rounds {
            try await edit()
            try await runOnce(number)
            try await check()
        }
        try await settle()
        tally["looks", default: 0] += watches.reduce(0) { $0 + $1.looks }
        tally["raised", default: 0] += instances.reduce(0) { $0 + $1.hooks.raised }
        for link in links { tally.merge(link.tally, uniquingKeysWith: +) }
    }

    private func roll(_ sides: Int) -> Int { Int.random(in: 0..<sides, using: &random) }

    private func chance(_ percent: Int) -> Bool { roll(100) < percent }

    private func require(_ holds: Bool, _ rule: @autoclosure () -> String) throws {
        if !holds { throw BrokenRule(rule: rule(), history: history) }
    }
}

// MARK: Edits

extension NetworkSimulation {
    private static let kinds = [Kind.posts, .posts, .posts, .pageItems, .assets]

    /// Items that belong to an editor: with two of them, both never write the same one.
    private func keys(of editor: Int) -> [ItemKey] {
        Self.kinds.enumerated().map { ItemKey($1, "\(editor)-\($0 + 1)") }
    }

    private var allKeys: [ItemKey] { instances.indices.dropFirst().flatMap(keys) }

    private func edit() async throws {
        if isExact, chance(25) { changeFilter() }
        for _ in 0...roll(6) {
            let editor = 1 + roll(instances.count - 1)
            let isDrift = chance(20)
            try await edit(isDrift ? Self.hub : editor, keys(of: editor)[roll(5)])
        }
    }

    private func edit(_ instance: Int, _ key: ItemKey) async throws {
        let isRemoval = chance(20)
        if isRemoval, try inspectors[instance].heads()[key]?.body != nil {
            history.append("rm \(instances[instance].name) \(key)")
            try await instances[instance].remove(key.kind, key.id)
        } else {
            let item = ModelItem(version: 1 + roll(9), secret: chance(60) ? secrets(of: instance)[roll(2)] : nil)
            history.append("put \(instances[instance].name) \(item.text(key))")
            try await put(item, key, at: instance)
        }
        try watches[instance].noteEdit()
    }

    /// What stands in the field that handlers remove: of each instance something that nobody else ever writes.
    private func secrets(of instance: Int) -> [Int] { [0, 1].map { 730_155_920 + 2 * instance + $0 } }

    private func put(_ item: ModelItem, _ key: ItemKey, at instance: Int) async throws {
        if key.kind == .assets { try instances[instance].takeFile(ModelFile(of: item.version).text) }
        try await instances[instance].put(key.kind, item.text(key))
    }

    private func changeFilter() {
        let filters = ModelFilter.allCases.filter { !keepsSecrets || $0 != .none }
        install(filters[roll(filters.count)], at: 1)
    }

    private func install(_ filter: ModelFilter, at editor: Int) {
        self.filter = filter
        history.append("filter \(instances[editor].name) \(filter)")
        guard filter != .none else { return instances[editor].hooks.clear() }
        instances[editor].hooks.install("\(filter)") { kind, item in
            switch filter.outcome(ModelItem(item.body)) {
            case .put(let output):
                let text = output.text(ItemKey(kind, item.id))
                return text == item.body.text ? .unchanged : .changed(try JSONDocument(validating: text))
            case .drop: return .dropped(reason: "a third")
            case .skip: return .skipped(reason: "a third")
            }
        }
    }
}

// MARK: Runs

extension NetworkSimulation {
    private func runOnce(_ number: Int) async throws {
        let route = routes[roll(routes.count)]
        let mishaps = [0, 15, 30, 60][roll(4)]
        for link in links { link.begin(round: number, mishaps: mishaps, retries: roll(3)) }
        guard await recovers(route) else { return }
        let isMirror = isExact && chance(30)
        var run = TestRun(
            scope: Scope(models: chance(20) ? ["posts"] : nil, mode: isMirror ? .mirror : .merge),
            options: PlanOptions(batchSize: 1 + roll(3)),
            confirmations: Confirmations(deletes: 1_000, missingFilters: true))
        // A run takes from a dozen calls to some dozens; most begin with the same ones.
        if chance(35) { run.crash = CrashPoint(call: 1 + roll([16, 32, 64][roll(3)]), isCarriedOut: chance(50)) }
        let areRaising = chance(6)
        history.append(describe(route, run, mishaps: mishaps) + (areRaising ? ", and every handler raises" : ""))
        try await ScriptedHooks.$areRaising.withValue(areRaising) { _ = try await perform(route, run) }
        if chance(30) { for link in links { await link.deliverLate() } }
    }

    private func describe(_ route: Route, _ run: TestRun, mishaps: Int) -> String {
        let names = (instances[route.source].name, instances[route.destination].name)
        return "\(route.isPush ? "push" : "pull") from \(names.0) to \(names.1) \(run.scope.mode) "
            + "models \(run.scope.models ?? []) with \(mishaps) % mishaps\(run.crash == nil ? "" : " and a crash")"
    }

    @discardableResult
    private func perform(_ route: Route, _ run: TestRun) async throws -> TestRunResult? {
        let (initiator, link) = (instances[route.initiator], links[route.responder])
        let target = instances[route.responder].name
        let origin = Origin(route: route, scope: run.scope, items: try items(at: route.source), filter: filter)
        let before = try items(at: route.destination)
        do {
            let result =
                route.isPush
                ? try await initiator.push(to: link, named: target, run)
                : try await initiator.pull(from: link, named: target, run)
            origins[result.transfer] = origin
            try await note(result, of: route, run, before: before)
            return result
        } catch let failure as TestRunFailure {
            origins[failure.transfer] = origin
            try note(failure, of: route, run)
            return nil
        }
    }

    private func items(at instance: Int) throws -> [ItemKey: ModelItem] {
        try inspectors[instance].heads().compactMapValues(\.item)
    }

    private func note(
        _ result: TestRunResult, of route: Route, _ run: TestRun, before: [ItemKey: ModelItem]
    ) async throws {
        look()
        let isCommitted = watches[route.destination].view.committed[result.transfer] != nil
        history.append("    \(calls): \(isCommitted ? "committed" : "nothing to do")")
        tally[isCommitted ? "committed" : "unchanged", default: 0] += 1
        try require(
            isCommitted == (result.result != nil), "I15: the run said \(result.outcome), the destination otherwise")
        if route.isPush, isCommitted { succeeded.insert(result.transfer) }
        guard isExact else { return }
        try checkShown(result.transfer, before: before)
        try checkSecrets()
    }

    private func note(_ failure: TestRunFailure, of route: Route, _ run: TestRun) throws {
        look()
        let mayHaveCommitted = failure.error.details[RunMachine.mayHaveCommitted] != nil
        let hasCrashed = run.crash?.hasCrashed ?? false
        history.append(
            "    \(calls): \(hasCrashed ? "crashed" : "\(failure.error.code)\(mayHaveCommitted ? " in doubt" : "")")")
        tally[hasCrashed ? "crashed" : "failed", default: 0] += 1
        // As the tool keeps the record of a run that lost contact.
        let codes: [ErrorCode] = [.targetUnreachable, .timeout, .databaseBusy, .cancelled]
        if hasCrashed || mayHaveCommitted || codes.contains(failure.error.code) {
            unsettled.append(Unsettled(transfer: failure.transfer, route: route))
        }
        if !hasCrashed, !mayHaveCommitted { failed.insert(failure.transfer) }
    }

    private var calls: String { links.flatMap(\.calls).joined(separator: ", ") }

    private func look() { for watch in watches { watch.look() } }

    /// Settles what earlier runs of this initiator left behind; false when the way to its peer is lost for now.
    private func recovers(_ route: Route) async -> Bool {
        for run in unsettled where run.route.initiator == route.initiator && run.route.responder == route.responder {
            do {
                _ = try await instances[route.initiator].recover(
                    run.transfer, run.route.isPush ? .push : .pull, at: links[route.responder],
                    named: instances[route.responder].name)
                unsettled.removeAll { $0.transfer == run.transfer }
                tally["recovered", default: 0] += 1
            } catch {
                history.append("recovery of \(run.transfer) failed: \(error)")
                return false
            }
        }
        return true
    }
}

// MARK: Rules

extension NetworkSimulation {
    private func check() async throws {
        look()
        for (instance, watch) in zip(instances, watches) {
            try require(watch.broken.isEmpty, "\(instance.name): \(watch.broken.joined(separator: "; "))")
            let problems = try instance.problems()
            try require(problems.isEmpty, "store of \(instance.name): \(problems.joined(separator: "; "))")
        }
        try checkFiles()
        try checkStoredSecrets()
        let committed = Set(watches.flatMap { $0.view.committed.keys })
        let lies = failed.intersection(committed)
        try require(lies.isEmpty, "I15: \(lies.sorted()) were said to have failed, and took effect")
        try checkEvents(committed: committed)
    }

    /// I9: whatever broke on the way, every asset that is there or can be brought back has its file.
    private func checkFiles() throws {
        for (instance, inspector) in zip(instances, inspectors) {
            for asset in try inspector.assets() {
                do {
                    try instance.store.blobs.check(AssetFile(asset).blob)
                } catch {
                    throw BrokenRule(rule: "I9: \(instance.name) \(asset.text): \(error)", history: history)
                }
            }
        }
    }

    /// I7: there are events of every commit, and of nothing else.
    private func checkEvents(committed: Set<String>) throws {
        for (instance, inspector) in zip(instances, inspectors) {
            for (direction, event) in [("push", "sync.receive.finished"), ("pull", "sync.pull.finished")] {
                let here = Set(
                    try inspector.texts(
                        "SELECT id FROM transfer WHERE phase = 'committed' AND direction = '\(direction)'"))
                let told = try inspector.runs(told: event)
                try require(told == here, "I7: \(instance.name) tells \(event) of \(told), not of \(here)")
            }
        }
        let told = try inspectors.reduce(into: Set<String>()) { $0.formUnion(try $1.runs(told: "sync.push.finished")) }
        try require(told.isSubset(of: committed), "I7: pushes are told of that took no effect")
        try require(succeeded.isSubset(of: told), "I7: pushes that took effect are not told of")
    }

    /// I1, I4, I14: the destination shows what the run was to bring about, and all of it.
    private func checkShown(_ transfer: String, before: [ItemKey: ModelItem]) throws {
        guard let origin = origins[transfer] else { return }
        let after = try items(at: origin.route.destination)
        for key in allKeys {
            let expected = expected(key, origin, before: before[key])
            try require(
                after[key] == expected,
                "\(key) is \(after[key]?.text(key) ?? "absent"), not \(expected?.text(key) ?? "absent")")
        }
    }

    private func expected(_ key: ItemKey, _ origin: Origin, before: ModelItem?) -> ModelItem? {
        guard origin.scope.models?.contains(key.kind.model ?? "") ?? true else { return before }
        let outcome = origin.items[key].map(origin.filter.outcome)
        switch outcome {
        case .put(let output): return output
        case .skip: return before
        case .drop, nil: return origin.scope.mode == .mirror ? nil : before
        }
    }

    /// I13: what a handler removes is in nothing that travelled.
    private func checkSecrets() throws {
        guard filter != .none else { return }
        for payload in links.flatMap(\.payloads) {
            // One that was cut on its way holds no more than the whole one, which was looked at too.
            guard let text = try? Zstandard.decompress(payload, limit: Limits.decompressedBytes) else { continue }
            try require(
                !String(decoding: text, as: UTF8.self).contains("\"secret\""), "I13: a removed field has travelled")
        }
    }

    /// I13: nor in anything that another instance stores, for however short a time.
    private func checkStoredSecrets() throws {
        guard keepsSecrets else { return }
        for editor in instances.indices.dropFirst() {
            for (number, instance) in instances.enumerated() where number != editor {
                for secret in secrets(of: editor) {
                    let files = try instance.files(holding: "\(secret)")
                    try require(files.isEmpty, "I13: \(instance.name) holds what never left \(editor), in \(files)")
                }
            }
        }
        tally["searched", default: 0] += 1
    }

    /// I2: once everything that is under way has arrived, plain runs make the sides equal and then find nothing to do.
    private func settle() async throws {
        history.append("all is quiet")
        for link in links {
            link.begin(round: 1_000_000, mishaps: 0, retries: 0)
            await link.deliverLate()
        }
        clock.advance(by: .seconds(2 * Limits.leaseSeconds))
        for route in routes {
            let hasRecovered = await recovers(route)
            try require(hasRecovered, "recovery fails although nothing is in its way")
        }
        try await check()
        if isExact { try await settleOne() } else { try await settleTwo() }
        try await check()
    }

    private func clean(_ route: Route, _ mode: Mode = .merge) async throws -> TestRunResult {
        let run = TestRun(
            scope: Scope(mode: mode), confirmations: Confirmations(deletes: 1_000, missingFilters: true))
        history.append(describe(route, run, mishaps: 0))
        guard let result = try await perform(route, run) else {
            throw BrokenRule(rule: "a run fails although nothing is in its way", history: history)
        }
        return result
    }

    private func settleOne() async throws {
        // A mirror of a kind without items is refused, whatever else is right.
        for key in [keys(of: 1)[0]] + keys(of: 1).suffix(2) {
            try await put(ModelItem(version: 1), key, at: 1)
            try watches[1].noteEdit()
        }
        for mode in [Mode.merge, .mirror] {
            for route in routes {
                _ = try await clean(route, mode)
                let again = try await clean(route, mode)
                try require(again.isNoOp, "I2: the second run sent something: \(again.outcome)")
                try requireOneRoundTrip(again, route, mode)
            }
        }
    }

    private func requireOneRoundTrip(_ again: TestRunResult, _ route: Route, _ mode: Mode = .merge) throws {
        let heads = try inspectors[route.destination].heads()
        guard heads.isAtRest(from: instances[route.source].identity.id, mode) else { return }
        try require(again.isOneRoundTrip, "I2: both sides are quiet, and the run made the calls \(again.calls)")
        tally["roundTrips", default: 0] += 1
    }

    private func settleTwo() async throws {
        let order = routes.filter(\.isPush) + routes.filter { !$0.isPush }
        for _ in 1...2 { for route in order { _ = try await clean(route) } }
        for route in order {
            let again = try await clean(route)
            try require(again.isNoOp, "I2: the third run sent something: \(again.outcome)")
            try requireOneRoundTrip(try await clean(route), route)
        }
        let hub = try items(at: Self.hub)
        for editor in [1, 2] {
            let own = try items(at: editor)
            for key in allKeys {
                try require(
                    shown(own[key]) == shown(hub[key]), "I2: \(key) of editor \(editor) is not the hub's")
            }
        }
    }

    /// What of an item everybody holds.
    private func shown(_ item: ModelItem?) -> ModelItem? {
        keepsSecrets ? item.map { ModelItem(version: $0.version) } : item
    }
}
