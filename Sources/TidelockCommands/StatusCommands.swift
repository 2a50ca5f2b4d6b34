internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import CurlHTTP
internal import Foundation
internal import HookHost
internal import RemotePeer
internal import SyncEngine
internal import SyncProtocol

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Say who this instance is, what it holds and what goes on.")

    @OptionGroup var location: LocationOptions
    @Flag(help: "Print JSON.") var json = false

    private struct Answer: Encodable {
        var instance: InstanceIdentity
        var folder: String
        var syncing: Bool
        var holder: String?
        var lastSync: LastSync?
        var items: Int
        var kinds: Int
        var targets: [String]
        var hooks: HandlerStatus
    }

    func run() async throws {
        let instance = try await Instance.open(location)
        let hooks = try await instance.hooks()
        defer { hooks.stop() }
        let activity = try await instance.store.activity()
        let kinds = try await instance.store.kindSummaries()
        let answer = Answer(
            instance: instance.store.identity, folder: instance.folder.url.path, syncing: activity.isSyncing,
            holder: activity.holder, lastSync: activity.lastSync, items: kinds.reduce(0) { $0 + $1.items },
            kinds: kinds.count, targets: try await instance.targets().map(\.target.name), hooks: hooks.status)
        if json { return try Output.json(answer) }
        try print(answer)
    }

    private func print(_ answer: Answer) throws {
        try Output.line("instance  \(answer.instance.name) (\(answer.instance.id)) in \(answer.folder)")
        try Output.line("content   \(answer.items) items of \(answer.kinds) kinds")
        try Output.line("targets   \(answer.targets.isEmpty ? "none" : answer.targets.joined(separator: ", "))")
        try Output.line("syncing   \(answer.syncing ? "yes, \(answer.holder ?? "somebody")" : "no")")
        if let last = answer.lastSync {
            try Output.line(
                "last sync \(last.direction.rawValue) \(last.peer) at \(moment(last.timestamp)): \(last.status)")
        }
        try Output.line("hooks     \(answer.hooks.handlers.count) handlers in \(answer.hooks.files.count) files")
        if let rejected = answer.hooks.rejected { try Output.line("          broken: \(rejected)") }
    }
}

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "See whether targets answer and accept our key.")

    @Argument(help: "Names of targets; all of them when there is none.") var names: [String] = []
    @OptionGroup var location: LocationOptions
    @Flag(help: "Print JSON.") var json = false

    private struct Row: Encodable, Sendable {
        var target: String
        var ok: Bool
        var instance: String?
        var version: String?
        var milliseconds: Int?
        var warning: String?
        var error: RunReport.Failure?
    }

    func run() async throws {
        let instance = try await Instance.open(location)
        var targets: [Target] = []
        if names.isEmpty {
            targets = try await instance.targets().map(\.target)
        } else {
            for name in names { targets.append(try await instance.target(name).target) }
        }
        let rows = try await check(targets, of: instance)
        if json {
            try Output.json(rows)
        } else {
            for row in rows { try print(row) }
            if rows.isEmpty { try Output.line("no targets") }
        }
        if let failed = rows.compactMap(\.error).first {
            throw ExitCode(ErrorCode(rawValue: failed.code)?.traits.exitStatus ?? 1)
        }
    }

    private func check(_ targets: [Target], of instance: Instance) async throws -> [Row] {
        let http = try HTTPClient(instance.httpOptions)
        defer { http.shutdown() }
        return await withTaskGroup(of: (Int, Row).self) { group in
            for (position, target) in targets.enumerated() {
                group.addTask { (position, await row(target, of: instance, http: http)) }
            }
            var rows: [(Int, Row)] = []
            for await row in group { rows.append(row) }
            return rows.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func row(_ target: Target, of instance: Instance, http: HTTPClient) async -> Row {
        do {
            let peer = try RemotePeer(
                target: target, local: instance.store.identity, http: http, clock: instance.clock,
                random: instance.random)
            let check = try await peer.check()
            guard check.instance.id != instance.store.identity.id else {
                throw TidelockError.sameInstance(instance.store.identity)
            }
            return Row(
                target: target.name, ok: true, instance: check.instance.name, version: check.version,
                milliseconds: Int(check.latency / .milliseconds(1)), warning: check.warning)
        } catch {
            let error = TidelockError(wrapping: error)
            return Row(
                target: target.name, ok: false,
                error: RunReport.Failure(error))
        }
    }

    private func print(_ row: Row) throws {
        if let error = row.error {
            try Output.line("✗ \(row.target): \(error.message)")
            if let hint = error.hint { try Output.line("  Try: \(hint)") }
        } else {
            try Output.line(
                "✓ \(row.target): \(row.instance ?? "?"), version \(row.version ?? "?"), \(row.milliseconds ?? 0) ms")
            if let warning = row.warning { try Output.line("  but: \(warning)") }
        }
    }
}
