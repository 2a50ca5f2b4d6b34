internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import Foundation
internal import HookHost
internal import SyncEngine
internal import SyncProtocol

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Say who this instance is, what it holds and what goes on.")

    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

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
            kinds: kinds.count, targets: try await instance.listedTargets().map(\.name), hooks: hooks.status)
        if output.json { return try Output.json(answer) }
        try print(answer)
    }

    private func print(_ answer: Answer) throws {
        try Output.line("instance  \(answer.instance.name) (\(answer.instance.id)) in \(answer.folder)")
        try Output.line("content   \(answer.items) items of \(answer.kinds) kinds")
        try Output.line("targets   \(answer.targets.isEmpty ? "none" : answer.targets.joined(separator: ", "))")
        try Output.line("syncing   \(answer.syncing ? "yes, \(answer.holder ?? "somebody")" : "no")")
        if let last = answer.lastSync {
            try Output.line("last sync \(last.what) at \(moment(last.timestamp)): \(last.status)")
        }
        try Output.line("hooks     \(answer.hooks.handlers.count) handlers in \(answer.hooks.files.count) files")
        if let rejected = answer.hooks.rejected { try Output.line("          broken: \(rejected)") }
    }
}

extension LastSync {
    /// What was done, and with whom.
    var what: String {
        let peer = peer.printable
        return switch action {
        case .push: "push to \(peer)"
        case .pull: "pull from \(peer)"
        case .receive: "received from \(peer)"
        case .send: "pulled by \(peer)"
        case nil: "\(direction.rawValue) \(peer)"
        }
    }
}
