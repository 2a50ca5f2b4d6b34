internal import ContentModel
internal import ContentStore
internal import RemotePeer
internal import SyncEngine
internal import SyncProtocol

/// Who, if anybody, keeps a run with a target from writing.
struct LeaseQuestion {
    let instance: Instance
    let target: Target
    let direction: Direction

    /// The name of an instance that writes where the run would; nil also where that cannot be found out, which the run
    /// itself will say then. Changes nothing.
    func writer() async -> String? {
        switch direction {
        case .push: await writerThere()
        case .pull: try? await writerHere()
        }
    }

    private func writerThere() async -> String? {
        let answer = await outcomeWithin(TargetChecks.limit, "Target '\(target.name)'") {
            try await instance.withPeer(target, timeout: TargetChecks.limit) { try await $0.condition().lease }
        }
        guard case .success(let lease?) = answer, !lease.isOwn else { return nil }
        return lease.holder
    }

    /// What a pull from the same target left behind would be superseded.
    private func writerHere() async throws -> String? {
        guard let lease = try await instance.store.leaseHolder() else { return nil }
        let known = try await instance.store.instance(answering: target.name, at: target.uri)
        return lease.source == known ? nil : lease.holder
    }
}
