internal import Foundation

/// A moment in UTC as messages tell it. What lies beyond the year 9999, which somebody else may claim, is cut off there.
package func utc(_ seconds: Int64) -> String {
    Date(timeIntervalSince1970: TimeInterval(min(max(seconds, 0), 253_402_300_799))).formatted(.iso8601)
}
