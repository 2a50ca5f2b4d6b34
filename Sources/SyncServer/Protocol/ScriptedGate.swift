internal import ContentModel
internal import SyncEngine
internal import SyncProtocol

extension Reception {
    /// Lets scripts refuse a signed request. One that would have committed is marked where it certainly has not done so
    /// before: its sender then need not ask what has become of the run.
    func admit(_ call: SignedCall) async throws {
        do {
            try await dependencies.hooks.admit(call.arrival.forHooks)
        } catch {
            let error = TidelockError(wrapping: error)
            throw await isUndone(call) ? error.markedUncommitted : error
        }
    }

    /// Looks at the work first: what ends in between has left its result.
    private func isUndone(_ call: SignedCall) async -> Bool {
        guard let run = call.run, !(await work.isAtWork(call.workKey)) else { return false }
        do {
            switch call.arrival.endpoint {
            case .openTransfer:
                guard try await dependencies.responder.initiator(ofTransfer: run) != nil else { return true }
                return try await dependencies.responder.state(transfer: run).result == nil
            case .commit: return try await dependencies.responder.state(transfer: run).result == nil
            default: return false
            }
        } catch {
            return false
        }
    }
}
