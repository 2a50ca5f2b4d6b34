/// Decides when one request has taken too long. Pure: the caller says what time it is.
///
/// libcurl's own limits do not do: its total time does not run while a request waits for a free connection, and its
/// notion of a stall is an average speed over whole seconds. Only the time to connect is left to libcurl, which spreads
/// it over the addresses of a name.
struct TransferClock: Sendable {
    typealias Instant = ContinuousClock.Instant

    enum Limit: Sendable, Equatable {
        case total, stall
    }

    enum Verdict: Sendable, Equatable {
        /// Fine so far; look again at this time, not before.
        case fine(until: Instant)
        case passed(Limit)
    }

    private let totalDeadline: Instant
    private let stall: Duration
    /// When a byte moved last; `nil` until the request has a connection.
    private var lastMoved: Instant?

    init(start: Instant, limits: HTTPLimits) {
        totalDeadline = start.advanced(by: limits.total)
        stall = limits.stall
    }

    /// The request got its connection, or a byte moved.
    mutating func moved(at now: Instant) {
        lastMoved = now
    }

    /// When to ask for a verdict again; `now` if there is one already.
    func nextCheck(at now: Instant) -> Instant {
        if case .fine(let until) = verdict(at: now) { until } else { now }
    }

    func verdict(at now: Instant) -> Verdict {
        guard now < totalDeadline else { return .passed(.total) }
        guard let lastMoved else { return .fine(until: min(totalDeadline, now.advanced(by: stall))) }
        let stallDeadline = lastMoved.advanced(by: stall)
        guard now < stallDeadline else { return .passed(.stall) }
        return .fine(until: min(totalDeadline, stallDeadline))
    }
}
