internal import ArgumentParser
internal import ContentModel
internal import HookHost
internal import LuaRuntime

struct TestHooksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Run the tests in hooks/tests/ with nothing real behind them.",
        discussion: "Ends with status 0 only if all of them passed and there was at least one.")
    @Argument(help: "Only tests whose file or name contains this.") var filter: String?
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    private struct Summary: Encodable {
        var passed: Int
        var failed: Int
        var seconds: Double
        var tests: [HookTestResult]
    }

    func run() async throws {
        let workshop = try await Workshop.open(location)
        let tests = HookTests(
            folder: workshop.folder.hooks, configuration: workshop.configuration, targets: workshop.targets,
            secrets: workshop.secrets,
            workers: LuaWorkers(count: 1), hookWorkers: workshop.workers)
        let start = ContinuousClock.now
        var printer = TestPrinter(style: TextStyle.standardOutput)
        var results: [HookTestResult] = []
        try await tests.run(filter: filter) { result in
            results.append(result)
            if !output.json { for line in printer.lines(result) { try Output.line(line) } }
        }
        guard !results.isEmpty else { throw nothing }
        let time = start.duration(to: .now).components
        let failed = results.count { !$0.passed }
        let summary = Summary(
            passed: results.count - failed, failed: failed,
            seconds: Double(time.seconds) + Double(time.attoseconds) / 1e18, tests: results)
        if output.json {
            try Output.json(summary)
        } else {
            try Output.line(printer.summary(results, seconds: summary.seconds))
        }
        if failed > 0 { throw ExitCode(ErrorCode.hookFailed.traits.exitStatus) }
    }

    private var nothing: TidelockError {
        guard let filter else {
            return TidelockError(
                .notFound, "There is no test in hooks/tests/.",
                hint: "Tests are files such as hooks/tests/strip_test.lua; 'tidelock hooks init' makes an example.")
        }
        return TidelockError(.notFound, "No test has '\(filter.printable)' in its file or name.")
    }
}
