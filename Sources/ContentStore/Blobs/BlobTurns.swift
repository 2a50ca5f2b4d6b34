internal import ContentModel
internal import SyncEngine
internal import Synchronization

/// Lets a part of a file wait for the part before it.
///
/// Several parts of a file are under way at once, so that none waits for the answer to another; they may arrive in any
/// order. A class, because those who bring them meet here.
final class BlobTurns: Sendable {
    private struct State {
        var waiters: [ContentHash: [Int: CheckedContinuation<Void, Never>]] = [:]
        var last = 0
    }

    private let clock: any WallClock
    private let patience: Duration
    private let state = Mutex(State())

    init(clock: any WallClock, patience: Duration) {
        self.clock = clock
        self.patience = patience
    }

    /// Something of a file has arrived: whoever waits for it looks again.
    func advance(_ hash: ContentHash) {
        for waiter in state.withLock({ $0.waiters.removeValue(forKey: hash) ?? [:] }).values { waiter.resume() }
    }

    /// Returns when it is the turn, and also when that takes too long.
    func wait(for hash: ContentHash, until isTurn: @Sendable () -> Bool) async {
        let end = clock.milliseconds + Int64(patience / .milliseconds(1))
        while !isTurn(), clock.milliseconds < end {
            await waitForAdvance(of: hash, unless: isTurn, atMost: .milliseconds(end - clock.milliseconds))
        }
    }

    private func waitForAdvance(
        of hash: ContentHash, unless isTurn: @Sendable () -> Bool, atMost duration: Duration
    ) async {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        // Owned by this call; it ends with its sleep, and is harmless when the bytes were faster.
        let alarm = Task {
            try? await clock.sleep(for: duration)
            leave(number, hash)
        }
        defer { alarm.cancel() }
        await withCheckedContinuation { continuation in
            state.withLock { $0.waiters[hash, default: [:]][number] = continuation }
            // Asked again now that no advance can be missed.
            if isTurn() { leave(number, hash) }
        }
    }

    private func leave(_ number: Int, _ hash: ContentHash) {
        state.withLock { state in
            let waiter = state.waiters[hash]?.removeValue(forKey: number)
            if state.waiters[hash]?.isEmpty == true { state.waiters[hash] = nil }
            return waiter
        }?.resume()
    }
}
