internal import ContentModel
internal import ContentStore
internal import Dispatch
internal import Glibc
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

    /// Answers whether a signal interrupted a run. The first one lets a run at work come to its end.
    func follow() async throws -> Bool {
        let stop = WatchStop()
        defer { stop.end() }
        var schedule = WatchSchedule(quiet: quiet)
        var lastFailures: [String: String] = [:]
        while !stop.isAsked {
            let sequence = try await instance.store.sequence()
            if schedule.isDue(sequence: sequence, at: instance.clock.milliseconds) {
                // A handler that was edited meanwhile counts from the next run on; one that is broken does not.
                _ = await runs.hooks.reload()
                let ended = await stop.run { [runs] in await runs.perform() }
                let failures = Dictionary(
                    ended.compactMap { outcome in outcome.failure.map { (outcome.report.target, $0.message) } },
                    uniquingKeysWith: { first, _ in first })
                // A failure that goes on is told once.
                try tell(
                    ended.filter { $0.failure == nil || $0.failure?.message != lastFailures[$0.report.target] })
                lastFailures = failures
                schedule.ended(
                    sequence: sequence, hasFailed: !failures.isEmpty, at: instance.clock.milliseconds)
            } else {
                try await instance.clock.sleep(for: Self.interval)
            }
        }
        return stop.hasInterrupted
    }
}

/// SIGINT and SIGTERM during a watch. A class, because signals arrive on a queue of their own.
private final class WatchStop {
    private struct State {
        var signals = 0
        var interrupted = false
        var work: Task<[JobSequence.Outcome], Never>?
    }

    private let state: Shared
    private let sources: [any DispatchSourceSignal]

    /// What the signal handlers and the watch share.
    private final class Shared: Sendable {
        let value = Mutex(State())
    }

    init() {
        let state = Shared()
        self.state = state
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                state.value.withLock { state in
                    state.signals += 1
                    guard state.signals > 1, let work = state.work else { return }
                    state.interrupted = true
                    work.cancel()
                }
            }
            source.resume()
            return source
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
        for source in sources { source.cancel() }
    }
}
