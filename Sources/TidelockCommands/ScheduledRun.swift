internal import ContentModel
internal import ContentStore
internal import HookHost
internal import ServiceLifecycle
internal import SyncEngine
internal import SyncProtocol

/// A push or pull that a server starts by the clock.
struct ScheduledRun: Sendable {
    var name: String
    var schedule: Schedule
    var target: String
    var direction: Direction
    /// At least one, each checked.
    var jobs: [Job]
}

extension SettingsReader {
    /// `schedules.NAME = {cron = …, target = …}`: jobs as they are documented, or everything.
    func schedules(_ table: SettingTable) throws -> [ScheduledRun] {
        try table.namedTables("schedules").map { name, entry in
            try entry.allow(["every", "cron", "target", "direction", "jobs"])
            guard let target = try entry.text("target") else { throw entry.missing("target") }
            return ScheduledRun(
                name: name, schedule: try schedule(entry), target: target, direction: try direction(entry),
                jobs: try jobs(entry))
        }
    }

    private func schedule(_ entry: SettingTable) throws -> Schedule {
        let (every, cron) = (try entry.text("every"), try entry.text("cron"))
        do {
            return try Schedule.reading(every: every, cron: cron)
        } catch let error as TidelockError {
            throw entry.wrong(cron == nil ? "every" : "cron", error.message)
        }
    }

    private func direction(_ entry: SettingTable) throws -> Direction {
        guard let text = try entry.text("direction") else { return .push }
        guard let direction = Direction(rawValue: text) else { throw entry.wrong("direction", "it is push or pull") }
        return direction
    }

    private func jobs(_ entry: SettingTable) throws -> [Job] {
        guard let document = try entry.document("jobs") else { return Job.list(.everything) }
        do {
            guard case .array = JSONValue(document), !document.elements.isEmpty else {
                throw TidelockError(.usage, "it must be a list with at least one job")
            }
            return try document.elements.map { element in
                let job = try Job(element)
                _ = try job.scope()
                return job
            }
        } catch let error as TidelockError {
            throw entry.wrong("jobs", error.message)
        }
    }
}

/// Starts a run of the configuration when it is due, for as long as the server runs.
///
/// Where several servers work on one instance, each time is one server's. What was due while none served is not made up
/// for. The run itself is recorded, logged and told to observers as any other.
struct ClockedRun: Service {
    let scheduled: ScheduledRun
    let instance: Instance
    let hooks: HookHost

    /// How long to wait, and how often, while another run is at work.
    private static let pause = Duration.seconds(15)
    private static let attempts = 40

    func run() async throws {
        await cancelWhenGracefulShutdown { await follow() }
    }

    /// One after the other: a run that takes longer than its interval does not meet itself.
    private func follow() async {
        var last = instance.clock.seconds
        while !Task.isCancelled, let due = scheduled.schedule.next(after: last) {
            let wait = due - instance.clock.seconds
            if wait > 0 {
                // In steps, so that a clock that is set right does not make it sleep too long.
                guard (try? await instance.clock.sleep(for: .seconds(min(wait, 30)))) != nil else { return }
                continue
            }
            last = max(due, instance.clock.seconds)
            await start(due)
        }
    }

    private func start(_ due: Int64) async {
        do {
            guard try await instance.store.claim(schedule: "run \(scheduled.name)", due: due) else { return }
            var attempts = 1
            while try await !perform() {
                guard attempts < Self.attempts else {
                    throw TidelockError(.runInProgress, "Other runs were at work all the time.")
                }
                attempts += 1
                try await instance.clock.sleep(for: Self.pause)
            }
        } catch is CancellationError {
            return
        } catch {
            instance.log("error", "The scheduled run '\(scheduled.name)' did not begin: \(error)", channel: "schedule")
        }
    }

    /// False when another run is at work, here or there.
    private func perform() async throws -> Bool {
        let target = try await instance.target(scheduled.target).target
        let wanted = SyncRunner.Request(direction: scheduled.direction, scope: .everything, isOneOfSeveral: true)
        let sequence = try JobSequence(try wanted.moving(scheduled.jobs))
        let lock: SyncLock
        do {
            lock = try instance.takeLock(run: "schedule \(scheduled.name)")
        } catch let error as TidelockError where error.code == .runInProgress {
            return false
        }
        defer { withExtendedLifetime(lock) {} }
        let outcome = await sequence.perform { [instance, hooks] request in
            await SyncRunner(instance: instance, hooks: hooks, target: target, request: request) { _ in }.perform()
        }
        return outcome.failure?.code != .leaseHeld
    }
}
