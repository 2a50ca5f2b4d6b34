public import ContentModel
public import SyncProtocol

/// Begins a push: this instance has the data, the peer receives it.
public actor PushOpening: RunOpening {
    fileprivate let store: any SourceStore
    private let hooks: any RunHooks
    private let peer: any Peer
    private let request: OpenTransfer
    private let options: PlanOptions
    private let sourceMade: @Sendable (InstanceIdentity, OpenTransfer) async -> LocalSource
    private var opened: RunOpened?
    /// The source, once the peer has said who it is.
    private var source: LocalSource?
    public private(set) var responder: InstanceIdentity?
    /// How many items both sides hold alike, when they are in sync.
    public private(set) var unchanged = 0
    private let knownPeer: String?

    public init(
        store: any SourceStore, hooks: any RunHooks, peer: any Peer, request: OpenTransfer, knownPeer: String?,
        options: PlanOptions, makeSource: @escaping @Sendable (InstanceIdentity, OpenTransfer) async -> LocalSource
    ) {
        self.store = store
        self.hooks = hooks
        self.peer = peer
        self.request = request
        self.knownPeer = knownPeer
        self.options = options
        sourceMade = makeSource
    }

    public func open() async throws -> Bool {
        var answer = try await peer.open(request(toward: knownPeer ?? ""))
        if answer.status == .inSync, answer.responder.id != knownPeer {
            // What was compared is what somebody else should hold, so the answer says nothing.
            answer = try await peer.open(request(toward: answer.responder.id))
        }
        responder = answer.responder
        guard answer.responder.id != request.initiator.id else { throw TidelockError.sameInstance(request.initiator) }
        guard let held = answer.held else {
            throw TidelockError(.malformedMessage, "The target's answer does not say what it holds.")
        }
        guard answer.status == .open else {
            unchanged = held.kinds.reduce(0) { $0 + $1.held }
            return false
        }
        guard let lease = answer.lease else {
            throw TidelockError(.malformedMessage, "The target opened a transfer without a lease.")
        }
        opened = RunOpened(held: held, lease: lease)
        try await store.beginPlan(
            transfer: request.id, peer: answer.responder, initiator: request.initiator.id, direction: .push,
            scope: request.scope)
        source = await sourceMade(answer.responder, request)
        return true
    }

    private func request(toward peer: String) async throws -> OpenTransfer {
        var request = request
        request.offer = try await store.view(
            toward: peer, scope: request.scope, nonce: request.nonce, hooks: hooks,
            includesReverted: options.includesReverted
        ).offer
        return request
    }

    public func result() async -> RunOpened? { opened }

    public func abandon(transfer: String) async throws {
        if let source { try await source.abandon(transfer: transfer) }
        await hooks.release()
        guard opened != nil else { return }
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

/// Begins a pull: the peer has the data, this instance receives it.
public actor PullOpening: RunOpening {
    private let store: any DestinationStore
    private let peer: any Peer
    private let request: OpenTransfer
    private let knownPeer: String?
    private var opened: RunOpened?
    private var isOpenThere = false
    public private(set) var responder: InstanceIdentity?
    public private(set) var unchanged = 0

    public init(store: any DestinationStore, peer: any Peer, request: OpenTransfer, knownPeer: String?) {
        self.store = store
        self.peer = peer
        self.request = request
        self.knownPeer = knownPeer
    }

    public func open() async throws -> Bool {
        var request = request
        if let knownPeer { request.held = try await held(of: knownPeer) }
        let answer = try await peer.open(request)
        responder = answer.responder
        guard answer.responder.id != request.initiator.id else { throw TidelockError.sameInstance(request.initiator) }
        guard answer.status == .open else {
            unchanged = answer.unchanged
            return false
        }
        isOpenThere = true
        let lease = try await store.grantLease(
            transfer: request.id, source: answer.responder, initiator: request.initiator.id, direction: .pull,
            scope: request.scope)
        opened = RunOpened(held: try await held(of: answer.responder.id), lease: lease)
        return true
    }

    private func held(of source: String) async throws -> DestinationState {
        try await store.held(of: source, scope: request.scope, sourceKinds: [], nonce: request.nonce)
    }

    public func result() async -> RunOpened? { opened }

    public func abandon(transfer: String) async throws {
        try await store.abandonTransfer(transfer: transfer)
        if isOpenThere { try await peer.abandon(transfer: transfer) }
    }
}
