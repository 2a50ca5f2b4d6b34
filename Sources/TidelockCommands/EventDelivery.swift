internal import ContentModel
internal import ContentStore
internal import HookCatalog
internal import HookHost
internal import SyncEngine

/// Tells observers what was committed: from the outbox, at least once, after the lock was released.
struct EventDelivery: Sendable {
    let instance: Instance
    let hooks: any HookPort

    /// Delivers what is due. An observer that fails is warned about, tried again later, and never fails the command.
    func deliverDue() async {
        do {
            for pending in try await instance.store.dueEvents(limit: 1_000) { await deliver(pending) }
        } catch {
            Complaint.warn("events could not be read from the outbox: \(error)")
        }
    }

    private func deliver(_ pending: PendingEvent) async {
        do {
            try await observe(pending)
            try await instance.store.delivered(pending)
        } catch {
            let reason = TidelockError(wrapping: error).message
            Complaint.warn("an observer of \(pending.event.event.rawValue) failed and will be tried again: \(reason)")
            try? await instance.store.failed(pending, reason: reason)
        }
    }

    private func observe(_ pending: PendingEvent) async throws {
        let event = pending.event
        switch event.event {
        case .contentAfter:
            try await forEachPage(of: event) { kind, items in
                [(kind, [.items(items), .target(target(event))])]
            } observe: { kind, arguments in
                try await send(pending, kind: kind, arguments)
            }
        case .itemPushed, .itemPulled:
            try await forEachPage(of: event) { kind, items in
                items.map {
                    (kind, [.text(kind.isContent ? "content" : kind.name), .target(target(event)), .item($0)])
                }
            } observe: { kind, arguments in
                try await send(pending, kind: kind, arguments)
            }
        case .pushFailed, .pullFailed:
            let failure = Observation.Argument.failure(
                code: event.errorCode ?? "internal", message: event.errorMessage ?? "")
            try await send(pending, kind: nil, [.target(target(event)), failure])
        case .receiveFinished:
            try await send(pending, kind: nil, [.origin(event.origin ?? InstanceIdentity(id: "", name: ""))])
        default: try await send(pending, kind: nil, [.target(target(event))])
        }
    }

    private func target(_ event: QueuedEvent) -> TargetFacts {
        event.target ?? TargetFacts(name: "", uri: "")
    }

    private func send(_ pending: PendingEvent, kind: Kind?, _ arguments: [Observation.Argument]) async throws {
        let observation = Observation(
            event: pending.event.event, delivery: "\(pending.event.run)/\(pending.event.event.rawValue)",
            run: pending.event.run, direction: pending.event.direction, arguments: arguments, kind: kind)
        for handler in try await hooks.handlers(of: observation.event) {
            try await hooks.observe(observation, by: handler)
        }
    }

    /// Content travels in pages, so that a large run needs no large memory here either.
    private func forEachPage(
        of event: QueuedEvent,
        calls: (Kind, [JSONDocument]) -> [(Kind, [Observation.Argument])],
        observe: (Kind, [Observation.Argument]) async throws -> Void
    ) async throws {
        guard try await !hooks.handlers(of: event.event).isEmpty else { return }
        var page = 0
        while true {
            let items =
                event.direction == .push
                ? try await instance.store.sentItems(run: event.run, batch: page + 1)
                : try await instance.store.receivedItems(run: event.run, page: page)
            guard !items.isEmpty else { return }
            for (kind, group) in Dictionary(grouping: items, by: \.kind).sorted(by: { $0.key < $1.key }) {
                for (kind, arguments) in calls(kind, group.map(\.body)) { try await observe(kind, arguments) }
            }
            page += 1
        }
    }
}
