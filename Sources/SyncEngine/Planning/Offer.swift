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
        // Looked up first: what is edited or deleted after it makes the source anything but quiet.
        let received = scope.mode == .mirror ? try await received(of: selected, from: peer) : [:]
        let standings = try await standing(of: selected, toward: peer)
        // Where nothing was taken back, nothing of it is sent again: a destination that knows better is not satisfied.
        let isQuiet =
            (!includesReverted || standings.allSatisfy { $0.reverted == 0 })
            && standings.allSatisfy { standing in
                // Whether the filter takes what the destination holds is seen only by looking at it.
                let isDoubtful = scope.deletesLeftOut(standing.kind) && standing.held > 0
                return !isDoubtful && standing.isQuiet(under: hooks.filters(for: standing.kind))
            }
        let root = Digest.rootOfRoots(standings.map { (kind: $0.kind, root: $0.root) })
        var offer = SourceOffer(
            kinds: selected.map(\.name), root: root.masked(by: nonce), isQuiet: isQuiet,
            reverted: standings.reduce(0) { $0 + $1.reverted })
        offer.received = received.masked(by: nonce)
        return SourceView(offer: offer, standings: standings)
    }
}

extension DestinationStore {
    /// See ``OpenTransfer/sent``: looked up only where a mirror finds rows of others. `held` is what is here of the source.
    func sent(
        beside held: DestinationState, scope: Scope, nonce: String
    ) async throws -> [String: String]? {
        let kinds = try held.kinds.filter { $0.foreign > 0 }.map { try Kind($0.kind) }
        guard scope.mode == .mirror, !kinds.isEmpty else { return nil }
        return try await sent(of: kinds, in: scope, to: held.source).masked(by: nonce)
    }
}

extension DestinationState {
    /// Rows that a rollback took back, of all kinds in scope.
    var reverted: Int { kinds.reduce(0) { $0 + $1.reverted } }
}

extension [Kind: Digest] {
    /// As messages carry them; nil where there are none.
    fileprivate func masked(by nonce: String) -> [String: String]? {
        guard !isEmpty else { return nil }
        return [String: String](uniqueKeysWithValues: map { ($0.key.name, $0.value.masked(by: nonce)) })
    }
}

extension SourceOffer {
    /// Whether a destination that holds `held` already is what the source would make of it. `sent`: see
    /// ``OpenTransfer/sent``.
    ///
    /// Where other rows are taken back there than the source knows of, it looks at them first: one that was edited since
    /// is not left alone any more.
    func isSatisfied(by held: DestinationState, sent: [String: String]?, mode: Mode) -> Bool {
        isQuiet && isRight(about: held, sent: sent, mode: mode)
    }

    /// Whether a plan that was made without asking is the plan for a destination that holds `held`.
    func isRight(about held: DestinationState, sent: [String: String]?, mode: Mode) -> Bool {
        describes(held, sent: sent, mode: mode) && held.reverted == reverted
    }

    private func describes(_ held: DestinationState, sent: [String: String]?, mode: Mode) -> Bool {
        held.root == root
            && held.kinds.allSatisfy { $0.edited == 0 && (mode == .merge || $0.foreign == 0 || isKept($0, sent)) }
    }

    /// Whether a mirror would leave alone all that others left at the destination: it sent each of those rows here, and
    /// here they are. Where one side says nothing of the kind, nothing is proved.
    private func isKept(_ state: KindState, _ sent: [String: String]?) -> Bool {
        guard let root = sent?[state.kind] else { return false }
        return received?[state.kind] == root
    }
}
