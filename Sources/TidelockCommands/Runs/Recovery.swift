internal import ContentModel
internal import ContentStore
internal import HookCatalog
internal import RemotePeer
internal import SyncEngine
internal import SyncProtocol

/// Finishes or abandons what runs left behind that ended without an answer: a killed process, a lost connection.
struct Recovery: Sendable {
    let instance: Instance
    let target: Target
    let peer: RemotePeer

    /// Called with the lock held, so that whatever is still marked as running is dead.
    func finishPredecessors() async throws {
        for run in try await instance.store.unsettledRuns(target: target.name) {
            let isCommitted = run.direction == "push" ? try await finishPush(run) : try await finishPull(run)
            let phase = isCommitted ? "committed" : "interrupted"
            try await instance.store.settleRun(id: run.id, phase: phase)
            var record = SyncRecord(run: run.id, direction: run.direction, status: phase)
            record.target = (name: target.name, uri: target.uri)
            try await instance.store.keep(record)
            instance.log(
                "notice",
                "Run \(run.id) ended without an answer; it was \(isCommitted ? "committed" : "not committed") and is settled now."
            )
        }
    }

    private func finishPush(_ run: RunRecord) async throws -> Bool {
        guard let result = try await committedThere(run.id) else {
            try await instance.store.abandonPlan(transfer: run.id)
            return false
        }
        let facts = TargetFacts(name: target.name, uri: target.uri)
        let events = [EventName.contentAfter, .itemPushed, .pushFinished].map {
            QueuedEvent(event: $0, run: run.id, direction: .push, target: facts)
        }
        do {
            try await instance.store.acknowledge(transfer: run.id, result: result, events: events)
        } catch let error as TidelockError where error.code == .unknownTransfer {
            // The plan was superseded; the next comparison of roots finds out what the target holds.
        }
        return true
    }

    private func committedThere(_ transfer: String) async throws -> CommitResult? {
        do {
            let state = try await peer.state(transfer: transfer)
            if state.phase == .committed { return state.result }
            try await peer.abandon(transfer: transfer)
            return nil
        } catch let error as TidelockError where error.code == .unknownTransfer {
            return nil
        }
    }

    private func finishPull(_ run: RunRecord) async throws -> Bool {
        let state: TransferState
        do {
            state = try await instance.store.transferState(transfer: run.id)
        } catch let error as TidelockError where error.code == .unknownTransfer {
            return false
        }
        guard state.phase == .committed, let result = state.result else {
            try await instance.store.abandonTransfer(transfer: run.id)
            return false
        }
        do {
            try await peer.acknowledge(transfer: run.id, result)
        } catch let error as TidelockError where error.code == .unknownTransfer {
            // The source has forgotten the transfer; comparing roots next time says the same.
        }
        return true
    }
}
