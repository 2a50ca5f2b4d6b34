internal import ContentModel
internal import ContentStore
internal import RemotePeer
internal import SyncEngine
internal import SyncProtocol

/// Takes a push back where it went: its undo is at the destination.
struct RemoteRollback {
    let instance: Instance

    func perform(_ run: RunRecord, only item: ItemReference?) async throws -> RollbackResult {
        guard let name = run.target else {
            throw TidelockError(.unknownRun, "Run \(run.id) does not say where it went.")
        }
        let target = try await instance.target(name).target
        // A name of its own tells a repetition of this very request from asking once more.
        let request = RollBackTransfer(id: instance.newRunID(), item: item)
        let result = try await instance.withPeer(target) { try await $0.rollback(transfer: run.id, request) }
        guard result.doneBefore == nil else { return result }
        let what = item.map { "\($0.kind)/\($0.id) over there" } ?? "over there"
        await instance.audit(
            AuditEntry(
                .rollback, target: name, run: run.id, note: what,
                counts: ["restored": result.restored, "kept": result.kept.count]))
        return result
    }
}
