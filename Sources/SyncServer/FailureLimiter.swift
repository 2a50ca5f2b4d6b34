internal import SyncEngine
internal import Synchronization

/// Counts what an address did within a minute, so that guessing keys and flooding the log do not pay.
final class FailureLimiter: Sendable {
    private struct Window {
        var minute: Int64
        var count: Int
    }

    /// Addresses that are remembered; beyond that all are forgotten, which costs a guesser more than it helps.
    private static let addresses = 10_000

    private let limit: Int
    private let clock: any WallClock
    private let windows = Mutex<[String: Window]>([:])

    init(limit: Int, clock: any WallClock) {
        self.limit = limit
        self.clock = clock
    }

    /// Whether the address has used up what it may do in this minute.
    func isExhausted(_ address: String) -> Bool {
        let minute = clock.seconds / 60
        return windows.withLock { windows in
            windows[address].map { $0.minute == minute && $0.count >= limit } ?? false
        }
    }

    /// Counts one more; false when that is more than the address may.
    @discardableResult
    func note(_ address: String) -> Bool {
        let minute = clock.seconds / 60
        return windows.withLock { windows in
            if windows.count >= Self.addresses { windows.removeAll() }
            var window = windows[address] ?? Window(minute: minute, count: 0)
            if window.minute != minute { window = Window(minute: minute, count: 0) }
            window.count += 1
            windows[address] = window
            return window.count <= limit
        }
    }
}
