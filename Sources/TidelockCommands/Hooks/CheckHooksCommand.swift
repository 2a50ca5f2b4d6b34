internal import ArgumentParser
internal import ContentModel
internal import HookHost

struct CheckHooksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Load all files without running a handler, and name everything that is wrong.",
        discussion: """
            Besides what keeps a file from loading, finds names that nothing assigns, functions of 'app' that are not \
            there, and fields of 'ctx' that the event does not have. Ends with status 70 when there is a problem.
            """)
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let workshop = try await Workshop.open(location)
        let check = try await HookHost.check(
            folder: workshop.folder.hooks, configuration: workshop.configuration,
            services: RehearsalServices(targets: workshop.targets, secrets: workshop.secrets).services,
            workers: workshop.workers)
        if output.json {
            try Output.json(check)
        } else if check.isGood {
            try Output.line("\(check.files.count) files and \(check.handlers.count) handlers are good")
        } else {
            for problem in check.problems { try Output.line("\(problem)") }
        }
        if !check.isGood { throw ExitCode(ErrorCode.hookLoadFailed.traits.exitStatus) }
    }
}
