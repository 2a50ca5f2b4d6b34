/// When a watched source is pushed. Pure: it is told what was seen and when, in milliseconds.
public struct WatchSchedule: Sendable {
    /// How long nothing must change before a push.
    private let quiet: Int64
    /// Somebody who never stops editing is not waited for longer than this.
    public static let longest: Int64 = 30_000
    /// The longest debounce, in seconds.
    public static let longestDebounce = 30.0
    /// The pauses after failures: doubled each time, up to the longest.
    public static let shortestPause: Int64 = 2_000
    public static let longestPause: Int64 = 60_000

    private var pushed: Int64?
    private var seen: Int64?
    private var since: Int64 = 0
    private var changed: Int64 = 0
    private var pause: Int64 = 0
    private var resumes: Int64 = 0

    public init(quiet: Int64) {
        self.quiet = quiet
    }

    /// Whether to push now. The first time at once: what changed before the watch began has to arrive too.
    public mutating func isDue(sequence: Int64, at now: Int64) -> Bool {
        if seen == nil {
            (seen, since, changed) = (sequence, now - quiet, now - quiet)
        } else if sequence != seen {
            if seen == pushed { since = now }
            (seen, changed) = (sequence, now)
        }
        guard sequence != pushed, now >= resumes else { return false }
        return now - changed >= quiet || now - since >= Self.longest
    }

    /// Whether something is to be sent, be it due or not.
    public func isWaiting(sequence: Int64) -> Bool { sequence != pushed }

    /// A push ended that began when the source stood at `sequence`.
    public mutating func ended(sequence: Int64, hasFailed: Bool, at now: Int64) {
        guard hasFailed else {
            (pushed, pause, resumes, since) = (sequence, 0, 0, now)
            return
        }
        pause = min(max(2 * pause, Self.shortestPause), Self.longestPause)
        resumes = now + pause
    }
}
