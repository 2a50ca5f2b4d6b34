internal import ContentModel
internal import ContentStore
internal import Foundation

/// A target, and where it is written down.
struct KnownTarget: Sendable {
    var target: Target
    /// Whether it stands in the configuration file, where commands do not change it.
    var isConfigured: Bool
}

/// The name of a target, and the target itself or what keeps it from being used, such as a key that is not set.
struct ListedTarget: Sendable {
    var name: String
    var uri: String
    var known: Result<KnownTarget, TidelockError>
    /// Whether it stands in the configuration file.
    var isConfigured: Bool
    /// Which ways its settings allow, also where it cannot be used.
    var allowsPush: Bool
    var allowsPull: Bool

    init(_ target: Target) {
        (name, uri, isConfigured) = (target.name, target.uri, true)
        known = .success(KnownTarget(target: target, isConfigured: true))
        (allowsPush, allowsPull) = (target.allowsPush, target.allowsPull)
    }

    var target: Result<Target, TidelockError> { known.map(\.target) }

    func allows(_ direction: Direction) -> Bool {
        direction == .push ? allowsPush : allowsPull
    }
}

extension Instance {
    /// All targets: those of the configuration first, then those added by command.
    func listedTargets() async throws -> [ListedTarget] {
        let environment = try EnvironmentFile(folder.environment)
        let stored = try await store.targets()
        let configured = settings.targets.map { ListedTarget($0) }
        let names = Set(configured.map(\.name))
        return configured + stored.filter { !names.contains($0.name) }.map { ListedTarget($0, environment) }
    }

    /// One target, whatever is wrong with others. Throws `unknown_target` with a suggestion.
    func target(_ name: String) async throws -> KnownTarget {
        try await listedTarget(name).known.get()
    }

    /// One target, also where it cannot be used. Throws `unknown_target` with a suggestion.
    func listedTarget(_ name: String) async throws -> ListedTarget {
        let all = try await listedTargets()
        guard let target = all.first(where: { $0.name == name }) else {
            let names = all.map(\.name)
            throw TidelockError(
                .unknownTarget, "There is no target '\(name.printable)'.\(didYouMean(name, among: names))",
                hint: names.isEmpty
                    ? "'tidelock targets add NAME URI --key KEY' adds one."
                    : "Targets are: \(names.joined(separator: ", ")).")
        }
        return target
    }

    /// The named targets, each once, in the order of their names. Throws `unknown_target`; what else keeps one from
    /// being used stands in its place.
    func listedTargets(named names: [String]) async throws -> [ListedTarget] {
        var seen: Set<String> = []
        var named: [ListedTarget] = []
        for name in names where seen.insert(name).inserted { named.append(try await listedTarget(name)) }
        return named
    }
}

extension ListedTarget {
    fileprivate init(_ record: TargetRecord, _ environment: EnvironmentFile) {
        (name, uri, isConfigured) = (record.name, record.uri, false)
        known = record.target(environment).map { KnownTarget(target: $0, isConfigured: false) }
        (allowsPush, allowsPull) = (record.allowsPush, record.allowsPull)
    }
}

extension TargetRecord {
    fileprivate func target(_ environment: EnvironmentFile) -> Result<Target, TidelockError> {
        do {
            return .success(try usable(environment))
        } catch {
            return .failure(TidelockError(wrapping: error))
        }
    }

    private func usable(_ environment: EnvironmentFile) throws -> Target {
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
