internal import ContentModel
internal import SyncProtocol

/// What a source can say about a stream without reading an item.
struct SourceView {
    var offer: SourceOffer
    /// The kinds in scope.
    var standings: [KindStanding]

    /// Rows the destination should hold of us, in scope.
    var held: Int { standings.reduce(0) { $0 + $1.held } }

    /// What the destination holds of us, if it is as we believe.
    func expectation(of destination: InstanceIdentity, source: String, nonce: String) -> DestinationState {
        DestinationState(
            source: source, destination: destination, root: offer.root,
            kinds: standings.map {
                KindState(
                    kind: $0.kind.name, root: $0.root.masked(by: nonce), held: $0.held, foreign: 0, edited: 0,
                    reverted: $0.reverted)
            })
    }
}

extension SourceStore {
    /// Compares nothing: what this side knows of its stream to a peer.
    func view(
        toward peer: String, scope: Scope, nonce: String, hooks: any RunHooks, includesReverted: Bool
    ) async throws -> SourceView {
        let kinds = try await kinds()
        let selected = try scope.kinds(among: kinds).map(\.kind)
        let standings = try await standing(of: selected, toward: peer)
        let isQuiet = !includesReverted && standings.allSatisfy { $0.isQuiet(under: hooks.filters(for: $0.kind)) }
        let root = Digest.rootOfRoots(standings.map { (kind: $0.kind, root: $0.root) })
        return SourceView(
            offer: SourceOffer(
                kinds: selected.map(\.name), root: root.masked(by: nonce), isQuiet: isQuiet,
                reverted: standings.reduce(0) { $0 + $1.reverted }),
            standings: standings)
    }
}

extension SourceOffer {
    /// Whether a destination that holds `held` already is what the source would make of it.
    func isSatisfied(by held: DestinationState, mode: Mode) -> Bool {
        isQuiet && describes(held, mode: mode)
    }

    /// Whether a plan that was made without asking is the plan for a destination that holds `held`.
    func isRight(about held: DestinationState, mode: Mode) -> Bool {
        describes(held, mode: mode) && held.kinds.reduce(0) { $0 + $1.reverted } == reverted
    }

    private func describes(_ held: DestinationState, mode: Mode) -> Bool {
        held.root == root && held.kinds.allSatisfy { $0.edited == 0 && (mode == .merge || $0.foreign == 0) }
    }
}
