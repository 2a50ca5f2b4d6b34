/// The host and port that a URL leads to, read strictly.
///
/// What this cannot read is refused, so that the host that was checked is the host that is connected to: no user
/// names, no percent-encoding in hosts, no control characters.
struct WebAddress: Sendable, Equatable {
    /// Lowercase, without the brackets of an IPv6 address.
    var host: String
    var port: Int

    init(_ url: String) throws(HostError) {
        let schemes = [("http://", 80), ("https://", 443)]
        guard let (scheme, defaultPort) = schemes.first(where: { url.lowercased().hasPrefix($0.0) }) else {
            throw HostError("the URL must begin with http:// or https://")
        }
        // Some readers of URLs take a backslash for a slash, and so find another host.
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) else {
            throw HostError("the URL has characters that must be percent-encoded")
        }
        let authority = url.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
        guard let split = WebAddress.split(authority) else { throw HostError("the URL's host cannot be read") }
        host = split.host
        port = split.port ?? defaultPort
    }

    /// `host`, `host:port` or `[address]:port`.
    static func split(_ authority: some StringProtocol) -> (host: String, port: Int?)? {
        let text = authority.lowercased()
        let end = text.hasPrefix("[") ? text.firstIndex(of: "]").map(text.index(after:)) : text.firstIndex(of: ":")
        let host = text[..<(end ?? text.endIndex)]
        let rest = text[(end ?? text.endIndex)...]
        guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
        let port = rest.isEmpty ? nil : Int(rest.dropFirst())
        guard rest.isEmpty || port.map({ (1...65_535).contains($0) }) == true else { return nil }
        if host.hasPrefix("[") {
            guard host.hasSuffix("]"), AddressBlock(host.dropFirst().dropLast()) != nil else { return nil }
            return (String(host.dropFirst().dropLast()), port)
        }
        return isName(host) ? (String(host), port) : nil
    }

    private static func isName(_ host: Substring) -> Bool {
        !host.isEmpty && host.utf8.count <= 253
            && host.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                    UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}
