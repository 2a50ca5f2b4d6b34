public import ContentModel
internal import HookCatalog
public import SyncProtocol

/// This instance as the far side of other people's runs.
///
/// An actor because it keeps, per transfer, the source that is planning it. Transfers toward this instance need
/// no memory here: the store has it all, so they survive a restart.
public actor LocalInstance {
    let store: any SourceStore & DestinationStore
    let hooks: any HookPort
    let clock: any WallClock
    public let identity: InstanceIdentity
    let destination: LocalDestination
    var sources = RememberedTransfers<LocalSource>(seconds: Limits.transferSeconds)
    /// Pushes whose plans are looked at field by field.
    var views = RememberedTransfers<PushView>(seconds: Limits.lookSeconds)

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

    /// Gives up what nobody has asked about for long: whoever opened it has gone without a word. May be called at any time.
    public func forgetUntouched() async throws {
        for transfer in views.expired(at: clock.seconds) { await closeView(transfer) }
        for transfer in sources.expired(at: clock.seconds) {
            try await sources.remove(transfer)?.abandon(transfer: transfer)
        }
    }

    func closeView(_ transfer: String) async {
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
        let memory = try await store.memory(of: request.initiator.id)
        var answer =
            switch request.direction {
            case .push: try await openAsDestination(request)
            case .pull: try await openKnown(request)
            }
        answer.memory = memory
        return answer
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
