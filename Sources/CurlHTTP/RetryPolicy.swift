/// When to send a request again, and how long to wait before.
///
/// The waits double from `firstDelay` to `maximumDelay`, each shortened by chance by up to half, so that many clients
/// that failed together do not come back together.
public struct RetryPolicy: Sendable {
    /// After this long since the first attempt, the last result stands.
    public var maximumElapsed: Duration = .seconds(30)
    public var firstDelay: Duration = .milliseconds(250)
    public var maximumDelay: Duration = .seconds(5)

    /// A server that asks for more patience (`Retry-After`) is given this much at most.
    public var maximumRetryAfter: Duration = .seconds(15)

    /// A name that does not resolve is most often a wrong name, so it gets fewer attempts than other failures.
    public var maximumNameLookups: Int = 3

    /// How to wait. Throws when the task is cancelled.
    public var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

    /// A number from 0 up to, not including, 1.
    public var random: @Sendable () -> Double = { Double.random(in: 0..<1) }

    public var now: @Sendable () -> ContinuousClock.Instant = { .now }

    public init() {}
}

/// What became of one attempt, as far as sending again is concerned.
enum AttemptOutcome: Sendable {
    case answered(HTTPResponse)
    case failed(HTTPError)
}

extension RetryPolicy {
    /// How long to wait before the next attempt; `nil` if `outcome`, of attempt number `attempt`, stands.
    ///
    /// Pure, except for the dice.
    func delay(after outcome: AttemptOutcome, attempt: Int, elapsed: Duration, isRepeatable: Bool) -> Duration? {
        guard mayRepeat(outcome, attempt: attempt, isRepeatable: isRepeatable) else { return nil }
        let delay = max(backOff(attempt: attempt), min(outcome.requestedDelay ?? .zero, maximumRetryAfter))
        return elapsed + delay <= maximumElapsed ? delay : nil
    }

    private func mayRepeat(_ outcome: AttemptOutcome, attempt: Int, isRepeatable: Bool) -> Bool {
        switch outcome {
        case .answered(let response):
            isRepeatable && [429, 502, 503, 504].contains(response.status)
        case .failed(let error):
            error.isTransient && (isRepeatable || !error.mayHaveReachedServer)
                && (error.kind != .nameNotResolved || attempt < maximumNameLookups)
        }
    }

    private func backOff(attempt: Int) -> Duration {
        // 2^20 first delays are beyond any maximum and still far from overflow.
        let full = min(maximumDelay, firstDelay * (1 << min(attempt - 1, 20)))
        return full * (0.5 + random() / 2)
    }
}

extension AttemptOutcome {
    fileprivate var requestedDelay: Duration? {
        guard case .answered(let response) = self else { return nil }
        return response.header("retry-after").flatMap { retryAfter($0) }
    }
}
