import LuaKernel
import Synchronization

/// One Lua state: files are loaded into it, and functions they handed over are called.
///
/// It does one thing at a time; calls that come meanwhile wait their turn. A machine that a limit stopped is
/// poisoned: drop it and make another, which takes well under a millisecond.
public final class LuaMachine: Sendable {
    private struct State {
        var waiting: [Job] = []
        var isRunning = false
        var isClosed = false
    }

    /// Gets `nil` instead of a worker when it cannot be run any more.
    private typealias Job = @Sendable (_ worker: OpaquePointer?) -> Void

    private let workers: LuaWorkers
    private let kernel: KernelMachine
    private let state = Mutex(State())

    /// Makes a machine with the library, constants and modules of `configuration`; runs no script.
    public init(_ configuration: LuaConfiguration, on workers: LuaWorkers) throws(LuaError) {
        self.workers = workers
        self.kernel = try KernelMachine(configuration)
    }

    deinit {
        // No job is left: each one holds the machine.
        if !state.withLock({ $0.isClosed }) { kernel.destroy() }
    }

    /// Whether a limit stopped the machine.
    public var isPoisoned: Bool { kernel.isPoisoned.load(ordering: .acquiring) }

    /// Compiles a text chunk and runs its top level, in globals of its own.
    ///
    /// - Returns: The chunk's first result, tables by value. If that is a function, it is kept.
    @discardableResult
    public func load(_ source: LuaSource) async throws(LuaError) -> LuaValue {
        try await run { kernel, worker in kernel.load(source, on: worker) }
    }

    /// Calls a function that this machine's scripts handed over, and that was kept.
    public func call(_ function: LuaFunction, _ invocation: LuaInvocation) async throws(LuaError) -> LuaOutcome {
        try await run { kernel, worker in kernel.call(function, invocation, on: worker) }
    }

    /// Gives up a function that a host function kept, or that a file returned. Kept twice, it is released twice.
    ///
    /// Does nothing on a machine that is closed.
    public func release(_ function: LuaFunction) async {
        let release = { @Sendable (kernel: KernelMachine, _: OpaquePointer) -> Result<Void, LuaError> in
            kernel.release(function)
            return .success(())
        }
        try? await run(release)
    }

    /// Frees the state, after the running call if there is one. May be called twice.
    public func close() {
        let (mayDestroy, abandoned) = state.withLock { state in
            guard !state.isClosed else { return (false, [Job]()) }
            defer { state.waiting = [] }
            state.isClosed = true
            return (!state.isRunning, state.waiting)
        }
        for job in abandoned { job(nil) }
        if mayDestroy { kernel.destroy() }
    }

    func run<Output: Sendable>(
        _ body: @escaping @Sendable (KernelMachine, OpaquePointer) -> Result<Output, LuaError>
    ) async throws(LuaError) -> Output {
        let result = await withUnsafeContinuation {
            (continuation: UnsafeContinuation<Result<Output, LuaError>, Never>) in
            submit { worker in
                let closed = LuaError(kind: .misuse, message: "the machine was closed")
                continuation.resume(returning: worker.map { body(self.kernel, $0) } ?? .failure(closed))
            }
        }
        return try result.get()
    }

    private func submit(_ job: @escaping Job) {
        let (isClosed, mustStart) = state.withLock { state in
            guard !state.isClosed else { return (true, false) }
            state.waiting.append(job)
            defer { state.isRunning = true }
            return (false, !state.isRunning)
        }
        if isClosed { return job(nil) }
        guard mustStart else { return }
        let accepted = workers.submit { worker in self.runWaiting(on: worker) }
        if !accepted { runWaiting(on: nil) }
    }

    private func runWaiting(on worker: OpaquePointer?) {
        while let job = nextJob() { job(worker) }
    }

    /// The next job; without one, gives up the right to run, and frees the state if that was waiting for it.
    private func nextJob() -> Job? {
        let (job, mayDestroy) = state.withLock { state in
            guard state.waiting.isEmpty else { return (Optional(state.waiting.removeFirst()), false) }
            state.isRunning = false
            return (nil, state.isClosed)
        }
        if mayDestroy { kernel.destroy() }
        return job
    }
}
