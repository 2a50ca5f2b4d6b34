internal import Foundation

/// Moments as header fields tell them, such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
enum HTTPDate {
    /// What lies before 1970 or beyond the year 9999, which an asset may claim, is cut off there.
    static func text(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: TimeInterval(min(max(seconds, 0), 253_402_300_799))).formatted(style)
    }

    /// Unix seconds; nil for every other spelling. The obsolete ones, which no caller writes today, are not read.
    static func seconds(_ text: String) -> Int64? {
        // The parser forgives a wrong weekday and a tail; only a date that we would write so is one.
        guard let date = try? Date(text, strategy: style.parseStrategy), date.formatted(style) == text else {
            return nil
        }
        return Int64(date.timeIntervalSince1970)
    }

    private static let style = Date.VerbatimFormatStyle(
        format: """
            \(weekday: .abbreviated), \(day: .twoDigits) \(month: .abbreviated) \(year: .padded(4)) \
            \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\
            \(second: .twoDigits) GMT
            """,
        locale: Locale(identifier: "en_US_POSIX"), timeZone: .gmt, calendar: Calendar(identifier: .gregorian))
}
