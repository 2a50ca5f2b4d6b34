internal import ContentModel
public import SyncProtocol

/// This instance as the destination of transfers. Everything it knows is in the store.
public struct LocalDestination: DestinationPort {
    private let store: any DestinationStore
    private let random: any RandomSource
    private let clock: any WallClock
    private let events: @Sendable (String) async throws -> [QueuedEvent]

    /// `events` answers what to queue with the commit of a transfer.
    public init(
        store: any DestinationStore, clock: any WallClock, random: any RandomSource,
        events: @escaping @Sendable (String) async throws -> [QueuedEvent]
    ) {
        self.store = store
        self.clock = clock
        self.random = random
        self.events = events
    }

    public func list(transfer: String, _ request: ListHeld) async throws -> HeldPage {
        try await store.heldPage(transfer: transfer, request)
    }

    public func stage(transfer: String, fence: Int64, _ batch: EncodedBatch) async throws -> BatchReceipt {
        try await store.stage(transfer: transfer, fence: fence, batch)
    }

    public func commit(transfer: String, _ request: CommitTransfer) async throws -> CommitResult {
        try await store.commit(transfer: transfer, request, events: try await events(transfer))
    }

    public func renew(transfer: String, fence: Int64) async throws -> LeaseGrant {
        try await store.renewLease(transfer: transfer, fence: fence)
    }

    public func state(transfer: String) async throws -> TransferState {
        try await store.transferState(transfer: transfer)
    }

    public func rollback(transfer: String) async throws -> RollbackResult {
        try await store.rollback(transfer, as: TransferID.make(clock: clock, random: random))
    }

    public func abandon(transfer: String) async throws {
        try await store.abandonTransfer(transfer: transfer)
    }
}
