public import ContentModel
public import SyncProtocol

/// Items of this instance as its filter handlers let a peer have them, for somebody who looks at a plan.
///
/// Whatever is asked for lies in the scope of that plan, and what is answered is what a run would send: a field that a
/// handler removes is in no answer.
public struct LocalOutputs: OutputPort {
    /// Whose plan is looked at.
    public enum Plan: Sendable {
        /// One that was made here, and so has passed the guards.
        case plan
        /// A push by the peer, who sees of the items here what a pull would bring.
        case push
        /// A pull from the peer, made and looked at here: items are shown whole, except for those of which the peer was
        /// sent less. What was held back from it stays when its version arrives, and so is no difference.
        case pull
    }

    private let store: any SourceStore
    private let hooks: any RunHooks
    private let scope: Scope
    private let peer: InstanceIdentity
    private let plan: Plan

    public init(
        store: any SourceStore, hooks: any RunHooks, scope: Scope, peer: InstanceIdentity, of plan: Plan
    ) {
        self.store = store
        self.hooks = hooks
        self.scope = scope
        self.peer = peer
        self.plan = plan
    }

    /// Throws `permission_denied` for items outside of the scope, and why a handler failed.
    public func outputs(transfer: String, _ request: ReadOutputs) async throws -> OutputPage {
        let kind = try selectedKind(request)
        if plan == .push { try await requireFilters(of: kind) }
        let items = try await store.present(
            request.ids.map { ItemKey(kind, $0) }, bytes: Limits.outputBytes, toward: peer.id)
        let outcomes = try await outcomes(of: items, kind)
        var page = OutputPage(items: [])
        var bytes = 0
        for (position, item) in items.enumerated() {
            let shown = ShownItem(item, outcomes[position] ?? .unchanged)
            // Handlers may have made more of the items than there was.
            bytes += shown.body?.bytes.count ?? 0
            if bytes > Limits.outputBytes, !page.items.isEmpty { break }
            page.items.append(shown)
        }
        return page
    }

    private func selectedKind(_ request: ReadOutputs) throws -> Kind {
        guard (1...Limits.outputItems).contains(request.ids.count) else {
            throw TidelockError(.tooLarge, "1 to \(Limits.outputItems) items are shown at once.")
        }
        let kind = try Kind(request.kind)
        guard let selected = try scope.kinds(among: [kind]).first(where: { $0.kind == kind }),
            request.ids.allSatisfy(selected.includes)
        else {
            throw TidelockError(
                .permissionDenied, "Items of \(kind) were asked for that lie outside what the plan was opened for.",
                hint: "Open a plan whose scope includes them.")
        }
        return kind
    }

    private func requireFilters(of kind: Kind) async throws {
        for standing in try await store.standing(of: [kind], toward: peer.id) {
            try standing.requireFilters(hooks.filters(for: kind), toward: peer)
        }
    }

    /// What the handlers make of the items that they are to see, by position.
    private func outcomes(of items: [PresentItem], _ kind: Kind) async throws -> [Int: FilterOutcome] {
        guard !hooks.filters(for: kind).isEmpty else { return [:] }
        var positions: [Int] = []
        var outgoing: [OutgoingItem] = []
        for (position, item) in items.enumerated() where plan != .pull || item.isOriginal {
            guard case .document(let body) = item.content else { continue }
            positions.append(position)
            outgoing.append(OutgoingItem(id: item.id, body: body))
        }
        guard !outgoing.isEmpty else { return [:] }
        let outcomes = try await hooks.filter(outgoing, of: kind)
        return Dictionary(uniqueKeysWithValues: zip(positions, outcomes))
    }

    static func notOpened(_ transfer: String) -> TidelockError {
        TidelockError(
            .permissionDenied, "Transfer \(transfer.printable) was not opened to look at items.",
            hint: "Start again; a server that was restarted does not remember it.")
    }
}

extension ShownItem {
    fileprivate init(_ item: PresentItem, _ outcome: FilterOutcome) {
        switch (item.content, outcome) {
        case (.none, _): self.init(id: item.id, form: .absent)
        case (.tooLarge, _): self.init(id: item.id, form: .tooLarge)
        case (.document(let body), .unchanged): self.init(id: item.id, form: .whole, body: body)
        case (.document, .changed(let body)) where body.bytes.count > Limits.outputBytes:
            self.init(id: item.id, form: .tooLarge)
        case (.document, .changed(let body)): self.init(id: item.id, form: .filtered, body: body)
        case (.document, .dropped), (.document, .skipped): self.init(id: item.id, form: .withheld)
        }
    }
}
