public import ContentModel
public import ContentStore
public import Foundation
internal import HookCatalog
public import SyncEngine
public import SyncProtocol

/// One instance inside the test's process: a real store, scripted handlers, and the engine on top.
public final class TestInstance: Sendable {
    public let name: String
    public let folder: TemporaryFolder
    public let store: Store
    public let hooks = ScriptedHooks()
    public let clock: TestClock
    public let random: SeededRandom
    /// What other instances talk to.
    public let responder: LocalInstance

    /// - Parameter backup: a copy of a store, which this instance begins with
    public init(_ name: String, clock: TestClock, random: SeededRandom, restoring backup: URL? = nil) throws {
        self.name = name
        self.clock = clock
        self.random = random
        folder = try TemporaryFolder(inMemory: true)
        if let backup { try FileManager.default.copyItem(at: backup, to: folder.appending("tidelock.sqlite")) }
        store = try Store.open(in: folder.url, name: name, clock: clock, random: random)
        responder = LocalInstance(store: store, hooks: hooks, identity: store.identity, clock: clock, random: random)
    }

    public var identity: InstanceIdentity { store.identity }

    public func newID() -> String {
        TransferID.make(clock: clock, random: random)
    }

    /// This instance's responder after a restart of its process.
    public func restarted() -> LocalInstance { restarted(on: store) }

    /// The same, in a process that may die at any call to its store.
    func restarted(dyingAt point: CrashPoint) -> LocalInstance {
        restarted(on: DyingStore(store: store, point: point))
    }

    private func restarted(on store: any SourceStore & DestinationStore) -> LocalInstance {
        LocalInstance(store: store, hooks: hooks, identity: identity, clock: clock, random: random)
    }
}

// MARK: Content

extension TestInstance {
    /// Writes items as `tidelock put` and `import` do, and answers the run under which that can be undone.
    @discardableResult
    public func put(_ kind: Kind, _ items: String...) async throws -> String {
        try await change(
            items.map { text in
                let body = try JSONDocument(validating: text)
                return .put(kind: kind, body: body, hash: body.hash)
            })
    }

    @discardableResult
    public func remove(_ kind: Kind, _ ids: String...) async throws -> String {
        try await change(ids.map { .remove(kind: kind, id: $0) })
    }

    @discardableResult
    public func change(_ changes: [LocalChange]) async throws -> String {
        let run = newID()
        try await store.beginRun(id: run, direction: "local", target: "test")
        _ = try store.writeBlocking(changes, run: run)
        try await store.markUndoable(id: run)
        try await store.endRun(id: run, phase: "committed", report: nil)
        return run
    }

    /// Applies the source's versions of conflicts that wait here, and answers the run under which that can be undone.
    @discardableResult
    public func applyParked(_ conflicts: [Int64]) async throws -> String {
        let run = newID()
        try await store.beginRun(id: run, direction: "local", target: "test")
        try await store.applyParked(conflicts, run: run)
        try await store.markUndoable(id: run)
        return run
    }

    /// The text of an item; nil when there is none.
    public func text(_ kind: Kind, _ id: String) async throws -> String? {
        do {
            return try await store.item(kind, id).text
        } catch let error as TidelockError where error.code == .unknownItem {
            return nil
        }
    }
}

// MARK: Runs

extension TestInstance {
    @discardableResult
    public func push(to other: TestInstance, _ run: TestRun = TestRun()) async throws -> TestRunResult {
        try await push(to: other.responder, named: other.name, run)
    }

    @discardableResult
    public func push(to responder: any Peer, named target: String, _ run: TestRun) async throws -> TestRunResult {
        let peer = FaultyPeer(responder, fault: run.fault, repeatsCalls: run.repeatsCalls)
        let process = TestProcess(store, peer, responder, run.crash)
        let open = try openRequest(.push, run)
        let facts = TargetFacts(name: target, uri: "test:\(target)")
        let hooks = try await hooks.pin(
            for: RunContext(run: open.id, direction: .push, target: facts, mode: run.scope.mode))
        let events = run.isDryRun ? [] : finishedEvents(.push, run: open.id, facts)
        let known = try await store.instance(answering: target, at: facts.uri)
        let opening = PushOpening(
            store: process.store, hooks: hooks, peer: process.peer, request: open, knownPeer: known,
            options: run.options, confirmations: run.confirmations
        ) { responder, request, onBatch in
            LocalSource(
                store: process.store, hooks: hooks, request: request, peer: responder, options: run.options,
                events: events, onBatch: onBatch)
        }
        let parts = Run.Parts(
            opening: opening, source: opening, destination: process.peer,
            files: BlobRoute(from: process.store, to: process.files), clock: clock,
            review: { _ in
                guard let look = run.review, let responder = responder as? any PlanPort else { return }
                try await look(PlanReview(transfer: open.id, source: opening, destination: responder))
            }, readyBatches: opening.readyBatches)
        let outcome = try await perform(open.id, parts, run, peer)
        await hooks.release()
        if let responder = await opening.responder {
            try await store.note(instance: responder.id, answering: target, at: facts.uri)
        }
        return TestRunResult(
            transfer: open.id, outcome: outcome, calls: peer.calls, unchanged: await opening.unchanged,
            reverted: await opening.reverted, differences: await opening.differences(beside: outcome))
    }

    @discardableResult
    public func pull(from other: TestInstance, _ run: TestRun = TestRun()) async throws -> TestRunResult {
        try await pull(from: other.responder, named: other.name, run)
    }

    @discardableResult
    public func pull(from responder: any Peer, named target: String, _ run: TestRun) async throws -> TestRunResult {
        let peer = FaultyPeer(responder, fault: run.fault, repeatsCalls: run.repeatsCalls)
        let process = TestProcess(store, peer, responder, run.crash)
        let open = try openRequest(.pull, run)
        let facts = TargetFacts(name: target, uri: "test:\(target)")
        let known = try await store.instance(answering: target, at: facts.uri)
        let applied = try applied(run, from: process.peer, responder)
        let opening = PullOpening(
            store: process.store, hooks: hooks, peer: process.peer, request: open, knownPeer: known, applied: applied)
        let events = finishedEvents(.pull, run: open.id, facts)
        let destination = LocalDestination(
            store: process.store, hooks: hooks, clock: clock, random: random, expected: applied?.expected
        ) { _ in events }
        let source: any SourcePort = if let applied { applied } else { process.peer }
        let parts = Run.Parts(
            opening: opening, source: source, destination: destination,
            files: BlobRoute(from: process.files, to: process.store), clock: clock,
            review: { [self] _ in
                guard let look = run.review, let source = responder as? any PlanPort else { return }
                try await review(open, facts, from: source, of: opening, look)
            })
        let outcome = try await perform(open.id, parts, run, peer)
        if let responder = await opening.responder {
            try await store.note(instance: responder.id, answering: target, at: facts.uri)
        }
        return TestRunResult(
            transfer: open.id, outcome: outcome, calls: peer.calls, unchanged: await opening.unchanged,
            reverted: await opening.reverted, differences: await opening.differences(beside: outcome))
    }

    /// The plan made before to which a pull is limited.
    private func applied(_ run: TestRun, from peer: any Peer, _ responder: any Peer) throws -> AppliedPull? {
        guard let expected = run.options.expected else { return nil }
        guard let port = responder as? any ExpectationPort else {
            throw TidelockError(.internalFailure, "The peer of a test cannot be told which rows are expected.")
        }
        let source = run.expectedSource
        return AppliedPull(expected, source: peer, port: port) { responder in
            guard source == nil || source == responder.id else {
                throw TidelockError(.planOutdated, "The plan was made for another instance.")
            }
        }
    }

    private func review(
        _ open: OpenTransfer, _ target: TargetFacts, from source: any PlanPort, of opening: PullOpening,
        _ look: @Sendable (PlanReview) async throws -> Void
    ) async throws {
        guard let responder = await opening.responder else { return }
        let hooks = try await hooks.pin(
            for: RunContext(run: open.id, direction: .push, target: target, mode: open.scope.mode))
        let outputs = LocalOutputs(
            store: store, hooks: hooks, scope: await opening.scope, peer: responder, of: .pull)
        try await look(PlanReview(transfer: open.id, source: source, destination: outputs))
        await hooks.release()
    }

    private func perform(
        _ transfer: String, _ parts: Run.Parts, _ run: TestRun, _ peer: FaultyPeer
    ) async throws -> RunMachine.Outcome {
        do {
            return try await Run(
                transfer: transfer, parts: parts, isDryRun: run.isDryRun, confirmations: run.confirmations
            ) { _ in }.perform()
        } catch let error as TidelockError {
            throw TestRunFailure(transfer: transfer, error: error, calls: peer.calls, hasBroken: peer.hasBroken)
        }
    }

    private func openRequest(_ direction: Direction, _ run: TestRun) throws -> OpenTransfer {
        var open = OpenTransfer(
            id: newID(), direction: direction, initiator: identity, scope: run.scope, nonce: random.bytes(16).hex,
            isPlanOnly: run.isDryRun)
        open.comparesItems = run.review != nil
        open.includesReverted = run.options.includesReverted
        open.asksAboutNames = run.asksAboutNames
        return open
    }

    func finishedEvents(_ direction: Direction, run: String, _ facts: TargetFacts) -> [QueuedEvent] {
        let names: [EventName] =
            direction == .push ? [.contentAfter, .itemPushed, .pushFinished] : [.itemPulled, .pullFinished]
        return names.map { QueuedEvent(event: $0, run: run, direction: direction, target: facts) }
    }

    /// Tells nobody about the events that are due, and takes them away.
    public func deliverEvents() async throws {
        while let event = try await store.claimEvent() { try await store.conclude(event, registered: []) }
    }
}

// MARK: What is there

extension TestInstance {
    /// What is wrong with the store.
    public func problems() throws -> [String] {
        try StoreInspector(store).problems()
    }

    /// The text of every item.
    public func items() throws -> [ItemKey: String] {
        try StoreInspector(store).heads().compactMapValues(\.body)
    }

    /// The ids of the items of a kind.
    public func ids(_ kind: Kind) throws -> Set<String> {
        Set(try items().keys.filter { $0.kind == kind }.map(\.id))
    }

    public func head(_ kind: Kind, _ id: String) throws -> HeadRow? {
        try StoreInspector(store).heads()[ItemKey(kind, id)]
    }
}

extension Kind {
    public static var posts: Kind { try! .content("posts") }  // a valid name
    public static var pageItems: Kind { try! .content("pages") }  // a valid name
}

extension Store {
    /// Stages a batch that no handler looks at.
    @discardableResult
    public func stage(transfer: String, fence: Int64, _ batch: EncodedBatch) async throws -> BatchReceipt {
        try await stage(transfer: transfer, fence: fence, batch, received: .unchanged)
    }

    /// Commits a transfer about which no handler was asked.
    @discardableResult
    public func commit(
        transfer: String, _ request: CommitTransfer, events: [QueuedEvent]
    ) async throws -> CommitResult {
        try await commit(transfer: transfer, request, events: events, Preparation(isDecided: false))
    }
}
