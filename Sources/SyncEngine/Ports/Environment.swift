/// Time as the engine sees it, so that tests can decide what time it is.
public protocol WallClock: Sendable {
    /// Milliseconds since 1970 in UTC.
    var milliseconds: Int64 { get }
    /// Suspends; throws `CancellationError` when the task is cancelled.
    func sleep(for duration: Duration) async throws
}

extension WallClock {
    /// Seconds since 1970 in UTC.
    public var seconds: Int64 { milliseconds / 1_000 }
}

/// Where identifiers and nonces come from.
public protocol RandomSource: Sendable {
    func bytes(_ count: Int) -> [UInt8]
}
