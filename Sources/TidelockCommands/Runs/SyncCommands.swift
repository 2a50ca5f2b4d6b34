internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import Foundation
internal import HookHost
internal import SyncEngine
internal import SyncProtocol

/// What push, pull and plan are told, and do, alike.
struct RunOptions: ParsableArguments {
    @Option(help: "Run the jobs of this file, a list as documented in JSON or Lua, one after another.")
    var jobs: String?
    @OptionGroup var scope: ScopeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var location: LocationOptions

    func run(_ direction: Direction, with target: String, isDryRun: Bool) async throws {
        try await RunCommand(target: target, json: output.json, location: location).run(direction) {
            try await requests(direction, isDryRun: isDryRun, of: $0)
        }
    }

    /// One run, or those that the jobs of the file make, to be made one after another.
    func requests(_ direction: Direction, isDryRun: Bool, of instance: Instance) async throws -> [SyncRunner.Request] {
        let request = try await request(direction, isDryRun: isDryRun, of: instance)
        guard let jobs else { return [request] }
        let file = try await JobFile.read(jobs, for: location)
        guard file.isPlain else {
            throw TidelockError(
                .usage, "The file \(jobs) says more than its jobs.",
                hint: "'tidelock run \(jobs)' heeds all of it.")
        }
        return try request.moving(file.jobs)
    }

    /// The run that the options select. Names of items are read by what the instance knows.
    func request(_ direction: Direction, isDryRun: Bool, of instance: Instance) async throws -> SyncRunner.Request {
        let known = scope.items == nil ? [] : try await instance.namedKinds()
        return try scope.request(direction, isDryRun: isDryRun, among: known)
    }

    func validate() throws {
        guard jobs == nil || !scope.selects else {
            throw ValidationError("The jobs of --jobs say themselves what they move; leave the other selection out.")
        }
    }

    /// Prints a plan with what was wanted of it, and writes it to a file. No file is written when planning fails; a file
    /// that cannot be written fails the plan.
    func detail(_ direction: Direction, with target: String, _ detail: PlanDetail, in path: String?) async throws {
        let instance = try await Instance.open(location)
        var request = try await request(direction, isDryRun: true, of: instance)
        request.options.isExact = detail.isWritten
        request.options.exclusions = detail.listing.map { Exclusions(limit: $0) }
        request.detail = detail
        var command = RunCommand(target: target, json: output.json, location: location)
        if let path {
            let (scope, includesReverted) = (request.scope, request.options.includesReverted)
            let identity = instance.store.identity
            command.conclude = {
                let plan = detail.plan(
                    direction, of: identity, with: target, scope: scope, includesReverted: includesReverted)
                try plan?.write(to: path)
            }
        }
        try await command.run(JobSequence([request]), of: instance)
    }
}

/// One run started by a command, reported as text or as the one JSON object that was promised.
struct RunCommand {
    let target: String
    let json: Bool
    let location: LocationOptions
    /// What is left to do when a run has ended well, before it is reported.
    var conclude: @Sendable () throws -> Void = {}

    /// `requests` answers one run of the instance, or several to be made one after another.
    func run(_ direction: Direction, _ requests: (Instance) async throws -> [SyncRunner.Request]) async throws {
        do {
            let instance = try await Instance.open(location)
            try await run(JobSequence(try await requests(instance)), of: instance)
        } catch let error as TidelockError where json {
            // Not even a run: the one object that was promised says so.
            var report = RunReport(run: "", target: target, direction: direction)
            report.note(error)
            try Output.json(report)
            throw ExitCode(error.code.traits.exitStatus)
        }
    }

    func run(_ sequence: JobSequence, of instance: Instance) async throws {
        let known = try await instance.target(target)
        let hooks = try await instance.hooks()
        defer { hooks.stop() }
        let line = ProgressLine(isShown: !json)
        let conclude = conclude
        let outcome = await interruptible {
            await sequence.perform { request in
                var (report, failure) = await SyncRunner(
                    instance: instance, hooks: hooks, target: known.target, request: request
                ) { line.show($0) }.perform()
                report.note(listed: request.detail?.listed)
                guard failure == nil else { return (report, failure) }
                do {
                    failure = try await NamedItems(instance: instance, target: known.target)
                        .refusal(of: request, report)
                    if failure == nil { try conclude() }
                } catch {
                    failure = TidelockError(wrapping: error)
                }
                if let failure { report.note(failure) }
                return (report, failure)
            }
        }
        await hooks.drain()
        line.clear()
        if json {
            try Output.json(outcome.report)
        } else {
            for report in outcome.reports { try ReportText(report: report).print() }
        }
        guard let failure = outcome.failure else { return }
        if !json {
            Complaint.write(failure)
            if let remains = outcome.remains { Complaint.warn(remains) }
        }
        throw ExitCode(failure.code.traits.exitStatus)
    }
}

struct PullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "pull", abstract: "Fetch content from a target.")

    @Argument(help: "The target's name.") var target: String
    @OptionGroup var options: RunOptions
    @OptionGroup var dryRun: DryRunOptions

    func run() async throws {
        try await options.run(.pull, with: target, isDryRun: dryRun.isWanted)
    }
}

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Say what a push or a pull would do, and change nothing.",
        discussion: """
            Without --pull it is the plan of a push. --out writes it to a file, with which 'tidelock apply' does just \
            that later on, row by row; the plan of a pull is written with \(Limits.expectedRows) rows at most.

            With --diff, what a push would change in the items of the target is shown field by field. What the target \
            shows of them is what a pull would bring: its sync key must allow pulls, and its own handlers come first.
            """)

    @Argument(help: "The target's name.") var target: String
    @OptionGroup var options: RunOptions
    @Flag(help: "Plan a pull instead of a push.") var pull = false
    @Option(help: "Write the plan to this file, for 'tidelock apply'.") var out: String?
    @Flag(help: "Name the items, and why handlers leave some out.") var list = false
    @Flag(help: "As --list, and say which fields of each item would be added, removed and changed.") var diff = false
    @Option(help: "With --list and --diff: how many items at most.") var limit = 1_000

    func validate() throws {
        guard options.jobs == nil || !isDetailed else {
            throw ValidationError("--out, --list and --diff take one plan, not those of --jobs.")
        }
        guard limit > 0 else { throw ValidationError("--limit takes a number of items.") }
    }

    private var isDetailed: Bool { out != nil || list || diff }

    func run() async throws {
        let direction: Direction = pull ? .pull : .push
        guard isDetailed else { return try await options.run(direction, with: target, isDryRun: true) }
        let detail = PlanDetail(
            listing: list || diff ? limit : nil, comparesItems: diff, isWritten: out != nil)
        try await options.detail(direction, with: target, detail, in: out)
    }
}

struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Take a run back: rows edited since then are kept and named.")

    @Argument(help: "The run's id, or an unambiguous beginning of it.") var run: String
    @Option(help: "Only this item, named KIND/ID; the rest stays, and can be taken back later.") var item: String?
    @OptionGroup var output: OutputOptions
    @OptionGroup var location: LocationOptions

    func run() async throws {
        let instance = try await Instance.open(location)
        let record = try await instance.store.run(run)
        let kinds = try await instance.namedKinds()
        let item = try item.map { try ItemName($0, among: kinds) }.map {
            ItemReference(kind: $0.kind.name, id: $0.id)
        }
        let result = try await instance.auditing(.rollback, target: record.target, run: record.id) {
            record.direction == "push"
                ? try await RemoteRollback(instance: instance).perform(record, only: item)
                : try await instance.store.rollback(record.id, only: item, as: instance.newRunID())
        }
        if result.doneBefore != nil { return try await tellOfNothing(result, item, record, instance) }
        instance.log(
            "notice",
            "\(name(item, record)) was rolled back: \(result.restored) restored, \(result.kept.count) kept.")
        let answer = RollbackAnswer(result)
        if output.json {
            try Output.json(answer)
        } else {
            try Output.line("restored \(result.restored) items of run \(record.id)")
            for kept in result.kept { try Output.line("kept \(kept.kind)/\(kept.id): it was edited since") }
        }
        guard let failure = answer.failure else { return }
        if !output.json { Complaint.write(failure) }
        throw ExitCode(failure.code.traits.exitStatus)
    }

    /// The result is that of a rollback before this one, which touched nothing.
    private func tellOfNothing(
        _ result: RollbackResult, _ item: ItemReference?, _ record: RunRecord, _ instance: Instance
    ) async throws {
        let what = name(item, record)
        instance.log("notice", "\(what) had been taken back before; nothing was done.")
        let target = record.direction == "push" ? record.target : item.map { "\($0.kind)/\($0.id)" }
        await instance.audit(
            AuditEntry(.rollback, target: target, run: record.id, note: "taken back before; nothing was done"))
        guard output.json else {
            return try Output.line(
                "\(what) was taken back already, at \(moment(result.doneBefore)); nothing was done now")
        }
        var nothing = result
        (nothing.restored, nothing.kept) = (0, [])
        try Output.json(nothing)
    }

    private func name(_ item: ItemReference?, _ record: RunRecord) -> String {
        item.map { "Item \($0.kind)/\($0.id.printable) of run \(record.id)" } ?? "Run \(record.id)"
    }
}
