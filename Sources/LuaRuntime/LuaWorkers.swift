import Dispatch
import LuaKernel
import Synchronization

/// Threads that run Lua, and one that watches their deadlines.
///
/// Lua recurses on the C stack and blocks in host functions, so it has threads of its own with a known stack and
/// never runs on Swift's cooperative pool.
public final class LuaWorkers: Sendable {
    private static let stackSize = 2 << 20

    private let inbox = WorkerInbox()
    private let threads: Mutex<WorkerThreads>

    public init(count: Int) {
        precondition(count > 0, "At least one thread is needed to run Lua.")
        guard let watchdog = lk_watchdog_create() else { fatalError("The system refuses a thread for the watchdog.") }
        let context = Unmanaged.passUnretained(inbox).toOpaque()
        let workers = (0..<count).compactMap { _ in
            lk_worker_start(watchdog, Self.stackSize, serveInbox, context)
        }
        precondition(!workers.isEmpty, "The system refuses a thread for Lua.")
        threads = Mutex(WorkerThreads(watchdog: watchdog, workers: workers))
    }

    deinit {
        // This may be the end of a job, on one of the threads to be joined.
        let (inbox, taken) = (inbox, threads.withLock { $0.take() })
        guard let taken else { return }
        inbox.close(threadCount: taken.workers.count)
        DispatchQueue.global().async {
            taken.join()
            withExtendedLifetime(inbox) {}
        }
    }

    /// Finishes what was submitted and ends the threads. May be called twice; not from a host function.
    public func shutdown() {
        guard let taken = threads.withLock({ $0.take() }) else { return }
        inbox.close(threadCount: taken.workers.count)
        taken.join()
    }

    /// False after ``shutdown()``; the job will not run then.
    func submit(_ job: @escaping WorkerInbox.Job) -> Bool { inbox.submit(job) }
}

/// The kernel's threads. The pointers are only used to join them, once, by whoever took them.
private struct WorkerThreads: @unchecked Sendable {
    var watchdog: OpaquePointer?
    var workers: [OpaquePointer]

    mutating func take() -> WorkerThreads? {
        guard watchdog != nil else { return nil }
        defer { self = WorkerThreads(watchdog: nil, workers: []) }
        return self
    }

    func join() {
        for worker in workers { lk_worker_join(worker) }
        lk_watchdog_destroy(watchdog)
    }
}

/// Jobs waiting for a thread.
final class WorkerInbox: Sendable {
    typealias Job = @Sendable (_ worker: OpaquePointer) -> Void

    private struct State {
        var jobs: [Job?] = []
        var taken = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let available = DispatchSemaphore(value: 0)

    func submit(_ job: @escaping Job) -> Bool {
        let accepted = state.withLock { state in
            guard !state.isClosed else { return false }
            state.jobs.append(job)
            return true
        }
        if accepted { available.signal() }
        return accepted
    }

    func close(threadCount: Int) {
        state.withLock { $0.isClosed = true }
        for _ in 0..<threadCount { available.signal() }
    }

    /// The next job, or `nil` when the thread should end.
    func next() -> Job? {
        available.wait()
        return state.withLock { state in
            guard state.taken < state.jobs.count else { return nil }
            let job = state.jobs[state.taken].take()
            state.taken += 1
            // Now and then, so that taking the first of many costs little.
            if state.taken == state.jobs.count || state.taken == 1000 {
                state.jobs.removeFirst(state.taken)
                state.taken = 0
            }
            return job
        }
    }
}

private func serveInbox(_ context: UnsafeMutableRawPointer?, _ worker: OpaquePointer?) {
    // LuaWorkers keeps the inbox until its threads have been joined.
    guard let context, let worker else { return }
    let inbox = Unmanaged<WorkerInbox>.fromOpaque(context).takeUnretainedValue()
    while let job = inbox.next() { job(worker) }
}
