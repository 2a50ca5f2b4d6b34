internal import ContentModel
internal import HookCatalog
internal import SyncProtocol

// How transfers of other instances begin here.
extension LocalInstance {
    func openAsDestination(_ request: OpenTransfer) async throws -> TransferOpened {
        guard let offer = request.offer else { throw incomplete("push", lacks: "offer") }
        guard request.scope.itemRule == nil else {
            throw TidelockError(.malformedMessage, "The items of a push are looked up by whoever sends them.")
        }
        if let repeated = try await committed(request) { return repeated }
        try await noteForgotten(request)
        let held = try await store.held(
            of: request.initiator.id, scope: request.scope, sourceKinds: try offer.kinds.map { try Kind($0) },
            nonce: request.nonce)
        let sent = try await sent(beside: held, request, offer)
        if offer.isSatisfied(by: held, sent: sent, mode: request.scope.mode) {
            return TransferOpened(status: .inSync, responder: identity, held: held)
        }
        let lease = try await store.admit(request, source: request.initiator, direction: .push)
        if request.isPlanOnly, request.comparesItems { try await openView(request) }
        var answer = TransferOpened(
            status: .open, responder: identity, lease: lease,
            held: try await store.countingUnseen(in: held, for: request))
        if let lease, let inline = request.inline, inline.destination == identity.id,
            offer.isRight(about: held, sent: sent, mode: request.scope.mode)
        {
            answer.result = try await apply(inline, of: request.id, under: lease)
            answer.status = .committed
        } else if lease != nil {
            let staged = try await store.resumableBatches(
                transfer: request.id, receivers: hooks.receivers().fingerprint)
            if !staged.isEmpty { answer.staged = staged }
        }
        return answer
    }

    /// Looked up only where it decides something.
    private func sent(
        beside held: DestinationState, _ request: OpenTransfer, _ offer: SourceOffer
    ) async throws -> [String: String]? {
        guard offer.received != nil, offer.root == held.root else { return nil }
        return try await store.sent(beside: held, scope: request.scope, nonce: request.nonce)
    }

    private func apply(
        _ inline: InlinePlan, of transfer: String, under lease: LeaseGrant
    ) async throws -> CommitResult {
        guard let batches = inline.batches, batches.reduce(0, { $0 + $1.payload.count }) <= Limits.inlineBytes else {
            throw TidelockError(.malformedMessage, "The plan that came with the open is too large or incomplete.")
        }
        do {
            for batch in batches { _ = try await destination.stage(transfer: transfer, fence: lease.fence, batch) }
        } catch let error as TidelockError where error.code.isOfHandlers {
            throw error.markedUncommitted
        }
        var commit = inline.commit
        commit.fence = lease.fence
        return try await destination.commit(transfer: transfer, commit)
    }

    /// The answer to an open that was carried out before together with its plan.
    private func committed(_ request: OpenTransfer) async throws -> TransferOpened? {
        guard request.inline != nil, try await store.transferInitiator(transfer: request.id) != nil else { return nil }
        guard let result = try await destination.state(transfer: request.id).result else { return nil }
        let held = try await store.held(
            of: request.initiator.id, scope: request.scope, sourceKinds: [], nonce: request.nonce)
        return TransferOpened(status: .committed, responder: identity, held: held, result: result)
    }

    /// What was misspelled would bring nothing, and seem to have succeeded.
    func openKnown(_ request: OpenTransfer) async throws -> TransferOpened {
        let unknown = request.asksAboutNames ? try await store.unknownName(in: request.scope) : nil
        var answer =
            if unknown != nil, request.scope.mode == .merge {
                TransferOpened(status: .resolved, responder: identity)
            } else {
                try await openAsSource(request)
            }
        answer.unknown = unknown
        return answer
    }

    private func openAsSource(_ request: OpenTransfer) async throws -> TransferOpened {
        // A repeated open finds the source that the first one made, and with it the plan.
        if let known = sources.touch(request.id, at: clock.seconds) {
            guard request.tellsMemory(of: identity), !known.request.tellsMemory(of: identity) else {
                return TransferOpened(status: .open, responder: identity)
            }
            // The first one did not say what decides about the plan.
            try await sources.remove(request.id)?.abandon(transfer: request.id)
        }
        try await noteForgotten(request)
        let pinned = try await hooks.pin(for: RunContext(toInitiatorOf: request))
        do {
            return try await openAsSource(request, pinned)
        } catch {
            await pinned.release()
            throw error
        }
    }

    private func openAsSource(_ request: OpenTransfer, _ pinned: any RunHooks) async throws -> TransferOpened {
        if request.scope.itemRule != nil {
            let named = LinkedItems(store: store, hooks: pinned)
            let scope = try await named.resolve(request.scope)
            var answer = TransferOpened(status: .resolved, responder: identity, items: scope.items ?? [:])
            answer.heldBack = try await named.heldBack(of: request.scope, from: request.initiator.id)
            await pinned.release()
            return answer
        }
        let view = try await store.view(
            toward: request.initiator.id, scope: request.scope, nonce: request.nonce, hooks: pinned,
            includesReverted: request.includesReverted)
        let hasUnnoted = try await hasUnnoted(request)
        let owed = view.standings.filter { $0.isOwed || hasUnnoted }.map(\.kind)
        if let held = request.held, held.source == identity.id, owed.isEmpty,
            view.offer.isSatisfied(by: held, sent: request.sent, mode: request.scope.mode)
        {
            await pinned.release()
            var answer = TransferOpened(status: .inSync, responder: identity, unchanged: view.held)
            let others = try await store.takenOverRows(
                in: request.scope.kinds(among: view.standings.map(\.kind)), toward: request.initiator.id)
            if others > 0 { answer.leftToOthers = others }
            return answer
        }
        try await forgetEarlierSources(before: request)
        try await store.begin(request, peer: request.initiator, direction: .pull)
        var options = PlanOptions(includesReverted: request.includesReverted)
        options.returnsForgotten = Set(owed)
        if request.isPlanOnly { options.exclusions = Exclusions(limit: Limits.excludedItems) }
        sources.add(
            LocalSource(store: store, hooks: pinned, request: request, peer: request.initiator, options: options),
            as: request.id, at: clock.seconds)
        return TransferOpened(status: .open, responder: identity)
    }

    /// Notes where the initiator was restored to a time before a transfer with this instance, so that this is not lost
    /// sight of with the next transfer.
    ///
    /// It has not what it sent since and does not know of, and what came from there is not sent back otherwise.
    ///
    /// A plan that is only looked at leaves no note: it comes without what finishes earlier runs, which nobody may have
    /// acknowledged yet.
    private func noteForgotten(_ request: OpenTransfer) async throws {
        guard !request.isPlanOnly, let memory = request.memory, request.tellsMemory(of: identity) else { return }
        try await store.noteForgotten(by: request.initiator.id, remembering: memory.seenThere, opening: request.id)
    }

    /// Whether a plan that is only looked at is for an initiator that was restored, and of which that is not noted.
    private func hasUnnoted(_ request: OpenTransfer) async throws -> Bool {
        guard request.isPlanOnly, let memory = request.memory, request.tellsMemory(of: identity) else { return false }
        return try await store.hasForgotten(
            request.initiator.id, remembering: memory.seenThere, opening: request.id)
    }

    /// A peer that opens again has given its earlier transfer up. One that only wants to look at a plan has not: it may
    /// have a run at work. Of its earlier plans the newest few stay.
    private func forgetEarlierSources(before request: OpenTransfer) async throws {
        var earlier = sources.ids {
            $0.peer.id == request.initiator.id && (!request.isPlanOnly || $0.request.isPlanOnly)
        }
        if request.isPlanOnly { earlier = earlier.dropLast(Limits.plansOnly - 1) }
        for transfer in earlier { try await sources.remove(transfer)?.abandon(transfer: transfer) }
    }

    /// Pins the handlers through which items here are shown. Of the views of one peer the newest few stay.
    private func openView(_ request: OpenTransfer) async throws {
        guard views.touch(request.id, at: clock.seconds) == nil else { return }
        let view = PushView(request, hooks: try await hooks.pin(for: RunContext(toInitiatorOf: request)), store: store)
        // A repeated open may have got here first.
        guard views.touch(request.id, at: clock.seconds) == nil else { return await view.hooks.release() }
        let earlier = views.ids { $0.initiator == request.initiator.id }
        views.add(view, as: request.id, at: clock.seconds)
        for transfer in earlier.dropLast(Limits.plansOnly - 1) { await closeView(transfer) }
    }

    private func incomplete(_ direction: String, lacks member: String) -> TidelockError {
        TidelockError(.malformedMessage, "The request to open a \(direction) has no '\(member)'.")
    }
}

extension RunContext {
    /// For the filter handlers of an instance whose items the initiator of a transfer gets to see.
    fileprivate init(toInitiatorOf request: OpenTransfer) {
        self.init(
            run: request.id, direction: .push, target: TargetFacts(name: request.initiator.name, uri: ""),
            mode: request.scope.mode)
    }
}
