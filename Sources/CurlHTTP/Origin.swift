import CCurl

/// The server a URL names: scheme, host and port. Requests to one origin share connections.
///
/// It is also all that messages say about a URL, because paths, queries and user names may hold secrets.
struct Origin: Sendable, Hashable {
    var scheme: String
    /// Without the brackets of an IPv6 literal.
    var host: String
    var port: Int

    var isSecure: Bool { scheme == "https" || scheme == "smtps" }

    /// `host:port` as people write it.
    var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

extension Origin {
    /// Reads the origin of `url` with the parser that will also be used to connect, so that both agree on the host.
    static func parse(_ url: String) throws(HTTPError) -> Origin {
        guard let parts = curl_url() else { throw .outOfMemory }
        defer { curl_url_cleanup(parts) }
        let code = curl_url_set(parts, CURLUPART_URL, url, 0)
        guard code == CURLUE_OK else { throw .unreadable(code) }
        guard let scheme = part(CURLUPART_SCHEME, of: parts) else { throw .unreadable(CURLUE_NO_SCHEME) }
        guard scheme == "http" || scheme == "https" else { throw .unsupported(scheme: scheme) }
        // The parser would take the `x` of `http:///x` for a host. Others see no host there, so nobody should.
        guard let host = part(CURLUPART_HOST, of: parts), !url.dropFirst(scheme.count).hasPrefix(":///") else {
            throw .unreadable(CURLUE_NO_HOST)
        }
        let port = part(CURLUPART_PORT, of: parts, flags: UInt32(CURLU_DEFAULT_PORT)).flatMap { Int($0) }
        guard let port, port > 0 else { throw .unreadable(CURLUE_BAD_PORT_NUMBER) }
        return Origin(scheme: scheme, host: withoutBrackets(host), port: port)
    }

    private static func part(_ part: CURLUPart, of parts: OpaquePointer, flags: UInt32 = 0) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(parts, part, &text, flags) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }

    private static func withoutBrackets(_ host: String) -> String {
        host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    }
}

extension HTTPError {
    /// The URL cannot be read. The URL itself stays out of the message.
    fileprivate static func unreadable(_ code: CURLUcode) -> HTTPError {
        HTTPError(
            .invalidURL, "The URL cannot be used: \(String(cString: curl_url_strerror(code))).",
            hint: "Write an absolute URL that begins with http:// or https://, with spaces percent-encoded.")
    }

    fileprivate static func unsupported(scheme: String) -> HTTPError {
        HTTPError(
            .unsupportedScheme, "URLs that begin with \(scheme): are not supported.", hint: "Use http:// or https://.")
    }
}
