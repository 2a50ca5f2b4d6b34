internal import ContentModel
internal import ContentStore
internal import Foundation
internal import HookHost
internal import RemotePeer
internal import SyncEngine
internal import SyncProtocol
internal import Synchronization

/// Runs that handlers start, carried out like those of a command.
///
/// A class, because the host of the handlers that ask for runs is made after this, and the runs need it.
final class ScriptedSync: SyncControl {
    private let instance: Instance
    private let host = Mutex<HookHost?>(nil)

    init(instance: Instance) {
        self.instance = instance
    }

    /// Whose handlers the runs pass.
    func use(_ hooks: HookHost) {
        host.withLock { $0 = hooks }
    }

    func run(_ request: ScriptedRun, depth: Int) async throws -> JSONDocument {
        guard let hooks = host.withLock({ $0 }) else {
            throw TidelockError(.internalFailure, "A handler asked for a run before there were handlers.")
        }
        let target = try await target(request.target)
        var wanted = SyncRunner.Request(direction: request.direction, scope: .everything)
        wanted.depth = depth
        wanted.addressPolicy = request.target.admits
        let sequence = try JobSequence(try requests(request, like: wanted))
        let outcome = await sequence.perform { [instance] request in
            await SyncRunner(instance: instance, hooks: hooks, target: target, request: request) { _ in }.perform()
        }
        if let failure = outcome.failure { throw failure }
        return try JSONDocument(validating: [UInt8](try JSONEncoder().encode(outcome.report)))
    }

    func check(_ wanted: ScriptedTarget) async throws -> JSONDocument {
        let target = try await self.target(wanted)
        let version = try await instance.withPeer(target, timeout: .seconds(10), admitting: wanted.admits) { peer in
            try await peer.check().version
        }
        return .object([("success", JSONDocument(bool: true)), ("version", JSONDocument(string: version))])
    }

    /// One item, the jobs that the script names, or everything.
    private func requests(_ request: ScriptedRun, like wanted: SyncRunner.Request) throws -> [SyncRunner.Request] {
        if let item = request.item {
            var single = wanted
            single.scope = item.scope
            return [single]
        }
        guard let jobs = request.jobs else { return try wanted.moving(Job.list(.everything)) }
        // A list that a script filtered until nothing was left must not come to mean everything.
        guard !jobs.isEmpty else { throw TidelockError(.usage, "The list of jobs is empty.") }
        return try wanted.moving(try jobs.map { try Job($0) })
    }

    /// A configured target by its name or its address; another one only with a key of its own.
    private func target(_ wanted: ScriptedTarget) async throws -> Target {
        if let uri = wanted.uri, let key = wanted.key {
            // Runs are remembered by the name of their target, so another address needs another name.
            return Target(name: uri, uri: uri, key: try SyncKey(key), allowsPush: true, allowsPull: true)
        }
        if let name = wanted.name { return try await instance.target(name).target }
        guard let uri = wanted.uri,
            let known = try await instance.listedTargets().first(where: { $0.uri == uri })?.target.get()
        else {
            throw TidelockError(
                .unknownTarget, "There is no target at '\((wanted.uri ?? "").printable)'.",
                hint: "Name a configured target, or give uri and syncKey.")
        }
        return known
    }
}
