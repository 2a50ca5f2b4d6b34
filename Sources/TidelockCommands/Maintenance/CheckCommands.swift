internal import ArgumentParser
internal import ContentModel

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "See whether targets answer and accept our key.",
        discussion: """
            Schedules of the configuration that cannot begin as things are count too: those that lead to the named \
            targets, or all of them.
            """)

    @Argument(help: "Names of targets; all of them when there is none.") var names: [String] = []
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let instance = try await Instance.open(location)
        let all = try await instance.listedTargets()
        // A name that nobody knows is a mistake in the command, and nothing is asked.
        for name in names where !all.contains(where: { $0.name == name }) { _ = try await instance.target(name) }
        let targets = names.isEmpty ? all : names.flatMap { name in all.filter { $0.name == name } }
        let rows = try await TargetChecks(instance: instance, targets: targets).perform().map {
            CheckRow($0, $1)
        }
        let findings = await ScheduleCheck(instance: instance).findings().filter { finding in
            names.isEmpty || finding.target.map { names.contains($0) } ?? false
        }
        try (rows + findings.map { CheckRow($0) }).print(asJSON: output.json) { row in
            [row.line] + [row.error?.hint.map { "  Try: \($0)" }, row.warning.map { "  but: \($0)" }].compactMap { $0 }
        }
    }
}

struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "See whether all targets are well, for those who watch over them.",
        discussion: """
            A target is well when it answers, accepts our key, and its clock agrees with ours. The exit status is 0 only \
            if all of them are. 'tidelock doctor TARGET' says more about one that is not.
            """)

    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let instance = try await Instance.open(location)
        let targets = try await instance.listedTargets()
        let rows = try await TargetChecks(instance: instance, targets: targets).perform().map {
            CheckRow($0, $1, mindingClock: true)
        }
        try rows.print(asJSON: output.json) { row in [row.line + (row.warning.map { ", but: \($0)" } ?? "")] }
    }
}
