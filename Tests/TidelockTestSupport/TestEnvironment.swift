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

/// Random bytes that are the same for the same seed (SplitMix64; Steele, Lea and Flood 2014).
public final class SeededRandom: RandomSource, RandomNumberGenerator {
    private let state: Mutex<UInt64>

    public init(seed: UInt64) {
        state = Mutex(seed)
    }

    public func next() -> UInt64 {
        state.withLock { state in
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    public func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}
