internal import ContentModel
internal import ContentStore
internal import Foundation

/// A target, and where it is written down.
struct KnownTarget: Sendable {
    var target: Target
    /// Whether it stands in the configuration file, where commands do not change it.
    var isConfigured: Bool
}

extension Instance {
    /// All targets: those of the configuration first, then those added by command.
    func targets() async throws -> [KnownTarget] {
        let environment = try EnvironmentFile(folder.environment)
        let stored = try await store.targets()
        let configured = settings.targets.map { target in
            KnownTarget(target: target, isConfigured: true)
        }
        let names = Set(configured.map(\.target.name))
        return try configured
            + stored.filter { !names.contains($0.name) }.map { record in
                KnownTarget(target: try record.target(environment), isConfigured: false)
            }
    }

    /// Throws `unknown_target` with a suggestion.
    func target(_ name: String) async throws -> KnownTarget {
        let all = try await targets()
        guard let target = all.first(where: { $0.target.name == name }) else {
            let names = all.map(\.target.name)
            throw TidelockError(
                .unknownTarget, "There is no target '\(name.printable)'.\(didYouMean(name, among: names))",
                hint: names.isEmpty
                    ? "'tidelock targets add NAME URI --key KEY' adds one."
                    : "Targets are: \(names.joined(separator: ", ")).")
        }
        return target
    }
}

extension TargetRecord {
    fileprivate func target(_ environment: EnvironmentFile) throws -> Target {
        let secret: SyncKey
        switch key {
        case .stored(let stored): secret = stored
        case .variable(let name):
            guard let value = environment[name] else {
                throw TidelockError(
                    .missingSetting,
                    "The key of target '\(self.name)' is in the environment variable \(name), which is not set.",
                    hint: "Set it, or add it to .env of the instance.")
            }
            secret = try SyncKey(value)
        }
        return Target(name: self.name, uri: uri, key: secret, allowsPush: allowsPush, allowsPull: allowsPull)
    }
}
