internal import ContentModel
internal import SyncProtocol

/// Which lists of a destination a source must see, kind by kind: digests from the coarse to the fine, and rows only of
/// the buckets that differ.
struct Descent {
    let nonce: String
    let mode: Mode
    /// Every row is listed, whatever the digests say.
    let isExact: Bool
    /// Kinds of which the destination forgot what it has sent here, and tells what it remembers.
    var forgotten: Set<Kind> = []

    /// What to ask first. Nothing where the destination is as it should be.
    ///
    /// Digests say nothing about rows of somebody else, nor about rows that a rollback took back: where those must be
    /// known, only the whole list tells. Nor do they show edits, which leave alone what the source applied last.
    func begin(_ standing: KindStanding, _ state: KindState?) -> [ListHeld] {
        let kind = standing.kind.name
        if forgotten.contains(standing.kind) {
            var request = ListHeld(kind: kind, part: .all)
            request.tellsSent = true
            return [request]
        }
        let root = state?.root ?? Digest.empty.masked(by: nonce)
        let hasForeign = mode == .mirror && (state?.foreign ?? 0) > 0
        let knowsReverted = standing.reverted == state?.reverted ?? 0
        if isExact || hasForeign || !knowsReverted { return [ListHeld(kind: kind, part: .all)] }
        var requests: [ListHeld] = []
        if root != standing.root.masked(by: nonce) {
            // A source that expects nothing would find all of it below every node.
            guard let state, state.held > Limits.rowsWithoutDigests, standing.held > 0 else {
                return [ListHeld(kind: kind, part: .all)]
            }
            requests.append(ListHeld(kind: kind, part: .nodes, nonce: nonce))
        }
        if let state, state.edited > 0 { requests.append(ListHeld(kind: kind, part: .drift)) }
        return requests
    }

    /// What to ask after `request`, whose answer differs in nodes or buckets of these numbers.
    ///
    /// A level that shows no difference below one that did means that a tree is not what its rows say, or that it is
    /// changing: then the rows themselves are compared.
    func next(after request: ListHeld, differing numbers: [Int]) -> ListHeld {
        switch request.part {
        case .nodes where !numbers.isEmpty:
            ListHeld(kind: request.kind, part: .leaves(of: numbers), nonce: nonce)
        case .leaves where !numbers.isEmpty && numbers.count <= Limits.listedBuckets:
            ListHeld(kind: request.kind, part: .buckets(numbers.compactMap { UInt16(exactly: $0) }))
        default: ListHeld(kind: request.kind, part: .all)
        }
    }
}
