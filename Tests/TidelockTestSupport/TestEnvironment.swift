internal import SeededNumbers
public import SyncEngine
internal import Synchronization

/// A clock that moves only when a test says so.
public final class TestClock: WallClock {
    /// What happens to somebody who sleeps.
    public enum Sleep: Sendable {
        /// Sleeping returns at once and moves the clock.
        case passes
        /// Sleeping lasts until the sleeper is cancelled, so that only `advance` moves the clock.
        case lastsUntilCancelled
    }

    private let now: Mutex<Int64>
    private let sleep: Sleep

    public init(seconds: Int64 = 1_800_000_000, sleep: Sleep = .passes) {
        now = Mutex(seconds * 1_000)
        self.sleep = sleep
    }

    public var milliseconds: Int64 { now.withLock { $0 } }

    public func advance(by duration: Duration) {
        now.withLock { $0 += Int64(duration / .milliseconds(1)) }
    }

    public func sleep(for duration: Duration) async throws {
        switch sleep {
        case .passes:
            try Task.checkCancellation()
            advance(by: duration)
            await Task.yield()
        case .lastsUntilCancelled:
            // Nothing is ever sent, so waiting for an element ends with the cancellation alone.
            let (never, continuation) = AsyncStream<Never>.makeStream()
            for await _ in never {}
            continuation.finish()
            throw CancellationError()
        }
    }
}

/// Random bytes that are the same for the same seed, whoever draws them.
public final class SeededRandom: RandomSource, RandomNumberGenerator {
    private let numbers: Mutex<SplitMix64>

    public init(seed: UInt64) {
        numbers = Mutex(SplitMix64(seed: seed))
    }

    public func next() -> UInt64 {
        numbers.withLock { $0.next() }
    }

    public func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}
