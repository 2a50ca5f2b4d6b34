internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import Foundation
internal import HookHost
internal import SyncEngine
internal import SyncProtocol

/// What a run moves, as options of every command that runs.
struct ScopeOptions: ParsableArguments {
    @Option(help: "Only these models, separated by commas.") var models: String?
    @Option(help: "Only these items, as KIND/ID separated by commas, for example posts/42 or singletons/site.")
    var items: String?
    @Flag(inversion: .prefixedNo, help: "Whether locales take part; without --models and --items they do.")
    var locales: Bool?
    @Flag(help: "Also delete at the destination what the source does not have.") var mirror = false
    @Option(help: "Only items that match this Mongo-style filter, as JSON.") var filter: String?
    @Option(
        help: "What becomes of items that were edited at the destination: \(ConflictPolicy.words).",
        transform: { try ConflictPolicy(option: $0) })
    var policy = ConflictPolicy.source
    @Flag(help: "Mirror although there is a filter: deletes only rows that this source sent.") var forceMirror = false
    @Option(help: "Items in a batch.") var batchSize = Limits.batchItems
    @Option(help: "Let the run delete up to so many items although a guard would stop it.") var allowDeletes: Int?
    @Flag(help: "Send although a filter handler that was used last time is gone.") var confirmMissingFilters = false
    @Flag(help: "Send items again that a rollback took back at the destination.") var includeReverted = false
    @Flag(help: "Refuse the run when links of what it sends would lead nowhere.") var failOnDangling = false
    @Option(help: "Seconds to keep trying while nothing gets through.") var timeout = 30

    func validate() throws {
        guard (1...Limits.batchItems).contains(batchSize) else {
            throw ValidationError("A batch holds 1 to \(Limits.batchItems) items.")
        }
        guard (1...86_400).contains(timeout) else { throw ValidationError("The timeout is 1 to 86400 seconds.") }
        guard (allowDeletes ?? 0) >= 0 else { throw ValidationError("--allow-deletes takes a number of items.") }
    }

    func request(_ direction: Direction, isDryRun: Bool) throws -> SyncRunner.Request {
        let names = models?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        if let names, names.isEmpty { throw ValidationError("--models takes names separated by commas.") }
        for name in names ?? [] { _ = try Kind.content(name) }
        let scope = Scope(
            models: names, mode: mirror ? .mirror : .merge, filter: filter, allowsMirrorWithFilter: forceMirror,
            locales: locales, items: try chosenItems(), policy: policy)
        _ = try scope.contentFilter()
        return SyncRunner.Request(
            direction: direction, scope: scope,
            options: PlanOptions(batchSize: batchSize, includesReverted: includeReverted),
            confirmations: Confirmations(
                deletes: allowDeletes, missingFilters: confirmMissingFilters,
                refusesDangling: failOnDangling ? true : nil),
            isDryRun: isDryRun, timeout: .seconds(timeout))
    }
}

extension ScopeOptions {
    /// Whether an option says what to move.
    fileprivate var selects: Bool {
        models != nil || items != nil || locales != nil || mirror || filter != nil
    }

    /// The items of `--items`, ids by kind. The id stands behind the last slash.
    fileprivate func chosenItems() throws -> [String: [String]]? {
        guard let items else { return nil }
        var chosen: [String: [String]] = [:]
        for text in items.split(separator: ",") {
            let name = text.trimmingCharacters(in: .whitespaces)
            guard let slash = name.lastIndex(of: "/"), slash != name.startIndex,
                case let id = String(name[name.index(after: slash)...]), !id.isEmpty
            else { throw ValidationError("--items takes KIND/ID, separated by commas; '\(name)' is not that.") }
            chosen[try Kind.ofItems(String(name[..<slash])).name, default: []].append(id)
        }
        guard !chosen.isEmpty else { throw ValidationError("--items takes KIND/ID, separated by commas.") }
        guard chosen.values.reduce(0, { $0 + $1.count }) <= Limits.namedItems else {
            throw ValidationError("--items takes at most \(Limits.namedItems) items; use --filter.")
        }
        return chosen
    }
}

extension ConflictPolicy {
    fileprivate static let words = allCases.map(\.rawValue).joined(separator: ", ")

    fileprivate init(option text: String) throws {
        guard let policy = ConflictPolicy(rawValue: text) else {
            throw ValidationError("There is no policy '\(text.printable)'. Policies are: \(Self.words).")
        }
        self = policy
    }
}

/// What push, pull and plan are told, and do, alike.
struct RunOptions: ParsableArguments {
    @Option(help: "Run the jobs of this JSON file, a list as documented, one after another.") var jobs: String?
    @OptionGroup var scope: ScopeOptions
    @Flag(help: "Print one JSON object.") var json = false
    @OptionGroup var location: LocationOptions

    func run(_ direction: Direction, with target: String, isDryRun: Bool) async throws {
        try await RunCommand(target: target, json: json, location: location).run(direction) {
            let request = try scope.request(direction, isDryRun: isDryRun)
            guard let jobs else { return [request] }
            return try JobFile.jobs(at: jobs).map { try request.moving($0) }
        }
    }

    func validate() throws {
        guard jobs == nil || !scope.selects else {
            throw ValidationError("The jobs of --jobs say themselves what they move; leave the other selection out.")
        }
    }

    /// Prints the plan of a push, with its items if wanted, and writes it to a file. No file is written when planning
    /// fails.
    func detail(_ target: String, in path: String?, listing limit: Int?) async throws {
        let instance = try await Instance.open(location)
        let sink = PlanSink()
        var request = try scope.request(.push, isDryRun: true)
        request.options.isExact = path != nil
        request.options.exclusions = limit.map { Exclusions(limit: $0) }
        request.sink = sink
        request.listing = limit
        try await RunCommand(target: target, json: json, location: location)
            .run(JobSequence([request]), of: instance)
        guard let path else { return }
        let plan = sink.plan(
            of: instance.store.identity, to: target, scope: request.scope,
            includesReverted: request.options.includesReverted)
        try plan?.write(to: path)
    }
}

/// One run started by a command, reported as text or as the one JSON object that was promised.
struct RunCommand {
    let target: String
    let json: Bool
    let location: LocationOptions

    /// `requests` answers one run, or several to be made one after another.
    func run(_ direction: Direction, _ requests: () throws -> [SyncRunner.Request]) async throws {
        do {
            try await run(JobSequence(requests()), of: Instance.open(location))
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
        let outcome = await interruptible {
            await sequence.perform { request in
                var (report, failure) = await SyncRunner(
                    instance: instance, hooks: hooks, target: known.target, request: request
                ) { line.show($0) }.perform()
                report.items = request.listed
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
        guard all else {
            var seen: Set<String> = []
            var chosen: [Target] = []
            for name in targets where seen.insert(name).inserted {
                chosen.append(try await instance.target(name).target)
            }
            return chosen
        }
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
        let request = try scope.request(.push, isDryRun: isDryRun)
        let instance = try await Instance.open(location)
        let targets = try await choice.chosen(among: instance)
        let hooks = try await instance.hooks()
        defer { hooks.stop() }
        let runs = TargetRuns(instance: instance, hooks: hooks, targets: targets, request: request)
        let ended = await interruptible { await runs.perform() }
        await hooks.drain()
        if json {
            try Output.json(RunReports(runs: ended.map(\.report)))
        } else {
            for (report, failure) in ended {
                try ReportText(report: report).print()
                if let failure { Complaint.write(failure, of: report.target) }
            }
        }
        if let worst = ErrorCode.worst(of: ended.compactMap(\.failure?.code)) {
            throw ExitCode(worst.traits.exitStatus)
        }
    }
}

extension RunOptions {
    /// Pushes as the source changes. Ends with status 130 only when a run was interrupted.
    func watch(_ choice: TargetChoice, quiet: Int64) async throws {
        let request = try scope.request(.push, isDryRun: false)
        let instance = try await Instance.open(location)
        let targets = try await choice.chosen(among: instance)
        let hooks = try await instance.hooks()
        defer { hooks.stop() }
        let runs = TargetRuns(instance: instance, hooks: hooks, targets: targets, request: request)
        let watch = WatchedPush(instance: instance, runs: runs, quiet: quiet) { [json] ended in
            for (report, failure) in ended {
                if json {
                    try Output.line(String(decoding: try JSONEncoder().encode(report), as: UTF8.self))
                } else if let failure {
                    Complaint.write(failure, of: report.target)
                } else {
                    try Output.line(report.sentence)
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

struct PullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "pull", abstract: "Fetch content from a target.")

    @Argument(help: "The target's name.") var target: String
    @OptionGroup var options: RunOptions
    @Flag(help: "Only say what would be done.") var dryRun = false

    func run() async throws {
        try await options.run(.pull, with: target, isDryRun: dryRun)
    }
}

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Say what a push would do, and change nothing.")

    @Argument(help: "The target's name.") var target: String
    @OptionGroup var options: RunOptions
    @Flag(help: "Plan a pull instead of a push.") var pull = false
    @Option(help: "Write the plan to this file, for 'tidelock apply'.") var out: String?
    @Flag(help: "Name the items, and why handlers leave some out.") var list = false
    @Option(help: "With --list: how many items at most.") var limit = 1_000

    func validate() throws {
        guard !pull || (out == nil && !list) else { throw ValidationError("--out and --list take the plan of a push.") }
        guard options.jobs == nil || (out == nil && !list) else {
            throw ValidationError("--out and --list take one plan, not those of --jobs.")
        }
        guard limit > 0 else { throw ValidationError("--limit takes a number of items.") }
    }

    func run() async throws {
        if out != nil || list {
            return try await options.detail(target, in: out, listing: list ? limit : nil)
        }
        try await options.run(pull ? .pull : .push, with: target, isDryRun: true)
    }
}

/// Runs work that SIGINT and SIGTERM cancel, so that it can clean up; it then ends by itself with its own error.
func interruptible<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) async -> Value {
    let task = Task { await work() }
    let sources = [SIGINT, SIGTERM].map { number in
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler { task.cancel() }
        source.resume()
        return source
    }
    defer {
        for source in sources { source.cancel() }
    }
    return await task.value
}

struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Take a run back: rows edited since then are kept and named.")

    @Argument(help: "The run's id, or an unambiguous beginning of it.") var run: String
    @Option(help: "Only this item, named KIND/ID; the rest stays, and can be taken back later.") var item: String?
    @Flag(help: "Print one JSON object.") var json = false
    @OptionGroup var location: LocationOptions

    func run() async throws {
        let instance = try await Instance.open(location)
        let record = try await instance.store.run(run)
        let kinds = try await instance.store.kinds()
        let item = try item.map { try ItemName(text: $0).reference(among: kinds) }
        let result = try await instance.auditing(.rollback, target: record.target, run: record.id) {
            record.direction == "push"
                ? try await RemoteRollback(instance: instance).perform(record, only: item)
                : try await instance.store.rollback(record.id, only: item, as: instance.newRunID())
        }
        let what = item.map { "Item \($0.kind)/\($0.id.printable) of run \(record.id)" } ?? "Run \(record.id)"
        instance.log(
            "notice", "\(what) was rolled back: \(result.restored) restored, \(result.kept.count) kept.")
        if json { return try Output.json(result) }
        try Output.line("restored \(result.restored) items of run \(record.id)")
        for kept in result.kept { try Output.line("kept \(kept.kind)/\(kept.id): it was edited since") }
    }
}
