internal import SyncEngine

/// Work that may outlast a request. It goes on when nobody waits for it any longer, and whoever asks for the same
/// again while it does joins it.
///
/// Nothing is kept once it ends: a repeated request makes the responder answer what it answered before.
actor LongWork {
    /// The body of the answer, or why there is none.
    typealias Outcome = Result<[UInt8], any Error>

    /// How work is undone of which somebody may say, while it goes on, that it is not wanted any more.
    struct Withdrawal: Sendable {
        /// The same for all work that is withdrawn together.
        var name: String
        var undo: @Sendable () async -> Void
    }

    private struct Entry {
        var task: Task<Void, Never>
        /// Nobody waits for it, and it may be left undone.
        var isFollowing: Bool
        var withdrawal: Withdrawal?
        var isWithdrawn = false
        var waiters: [Int: CheckedContinuation<Outcome?, Never>] = [:]
    }

    private let clock: any WallClock
    private let patience: Duration
    private var entries: [String: Entry] = [:]
    private var lastWaiter = 0
    private var drains: [CheckedContinuation<Void, Never>] = []
    private var isDraining = false

    init(clock: any WallClock, patience: Duration) {
        self.clock = clock
        self.patience = patience
    }

    /// Starts the work called `key`, or joins it, and waits a while; nil when it goes on.
    ///
    /// What is to be done `afterwards`, where the work succeeds, is work for which nobody waits: it is cancelled, or not
    /// begun, when the server stops.
    func outcome(
        of key: String, withdrawal: Withdrawal? = nil, afterwards: (@Sendable () async -> Void)? = nil,
        _ work: @escaping @Sendable () async throws -> [UInt8]
    ) async -> Outcome? {
        if entries[key] == nil { start(key, withdrawal: withdrawal, afterwards: afterwards, work) }
        lastWaiter += 1
        let waiter = lastWaiter
        // Owned by this actor; it ends with its sleep, and is harmless when the work was faster.
        let alarm = Task {
            try? await clock.sleep(for: patience)
            giveUp(key, waiter)
        }
        defer { alarm.cancel() }
        return await withCheckedContinuation { entries[key]?.waiters[waiter] = $0 }
    }

    /// Whether the work called `key` goes on.
    func isAtWork(_ key: String) -> Bool { entries[key] != nil }

    /// Has work undone as soon as it ends, however it does. Of work that has ended already nothing is left here.
    func withdraw(_ name: String) {
        for key in entries.keys where entries[key]?.withdrawal?.name == name { entries[key]?.isWithdrawn = true }
    }

    /// Waits until all work has ended, except what follows other work: that ends as soon as it can. The server stops.
    func drain() async {
        isDraining = true
        for entry in entries.values where entry.isFollowing { entry.task.cancel() }
        guard !entries.isEmpty else { return }
        await withCheckedContinuation { drains.append($0) }
    }

    private func start(
        _ key: String, withdrawal: Withdrawal? = nil, afterwards: (@Sendable () async -> Void)?,
        isFollowing: Bool = false, _ work: @escaping @Sendable () async throws -> [UInt8]
    ) {
        // Owned by this actor: `drain` waits for it when the server stops.
        let task = Task {
            do {
                let answer = try await work()
                await undoIfWithdrawn(key)
                if let afterwards { follow(key, afterwards) }
                finish(key, .success(answer))
            } catch {
                await undoIfWithdrawn(key)
                finish(key, .failure(error))
            }
        }
        entries[key] = Entry(task: task, isFollowing: isFollowing, withdrawal: withdrawal)
    }

    /// Whoever calls this ends the work without waiting for anything else: so it is withdrawn in time, or not here any
    /// more.
    private func undoIfWithdrawn(_ key: String) async {
        while let entry = entries[key], entry.isWithdrawn, let withdrawal = entry.withdrawal {
            entries[key]?.isWithdrawn = false
            await withdrawal.undo()
        }
    }

    private func follow(_ key: String, _ afterwards: @escaping @Sendable () async -> Void) {
        let next = "after \(key)"
        guard !isDraining, entries[next] == nil else { return }
        start(next, afterwards: nil, isFollowing: true) {
            await afterwards()
            return []
        }
    }

    private func finish(_ key: String, _ outcome: Outcome) {
        for waiter in entries.removeValue(forKey: key)?.waiters.values.map(\.self) ?? [] {
            waiter.resume(returning: outcome)
        }
        guard entries.isEmpty else { return }
        for drain in drains { drain.resume() }
        drains = []
    }

    private func giveUp(_ key: String, _ waiter: Int) {
        entries[key]?.waiters.removeValue(forKey: waiter)?.resume(returning: nil)
    }
}
