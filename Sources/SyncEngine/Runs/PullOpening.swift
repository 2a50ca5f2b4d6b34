public import ContentModel
public import SyncProtocol

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
    /// As of a push; what another source has taken over here, the source tells.
    private var heldInSync: DestinationState?
    private var takenOver = 0
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
        }
        request.memory = try await store.memory(of: knownPeer)
        let answer = try await askRemembering(request)
        responder = answer.responder
        guard answer.responder.id != request.initiator.id else { throw TidelockError.sameInstance(request.initiator) }
        isOpenThere = answer.status == .open
        try await store.noteForgotten(by: answer, to: request)
        unknown = answer.unknown
        if let unknown, request.scope.mode == .merge { throw unknown.failure(isHere: false) }
        try applied?.require(answer.responder)
        guard isOpenThere || answer.status == .inSync else {
            throw TidelockError(.malformedMessage, "The target's answer is not one to what it was asked.")
        }
        guard isOpenThere else {
            unchanged = answer.unchanged
            reverted = request.held?.reverted ?? 0
            heldInSync = request.held
            takenOver = answer.leftToOthers ?? 0
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

    /// Who answers is told what is remembered of it, where that is less than it remembers and another was expected.
    private func askRemembering(_ request: OpenTransfer) async throws -> TransferOpened {
        let answer = try await ask(request)
        guard let memory = try await store.missingMemory(in: request, after: answer) else { return answer }
        isOpenThere = answer.status == .open
        var request = request
        request.memory = memory
        return try await ask(request)
    }

    private func ask(_ request: OpenTransfer) async throws -> TransferOpened {
        do {
            return try await peer.open(request)
        } catch {
            // Nobody waited for the answer to an open that may have been carried out.
            isOpenThere = isOpenThere || TidelockError(wrapping: error).mayHaveOpened
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

    /// In what the sides differ although nothing was sent, or would be.
    public func differences(beside outcome: RunMachine.Outcome) -> StandingDifferences? {
        StandingDifferences(
            beside: outcome, held: heldInSync ?? opened?.held, takenOver: takenOver, reverted: reverted)
    }

    /// What the run moves, once the source has said what the items that were named lead to.
    public var scope: Scope { request.scope }

    public func abandon(transfer: String) async throws {
        try await store.abandonTransfer(transfer: transfer)
        if isOpenThere { try await peer.abandon(transfer: transfer) }
    }
}
