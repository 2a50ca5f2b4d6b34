internal import LuaRuntime
internal import Synchronization

/// A few machines of one generation at a time, lent to one call each.
///
/// Machines that were killed, that served long enough or that belong to an older generation are ended, not lent again.
final class MachinePool: Sendable {
    private let workers: LuaWorkers
    private let limit: Int
    private let maximumUses: Int
    private let report: @Sendable (Handler, LuaError) -> Void
    private let state = Mutex(State())

    private struct State {
        var idle: [LoadedMachine] = []
        var lent = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
        var isClosed = false
        /// Machines that run what handlers left behind.
        var busyAfterwards = 0

        /// Takes out the idle machines of all generations but one.
        mutating func removeIdle(unlike generation: String) -> [LoadedMachine] {
            defer { idle.removeAll { $0.generation != generation } }
            return idle.filter { $0.generation != generation }
        }
    }

    /// `report` is told about functions that handlers left to run afterwards and that failed.
    init(
        on workers: LuaWorkers, limit: Int, maximumUses: Int,
        report: @escaping @Sendable (Handler, LuaError) -> Void = { _, _ in }
    ) {
        self.workers = workers
        self.limit = limit
        self.maximumUses = maximumUses
        self.report = report
    }

    /// Lends a machine of `generation` to `body`, waiting for one when all are lent.
    func withMachine<Result: Sendable>(
        of generation: Generation, _ body: (LoadedMachine) async throws -> Result
    ) async throws -> Result {
        await enter()
        let machine: LoadedMachine
        do {
            machine = try await take(generation)
        } catch {
            leave()
            throw error
        }
        do {
            let result = try await body(machine)
            finish(machine)
            return result
        } catch {
            finish(machine)
            throw error
        }
    }

    /// Waits until everything that handlers left behind has run. A process calls this before it ends.
    ///
    /// False when that is not so at `deadline`, or when the task is cancelled before.
    func drain(until deadline: ContinuousClock.Instant) async -> Bool {
        while state.withLock({ $0.busyAfterwards > 0 }) {
            guard ContinuousClock.now < deadline, (try? await Task.sleep(for: .milliseconds(5))) != nil else {
                return false
            }
        }
        return true
    }

    /// Takes a machine back, after what handlers left behind, which the caller does not wait for.
    private func finish(_ machine: LoadedMachine) {
        guard machine.hasPostponed else {
            giveBack(machine)
            return leave()
        }
        state.withLock { $0.busyAfterwards += 1 }
        // Owned by the pool: `drain` waits for it, and every function in it has its limits.
        Task { [self] in
            await machine.runPostponed(report)
            giveBack(machine)
            leave()
            state.withLock { $0.busyAfterwards -= 1 }
        }
    }

    /// Adds a machine that somebody made for another purpose. Those of other generations make room for it.
    func adopt(_ machine: LoadedMachine) {
        let stale = state.withLock { $0.removeIdle(unlike: machine.generation) }
        for machine in stale { machine.close() }
        giveBack(machine)
    }

    /// Ends the machines that are not lent; those that are end when they come back.
    func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idle = [] }
            return state.idle
        }
        for machine in idle { machine.close() }
    }

    private func take(_ generation: Generation) async throws -> LoadedMachine {
        let (machine, stale) = state.withLock { state in
            let stale = state.removeIdle(unlike: generation.identity)
            return (state.idle.popLast(), stale)
        }
        for machine in stale { machine.close() }
        if let machine { return machine }
        return try await generation.instantiate(on: workers)
    }

    private func giveBack(_ machine: LoadedMachine) {
        let isKept = state.withLock { state in
            guard !state.isClosed, state.idle.count < limit, machine.isFit(maximumUses: maximumUses) else {
                return false
            }
            state.idle.append(machine)
            return true
        }
        if !isKept { machine.close() }
    }

    // MARK: - Waiting

    private func enter() async {
        await withCheckedContinuation { continuation in
            let mayEnter = state.withLock { state in
                guard state.lent >= limit else {
                    state.lent += 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if mayEnter { continuation.resume() }
        }
    }

    /// Hands the place on to whoever waits longest.
    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.lent -= 1
            return nil
        }
        next?.resume()
    }
}
