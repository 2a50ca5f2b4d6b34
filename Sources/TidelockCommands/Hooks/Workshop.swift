internal import ContentModel
internal import Foundation
internal import HookHost
internal import LuaRuntime
internal import SyncEngine

/// The handlers of an instance with nothing real behind them: what the commands work with that store and send nothing.
///
/// The store is not opened, so that they work beside anything else that runs.
struct Workshop: Sendable {
    let folder: InstanceFolder
    let settings: Settings
    let workers: LuaWorkers

    static func open(_ location: LocationOptions) async throws -> Workshop {
        let folder = InstanceFolder(url: try location.folder())
        let workers = LuaWorkers(count: 2)
        let settings = try await ConfigurationFile.settings(of: folder, workers: workers)
        return Workshop(folder: folder, settings: settings, workers: workers)
    }

    var configuration: HookHostConfiguration {
        HookHostConfiguration(config: settings.hookConfiguration, allowedHosts: settings.hookHosts)
    }

    var targets: [TargetFacts] {
        settings.targets.map { TargetFacts(name: $0.name, uri: $0.uri) }
    }

    /// Names of the configured secrets; what they are is nobody's business here.
    var secrets: [String] { Array(settings.hookSecrets.keys) }

    /// The handlers, loaded. Throws `hook_load_failed`.
    func rehearsal(seconds: Int64) async throws -> Rehearsal {
        let rehearsal = try Rehearsal(
            folder: folder.hooks, configuration: configuration,
            services: RehearsalServices(seconds: seconds, targets: targets, secrets: secrets), workers: workers)
        try await rehearsal.start()
        return rehearsal
    }
}
