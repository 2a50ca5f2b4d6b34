internal import ContentModel
internal import ContentStore
internal import HookCatalog
internal import HookHost
internal import SyncEngine

/// Tells observers what was committed: from the outbox, at least once, after the lock was released.
struct EventDelivery: Sendable {
    let instance: Instance
    let hooks: any HookPort

    private var store: Store { instance.store }

    /// Delivers what is due. An observer that fails is warned about, tried again later, and never fails the command.
    ///
    /// Answers false when nobody can be told anything at the moment.
    @discardableResult
    func deliverDue() async -> Bool {
        var last: Int64 = 0
        while !Task.isCancelled {
            do {
                // Every event once: one that fails is due again soon, and nobody here waits for that.
                guard let event = try await store.claimEvent(after: last) else { return true }
                last = event.number
                guard await deliver(event) else { return false }
            } catch {
                let reason = TidelockError(wrapping: error)
                if reason.code != .cancelled { Complaint.warn("events wait in the outbox: \(reason.message)") }
                return false
            }
        }
        return true
    }

    /// Brings the search index up to date with what was committed, so that no search has to.
    func updateIndex() async {
        do {
            try await store.updateIndex()
        } catch {
            let reason = TidelockError(wrapping: error)
            if reason.code != .cancelled { Complaint.warn("the search index is behind: \(reason.message)") }
        }
    }

    /// False when nobody can be told anything at the moment.
    private func deliver(_ event: ClaimedEvent) async -> Bool {
        do {
            let handlers = try await hooks.handlers(of: event.event.event)
            try await withRenewal(of: event) {
                for handler in handlers where !event.settled.contains(handler) { try await tell(event, to: handler) }
            }
            try await settled { try await store.conclude(event, registered: handlers) }
            return true
        } catch {
            // Nobody is at fault: no handlers are loaded, the process is stopped, or it was for so long that another
            // one took over. The event waits, and that counts as no attempt.
            // A claim that cannot be released lapses.
            try? await settled { try await store.releaseClaim(on: event) }
            let reason = TidelockError(wrapping: error)
            if reason.code == .fenced { return true }
            if reason.code != .cancelled {
                Complaint.warn("observers of \(event.event.event.rawValue) are told later: \(reason.message)")
            }
            return false
        }
    }

    /// Tells one handler everything about an event, from the beginning: what it was told before it failed, it is told
    /// again. Throws what is not the handler's fault.
    private func tell(_ event: ClaimedEvent, to handler: String) async throws {
        do {
            try await observe(event.event, by: handler)
        } catch {
            try Task.checkCancellation()
            try await note(try Self.reason(of: error), of: handler, on: event)
            return
        }
        try await settled { try await store.delivered(event, to: handler) }
    }

    /// Errors that pass by themselves, or that all events share; none of them counts as an attempt.
    private static let passing: Set<ErrorCode> = [
        .hookLoadFailed, .fenced, .cancelled, .databaseBusy, .diskFull, .storageFailed,
    ]

    /// Why a handler could not be told: its own failure, or an event that cannot be read.
    private static func reason(of error: any Error) throws -> String {
        if let failure = error as? HandlerFailed { return TidelockError(wrapping: failure.reason).message }
        let error = TidelockError(wrapping: error)
        guard !passing.contains(error.code) else { throw error }
        return error.message
    }

    private func note(_ reason: String, of handler: String, on event: ClaimedEvent) async throws {
        let isDead = try await settled { try await store.failed(event, by: handler, reason: reason) }
        let next = isDead ? "is given up; see 'tidelock hooks dead'" : "will be tried again"
        Complaint.warn("an observer of \(event.event.event.rawValue) failed and \(next): \(reason)")
    }

    /// Holds the claim while `body` runs, and stops it when another process has taken the event over.
    private func withRenewal(
        of event: ClaimedEvent, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let (store, clock) = (store, instance.clock)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while true {
                    try await clock.sleep(for: .seconds(Store.claimSeconds / 3))
                    guard try await store.renewClaim(on: event) else {
                        throw TidelockError(.fenced, "Event \(event.number) is told by another process now.")
                    }
                }
            }
            group.addTask { try await body() }
            defer { group.cancelAll() }
            // The renewal ends only by an error, so whoever comes first tells how it went.
            _ = try await group.next()
        }
    }

    /// What has happened is written down even while the process is asked to stop: the task of its own is not
    /// cancelled with this one, which waits for it.
    private func settled<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try await Task { try await body() }.value
    }
}

/// A handler raised an error, or took too long.
private struct HandlerFailed: Error {
    var reason: any Error
}

// MARK: - What handlers are told

extension EventDelivery {
    private func observe(_ event: QueuedEvent, by handler: String) async throws {
        let target = event.target ?? TargetFacts(name: "", uri: "")
        switch event.event {
        case .contentAfter:
            try await forEachPage(of: event) { page, kind, items in
                let call = Call(page: page, position: items[0].position, kind: kind)
                try await send(event, call, [.items(items.map(\.body)), .target(target)], to: handler)
            }
        case .itemPushed, .itemPulled:
            try await forEachPage(of: event) { page, kind, items in
                let type = kind.isContent ? "content" : kind.name
                for item in items {
                    let call = Call(page: page, position: item.position, kind: kind)
                    try await send(event, call, [.text(type), .target(target), .item(item.body)], to: handler)
                }
            }
        case .itemSaved, .itemPublished, .itemUnpublished, .itemRemoved:
            guard let item = event.item else { return }
            let (call, arguments) = try edit(item)
            try await send(event, call, arguments, to: handler)
        case .pushFailed, .pullFailed:
            let failure = Observation.Argument.failure(
                code: event.errorCode ?? "internal", message: event.errorMessage ?? "")
            try await send(event, Call(), [.target(target), failure], to: handler)
        case .receiveFinished:
            let origin = event.origin ?? InstanceIdentity(id: "", name: "")
            try await send(event, Call(), [.origin(origin)], to: handler)
        default: try await send(event, Call(), [.target(target)], to: handler)
        }
    }

    /// Which of the calls of one event this is.
    private struct Call {
        var page = 0
        var position = 0
        var kind: Kind?
    }

    private func edit(_ item: QueuedEvent.EditedItem) throws -> (Call, [Observation.Argument]) {
        let kind = try Kind(item.kind)
        let body = try JSONDocument(validating: item.body)
        let model = kind.model ?? body.string(kind.keyMember) ?? kind.name
        let call = Call(page: Int(item.sequence), position: item.position, kind: kind)
        return (call, [.text(model), .item(body)])
    }

    private func send(
        _ event: QueuedEvent, _ call: Call, _ arguments: [Observation.Argument], to handler: String
    ) async throws {
        var observation = Observation(
            event: event.event, delivery: "\(event.run)/\(event.event.rawValue)/\(call.page)/\(call.position)",
            run: event.run, direction: event.direction, arguments: arguments, kind: call.kind)
        observation.user = event.user
        observation.depth = event.depth ?? 0
        do {
            try await hooks.observe(observation, by: handler)
        } catch let error as TidelockError where error.code == .hookLoadFailed {
            throw error
        } catch {
            throw HandlerFailed(reason: error)
        }
    }

    /// Content travels in pages, so that a large run needs no large memory here either; a call is about one kind.
    private func forEachPage(
        of event: QueuedEvent, _ body: (_ page: Int, Kind, [EventPage.Item]) async throws -> Void
    ) async throws {
        var page = try await store.items(of: event)
        while let current = page {
            for (kind, items) in Dictionary(grouping: current.items, by: \.kind).sorted(by: { $0.key < $1.key }) {
                try await body(current.number, kind, items)
            }
            page = try await store.items(of: event, after: current)
        }
    }
}
