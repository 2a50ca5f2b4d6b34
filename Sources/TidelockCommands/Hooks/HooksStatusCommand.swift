internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import HookHost
internal import SyncEngine

struct HooksStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Tell which handlers a run would use now, why a newer version is not, and what handlers did so far.")
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        var loaded: HookStatus
        /// What handlers did in all processes of this instance so far.
        var statistics: [HandlerStatistics]
        var processes: [ProcessReport]
    }

    func run() async throws {
        let instance = try await Instance.open(location)
        let hooks = try await instance.hooks()
        defer { hooks.stop() }
        let status = hooks.status
        let activity = try await HandlerActivity.read(instance.store)
        if output.json {
            try Output.json(Answer(loaded: status, statistics: activity.handlers, processes: activity.processes))
        } else {
            try write(status)
            try write(activity, current: status.generation)
        }
        if status.rejected != nil { throw ExitCode(ErrorCode.hookLoadFailed.traits.exitStatus) }
    }

    private func write(_ status: HookStatus) throws {
        try Output.line("generation  \(status.generation.map { String($0.prefix(12)) } ?? "none")")
        try Output.line("loaded      \(moment(status.loadedAt))")
        try Output.line("files       \(status.files.isEmpty ? "none" : status.files.joined(separator: ", "))")
        if let problem = status.rejected { try Output.line("rejected    \(problem)") }
        guard !status.handlers.isEmpty else { return try Output.line("handlers    none") }
        try Output.line("handlers    \(status.handlers.count)\n")
        try HandlerTable.write(status.handlers)
    }

    private func write(_ activity: HandlerActivity, current: String?) throws {
        for process in activity.processes {
            let generation = process.generation.map { $0 == current ? "this generation" : String($0.prefix(12)) }
            try Output.line("\nprocess \(process.pid) (\(process.command)) runs \(generation ?? "no handlers")")
            if let error = process.error { try Output.line("  because \(error)") }
        }
        guard !activity.handlers.isEmpty else { return }
        try Output.line("")
        try Output.table(
            [["EVENT", "NAME", "CALLS", "ERRORS", "KILLED", "CPU MS", "PEAK KIB", "CHANGED", "DROPPED"]]
                + activity.handlers.map { handler in
                    [
                        handler.event, handler.name, "\(handler.calls)", "\(handler.errors)", "\(handler.killed.sum)",
                        "\(handler.cpuNanoseconds / 1_000_000)", "\(handler.peakMemory >> 10)", "\(handler.changed)",
                        "\(handler.dropped)",
                    ]
                })
    }
}
