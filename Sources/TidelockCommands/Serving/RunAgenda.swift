internal import HookHost

/// Which runs of a configuration are due. Pure: it is told what the configuration says, and what time it is in Unix
/// seconds.
struct RunAgenda: Sendable {
    private(set) var runs: [ScheduledRun] = []
    private var looked: Int64
    private var working: Set<String> = []

    /// What was due up to that time is not made up for.
    init(from moment: Int64) {
        looked = moment
    }

    /// Takes over what the configuration says now; answers whether it said something else before.
    mutating func follow(_ runs: [ScheduledRun]) -> Bool {
        defer { self.runs = runs }
        return runs != self.runs
    }

    /// What has become due since the last time, and when it was. A run that is at work does not meet itself, and what was
    /// due meanwhile is not made up for.
    mutating func due(at now: Int64) -> [(run: ScheduledRun, due: Int64)] {
        defer { looked = now }
        return runs.compactMap { run in
            guard let due = run.schedule.next(after: looked), due <= now, working.insert(run.name).inserted else {
                return nil
            }
            return (run, due)
        }
    }

    /// A run that was due is at work no more.
    mutating func ended(_ name: String) {
        working.remove(name)
    }

    /// How many seconds from now nothing becomes due: at least one, at most `longest`.
    func wait(at now: Int64, atMost longest: Int64) -> Int64 {
        let next = runs.compactMap { $0.schedule.next(after: now) }.min() ?? .max
        return max(1, min(next, now + longest) - now)
    }
}
