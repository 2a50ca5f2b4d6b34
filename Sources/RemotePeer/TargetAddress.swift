public import ContentModel

/// Where a target is: what requests are sent to, and what messages may say about it.
struct TargetAddress: Sendable, Equatable {
    /// The address without a slash at the end; paths of endpoints are appended.
    let base: String
    /// Name and host of the target. Never a user, a password, a path or a query: those may be secrets.
    let label: String

    init(_ target: Target) throws {
        try self.init(target.uri, of: target.name)
    }

    init(_ uri: String, of target: String) throws {
        guard let scheme = ["https://", "http://"].first(where: { uri.lowercased().hasPrefix($0) }) else {
            throw TargetAddress.unusable(target, "it does not begin with https:// or http://")
        }
        guard !uri.contains("?"), !uri.contains("#") else {
            throw TargetAddress.unusable(target, "it has a query or a fragment")
        }
        let rest = uri.dropFirst(scheme.count)
        let host = rest.prefix { $0 != "/" }.split(separator: "@").last ?? ""
        guard !host.isEmpty else { throw TargetAddress.unusable(target, "it names no host") }
        guard TargetAddress.hasPossiblePort(host) else {
            throw TargetAddress.unusable(target, "a port is a number from 1 to 65535")
        }
        var trimmed = uri[...]
        while trimmed.last == "/" { trimmed.removeLast() }
        base = String(trimmed)
        label = "'\(target.printable)' (\(String(host).printable))"
    }

    /// Whether a host comes without a port, or with one that there can be.
    private static func hasPossiblePort(_ host: Substring) -> Bool {
        // Between brackets stands an address with colons of its own.
        let end = host.hasPrefix("[") ? host.drop { $0 != "]" } : host
        guard let colon = end.lastIndex(of: ":") else { return true }
        let port = end[end.index(after: colon)...]
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard !port.isEmpty, port.utf8.allSatisfy(digits.contains) else { return port.isEmpty }
        return UInt16(port).map { $0 > 0 } ?? false
    }

    private static func unusable(_ target: String, _ why: String) -> TidelockError {
        TidelockError(
            .badSetting, "The address of target '\(target.printable)' cannot be used: \(why).",
            hint: "Write it like https://staging.example.org or https://example.org/site.")
    }
}

extension Target {
    /// Throws `bad_setting` for an address at which no target of that name could be reached.
    public static func checkAddress(_ uri: String, of name: String) throws {
        _ = try TargetAddress(uri, of: name)
    }
}
