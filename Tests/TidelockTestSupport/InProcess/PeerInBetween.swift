public import SyncEngine
public import SyncProtocol

/// A peer that hands everything on to another one, except for what it does otherwise itself.
public protocol PeerInBetween: Peer {
    var peer: any Peer { get }
}

extension PeerInBetween {
    public func open(_ request: OpenTransfer) async throws -> TransferOpened { try await peer.open(request) }

    public func plan(transfer: String, _ request: MakePlan) async throws -> PlanAnswer {
        try await peer.plan(transfer: transfer, request)
    }

    public func batch(transfer: String, number: Int) async throws -> EncodedBatch {
        try await peer.batch(transfer: transfer, number: number)
    }

    public func acknowledge(transfer: String, _ result: CommitResult) async throws {
        try await peer.acknowledge(transfer: transfer, result)
    }

    public func list(transfer: String, _ request: ListHeld) async throws -> HeldPage {
        try await peer.list(transfer: transfer, request)
    }

    public func survey(transfer: String, _ request: SurveySchema) async throws -> SchemaPage {
        try await peer.survey(transfer: transfer, request)
    }

    public func stage(transfer: String, fence: Int64, _ batch: EncodedBatch) async throws -> BatchReceipt {
        try await peer.stage(transfer: transfer, fence: fence, batch)
    }

    public func commit(transfer: String, _ request: CommitTransfer) async throws -> CommitResult {
        try await peer.commit(transfer: transfer, request)
    }

    public func renew(transfer: String, fence: Int64) async throws -> LeaseGrant {
        try await peer.renew(transfer: transfer, fence: fence)
    }

    public func state(transfer: String) async throws -> TransferState { try await peer.state(transfer: transfer) }

    public func rollback(transfer: String, _ request: RollBackTransfer) async throws -> RollbackResult {
        try await peer.rollback(transfer: transfer, request)
    }

    public func abandon(transfer: String) async throws { try await peer.abandon(transfer: transfer) }
}
