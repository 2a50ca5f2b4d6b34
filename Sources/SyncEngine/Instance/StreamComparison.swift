public import ContentModel
public import SyncProtocol

/// Compares what a destination holds with what was sent there, row by row where digests differ.
///
/// What it finds out is noted in the shadow, as by a plan that is only looked at: the next run looks at those rows.
/// Nothing else is changed on either side, no handler is called, and there is no lease.
public struct StreamComparison: Sendable {
    private let store: any SourceStore
    private let peer: any Peer
    private let request: OpenTransfer
    private let isExact: Bool

    /// `isExact`: every row is compared, whatever the digests say. `nonce` masks the digests of the answer.
    public init(
        of store: any SourceStore, with peer: any Peer, transfer: String, initiator: InstanceIdentity, scope: Scope,
        nonce: String, isExact: Bool
    ) {
        self.store = store
        self.peer = peer
        self.isExact = isExact
        request = OpenTransfer(
            id: transfer, direction: .push, initiator: initiator, scope: scope, nonce: nonce, isPlanOnly: true)
    }

    /// What the destination says that it held when the comparison began. Made once.
    public func perform() async throws -> DestinationState {
        do {
            let held = try await compare()
            await close()
            return held
        } catch {
            await close()
            throw error
        }
    }

    private func compare() async throws -> DestinationState {
        let (responder, held) = try await open()
        try await store.begin(request, peer: responder, direction: .push)
        let comparison = ShadowComparison(
            store: store, peer: responder.id,
            descent: Descent(nonce: request.nonce, mode: request.scope.mode, isExact: isExact))
        let kinds = try await store.kinds(in: request.scope, beside: held).map(\.kind)
        for first in try await comparison.begin(kinds, held) {
            var list: ListHeld? = first
            while let asked = list {
                try Task.checkCancellation()
                let page = try await peer.list(transfer: request.id, asked)
                list = try await comparison.take(SuppliedList(request: asked, page: page), transfer: request.id)
            }
        }
        return held
    }

    /// Says of nothing that it is as it should be, so that the transfer is opened.
    private func open() async throws -> (InstanceIdentity, DestinationState) {
        var request = request
        let kinds = try await store.kinds()
        request.offer = SourceOffer(
            kinds: try request.scope.kinds(among: kinds).map(\.kind.name),
            root: Digest.empty.masked(by: request.nonce), isQuiet: false, reverted: 0)
        let answer = try await peer.open(request)
        guard answer.responder.id != request.initiator.id else { throw TidelockError.sameInstance(request.initiator) }
        guard answer.status == .open, let held = answer.held else {
            throw TidelockError(.malformedMessage, "The target's answer does not say what it holds.")
        }
        return (answer.responder, held)
    }

    /// Also when the task is cancelled. What cannot be freed now goes with the next plans.
    private func close() async {
        await Task { [store, peer, request] in
            try? await store.abandonPlan(transfer: request.id)
            try? await peer.abandon(transfer: request.id)
        }.value
    }
}
