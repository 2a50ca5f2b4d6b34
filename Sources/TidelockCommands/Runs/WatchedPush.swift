internal import ContentModel
internal import ContentStore
internal import HookHost
internal import SyncEngine
internal import Synchronization

/// Pushes again and again, as the source changes, until a signal ends it.
struct WatchedPush: Sendable {
    /// How often the source is looked at: one small read.
    static let interval: Duration = .milliseconds(200)

    let instance: Instance
    let runs: TargetRuns
    let quiet: Int64
    let tell: @Sendable ([JobSequence.Outcome]) throws -> Void

    /// Answers why not everything has arrived, nil when it has. The first signal lets a run at work come to its end.
    ///
    /// A first push of what is known nowhere is the last.
    func follow() async throws -> ErrorCode? {
        let stop = WatchStop()
        defer { stop.end() }
        var schedule = WatchSchedule(quiet: quiet)
        var lastFailures: [String: TidelockError] = [:]
        var isFirst = true
        while !stop.isAsked {
            let sequence = try await instance.store.sequence()
            if schedule.isDue(sequence: sequence, at: instance.clock.milliseconds) {
                // A handler that was edited meanwhile counts from the next run on; one that is broken does not.
                _ = await runs.hooks.reload()
                let ended = await stop.run { [runs] in await runs.perform() }
                let failures = Dictionary(
                    ended.compactMap { outcome in outcome.failure.map { (outcome.report.target, $0) } },
                    uniquingKeysWith: { first, _ in first })
                // A failure that goes on is told once.
                try tell(
                    ended.filter {
                        $0.failure == nil || $0.failure?.message != lastFailures[$0.report.target]?.message
                    })
                lastFailures = failures
                let codes = failures.values.map(\.code)
                if isFirst, Self.isPointless(failures: codes, of: ended.count) {
                    return Self.ending(failures: codes, isWaiting: false)
                }
                isFirst = false
                schedule.ended(
                    sequence: sequence, hasFailed: !failures.isEmpty, at: instance.clock.milliseconds)
            } else {
                try await instance.clock.sleep(for: Self.interval)
            }
        }
        if stop.hasInterrupted { return .cancelled }
        return Self.ending(
            failures: lastFailures.values.map(\.code),
            isWaiting: schedule.isWaiting(sequence: try await instance.store.sequence()))
    }

    /// Why not everything has arrived: the gravest failure of the last push, else that something is still to be sent.
    static func ending(failures: [ErrorCode], isWaiting: Bool) -> ErrorCode? {
        ErrorCode.worst(of: failures.sorted { $0.rawValue < $1.rawValue }) ?? (isWaiting ? .cancelled : nil)
    }

    /// Whether no push got anywhere, for names that are most likely misspelled.
    static func isPointless(failures: [ErrorCode], of pushes: Int) -> Bool {
        pushes > 0 && failures.count == pushes && failures.allSatisfy(\.isAboutNames)
    }
}

extension ErrorCode {
    /// Whether it says that what was named is known nowhere: the same push again would fail for the same.
    var isAboutNames: Bool { self == .unknownKind || self == .unknownItem }
}

/// SIGINT and SIGTERM during a watch: the first ends it after the push at work, the second cancels that too, and the
/// third does not wait for what it leaves behind.
private final class WatchStop {
    private struct State {
        var signals = 0
        var interrupted = false
        var work: Task<[JobSequence.Outcome], Never>?
    }

    /// What the signal handlers and the watch share.
    private final class Shared: Sendable {
        let value = Mutex(State())
    }

    private let state: Shared
    private let signals: InterruptingSignals

    init() {
        let state = Shared()
        self.state = state
        signals = InterruptingSignals { count in
            if count > 2 { InterruptingSignals.endAtOnce() }
            state.value.withLock { state in
                state.signals = count
                guard count > 1, let work = state.work else { return }
                state.interrupted = true
                work.cancel()
            }
        }
    }

    var isAsked: Bool { state.value.withLock { $0.signals > 0 } }
    var hasInterrupted: Bool { state.value.withLock { $0.interrupted } }

    /// Does work that a second signal cancels.
    func run(_ body: @escaping @Sendable () async -> [JobSequence.Outcome]) async -> [JobSequence.Outcome] {
        let work = Task { await body() }
        state.value.withLock { $0.work = work }
        defer { state.value.withLock { $0.work = nil } }
        return await work.value
    }

    func end() {
        signals.cancel()
    }
}
