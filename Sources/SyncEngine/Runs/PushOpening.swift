public import ContentModel
public import SyncProtocol

/// Begins a push: this instance has the data, the peer receives it.
public actor PushOpening: RunOpening {
    fileprivate let store: any SourceStore
    private let hooks: any RunHooks
    private let peer: any Peer
    private var request: OpenTransfer
    private let options: PlanOptions
    private let sourceMade: SourceMaker
    /// The batches of the plan, each as soon as it is stored, while the plan goes on.
    public nonisolated let readyBatches: AsyncStream<BatchInfo>
    private let ready: AsyncStream<BatchInfo>.Continuation
    private var opened: RunOpened?
    /// Whether an open that failed, or whose answer nobody waited for, may have been carried out.
    private var mayBeOpenThere = false
    /// Whether the plan may have been applied by an open that failed: then it is kept, for the next run to acknowledge.
    private var mayHaveCommitted = false
    /// The source, once the peer has said who it is.
    private var source: LocalSource?
    public private(set) var responder: InstanceIdentity?
    /// How many items both sides hold alike, when they are in sync.
    public private(set) var unchanged = 0
    /// How many rows a rollback at the destination took back, when the sides are in sync otherwise.
    public private(set) var reverted = 0
    /// What the peer said that it holds, and how many items another source has taken over there, when the sides are in
    /// sync otherwise.
    private var heldInSync: DestinationState?
    /// What was planned before the peer had been heard.
    private var plannedAhead: PlanSummary?
    private var takenOver = 0
    private let knownPeer: String?
    private let confirmations: Confirmations

    /// Makes the source of a transfer to the instance that is named; it tells the last argument of its batches.
    public typealias SourceMaker =
        @Sendable (InstanceIdentity, OpenTransfer, _ onBatch: @escaping @Sendable (BatchInfo) -> Void) -> LocalSource

    public init(
        store: any SourceStore, hooks: any RunHooks, peer: any Peer, request: OpenTransfer, knownPeer: String?,
        options: PlanOptions, confirmations: Confirmations, makeSource: @escaping SourceMaker
    ) {
        (readyBatches, ready) = AsyncStream.makeStream()
        self.store = store
        self.hooks = hooks
        self.peer = peer
        self.request = request
        self.knownPeer = knownPeer
        self.options = options
        self.confirmations = confirmations
        sourceMade = makeSource
    }

    public func open(
        approve: @Sendable (PlanSummary, DestinationState) async throws -> Void
    ) async throws -> RunStart {
        request.scope = try await LinkedItems(store: store, hooks: hooks).resolve(request.scope)
        var (request, inline) = try await prepare(toward: knownPeer ?? "", approve: approve)
        var answer = try await ask(request)
        if answer.status == .inSync, answer.responder.id != knownPeer {
            // What was compared is what somebody else should hold, so the answer says nothing.
            (request, inline) = try await prepare(toward: answer.responder.id, approve: approve)
            answer = try await ask(request)
        }
        responder = answer.responder
        guard answer.responder.id != request.initiator.id else { throw TidelockError.sameInstance(request.initiator) }
        try await note(answer, to: request)
        if answer.status == .open, !request.isPlanOnly,
            let memory = try await store.missingMemory(in: request, after: answer)
        {
            mayBeOpenThere = true
            request.memory = memory
            answer = try await ask(request)
        }
        guard let held = answer.held else {
            throw TidelockError(.malformedMessage, "The target's answer does not say what it holds.")
        }
        switch answer.status {
        case .inSync:
            unchanged = held.kinds.reduce(0) { $0 + $1.held }
            reverted = held.reverted
            heldInSync = held
            takenOver = try await store.takenOverRows(
                in: request.scope.kinds(among: held.kinds.map { try Kind($0.kind) }), toward: answer.responder.id)
            return .inSync
        case .committed:
            guard let inline, let result = answer.result else {
                throw TidelockError(.malformedMessage, "The target committed what it was not sent.")
            }
            return .committed(inline, result)
        case .open:
            try await begin(answer, held: held)
            return .opened
        case .resolved:
            throw TidelockError(.malformedMessage, "The target looked up items that it was not asked about.")
        }
    }

    /// What the open asks, and the plan that it brings along.
    private func prepare(
        toward peer: String, approve: @Sendable (PlanSummary, DestinationState) async throws -> Void
    ) async throws -> (request: OpenTransfer, inline: PlanSummary?) {
        var request = request
        let view = try await store.view(
            toward: peer, scope: request.scope, nonce: request.nonce, hooks: hooks,
            includesReverted: options.includesReverted)
        request.offer = view.offer
        request.memory = try await store.memory(of: peer)
        guard let destination = try await expectedDestination(peer, view) else { return (request, nil) }
        let held = view.expectation(of: destination, source: request.initiator.id, nonce: request.nonce)
        guard let plan = try await planAhead(for: held) else { return (request, nil) }
        // What a guard would stop may be gone there already: that is asked before anything is refused.
        guard RunGuard.refusal(of: plan, held: held, confirmations: confirmations) == nil else { return (request, nil) }
        try await approve(plan, held)
        var batches: [EncodedBatch] = []
        for batch in plan.batches {
            batches.append(try await store.plannedBatch(transfer: request.id, number: batch.number))
        }
        request.inline = InlinePlan(
            destination: destination.id, batches: batches,
            commit: CommitTransfer(plan, fence: 0, confirmations: confirmations))
        return (request, plan)
    }

    /// The destination for which it pays to plan before it has been heard: one that is known, with few changes that the
    /// feed tells.
    private func expectedDestination(_ peer: String, _ view: SourceView) async throws -> InstanceIdentity? {
        guard !request.isPlanOnly, !peer.isEmpty, !options.includesReverted, !options.isExact, !view.offer.isQuiet,
            view.standings.allSatisfy({ $0.isFed(under: hooks.filters(for: $0.kind)) }),
            !view.standings.contains(where: { request.scope.deletesLeftOut($0.kind) }),
            view.standings.reduce(0, { $0 + $1.changes }) <= Limits.inlineItems
        else { return nil }
        return try await store.peer(peer)
    }

    /// The plan for a destination that holds what we believe; nil when it is too large for an open, or empty.
    private func planAhead(for held: DestinationState) async throws -> PlanSummary? {
        // Nobody waits for its batches: they travel with the open or not at all.
        try await beginPlan(for: held.destination) { _ in }
        let request = MakePlan(held: held, confirmations: confirmations)
        guard case .ready(let plan)? = try await source?.plan(transfer: self.request.id, request) else { return nil }
        plannedAhead = plan
        return plan.operations > 0 && plan.files == nil && plan.bytes <= Limits.inlineBytes ? plan : nil
    }

    private func begin(_ answer: TransferOpened, held: DestinationState) async throws {
        guard answer.lease != nil || request.isPlanOnly else {
            throw TidelockError(.malformedMessage, "The target opened a transfer without a lease.")
        }
        opened = RunOpened(held: held, lease: answer.lease, staged: Set(answer.staged ?? []))
        // What was planned ahead was for another state of the target, or is too large: it is planned anew.
        try await beginPlan(for: answer.responder) { [ready] in ready.yield($0) }
    }

    private func beginPlan(
        for destination: InstanceIdentity, onBatch: @escaping @Sendable (BatchInfo) -> Void
    ) async throws {
        try await store.begin(request, peer: destination, direction: .push)
        source = sourceMade(destination, request, onBatch)
    }

    private func ask(_ request: OpenTransfer) async throws -> TransferOpened {
        do {
            return try await peer.open(request)
        } catch {
            var error = TidelockError(wrapping: error)
            // A plan that was refused has left its transfer behind, unless it was not even looked at.
            let wasLetIn = error.code.traits.httpStatus != 401
            mayBeOpenThere = mayBeOpenThere || error.mayHaveOpened || (request.inline != nil && wasLetIn)
            mayHaveCommitted = request.inline != nil && error.isSilentAboutEffect
            if mayHaveCommitted {
                error.details[RunMachine.mayHaveCommitted] = "true"
            }
            throw error
        }
    }

    /// What fails here fails after the peer has carried out what it was asked.
    private func note(_ answer: TransferOpened, to request: OpenTransfer) async throws {
        do {
            try await store.noteForgotten(by: answer, to: request)
        } catch {
            var error = TidelockError(wrapping: error)
            mayBeOpenThere = answer.status == .open
            mayHaveCommitted = answer.status == .committed
            if mayHaveCommitted { error.details[RunMachine.mayHaveCommitted] = "true" }
            throw error
        }
    }

    public func result() async -> RunOpened? { opened }

    /// In what the sides differ although nothing was sent, or would be.
    public func differences(beside outcome: RunMachine.Outcome) -> StandingDifferences? {
        StandingDifferences(
            beside: outcome, held: heldInSync ?? opened?.held, takenOver: takenOver, reverted: reverted)
    }

    public func abandon(transfer: String) async throws {
        if let source, !mayHaveCommitted { try await source.abandon(transfer: transfer) }
        await hooks.release()
        guard opened != nil || mayBeOpenThere else { return }
        try await peer.abandon(transfer: transfer)
    }
}

/// The source exists only once the peer has said who it is, so the opening stands in for it.
extension PushOpening: SourcePort {
    public func plan(transfer: String, _ request: MakePlan) async throws -> PlanAnswer {
        let answer = try await opened(transfer).plan(transfer: transfer, request)
        guard case .ready(let plan) = answer, let plannedAhead else { return answer }
        return .ready(plan.telling(heldBackIn: plannedAhead))
    }

    public func batch(transfer: String, number: Int) async throws -> EncodedBatch {
        try await store.plannedBatch(transfer: transfer, number: number)
    }

    public func acknowledge(transfer: String, _ result: CommitResult) async throws {
        try await opened(transfer).acknowledge(transfer: transfer, result)
    }

    private func opened(_ transfer: String) throws -> LocalSource {
        guard let source else { preconditionFailure("transfer \(transfer) is planned after it was opened") }
        return source
    }
}

extension PushOpening: PlanPort {
    public func planned(transfer: String, _ request: ListPlanned) async throws -> PlannedPage {
        try await opened(transfer).planned(transfer: transfer, request)
    }

    public func outputs(transfer: String, _ request: ReadOutputs) async throws -> OutputPage {
        try await opened(transfer).outputs(transfer: transfer, request)
    }
}

extension PlanSummary {
    /// With what handlers held back when the same was planned before: that is settled by then, and not looked at again.
    fileprivate func telling(heldBackIn before: PlanSummary) -> PlanSummary {
        var plan = self
        for earlier in before.kinds {
            guard let position = plan.kinds.firstIndex(where: { $0.kind == earlier.kind }) else { continue }
            plan.kinds[position].skips = max(plan.kinds[position].skips, earlier.skips)
            plan.kinds[position].drops = max(plan.kinds[position].drops, earlier.drops)
        }
        return plan
    }
}
