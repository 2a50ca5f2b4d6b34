extension HTTPRequest {
    /// Refuses what could not be sent as it stands or would mean something else on the wire, and tells the origin.
    ///
    /// A line break inside a field would start another field, or another request, written by whoever chose the value.
    func checked() throws(HTTPError) -> Origin {
        try checkMethod()
        for field in headers { try check(field) }
        // Parsers disagree on whether a backslash ends the host name, so it may not stand in a URL either.
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") }) else {
            throw HTTPError(
                .invalidURL, "The URL contains a space, a backslash, a line break or another control character.",
                hint: "Percent-encode what does not belong into a URL.")
        }
        return try Origin.parse(url)
    }

    /// The fields to hand to libcurl: all but `Content-Length`, which follows from the body.
    var fieldsToSend: [HTTPField] {
        headers.filter { !$0.isNamed("content-length") }
    }

    /// Bytes to send behind the header.
    var byteCount: Int { (body?.count ?? 0) + attachment.count }

    /// Whether sending it twice does the same as sending it once, by the rules of HTTP (RFC 9110, 9.2.2).
    var isIdempotent: Bool {
        ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"].contains(method)
    }

    /// Whether compressed answers are to be unpacked: only if the caller did not choose the coding.
    var unpacksResponse: Bool {
        !headers.contains { $0.isNamed("accept-encoding") }
    }

    private func checkMethod() throws(HTTPError) {
        guard method.isToken, method != "CONNECT" else {
            throw .malformedRequest("The method is not one that can be sent.")
        }
        if !attachment.isEmpty, body == nil { throw .malformedRequest("Nothing stands before the attachment.") }
        if method == "HEAD", body != nil { throw .malformedRequest("A HEAD request cannot have a body.") }
    }

    private func check(_ field: HTTPField) throws(HTTPError) {
        guard field.name.isToken else {
            throw .malformedRequest("A header name is empty or has a character that is not allowed in names.")
        }
        guard field.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
            throw .malformedRequest(
                "The value of header \(field.name) contains a line break or another control character.")
        }
        try checkFraming(field)
    }

    /// Two opinions about where a body ends let one request hide inside another, so there is only ours.
    private func checkFraming(_ field: HTTPField) throws(HTTPError) {
        if field.isNamed("transfer-encoding") || field.isNamed("expect") {
            throw .malformedRequest("Header \(field.name) is not for callers to set.")
        }
        if field.isNamed("content-length"), field.value != String(byteCount) {
            throw .malformedRequest("Header \(field.name) differs from the size of the body.")
        }
    }
}

extension HTTPError {
    fileprivate static func malformedRequest(_ message: String) -> HTTPError {
        HTTPError(.malformedRequest, message)
    }
}

extension String {
    /// Whether this is a `token` of RFC 9110, 5.6.2: what methods and field names are made of.
    fileprivate var isToken: Bool {
        !isEmpty
            && utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }
}
