internal import ContentModel
internal import SyncEngine
internal import Synchronization

/// Lets a part of a file wait for the part before it.
///
/// Several parts of a file are under way at once, so that none waits for the answer to another; they may arrive in any
/// order. A class, because those who bring them meet here.
final class BlobTurns: Sendable {
    private typealias Signal = AsyncStream<Void>.Continuation

    private struct State {
        var waiters: [ContentHash: [Int: Signal]] = [:]
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
        state.withLock { state in
            for signal in state.waiters[hash, default: [:]].values { signal.yield() }
        }
    }

    /// Returns when it is the turn, and also when that takes too long or the caller is cancelled.
    func wait(for hash: ContentHash, until isTurn: @Sendable () -> Bool) async {
        // Keeps what is signalled before somebody listens.
        let (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = enter(signal, hash)
        defer { leave(number, hash) }
        // Owned by this call; it ends with its sleep, and is harmless when the bytes were faster.
        let alarm = Task {
            try? await clock.sleep(for: patience)
            signal.finish()
        }
        defer { alarm.cancel() }
        if isTurn() { return }
        for await _ in signals where isTurn() { return }
    }

    private func enter(_ signal: Signal, _ hash: ContentHash) -> Int {
        state.withLock { state in
            state.last += 1
            state.waiters[hash, default: [:]][state.last] = signal
            return state.last
        }
    }

    private func leave(_ number: Int, _ hash: ContentHash) {
        state.withLock { state in
            state.waiters[hash]?[number] = nil
            if state.waiters[hash]?.isEmpty == true { state.waiters[hash] = nil }
        }
    }
}
