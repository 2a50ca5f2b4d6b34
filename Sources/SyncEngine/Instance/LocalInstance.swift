public import ContentModel
internal import HookCatalog
public import SyncProtocol

/// This instance as the far side of other people's runs.
///
/// An actor because it keeps, per transfer, the source that is planning it. Transfers toward this instance need
/// no memory here: the store has it all, so they survive a restart.
public actor LocalInstance {
    private let store: any SourceStore & DestinationStore
    private let hooks: any HookPort
    private let clock: any WallClock
    public let identity: InstanceIdentity
    private let destination: LocalDestination
    private var sources = RememberedTransfers<LocalSource>(seconds: Limits.transferSeconds)
    /// Pushes whose plans are looked at field by field.
    private var views = RememberedTransfers<PushView>(seconds: Limits.lookSeconds)

    public init(
        store: any SourceStore & DestinationStore, hooks: any HookPort, identity: InstanceIdentity,
        clock: any WallClock, random: any RandomSource
    ) {
        self.store = store
        self.hooks = hooks
        self.identity = identity
        self.clock = clock
        destination = LocalDestination(store: store, hooks: hooks, clock: clock, random: random) { transfer in
            let origin = try await store.transferSource(transfer: transfer)
            return [QueuedEvent(event: .receiveFinished, run: transfer, direction: .push, origin: origin)]
        }
    }

    private func openAsDestination(_ request: OpenTransfer) async throws -> TransferOpened {
        guard let offer = request.offer else { throw incomplete("push", lacks: "offer") }
        guard request.scope.itemRule == nil else {
            throw TidelockError(.malformedMessage, "The items of a push are looked up by whoever sends them.")
        }
        if let repeated = try await committed(request) { return repeated }
        let held = try await store.held(
            of: request.initiator.id, scope: request.scope, sourceKinds: try offer.kinds.map { try Kind($0) },
            nonce: request.nonce)
        let sent = try await sent(beside: held, request, offer)
        if offer.isSatisfied(by: held, sent: sent, mode: request.scope.mode) {
            return TransferOpened(status: .inSync, responder: identity, held: held)
        }
        let lease = try await store.admit(request, source: request.initiator, direction: .push)
        if request.isPlanOnly, request.comparesItems { try await openView(request) }
        var answer = TransferOpened(
            status: .open, responder: identity, lease: lease,
            held: try await store.countingUnseen(in: held, for: request))
        if let lease, let inline = request.inline, inline.destination == identity.id,
            offer.isRight(about: held, sent: sent, mode: request.scope.mode)
        {
            answer.result = try await apply(inline, of: request.id, under: lease)
            answer.status = .committed
        } else if lease != nil {
            let staged = try await store.resumableBatches(
                transfer: request.id, receivers: hooks.receivers().fingerprint)
            if !staged.isEmpty { answer.staged = staged }
        }
        return answer
    }

    /// Looked up only where it decides something.
    private func sent(
        beside held: DestinationState, _ request: OpenTransfer, _ offer: SourceOffer
    ) async throws -> [String: String]? {
        guard offer.received != nil, offer.root == held.root else { return nil }
        return try await store.sent(beside: held, scope: request.scope, nonce: request.nonce)
    }

    private func apply(
        _ inline: InlinePlan, of transfer: String, under lease: LeaseGrant
    ) async throws -> CommitResult {
        guard let batches = inline.batches, batches.reduce(0, { $0 + $1.payload.count }) <= Limits.inlineBytes else {
            throw TidelockError(.malformedMessage, "The plan that came with the open is too large or incomplete.")
        }
        do {
            for batch in batches { _ = try await destination.stage(transfer: transfer, fence: lease.fence, batch) }
        } catch let error as TidelockError where error.code.isOfHandlers {
            throw error.markedUncommitted
        }
        var commit = inline.commit
        commit.fence = lease.fence
        return try await destination.commit(transfer: transfer, commit)
    }

    /// The answer to an open that was carried out before together with its plan.
    private func committed(_ request: OpenTransfer) async throws -> TransferOpened? {
        guard request.inline != nil, try await store.transferInitiator(transfer: request.id) != nil else { return nil }
        guard let result = try await destination.state(transfer: request.id).result else { return nil }
        let held = try await store.held(
            of: request.initiator.id, scope: request.scope, sourceKinds: [], nonce: request.nonce)
        return TransferOpened(status: .committed, responder: identity, held: held, result: result)
    }

    /// What was misspelled would bring nothing, and seem to have succeeded.
    private func openKnown(_ request: OpenTransfer) async throws -> TransferOpened {
        let unknown = request.asksAboutNames ? try await store.unknownName(in: request.scope) : nil
        var answer =
            if unknown != nil, request.scope.mode == .merge {
                TransferOpened(status: .resolved, responder: identity)
            } else {
                try await openAsSource(request)
            }
        answer.unknown = unknown
        return answer
    }

    private func openAsSource(_ request: OpenTransfer) async throws -> TransferOpened {
        // A repeated open finds the source that the first one made, and with it the plan.
        if sources.touch(request.id, at: clock.seconds) != nil {
            return TransferOpened(status: .open, responder: identity)
        }
        let pinned = try await hooks.pin(for: RunContext(toInitiatorOf: request))
        do {
            return try await openAsSource(request, pinned)
        } catch {
            await pinned.release()
            throw error
        }
    }

    private func openAsSource(_ request: OpenTransfer, _ pinned: any RunHooks) async throws -> TransferOpened {
        if request.scope.itemRule != nil {
            let named = LinkedItems(store: store, hooks: pinned)
            let scope = try await named.resolve(request.scope)
            var answer = TransferOpened(status: .resolved, responder: identity, items: scope.items ?? [:])
            answer.heldBack = try await named.heldBack(of: request.scope, from: request.initiator.id)
            await pinned.release()
            return answer
        }
        let view = try await store.view(
            toward: request.initiator.id, scope: request.scope, nonce: request.nonce, hooks: pinned,
            includesReverted: request.includesReverted)
        let isForgetful = try await isForgetful(request)
        if let held = request.held, held.source == identity.id, !isForgetful,
            view.offer.isSatisfied(by: held, sent: request.sent, mode: request.scope.mode)
        {
            await pinned.release()
            return TransferOpened(status: .inSync, responder: identity, unchanged: view.held)
        }
        try await forgetEarlierSources(before: request)
        try await store.begin(request, peer: request.initiator, direction: .pull)
        var options = PlanOptions(includesReverted: request.includesReverted)
        options.returnsForgotten = isForgetful
        if request.isPlanOnly { options.exclusions = Exclusions(limit: Limits.excludedItems) }
        sources.add(
            LocalSource(store: store, hooks: pinned, request: request, peer: request.initiator, options: options),
            as: request.id, at: clock.seconds)
        return TransferOpened(status: .open, responder: identity)
    }

    /// Whether the initiator was restored to a time before it sent something here. It has not what it does not know of,
    /// and what came from there is not sent back otherwise.
    private func isForgetful(_ request: OpenTransfer) async throws -> Bool {
        guard let remembered = request.remembered else { return false }
        return try await store.hasNewer(than: remembered, from: request.initiator.id)
    }

    /// A peer that opens again has given its earlier transfer up. One that only wants to look at a plan has not: it may
    /// have a run at work. Of its earlier plans the newest few stay.
    private func forgetEarlierSources(before request: OpenTransfer) async throws {
        var earlier = sources.ids {
            $0.peer.id == request.initiator.id && (!request.isPlanOnly || $0.request.isPlanOnly)
        }
        if request.isPlanOnly { earlier = earlier.dropLast(Limits.plansOnly - 1) }
        for transfer in earlier { try await sources.remove(transfer)?.abandon(transfer: transfer) }
    }

    /// Gives up what nobody has asked about for long: whoever opened it has gone without a word. May be called at any time.
    public func forgetUntouched() async throws {
        for transfer in views.expired(at: clock.seconds) { await closeView(transfer) }
        for transfer in sources.expired(at: clock.seconds) {
            try await sources.remove(transfer)?.abandon(transfer: transfer)
        }
    }

    /// Pins the handlers through which items here are shown. Of the views of one peer the newest few stay.
    private func openView(_ request: OpenTransfer) async throws {
        guard views.touch(request.id, at: clock.seconds) == nil else { return }
        let view = PushView(request, hooks: try await hooks.pin(for: RunContext(toInitiatorOf: request)), store: store)
        // A repeated open may have got here first.
        guard views.touch(request.id, at: clock.seconds) == nil else { return await view.hooks.release() }
        let earlier = views.ids { $0.initiator == request.initiator.id }
        views.add(view, as: request.id, at: clock.seconds)
        for transfer in earlier.dropLast(Limits.plansOnly - 1) { await closeView(transfer) }
    }

    private func closeView(_ transfer: String) async {
        await views.remove(transfer)?.hooks.release()
    }

    private func source(_ transfer: String) throws -> LocalSource {
        guard let source = sources.touch(transfer, at: clock.seconds) else {
            throw TidelockError(
                .unknownTransfer,
                "Transfer \(transfer.printable) is not open here; it was left alone for too long, or the server was restarted.",
                hint: "Start the run again.")
        }
        return source
    }

    private func incomplete(_ direction: String, lacks member: String) -> TidelockError {
        TidelockError(.malformedMessage, "The request to open a \(direction) has no '\(member)'.")
    }
}

extension LocalInstance: Responder {
    public func open(_ request: OpenTransfer) async throws -> TransferOpened {
        guard (ProtocolVersion.oldest...ProtocolVersion.current).contains(request.protocolVersion) else {
            throw TidelockError(
                .versionMismatch,
                "This instance speaks protocol versions \(ProtocolVersion.oldest) to \(ProtocolVersion.current), not \(request.protocolVersion).",
                hint: "Bring both instances to the same version of Tidelock.")
        }
        guard request.initiator.id != identity.id else {
            throw TidelockError.sameInstance(identity)
        }
        guard TransferID.isValid(request.id) else {
            throw TidelockError(.malformedMessage, "'\(request.id.printable)' is not a transfer id.")
        }
        try await forgetUntouched()
        switch request.direction {
        case .push: return try await openAsDestination(request)
        case .pull: return try await openKnown(request)
        }
    }

    public func initiator(ofTransfer id: String) async throws -> String? {
        if let initiator = try await store.transferInitiator(transfer: id) { return initiator }
        return try await store.planInitiator(transfer: id)
    }

    public func scope(ofTransfer id: String) async throws -> Scope? {
        if let scope = try await store.transferScope(transfer: id) { return scope }
        return try await store.planScope(transfer: id)
    }

    public func held(of source: String, _ request: ReadHeld) async throws -> DestinationState {
        try await store.held(
            of: source, scope: request.scope, sourceKinds: try request.kinds.map { try Kind($0) }, nonce: request.nonce)
    }

    public func status() async throws -> ResponderStatus {
        try await store.activity()
    }

    // MARK: As a source

    public func plan(transfer: String, _ request: MakePlan) async throws -> PlanAnswer {
        try await source(transfer).plan(transfer: transfer, request)
    }

    public func batch(transfer: String, number: Int) async throws -> EncodedBatch {
        sources.touch(transfer, at: clock.seconds)
        return try await store.plannedBatch(transfer: transfer, number: number)
    }

    public func acknowledge(transfer: String, _ result: CommitResult) async throws {
        // After a restart only the store remembers the plan, and that is enough.
        guard let source = sources.remove(transfer) else {
            return try await store.acknowledge(transfer: transfer, result: result, events: [])
        }
        do {
            try await source.acknowledge(transfer: transfer, result)
        } catch {
            // Its handlers are given back when the transfer is acknowledged after all, or abandoned.
            sources.add(source, as: transfer, at: clock.seconds)
            throw error
        }
    }

    // MARK: As a destination

    public func list(transfer: String, _ request: ListHeld) async throws -> HeldPage {
        try await destination.list(transfer: transfer, request)
    }

    public func survey(transfer: String, _ request: SurveySchema) async throws -> SchemaPage {
        try await destination.survey(transfer: transfer, request)
    }

    public func stage(transfer: String, fence: Int64, _ batch: EncodedBatch) async throws -> BatchReceipt {
        try await destination.stage(transfer: transfer, fence: fence, batch)
    }

    public func commit(transfer: String, _ request: CommitTransfer) async throws -> CommitResult {
        try await destination.commit(transfer: transfer, request)
    }

    public func freeStage(ofCommitted transfer: String) async throws {
        try await store.freeStage(ofCommitted: transfer)
    }

    public func renew(transfer: String, fence: Int64) async throws -> LeaseGrant {
        try await destination.renew(transfer: transfer, fence: fence)
    }

    public func state(transfer: String) async throws -> TransferState {
        try await destination.state(transfer: transfer)
    }

    public func rollback(transfer: String, _ request: RollBackTransfer) async throws -> RollbackResult {
        try await destination.rollback(transfer: transfer, request)
    }

    public func abandon(transfer: String) async throws {
        if let source = sources.remove(transfer) {
            try await source.abandon(transfer: transfer)
        } else {
            try await store.abandonPlan(transfer: transfer)
        }
        await closeView(transfer)
        try await destination.abandon(transfer: transfer)
    }

    // MARK: Files

    public func blobs(transfer: String, after: String?) async throws -> BlobPage {
        try await store.blobs(transfer: transfer, after: after)
    }

    public func bytes(transfer: String, of parts: [BlobPart]) async throws -> [UInt8] {
        try await store.bytes(transfer: transfer, of: parts)
    }

    public func missing(
        transfer: String, fence: Int64, _ blobs: [PlannedBlob]
    ) async throws -> [MissingBlobs.Missing] {
        try await store.missing(transfer: transfer, fence: fence, blobs)
    }

    public func append(
        transfer: String, fence: Int64, _ bytes: [UInt8], of parts: [BlobPart]
    ) async throws -> [Int64] {
        try await store.append(transfer: transfer, fence: fence, bytes, of: parts)
    }

    // MARK: For those who look at a plan, or carry out one that they have looked at

    public func planned(transfer: String, _ request: ListPlanned) async throws -> PlannedPage {
        guard (1...Limits.plannedRows).contains(request.limit) else {
            throw TidelockError(.tooLarge, "A page of a plan holds 1 to \(Limits.plannedRows) rows.")
        }
        var page = try await source(transfer).planned(transfer: transfer, request)
        // The hash of an item as it is here would tell whether a guess at what handlers hold back is right.
        for position in page.rows.indices { page.rows[position].source = nil }
        return page
    }

    public func expect(transfer: String, _ page: ExpectRows) async throws {
        try await source(transfer).expect(page)
    }

    public func outputs(transfer: String, _ request: ReadOutputs) async throws -> OutputPage {
        if let view = views.touch(transfer, at: clock.seconds) {
            return try await view.outputs.outputs(transfer: transfer, request)
        }
        guard let source = sources.touch(transfer, at: clock.seconds) else { throw LocalOutputs.notOpened(transfer) }
        return try await source.outputs(transfer: transfer, request)
    }
}

/// What somebody sees of this instance who plans a push to it: what a pull would bring, and nothing else.
private struct PushView {
    let initiator: String
    let hooks: any RunHooks
    let outputs: LocalOutputs

    init(_ request: OpenTransfer, hooks: any RunHooks, store: any SourceStore) {
        initiator = request.initiator.id
        self.hooks = hooks
        outputs = LocalOutputs(
            store: store, hooks: hooks, scope: request.scope, peer: request.initiator, of: .push)
    }
}

extension RunContext {
    /// For the filter handlers of an instance whose items the initiator of a transfer gets to see.
    fileprivate init(toInitiatorOf request: OpenTransfer) {
        self.init(
            run: request.id, direction: .push, target: TargetFacts(name: request.initiator.name, uri: ""),
            mode: request.scope.mode)
    }
}
