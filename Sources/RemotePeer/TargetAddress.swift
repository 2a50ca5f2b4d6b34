internal import ContentModel

/// Where a target is: what requests are sent to, and what messages may say about it.
struct TargetAddress: Sendable, Equatable {
    /// The address without a slash at the end; paths of endpoints are appended.
    let base: String
    /// Name and host of the target. Never a user, a password, a path or a query: those may be secrets.
    let label: String

    init(_ target: Target) throws {
        let uri = target.uri
        guard let scheme = ["https://", "http://"].first(where: { uri.lowercased().hasPrefix($0) }) else {
            throw TargetAddress.unusable(target, "it does not begin with https:// or http://")
        }
        guard !uri.contains("?"), !uri.contains("#") else {
            throw TargetAddress.unusable(target, "it has a query or a fragment")
        }
        let rest = uri.dropFirst(scheme.count)
        let host = rest.prefix { $0 != "/" }.split(separator: "@").last ?? ""
        guard !host.isEmpty else { throw TargetAddress.unusable(target, "it names no host") }
        var trimmed = uri[...]
        while trimmed.last == "/" { trimmed.removeLast() }
        base = String(trimmed)
        label = "'\(target.name.printable)' (\(String(host).printable))"
    }

    private static func unusable(_ target: Target, _ why: String) -> TidelockError {
        TidelockError(
            .badSetting, "The address of target '\(target.name.printable)' cannot be used: \(why).",
            hint: "Write it like https://staging.example.org or https://example.org/site.")
    }
}
