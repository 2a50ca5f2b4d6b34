internal import ContentModel
internal import ContentStore
internal import CurlHTTP
internal import HookHost
internal import RemotePeer
internal import SyncEngine
internal import SyncProtocol

/// Finds out what a diagnosis is made from. It changes nothing on either side.
struct Doctor: Sendable {
    let instance: Instance

    /// Time for each question to the target.
    private static let limit: Duration = .seconds(15)

    /// A question is asked only if the one before it was answered. Throws what is wrong with this instance itself in a
    /// way that no command could work with it.
    func facts(about name: String) async throws -> DiagnosisFacts {
        let here = try await here(name)
        let http: HTTPClient
        let target: Target
        let peer: RemotePeer
        do {
            http = try instance.httpClient()
            target = try await instance.target(name).target
            peer = try instance.peer(target, over: http, timeout: Self.limit)
        } catch let error as TidelockError {
            return DiagnosisFacts(target: .failure(error), here: here)
        }
        defer { http.shutdown() }
        let addressed = DiagnosisFacts.Addressed(
            label: peer.label, isEncrypted: peer.isEncrypted, allowsPush: target.allowsPush,
            allowsPull: target.allowsPull)
        var facts = DiagnosisFacts(target: .success(addressed), here: here)
        try await ask(peer, into: &facts)
        return facts
    }

    private func ask(_ peer: RemotePeer, into facts: inout DiagnosisFacts) async throws {
        let reach = try await peer.reach(within: Self.limit)
        facts.reach = reach
        if peer.isEncrypted, reach.isConnected {
            facts.certificate = await peer.shownCertificate(within: Self.limit)
        }
        guard reach.isTidelock else { return }
        let check = await outcomeWithin(Self.limit, "Target \(peer.label)") { try await peer.check() }
        facts.check = check
        guard case .success(let found) = check else { return }
        facts.condition = await outcomeWithin(Self.limit, "Target \(peer.label)") { try await peer.condition() }
        // Only now is it known whose lease would be superseded here.
        facts.here.condition = try await instance.store.condition(for: found.instance.id)
    }

    private func here(_ target: String) async throws -> DiagnosisFacts.Here {
        let hooks = try await instance.hooks()
        defer { hooks.stop() }
        return DiagnosisFacts.Here(
            identity: instance.store.identity, version: Tidelock.version,
            runInProgress: try SyncLock.holder(in: instance.folder.storage)?.inProgress, hooks: hooks.wireStatus,
            condition: try await instance.store.condition(for: ""),
            schedules: try await ScheduleCheck(instance: instance).facts(about: target))
    }
}
