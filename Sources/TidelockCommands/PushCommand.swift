internal import ArgumentParser
internal import ContentModel
internal import Foundation
internal import HookHost
internal import SyncEngine
internal import SyncProtocol

/// Which targets a push goes to.
struct TargetChoice: ParsableArguments {
    @Argument(help: "The targets' names.") var targets: [String] = []
    @Flag(help: "Push to every target that allows it, and print a list even if it is only one.") var all = false

    func validate() throws {
        guard all != !targets.isEmpty else {
            throw ValidationError(all ? "--all takes no names." : "Name a target, several, or --all.")
        }
    }

    /// The name where there is only one.
    var single: String? {
        guard !all, let first = targets.first, targets.allSatisfy({ $0 == first }) else { return nil }
        return first
    }

    /// Each once, in the order of their names on the command line. Throws `unknown_target`.
    func chosen(among instance: Instance) async throws -> [Target] {
        guard all else { return try await instance.targets(named: targets) }
        let allowed = try await instance.targets().map(\.target).filter(\.allowsPush)
        guard !allowed.isEmpty else {
            throw TidelockError(
                .unknownTarget, "There is no target that allows a push.", hint: "'tidelock targets' lists them.")
        }
        return allowed
    }
}

extension RunOptions {
    /// A push to several targets at once.
    func push(to choice: TargetChoice, isDryRun: Bool) async throws {
        if let single = choice.single { return try await run(.push, with: single, isDryRun: isDryRun) }
        do {
            try await pushSideBySide(to: choice, isDryRun: isDryRun)
        } catch let error as TidelockError where json {
            // Not even one run: the one object that was promised says so.
            try Output.json(RunReports(runs: [], error: RunReport.Failure(error)))
            throw ExitCode(error.code.traits.exitStatus)
        }
    }

    private func pushSideBySide(to choice: TargetChoice, isDryRun: Bool) async throws {
        let sequence = try JobSequence([try scope.request(.push, isDryRun: isDryRun)])
        let instance = try await Instance.open(location)
        try await instance.run(sequence, with: try await choice.chosen(among: instance), json: json)
    }
}

extension RunOptions {
    /// Pushes as the source changes. Ends with status 130 only when a run was interrupted.
    func watch(_ choice: TargetChoice, quiet: Int64) async throws {
        let sequence = try JobSequence([try scope.request(.push, isDryRun: false)])
        let instance = try await Instance.open(location)
        let targets = try await choice.chosen(among: instance)
        let hooks = try await instance.hooks()
        defer { hooks.stop() }
        let runs = TargetRuns(instance: instance, hooks: hooks, targets: targets, sequence: sequence)
        let watch = WatchedPush(instance: instance, runs: runs, quiet: quiet) { [json] ended in
            for outcome in ended {
                if json {
                    try Output.line(String(decoding: try JSONEncoder().encode(outcome.report), as: UTF8.self))
                } else if let failure = outcome.failure {
                    Complaint.write(failure, of: outcome.report.target)
                } else {
                    try Output.line(outcome.report.sentence)
                }
            }
        }
        let isInterrupted = try await watch.follow()
        await hooks.drain()
        if isInterrupted { throw ExitCode(ErrorCode.cancelled.traits.exitStatus) }
    }
}

struct PushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push", abstract: "Send content to a target, or to several at once.")

    @OptionGroup var choice: TargetChoice
    @OptionGroup var options: RunOptions
    @Flag(help: "Only say what would be done.") var dryRun = false
    @Flag(help: "Go on, and push again when the content changes, until interrupted.") var watch = false
    @Option(help: "With --watch: seconds without a change before a push.") var debounce = 2.0

    func validate() throws {
        guard !watch || !dryRun else { throw ValidationError("--watch cannot be a dry run.") }
        guard (0...WatchSchedule.longestDebounce).contains(debounce) else {
            throw ValidationError("--debounce is 0 to \(Int(WatchSchedule.longestDebounce)) seconds.")
        }
        guard options.jobs == nil || (choice.single != nil && !watch) else {
            throw ValidationError("--jobs goes to one target, once.")
        }
    }

    func run() async throws {
        guard watch else { return try await options.push(to: choice, isDryRun: dryRun) }
        try await options.watch(choice, quiet: Int64(debounce * 1_000))
    }
}
