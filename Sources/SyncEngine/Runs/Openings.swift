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
        guard let held = answer.held else {
            throw TidelockError(.malformedMessage, "The target's answer does not say what it holds.")
        }
        switch answer.status {
        case .inSync:
            unchanged = held.kinds.reduce(0) { $0 + $1.held }
            reverted = held.reverted
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
        guard case .ready(let plan)? = try await source?.plan(transfer: self.request.id, request),
            plan.operations > 0, plan.files == nil, plan.bytes <= Limits.inlineBytes
        else { return nil }
        return plan
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
            mayBeOpenThere = error.mayHaveOpened || (request.inline != nil && wasLetIn)
            mayHaveCommitted = request.inline != nil && error.isSilentAboutEffect
            if mayHaveCommitted {
                error.details[RunMachine.mayHaveCommitted] = "true"
            }
            throw error
        }
    }

    public func result() async -> RunOpened? { opened }

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
        try await opened(transfer).plan(transfer: transfer, request)
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

/// Begins a pull: the peer has the data, this instance receives it.
public actor PullOpening: RunOpening {
    private let store: any DestinationStore
    private let hooks: any HookPort
    private let peer: any Peer
    private var request: OpenTransfer
    private let knownPeer: String?
    private let applied: AppliedPull?
    private var opened: RunOpened?
    private var isOpenThere = false
    public private(set) var responder: InstanceIdentity?
    public private(set) var unchanged = 0
    /// As of a push; the rows are here.
    public private(set) var reverted = 0
    /// What the source does not know of the selection of a mirror, where it was asked.
    public private(set) var unknown: UnknownName?
    /// Those of the named items that handlers of the source hold back.
    public private(set) var heldBack: [ExcludedItem] = []

    /// `applied` is the plan that is carried out as it was written; nil for any other run.
    public init(
        store: any DestinationStore, hooks: any HookPort, peer: any Peer, request: OpenTransfer, knownPeer: String?,
        applied: AppliedPull? = nil
    ) {
        self.store = store
        self.hooks = hooks
        self.peer = peer
        self.request = request
        self.knownPeer = knownPeer
        self.applied = applied
    }

    public func open(
        approve: @Sendable (PlanSummary, DestinationState) async throws -> Void
    ) async throws -> RunStart {
        if request.scope.itemRule != nil { try await resolve() }
        var request = request
        if let knownPeer {
            let held = try await held(of: knownPeer)
            request.held = held
            request.sent = try await store.sent(beside: held, scope: request.scope, nonce: request.nonce)
            request.remembered = try await store.newestSent(to: knownPeer)
        } else {
            request.remembered = ""
        }
        let answer = try await ask(request)
        responder = answer.responder
        guard answer.responder.id != request.initiator.id else { throw TidelockError.sameInstance(request.initiator) }
        isOpenThere = answer.status == .open
        unknown = answer.unknown
        if let unknown, request.scope.mode == .merge { throw unknown.failure(isHere: false) }
        try applied?.require(answer.responder)
        guard isOpenThere || answer.status == .inSync else {
            throw TidelockError(.malformedMessage, "The target's answer is not one to what it was asked.")
        }
        guard isOpenThere else {
            unchanged = answer.unchanged
            reverted = request.held?.reverted ?? 0
            try requireHeeded(request)
            return .inSync
        }
        let lease = try await store.admit(request, source: answer.responder, direction: .pull)
        try await applied?.begin(request.id, from: answer.responder, store)
        opened = RunOpened(
            held: try await store.countingUnseen(in: held(of: answer.responder.id), for: request), lease: lease,
            staged: try await stagedBatches())
        return .opened
    }

    private func ask(_ request: OpenTransfer) async throws -> TransferOpened {
        do {
            return try await peer.open(request)
        } catch {
            // Nobody waited for the answer to an open that may have been carried out.
            isOpenThere = TidelockError(wrapping: error).mayHaveOpened
            throw error
        }
    }

    /// A source that heeds what it is asked looks at every row then, whatever it has sent before.
    private func requireHeeded(_ request: OpenTransfer) throws {
        guard request.includesReverted, reverted > 0 else { return }
        throw TidelockError(
            .versionMismatch,
            "The target has nothing to send, although \(reverted) items that a rollback took back here were asked for.",
            hint: "Its version of Tidelock may be too old to send them again.")
    }

    /// What an interrupted run has left here. A plan that was written down is compared with each batch of it, so all of
    /// them are fetched then.
    private func stagedBatches() async throws -> Set<String> {
        guard applied == nil else { return [] }
        return Set(
            try await store.resumableBatches(
                transfer: request.id, receivers: hooks.receivers().fingerprint))
    }

    /// Lets the source say which items the run is about. Nothing else of the scope is its to change, nor may it leave out
    /// what was asked for or add what the rule does not lead to.
    private func resolve() async throws {
        let answer = try await peer.open(request)
        if let unknown = answer.unknown, answer.items == nil { throw unknown.failure(isHere: false) }
        guard answer.status == .resolved, let items = answer.items, !items.isEmpty else {
            throw TidelockError(
                .malformedMessage, "The target's answer does not say which items the run is about.",
                hint: "Its version of Tidelock may be too old to look up single items.")
        }
        let told = Set(try ItemKey.all(in: items))
        let asked = Set(try request.scope.itemKeys.map { $0.meant(among: told) })
        let isRight =
            switch request.scope.itemRule {
            case .existing?: told == asked
            case .withAssets?: asked.isSubset(of: told) && told.subtracting(asked).allSatisfy { $0.kind.job == .assets }
            case .linked?, nil: asked.isSubset(of: told)
            }
        guard isRight, told.count <= Limits.namedItems else {
            throw TidelockError(.malformedMessage, "The target's answer names other items than were asked for.")
        }
        heldBack = try (answer.heldBack ?? []).filter { told.contains(ItemKey(try Kind($0.kind), $0.id)) }
        request.scope.items = items
        request.scope.itemRule = nil
    }

    private func held(of source: String) async throws -> DestinationState {
        try await store.held(of: source, scope: request.scope, sourceKinds: [], nonce: request.nonce)
    }

    public func result() async -> RunOpened? { opened }

    /// What the run moves, once the source has said what the items that were named lead to.
    public var scope: Scope { request.scope }

    public func abandon(transfer: String) async throws {
        try await store.abandonTransfer(transfer: transfer)
        if isOpenThere { try await peer.abandon(transfer: transfer) }
    }
}

extension SourceStore {
    /// Begins the plan that a transfer asks for: one to carry out, or one to look at.
    func begin(_ request: OpenTransfer, peer: InstanceIdentity, direction: Direction) async throws {
        if request.isPlanOnly {
            try await beginPlanOnly(
                transfer: request.id, peer: peer, initiator: request.initiator.id, direction: direction,
                scope: request.scope)
        } else {
            try await beginPlan(
                transfer: request.id, peer: peer, initiator: request.initiator.id, direction: direction,
                scope: request.scope)
        }
    }
}

extension DestinationStore {
    /// What is held, and for those who only look at a plan also what they cannot see: an item that is new to them may be
    /// there, and one that they know may be otherwise.
    func countingUnseen(in held: DestinationState, for request: OpenTransfer) async throws -> DestinationState {
        guard request.isPlanOnly else { return held }
        let kinds = try held.kinds.map { try Kind($0.kind) }
        let unseen = try await unseenRows(of: held.source, scope: request.scope, kinds: kinds)
        var held = held
        for (position, kind) in kinds.enumerated() {
            held.kinds[position].others = unseen[kind]?.others ?? 0
            held.kinds[position].kept = unseen[kind].flatMap { $0.kept > 0 ? $0.kept : nil }
        }
        return held
    }

    /// Lets a transfer in. Only one that is carried out is given the lease.
    func admit(_ request: OpenTransfer, source: InstanceIdentity, direction: Direction) async throws -> LeaseGrant? {
        guard request.isPlanOnly else {
            return try await grantLease(
                transfer: request.id, source: source, initiator: request.initiator.id, direction: direction,
                scope: request.scope)
        }
        try await openPlanOnly(
            transfer: request.id, source: source, initiator: request.initiator.id, direction: direction,
            scope: request.scope)
        return nil
    }
}

extension TidelockError {
    /// Whether an open that failed so may have been carried out: nobody waited for its answer, or none came.
    fileprivate var mayHaveOpened: Bool { code == .cancelled || details[RunMachine.unanswered] != nil }

    /// Whether a request that failed so may have been carried out all the same. One that may be repeated was: an earlier
    /// attempt may have got through although its answer did not. A refusal says nothing of that attempt either, unless it
    /// comes from whoever would have committed.
    fileprivate var isSilentAboutEffect: Bool {
        guard details[RunMachine.uncommitted] == nil, !RunMachine.refusals.contains(code) else { return false }
        return details[RunMachine.unanswered] != nil || code.isSilentAboutEffect
    }
}

extension ErrorCode {
    fileprivate var isSilentAboutEffect: Bool {
        traits.httpStatus >= 499 || traits.isRetryable || self == .versionMismatch
    }
}
