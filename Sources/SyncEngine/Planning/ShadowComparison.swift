internal import ContentModel
internal import SyncProtocol

/// The comparison of a stream with the lists of its destination, as its source makes it: which lists must be seen, and
/// what becomes of the shadow by them.
struct ShadowComparison {
    let store: any SourceStore
    let peer: String
    let descent: Descent

    /// What to ask first of some kinds; `held` is what the destination says of each.
    func begin(_ kinds: [Kind], _ held: DestinationState) async throws -> [ListHeld] {
        let standings = try await store.standing(of: kinds, toward: peer)
        return standings.flatMap { descent.begin($0, held.state(of: $0.kind)) }
    }

    /// Takes what the destination says for the plan of a transfer, and answers what to ask next.
    ///
    /// Throws `malformed_message` for a page that would be asked for once more: such a list has no end.
    func take(_ list: SuppliedList, transfer: String) async throws -> ListHeld? {
        let request = list.request
        let kind = try Kind(request.kind)
        switch request.part {
        case .nodes, .leaves:
            let numbers = try await store.differences(list.page, request: request, kind: kind, peer: peer)
            return descent.next(after: request, differing: numbers)
        case .all, .drift, .buckets:
            if let before = request.after, let next = list.page.next, !next.isBehind(before) {
                throw TidelockError(.malformedMessage, "The destination's list of \(kind) does not end.")
            }
            try await store.reconcile(transfer: transfer, list.page, request: request, kind: kind, peer: peer)
            guard let position = list.page.next else { return nil }
            var next = request
            next.after = position
            return next
        }
    }
}
