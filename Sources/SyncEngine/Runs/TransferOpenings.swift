internal import ContentModel
internal import SyncProtocol

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
        for (position, kind) in kinds.enumerated() { held.kinds[position].unseen = unseen[kind] }
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
