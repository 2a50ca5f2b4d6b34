public import ContentModel
internal import SyncProtocol

/// How far the clock of another instance is from ours.
public struct ClockDifference: Sendable, Equatable {
    /// Positive where the other clock is ahead.
    public let milliseconds: Int64

    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// - Parameters:
    ///   - there: milliseconds since 1970 by the other clock; whatever somebody says
    ///   - here: by ours, at the same moment
    public init(there: Int64, here: Int64) {
        // Nobody's clock is beyond the year 100,000, and a number like that cannot be subtracted from without care.
        milliseconds = min(max(there, 0), 3_093_527_980_800_000) - here
    }

    /// Whether tokens are accepted in spite of it.
    public var isTolerable: Bool { milliseconds.magnitude <= UInt64(Limits.clockTolerance) * 1_000 }

    /// Completes "the clock over there is …".
    public var sentence: String {
        let seconds = (milliseconds.magnitude + 500) / 1_000
        guard seconds > 0 else { return "the same to a second" }
        return "\(Self.words(seconds)) \(milliseconds > 0 ? "ahead of" : "behind") ours"
    }

    /// Nil when it is tolerable.
    public func problem(of target: String) -> TidelockError? {
        guard !isTolerable else { return nil }
        return TidelockError(
            .expiredToken,
            "The clock of target \(target) is \(sentence), and \(Limits.clockTolerance) s are tolerated.",
            hint: "Let both machines take their time from the network, as with NTP.")
    }

    private static func words(_ seconds: UInt64) -> String {
        switch seconds {
        case ..<120: "\(seconds) s"
        case ..<7_200: "\((seconds + 30) / 60) min"
        case ..<172_800: "\((seconds + 1_800) / 3_600) h"
        default: "\((seconds + 43_200) / 86_400) days"
        }
    }
}
