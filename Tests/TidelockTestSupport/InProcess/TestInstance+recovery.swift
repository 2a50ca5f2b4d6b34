public import ContentModel
internal import ContentStore
internal import HookCatalog
public import SyncEngine
internal import SyncProtocol

extension TestInstance {
    /// Finishes or abandons a run that ended without an answer, as the next run of the tool does before it begins.
    ///
    /// Answers whether it had been committed. Throws what the peer or the way to it throws; may be called again.
    public func recover(
        _ transfer: String, _ direction: Direction, at peer: any Peer, named target: String
    ) async throws -> Bool {
        switch direction {
        case .push: try await recoverPush(transfer, at: peer, named: target)
        case .pull: try await recoverPull(transfer, at: peer)
        }
    }

    private func recoverPush(_ transfer: String, at peer: any Peer, named target: String) async throws -> Bool {
        guard let result = try await committed(transfer, at: peer) else {
            try await store.abandonPlan(transfer: transfer)
            return false
        }
        let events = finishedEvents(.push, run: transfer, TargetFacts(name: target, uri: "test:\(target)"))
        try await known { try await self.store.acknowledge(transfer: transfer, result: result, events: events) }
        return true
    }

    private func committed(_ transfer: String, at peer: any Peer) async throws -> CommitResult? {
        do {
            let state = try await peer.state(transfer: transfer)
            if state.phase == .committed { return state.result }
            try await peer.abandon(transfer: transfer)
        } catch let error as TidelockError where error.code == .unknownTransfer {}
        return nil
    }

    private func recoverPull(_ transfer: String, at peer: any Peer) async throws -> Bool {
        var result: CommitResult?
        try await known {
            let state = try await self.store.transferState(transfer: transfer)
            if state.phase == .committed { result = state.result }
        }
        guard let result else {
            try await store.abandonTransfer(transfer: transfer)
            return false
        }
        try await known { try await peer.acknowledge(transfer: transfer, result) }
        return true
    }

    /// A transfer that is not known any more needs nothing.
    private func known(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as TidelockError where error.code == .unknownTransfer {}
    }
}
