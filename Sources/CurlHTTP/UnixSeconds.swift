import CCurl

/// Reads a date as header fields and certificates write it, such as `Fri, 27 Nov 2026 08:57:30 GMT`. `nil` if it is none.
func unixSeconds(_ text: String) -> Int64? {
    let date = curl_getdate(text, nil)
    return date < 0 ? nil : Int64(date)
}
