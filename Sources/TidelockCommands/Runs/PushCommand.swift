internal import ArgumentParser
internal import ContentModel
internal import Foundation
internal import HookHost
internal import SyncEngine
internal import SyncProtocol

extension RunOptions {
    /// A push to several targets at once.
    func push(to choice: TargetChoice, isDryRun: Bool) async throws {
        if let single = choice.single { return try await run(.push, with: single, isDryRun: isDryRun) }
        do {
            try await pushSideBySide(to: choice, isDryRun: isDryRun)
        } catch let error as TidelockError where output.json {
            // Not even one run: the one object that was promised says so.
            try Output.json(RunReports(runs: [], error: RunReport.Failure(error)))
            throw ExitCode(error.code.traits.exitStatus)
        }
    }

    private func pushSideBySide(to choice: TargetChoice, isDryRun: Bool) async throws {
        let instance = try await Instance.open(location)
        let sequence = try JobSequence(try await requests(.push, isDryRun: isDryRun, of: instance))
        try await instance.run(sequence, with: try await choice.chosen(for: .push, among: instance), json: output.json)
    }
}

extension RunOptions {
    /// Pushes as the source changes. Ends with the status of the gravest failure of the last push, and with 130 when a
    /// push was interrupted or something still waits to be sent.
    func watch(_ choice: TargetChoice, quiet: Int64) async throws {
        let instance = try await Instance.open(location)
        let sequence = try JobSequence([try await request(.push, isDryRun: false, of: instance)])
        let targets = try await choice.chosen(for: .push, among: instance)
        // What a target is stands as it was found; a watch over none that can be used would wait in vain.
        if let first = targets.first, targets.allSatisfy({ (try? $0.target.get()) == nil }) {
            _ = try first.target.get()
        }
        let hooks = try await instance.hooks()
        defer { hooks.stop() }
        let runs = TargetRuns(instance: instance, hooks: hooks, targets: targets, sequence: sequence)
        let watch = WatchedPush(instance: instance, runs: runs, quiet: quiet) { [json = output.json] ended in
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
        let ending = try await watch.follow()
        await hooks.drain()
        guard let ending else { return }
        if !ending.isAboutNames {
            Complaint.warn("the watch ended before everything was sent; the next push sends the rest.")
        }
        throw ExitCode(ending.traits.exitStatus)
    }
}

struct PushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push", abstract: "Send content to a target, or to several at once.")

    @OptionGroup var choice: TargetChoice
    @OptionGroup var options: RunOptions
    @OptionGroup var dryRun: DryRunOptions
    @Flag(help: "Go on, and push again when the content changes, until interrupted.") var watch = false
    @Option(help: "With --watch: seconds without a change before a push.") var debounce = 2.0

    func validate() throws {
        guard choice.isMade else { throw ValidationError("Name a target, several, or --all.") }
        guard !watch || !dryRun.isWanted else { throw ValidationError("--watch cannot be a dry run.") }
        guard (0...WatchSchedule.longestDebounce).contains(debounce) else {
            throw ValidationError("--debounce is 0 to \(Int(WatchSchedule.longestDebounce)) seconds.")
        }
        guard !watch || options.jobs == nil else { throw ValidationError("--watch does not go with --jobs.") }
    }

    func run() async throws {
        guard watch else { return try await options.push(to: choice, isDryRun: dryRun.isWanted) }
        try await options.watch(choice, quiet: Int64(debounce * 1_000))
    }
}
