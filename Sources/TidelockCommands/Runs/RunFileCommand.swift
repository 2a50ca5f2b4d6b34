internal import ArgumentParser
internal import ContentModel
internal import SyncEngine
internal import SyncProtocol

struct RunFileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run the jobs of a file, with the targets that it names.",
        discussion: """
            The file is a list of jobs, {"name": …, "syncSettings": {…}}, or an object that holds them as "jobs" beside \
            "target" (a name or a list of names), "mode" ("push" or "pull") and "pause" (seconds between runs). A \
            file whose name ends in .lua returns the same as a table; it may call env(name, default), os.time and \
            os.date. Targets that --target names, or --all, take the place of those in the file.

            Jobs run in their order, and the first that fails stops the rest for its target. Jobs that follow one \
            another and move different things are one run. --json prints {"runs": […]}, one report for each target.
            """)

    @Argument(help: "The file of jobs.") var file: String
    @Option(help: "A target's name, in the place of those in the file. May be given several times.")
    var target: [String] = []
    @Flag(help: "Take every target that allows it, in the place of those in the file.") var all = false
    @Flag(help: "Push, where the file does not say so.") var push = false
    @Flag(help: "Pull, where the file does not say so.") var pull = false
    @OptionGroup var dryRun: DryRunOptions
    @OptionGroup var guards: MirrorGuardOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var location: LocationOptions

    func validate() throws {
        guard !push || !pull else { throw ValidationError("Choose one of --push and --pull.") }
        guard !all || target.isEmpty else { throw ValidationError("Choose one of --all and --target.") }
    }

    func run() async throws {
        do {
            try await perform(try await JobFile.read(file, for: location))
        } catch let error as TidelockError where output.json {
            // Not even one run: the one object that was promised says so.
            try Output.json(RunReports(runs: [], error: RunReport.Failure(error)))
            throw ExitCode(error.code.traits.exitStatus)
        }
    }

    private func perform(_ read: JobFile) async throws {
        let jobs = try read.completed(targets: target, direction: push ? .push : pull ? .pull : nil)
        let choice = TargetChoice(all ? [] : jobs.targets, all: all)
        guard choice.isMade else {
            throw TidelockError(
                .usage, "Neither the file \(file) nor the command names a target.",
                hint: "Add --target NAME, or \"target\" beside the jobs of the file.")
        }
        guard let direction = jobs.direction else {
            throw TidelockError(
                .usage, "Neither the file \(file) nor the command says which way its jobs move content.",
                hint: "Add --push or --pull, or \"mode\" beside the jobs of the file.")
        }
        try await perform(jobs, direction, with: choice)
    }

    private func perform(_ jobs: JobFile, _ direction: Direction, with choice: TargetChoice) async throws {
        let requests = try guards.request(direction, moving: .everything, isDryRun: dryRun.isWanted).moving(jobs.jobs)
        let instance = try await Instance.open(location)
        let sequence = try JobSequence(requests) { [isDryRun = dryRun.isWanted, clock = instance.clock] in
            if !isDryRun, jobs.pause > .zero { try await clock.sleep(for: jobs.pause) }
        }
        try await instance.run(
            sequence, with: try await choice.chosen(for: direction, among: instance), json: output.json)
    }
}
