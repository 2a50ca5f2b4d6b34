internal import ContentModel
internal import Foundation
internal import HookHost
internal import SyncEngine

/// Tells the store what this process runs and what its handlers did, so that other processes can show it.
///
/// What cannot be written is kept and warned about: statistics never fail what they are about. An actor, because it
/// remembers what it wrote last.
actor StatisticsReporter {
    private let store: any StatisticsStore
    private let hooks: HookHost
    private let clock: any WallClock
    private var process: ProcessReport
    private var isReported = false
    private var hasWarned = false

    /// Seconds after which a process says again that it is alive; well below `ProcessReport.silence`.
    private static let pulse: Int64 = 20

    init(_ instance: Instance, hooks: HookHost, command: String) {
        store = instance.store
        self.hooks = hooks
        clock = instance.clock
        process = ProcessReport(
            pid: getpid(), host: Foundation.ProcessInfo.processInfo.hostName, command: command,
            started: instance.clock.seconds, seen: instance.clock.seconds)
    }

    /// Writes what is new. May be called again and again; with no news it writes nothing.
    func report() async {
        await addUp()
        let status = hooks.status
        var present = process
        present.generation = status.generation
        present.error = status.rejected.map { "\($0)" }
        guard !isReported || present != process || clock.seconds - process.seen >= Self.pulse else { return }
        present.seen = clock.seconds
        await attempt { try await store.report(present) }
        process = present
        isReported = true
    }

    /// Writes what is left and takes the process off the list.
    func end() async {
        // Awaited here, but not cancelled with the task of an interrupted command, which could write nothing any more.
        await Task {
            await addUp()
            let process = process
            await attempt { try await store.forget(process) }
        }.value
    }

    private func addUp() async {
        let news = hooks.takeUnreportedStatistics()
        guard !news.isEmpty else { return }
        let isAdded = await attempt { try await store.add(news) }
        if !isAdded { hooks.giveBackStatistics(news) }
    }

    /// Warns once: a store that is busy or full has worse to say, and says it elsewhere.
    @discardableResult
    private func attempt(_ work: () async throws -> Void) async -> Bool {
        do {
            try await work()
            return true
        } catch {
            if !hasWarned { Complaint.warn("the statistics of the handlers could not be kept: \(error)") }
            hasWarned = true
            return false
        }
    }
}

/// What `tidelock hooks status` shows beside the handlers: what they did, in all processes, and who runs them now.
struct HandlerActivity: Codable, Sendable {
    var handlers: [HandlerStatistics]
    var processes: [ProcessReport]

    static func read(_ store: any StatisticsStore) async throws -> HandlerActivity {
        HandlerActivity(handlers: try await store.handlerTotals(), processes: try await store.processes())
    }
}
