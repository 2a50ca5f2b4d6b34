internal import ContentModel
internal import ContentStore
internal import HookHost
internal import ServiceLifecycle
internal import SyncEngine
internal import SyncProtocol

/// Starts the runs of the configuration when they are due, as it stands then, for as long as the server runs.
///
/// Where several servers work on one instance, each time is one server's. What was due while none served is not made up
/// for. A run that has begun goes on, whatever becomes of its schedule. It is recorded, logged and told to observers as
/// any other.
actor RunClock: Service {
    private let configuration: LiveSettings
    private let instance: Instance
    private let hooks: HookHost
    private var agenda: RunAgenda

    /// How often it is looked whether the configuration has changed. In such steps, also a clock that is set right does
    /// not make it sleep too long.
    private static let longestWait: Int64 = 5

    init(configuration: LiveSettings, instance: Instance, hooks: HookHost) {
        self.configuration = configuration
        self.instance = instance
        self.hooks = hooks
        agenda = RunAgenda(from: instance.clock.seconds)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { await self.follow() }
    }

    private func follow() async {
        await withDiscardingTaskGroup { group in
            var isFirst = true
            while !Task.isCancelled {
                let settings = await configuration.current()
                if agenda.follow(settings.schedules) { await tell(settings, isNew: !isFirst) }
                isFirst = false
                for (run, due) in agenda.due(at: instance.clock.seconds) {
                    group.addTask { await self.start(run, due: due) }
                }
                let wait = agenda.wait(at: instance.clock.seconds, atMost: Self.longestWait)
                guard (try? await instance.clock.sleep(for: .seconds(wait))) != nil else { break }
            }
            group.cancelAll()
        }
    }

    private func start(_ run: ScheduledRun, due: Int64) async {
        await ClockedRun(scheduled: run, configuration: configuration, instance: instance, hooks: hooks).start(due)
        agenda.ended(run.name)
    }

    /// Says what is followed from now on, and at once what keeps a run from beginning, not only when it is due: in the
    /// log, and to whoever started the server.
    private func tell(_ settings: Settings, isNew: Bool) async {
        if isNew {
            let list = settings.schedules.map { "\($0.name) (\($0.schedule.label))" }.joined(separator: ", ")
            instance.log("notice", "The schedules are now: \(list.isEmpty ? "none" : list).", channel: "schedule")
        }
        var instance = instance
        instance.settings = settings
        for run in settings.schedules {
            for problem in await run.problems(at: instance) {
                let words = "scheduled run '\(run.name)' cannot begin as it stands: \(problem.error.forLog)"
                instance.log("error", "The \(words)", channel: "schedule")
                Complaint.warn("the \(words)")
            }
        }
    }
}

/// A scheduled run that is due.
private struct ClockedRun {
    let scheduled: ScheduledRun
    let configuration: LiveSettings
    let instance: Instance
    let hooks: HookHost

    /// How long to wait, and how often, while another run is at work.
    private static let pause = Duration.seconds(5)
    private static let attempts = 120

    func start(_ due: Int64) async {
        // Nobody gave a command, so the schedule stands in the audit log for whoever did it.
        let principal = Principal(id: "schedule:\(scheduled.name)", address: Principal.here.address)
        await Principal.$current.withValue(principal) { await startInName(due) }
    }

    private func startInName(_ due: Int64) async {
        do {
            guard try await instance.store.claim(schedule: "run \(scheduled.name)", due: due) else { return }
            var left: [String]?
            for attempt in 1...Self.attempts {
                if attempt > 1 { try await instance.clock.sleep(for: Self.pause) }
                left = try await begin(with: left)
                if left == [] { return }
            }
            throw TidelockError(.runInProgress, "Other runs were at work all the time.")
        } catch is CancellationError {
            return
        } catch {
            instance.log(
                "error", "The scheduled run '\(scheduled.name)' did not begin: \(error.forLog)", channel: "schedule")
        }
    }

    /// Goes by what the configuration says now. Answers the names of the targets that are left, because another run is at
    /// work, here or there.
    private func begin(with left: [String]?) async throws -> [String] {
        let settings = await configuration.current()
        guard settings.schedules.contains(scheduled) else { return [] }
        var instance = instance
        instance.settings = settings
        let jobs = try await scheduled.jobs(in: instance.folder)
        let targets = await usable(jobs.targets.filter { left?.contains($0) ?? true }, of: instance)
        return try await perform(try sequence(of: jobs), with: targets, at: instance, isFirst: left == nil).map(\.name)
    }

    /// The named targets that can be used as things are. What keeps the others from it is logged, and stops nothing.
    private func usable(_ names: [String], of instance: Instance) async -> [Target] {
        var seen: Set<String> = []
        var usable: [Target] = []
        for name in names where seen.insert(name).inserted {
            do {
                usable.append(try await instance.target(name).target)
            } catch {
                instance.log(
                    "error",
                    "The scheduled run '\(scheduled.name)' did not begin with target '\(name.printable)': \(error.forLog)",
                    channel: "schedule")
            }
        }
        return usable
    }

    private func tell(_ what: String, _ instance: Instance) {
        instance.log("notice", "The scheduled run '\(scheduled.name)' \(what).", channel: "schedule")
    }

    private func sequence(of jobs: JobFile) throws -> JobSequence {
        let wanted = SyncRunner.Request(direction: jobs.direction ?? .push, scope: .everything, isOneOfSeveral: true)
        return try JobSequence(try wanted.moving(jobs.jobs)) { [clock = instance.clock] in
            if jobs.pause > .zero { try await clock.sleep(for: jobs.pause) }
        }
    }

    private func perform(
        _ sequence: JobSequence, with targets: [Target], at instance: Instance, isFirst: Bool
    ) async throws -> [Target] {
        let lock: SyncLock
        do {
            lock = try instance.takeLock(run: "schedule \(scheduled.name)")
        } catch let error as TidelockError where error.code == .runInProgress {
            return targets
        }
        defer { withExtendedLifetime(lock) {} }
        var left: [Target] = []
        for target in targets {
            try Task.checkCancellation()
            // A run that tries in vain would stand in the history as one that failed, again and again.
            let question = LeaseQuestion(instance: instance, target: target, direction: sequence.first.direction)
            if let writer = await question.writer() {
                if isFirst {
                    tell("waits for target '\(target.name)', because \(writer.printable) is writing", instance)
                }
                left.append(target)
                continue
            }
            let outcome = await sequence.perform { [hooks] request in
                await SyncRunner(instance: instance, hooks: hooks, target: target, request: request) { _ in }.perform()
            }
            if outcome.failure?.code == .leaseHeld { left.append(target) }
        }
        return left
    }
}
