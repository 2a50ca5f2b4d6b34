internal import ContentModel
internal import SyncProtocol

/// What a source can say about a stream without reading an item.
struct SourceView {
    var offer: SourceOffer
    /// Rows the destination should hold of us, in scope.
    var held: Int
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
            offer: SourceOffer(kinds: kinds.map(\.name), root: root.masked(by: nonce), isQuiet: isQuiet),
            held: standings.reduce(0) { $0 + $1.held })
    }
}

extension SourceOffer {
    /// Whether a destination that holds `held` already is what the source would make of it.
    func isSatisfied(by held: DestinationState, mode: Mode) -> Bool {
        isQuiet && held.root == root && held.kinds.allSatisfy { $0.edited == 0 && (mode == .merge || $0.foreign == 0) }
    }
}
