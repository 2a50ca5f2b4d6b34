import Glibc

/// Reads a `Retry-After` field, which holds seconds or a date (RFC 9110, 10.2.3). `nil` if it holds neither.
func retryAfter(_ text: String, now: Int = time(nil)) -> Duration? {
    if let seconds = Int32(text) { return seconds >= 0 ? .seconds(seconds) : nil }
    return unixSeconds(text).map { .seconds(max(0, $0 - Int64(now))) }
}
