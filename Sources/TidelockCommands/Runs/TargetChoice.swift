internal import ArgumentParser
internal import ContentModel

/// Which targets a run is made with.
struct TargetChoice: ParsableArguments {
    @Argument(help: "The targets' names.") var targets: [String] = []
    @Flag(help: "Take every target that allows it, and print a list even if it is only one.") var all = false

    func validate() throws {
        guard !all || targets.isEmpty else { throw ValidationError("--all takes no names.") }
    }

    init() {}

    /// What something else than arguments says.
    init(_ names: [String], all: Bool) {
        targets = names
        self.all = all
    }

    /// Whether any are chosen.
    var isMade: Bool { all || !targets.isEmpty }

    /// The name where there is only one.
    var single: String? {
        guard !all, let first = targets.first, targets.allSatisfy({ $0 == first }) else { return nil }
        return first
    }

    /// Each once, in the order of their names on the command line, also those that cannot be used as things are: theirs
    /// is a result that says so. Throws `unknown_target`.
    func chosen(for direction: Direction, among instance: Instance) async throws -> [ListedTarget] {
        guard all else { return try await instance.listedTargets(named: targets) }
        let allowed = try await instance.listedTargets().filter { $0.allows(direction) }
        guard !allowed.isEmpty else {
            throw TidelockError(
                .unknownTarget, "There is no target that allows a \(direction.rawValue).",
                hint: "'tidelock targets' lists them.")
        }
        return allowed
    }
}
