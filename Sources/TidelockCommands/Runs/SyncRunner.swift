internal import ContentModel
internal import ContentStore
internal import CurlHTTP
internal import Foundation
internal import HookCatalog
internal import HookHost
internal import RemotePeer
internal import SyncEngine
internal import SyncProtocol

/// One run of one instance against one target: lock, recovery, the run itself, its record, its events.
struct SyncRunner: Sendable {
    struct Request: Sendable {
        var direction: Direction
        var scope: Scope
        var options = PlanOptions()
        var confirmations = Confirmations()
        var isDryRun = false
        /// How long to repeat what fails while nothing gets through.
        var timeout: Duration = .seconds(30)
        /// Who started it, where that is known.
        var user: String?
        /// How many runs started one another, by handlers, before this one.
        var depth = 0
        /// Whoever started it has the lock, and tells observers and the store about all runs together.
        var isOneOfSeveral = false
        /// What is wanted of a plan beyond its numbers.
        var detail: PlanDetail?
        /// The file that is carried out.
        var applied: WrittenPlan?
        /// Which addresses may be connected to, for targets that a script named itself.
        var addressPolicy: (@Sendable (_ address: String, _ host: String, _ port: Int) -> Bool)?
    }

    let instance: Instance
    let hooks: HookHost
    let target: Target
    let request: Request
    let progress: @Sendable (RunProgress) -> Void

    /// Runs to the end. What made the run fail stands in the report and is thrown with it.
    func perform() async -> (report: RunReport, failure: TidelockError?) {
        // A run that a handler started is the work of whoever runs this process, where nobody else is known.
        let principal = Principal.current == Principal() ? .here : Principal.current
        return await Principal.$current.withValue(principal) { await performInName() }
    }

    private func performInName() async -> (report: RunReport, failure: TidelockError?) {
        let run = instance.newRunID()
        var report = RunReport(run: run, target: target.name, direction: request.direction)
        report.policy = request.scope.policy
        if request.scope.translationRule != .override { report.translations = request.scope.translationRule }
        // A run that a handler started belongs to a process that reports and delivers by itself.
        let isOwnProcess = request.depth == 0 && !request.isOneOfSeveral
        let statistics = StatisticsReporter(instance, hooks: hooks, command: request.direction.rawValue)
        if isOwnProcess { await statistics.report() }
        let start = ContinuousClock.now
        let failure: TidelockError?
        do {
            try target.requirePermission(for: request.direction)
            try await hooks.approve(
                Proposal(context: context(run), stage: .beginning(jobs: Job.list(request.scope).map(\.document))))
            // A dry run needs none: it supersedes nobody, neither here nor there.
            let lock = request.isDryRun || request.isOneOfSeveral ? nil : try instance.takeLock(run: run)
            failure = await locked(run, into: &report)
            _ = consume lock
        } catch {
            failure = TidelockError(wrapping: error)
        }
        report.milliseconds = Int(start.duration(to: .now) / .milliseconds(1))
        if let failure { report.note(failure) }
        // Also when the task is cancelled: what happened has to be written down.
        await Task { [report] in await close(report, failure) }.value
        if isOwnProcess {
            await EventDelivery(instance: instance, hooks: hooks).deliverDue()
            await statistics.end()
        }
        return (report, failure)
    }

    private func locked(_ run: String, into report: inout RunReport) async -> TidelockError? {
        do {
            let http = try instance.httpClient(admitting: request.addressPolicy)
            defer { http.shutdown() }
            let peer = try instance.peer(target, over: http, timeout: request.timeout)
            defer { report.note(peer.traffic) }
            if !request.isDryRun {
                try await Recovery(instance: instance, target: target, peer: peer).finishPredecessors()
                try await instance.store.beginRun(id: run, direction: request.direction.rawValue, target: target.name)
            }
            let result = try await performRun(run, peer: peer)
            report.note(result.outcome, unchanged: result.unchanged, reverted: result.reverted)
            report.note(differences: result.differences)
            try report.note(heldBack: result.heldBack)
            return request.refusal(of: report)
        } catch {
            return TidelockError(wrapping: error)
        }
    }

    private struct Ended {
        var outcome: RunMachine.Outcome
        /// The counts are those of sides that are in sync.
        var unchanged: Int
        var reverted: Int
        /// Of a pull the named items that handlers of the source hold back.
        var heldBack: [ExcludedItem] = []
        /// In what the sides differ where nothing was sent.
        var differences: StandingDifferences?
    }

    private func performRun(_ run: String, peer: RemotePeer) async throws -> Ended {
        let known = try await instance.store.instance(answering: target.name, at: target.uri)
        var open = OpenTransfer(
            id: run, direction: request.direction, initiator: instance.store.identity, scope: request.scope,
            nonce: instance.random.bytes(16).hex, isPlanOnly: request.isDryRun)
        open.comparesItems = request.detail?.comparesItems ?? false
        open.includesReverted = request.options.includesReverted
        open.asksAboutNames = request.direction == .pull && request.applied == nil
        switch request.direction {
        case .push: return try await pushKnown(open, peer: peer, known: known)
        case .pull: return try await pull(open, peer: peer, known: known)
        }
    }

    /// A selection that is misspelled would push nothing, and seem to have succeeded. What only the destination has a
    /// mirror deletes, so there the run tells whether anybody knows what was named.
    private func pushKnown(_ open: OpenTransfer, peer: RemotePeer, known: String?) async throws -> Ended {
        let unknown = request.applied == nil ? try await instance.store.unknownSelection(in: open.scope) : nil
        if let unknown, open.scope.mode == .merge { throw unknown }
        let result = try await push(open, peer: peer, known: known)
        if let unknown, result.outcome.isIdle { throw unknown }
        return result
    }

    private func push(_ open: OpenTransfer, peer: RemotePeer, known: String?) async throws -> Ended {
        let pinned = try await hooks.pin(for: context(open.id))
        let store = instance.store
        let options = request.options
        let progress = progress
        let events = request.isDryRun ? [] : finishedEvents(run: open.id)
        let opening = PushOpening(
            store: store, hooks: pinned, peer: peer, request: open, knownPeer: known, options: options,
            confirmations: request.confirmations
        ) { responder, request, onBatch in
            LocalSource(
                store: store, hooks: pinned, request: request, peer: responder, options: options, events: events,
                progress: { progress(.planning(examined: $0)) }, onBatch: onBatch)
        }
        let source: any SourcePort = request.applied.map { AppliedSource(opening: opening, plan: $0) } ?? opening
        // A gate that is to see the plan has its say before anything leaves.
        let mayTravelEarly = try await hooks.handlers(of: .planReady).isEmpty
        let outcome = await Result {
            try await perform(
                open.id, opening: opening, source: source, destination: peer, files: BlobRoute(from: store, to: peer),
                readyBatches: mayTravelEarly ? opening.readyBatches : nil
            ) { [request] in
                let review = PlanReview(transfer: open.id, source: opening, destination: peer)
                try await request.detail?.take(review, under: pinned)
            }
        }
        request.detail?.take(await opening.responder)
        await remember(await opening.responder)
        let ended = try outcome.get()
        return Ended(
            outcome: ended, unchanged: await opening.unchanged, reverted: await opening.reverted,
            differences: await opening.differences(beside: ended))
    }

    private func pull(
        _ open: OpenTransfer, peer: RemotePeer, known: String?
    ) async throws -> Ended {
        let applied = appliedPull(from: peer)
        let opening = PullOpening(
            store: instance.store, hooks: hooks, peer: peer, request: open, knownPeer: known, applied: applied)
        let events = finishedEvents(run: open.id)
        let destination = LocalDestination(
            store: instance.store, hooks: hooks, clock: instance.clock, random: instance.random,
            expected: applied?.expected
        ) { _ in events }
        let source: any SourcePort = if let applied { applied } else { peer }
        let outcome = await Result {
            try await perform(
                open.id, opening: opening, source: source, destination: destination,
                files: BlobRoute(from: peer, to: instance.store)
            ) {
                try await review(open, peer: peer, of: opening)
            }
        }
        await freeStage(of: open.id)
        request.detail?.take(await opening.responder, scope: await opening.scope)
        await remember(await opening.responder)
        let ended = try outcome.get()
        if let unknown = await opening.unknown, ended.isIdle { throw unknown.failure(isHere: false) }
        return Ended(
            outcome: ended, unchanged: await opening.unchanged, reverted: await opening.reverted,
            heldBack: await opening.heldBack, differences: await opening.differences(beside: ended))
    }

    /// The commit stands whether this succeeds or not, and the next collection of garbage takes what is left.
    private func freeStage(of run: String) async {
        do {
            try await instance.store.freeStage(ofCommitted: run)
        } catch {
            instance.log("warning", "What run \(run) staged stays until old data is freed: \(error)", channel: "store")
        }
    }

    /// The file that is carried out, where it is the plan of a pull.
    private func appliedPull(from peer: RemotePeer) -> AppliedPull? {
        guard let plan = request.applied, let expected = request.options.expected else { return nil }
        return AppliedPull(expected, source: peer, port: peer) { try plan.requireResponder($0) }
    }

    /// Looks at the plan of a pull that its source has made.
    private func review(_ open: OpenTransfer, peer: RemotePeer, of opening: PullOpening) async throws {
        guard let detail = request.detail, let responder = await opening.responder else { return }
        // What a push from here holds back from the source is compared no more than a pull would touch it.
        var context = context(open.id)
        context.direction = .push
        let pinned = try await hooks.pin(for: context)
        let result = await Result {
            let outputs = LocalOutputs(
                store: instance.store, hooks: pinned, scope: await opening.scope, peer: responder, of: .pull)
            try await detail.take(PlanReview(transfer: open.id, source: peer, destination: outputs)) { [instance] in
                try await instance.store.standingRows($0, from: responder.id)
            }
        }
        await pinned.release()
        try result.get()
    }

    private func perform(
        _ run: String, opening: any RunOpening, source: any SourcePort, destination: any DestinationPort,
        files: BlobRoute, readyBatches: AsyncStream<BatchInfo>? = nil,
        review: @escaping @Sendable () async throws -> Void
    ) async throws -> RunMachine.Outcome {
        try await Run(
            transfer: run,
            parts: Run.Parts(
                opening: opening, source: source, destination: destination, files: files, clock: instance.clock,
                gate: { [hooks] plan in
                    try await hooks.approve(Proposal(context: context(run), stage: .planned(plan.facts)))
                }, review: { _ in try await review() }, readyBatches: readyBatches),
            isDryRun: request.isDryRun, confirmations: request.confirmations, progress: progress
        ).perform()
    }

    private func remember(_ responder: InstanceIdentity?) async {
        guard let responder else { return }
        // Only saves a comparison next time; a run must not fail for it.
        try? await instance.store.note(instance: responder.id, answering: target.name, at: target.uri)
    }

    private func context(_ run: String) -> RunContext {
        var context = RunContext(run: run, direction: request.direction, target: facts, mode: request.scope.mode)
        context.user = request.user
        context.depth = request.depth
        return context
    }

    var facts: TargetFacts { TargetFacts(name: target.name, uri: target.uri) }

    private func finishedEvents(run: String) -> [QueuedEvent] {
        let names: [EventName] =
            request.direction == .push ? [.contentAfter, .itemPushed, .pushFinished] : [.itemPulled, .pullFinished]
        return names.map { event($0, run: run) }
    }

    func event(_ name: EventName, run: String) -> QueuedEvent {
        QueuedEvent(
            event: name, run: run, direction: request.direction, target: facts, user: request.user, depth: request.depth
        )
    }
}

extension Target {
    /// Throws `permission_denied` where its settings do not allow it.
    func requirePermission(for direction: Direction) throws {
        guard allows(direction) else {
            throw TidelockError(
                .permissionDenied, "Target '\(name)' does not allow a \(direction.rawValue).",
                hint: "Its settings say so; change them if that is wrong.")
        }
    }
}

extension SyncRunner.Request {
    /// Why a run that was asked to stop for something would, as far as its plan tells.
    fileprivate func refusal(of report: RunReport) -> TidelockError? {
        guard isDryRun, confirmations.refusesSchemaChanges == true else { return nil }
        return report.schemaChanges?.refusal
    }
}

extension RunReport {
    fileprivate mutating func note(_ traffic: Traffic) {
        roundTrips = traffic.roundTrips
        bytesSent = traffic.bytesSent
        bytesReceived = traffic.bytesReceived
    }
}

extension Result where Failure == any Error {
    /// What an asynchronous call answered or threw, so that something can be done in either case.
    fileprivate init(_ body: () async throws -> Success) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
