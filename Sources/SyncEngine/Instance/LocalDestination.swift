internal import ContentModel
internal import HookCatalog
public import SyncProtocol

/// This instance as the destination of transfers. Everything it knows is in the store.
public struct LocalDestination: DestinationPort {
    private let store: any DestinationStore
    private let arrivals: Arrivals
    private let conflicts: Conflicts
    private let schema: SchemaSurvey
    private let random: any RandomSource
    private let clock: any WallClock
    private let expected: ExpectedRows?
    private let events: @Sendable (String) async throws -> [QueuedEvent]

    /// - Parameters:
    ///   - expected: rows of the plan that is carried out here as it was written; nil for any other run
    ///   - events: answers what to queue with the commit of a transfer
    public init(
        store: any DestinationStore, hooks: any HookPort, clock: any WallClock, random: any RandomSource,
        expected: ExpectedRows? = nil, events: @escaping @Sendable (String) async throws -> [QueuedEvent]
    ) {
        self.store = store
        arrivals = Arrivals(store: store, hooks: hooks)
        conflicts = Conflicts(store: store, hooks: hooks)
        schema = SchemaSurvey(store: store)
        self.clock = clock
        self.random = random
        self.expected = expected
        self.events = events
    }

    public func list(transfer: String, _ request: ListHeld) async throws -> HeldPage {
        try await store.heldPage(transfer: transfer, request)
    }

    public func survey(transfer: String, _ request: SurveySchema) async throws -> SchemaPage {
        try await schema.answer(request, of: transfer)
    }

    public func stage(transfer: String, fence: Int64, _ batch: EncodedBatch) async throws -> BatchReceipt {
        let received = try await arrivals.changes(in: batch, of: transfer)
        return try await store.stage(transfer: transfer, fence: fence, batch, received: received)
    }

    public func commit(transfer: String, _ request: CommitTransfer) async throws -> CommitResult {
        // A repetition is answered as the first time, whatever the handlers are by now.
        if let result = try await store.transferState(transfer: transfer).result { return result }
        let events = try await events(transfer)
        try await store.takeOver(
            transfer: transfer, fence: request.fence, batches: request.batches,
            receivers: arrivals.hooks.receivers().fingerprint)
        for _ in 1..<Conflicts.attempts {
            let preparation = try await prepare(transfer, request)
            do {
                return try await store.commit(transfer: transfer, request, events: events, preparation)
            } catch let error as TidelockError where error.code == .movedMeanwhile {
                try await store.reopenMovedConflicts(transfer: transfer)
            }
        }
        let preparation = try await prepare(transfer, request)
        return try await store.commit(transfer: transfer, request, events: events, preparation)
    }

    /// What takes its time and needs no lock. Marks what went wrong, because it certainly happened before the commit.
    private func prepare(_ transfer: String, _ request: CommitTransfer) async throws -> Preparation {
        do {
            let isDecided = try await conflicts.decide(transfer: transfer, fence: request.fence)
            // A decision may have chosen other files than the source.
            try await store.settleBlobs(transfer: transfer)
            let schema = try await schema.staged(transfer: transfer, fence: request.fence)
            return Preparation(isDecided: isDecided, schema: schema, rows: expected?.met ?? [:])
        } catch {
            var error = TidelockError(wrapping: error)
            // The same request, sent twice, may have committed meanwhile; the store then answers what it did.
            if error.code == .fenced, try await store.transferState(transfer: transfer).result != nil {
                return Preparation(isDecided: true)
            }
            error.details[RunMachine.uncommitted] = "true"
            throw error
        }
    }

    public func renew(transfer: String, fence: Int64) async throws -> LeaseGrant {
        try await store.renewLease(transfer: transfer, fence: fence)
    }

    public func state(transfer: String) async throws -> TransferState {
        try await store.transferState(transfer: transfer)
    }

    public func rollback(transfer: String, _ request: RollBackTransfer) async throws -> RollbackResult {
        let id = request.id ?? TransferID.make(clock: clock, random: random)
        return try await store.rollback(transfer, only: request.item, as: id)
    }

    public func abandon(transfer: String) async throws {
        try await store.abandonTransfer(transfer: transfer)
    }
}

/// Items on their way in, and what the handlers of `sync.content.received` make of them.
private struct Arrivals: Sendable {
    let store: any DestinationStore
    let hooks: any HookPort

    /// A batch that is not what its sender says is left to the store, which refuses it.
    func changes(in batch: EncodedBatch, of transfer: String) async throws -> ReceivedItems {
        let receivers = try await hooks.receivers()
        guard !receivers.isEmpty, sha256(batch.payload).hex == batch.info.digest else { return .unchanged }
        let origin = try await store.transferSource(transfer: transfer)
        var changes: [ItemKey: JSONDocument] = [:]
        for (kind, items) in try items(in: batch).sorted(by: { $0.key < $1.key }) {
            for (position, document) in try await hooks.receive(items, of: kind, from: origin) {
                changes[ItemKey(kind, items[position].id)] = document
            }
        }
        return ReceivedItems(items: changes, receivers: receivers.fingerprint)
    }

    private func items(in batch: EncodedBatch) throws -> [Kind: [OutgoingItem]] {
        var decoder = try BatchDecoder(payload: batch.payload)
        var items: [Kind: [OutgoingItem]] = [:]
        while let entry = try decoder.next() {
            if case .put(let body, _) = entry.operation, entry.kind.isContent {
                items[entry.kind, default: []].append(OutgoingItem(id: entry.id, body: body))
            }
        }
        return items
    }
}
