internal import ContentModel
internal import Foundation
internal import Hummingbird
internal import SyncEngine
internal import SyncProtocol

/// A request before anything about it is believed.
struct Arrival: Sendable {
    let endpoint: Endpoint
    let method: String
    /// Path and query as they arrived: what a token covers.
    let target: String
    /// The caller; nil when the address cannot be told.
    let address: IPAddress?
    let addressText: String
    let headers: HTTPFields
    /// For the framework's own parts.
    let context: ServerContext
    private let parameters: Parameters
    private let hasProxies: Bool
    private let query: Parameters

    init(_ endpoint: Endpoint, _ request: Request, _ context: ServerContext, trusting proxies: [CIDR]) {
        self.endpoint = endpoint
        method = request.method.rawValue
        target = request.head.path ?? "/"
        headers = request.headers
        self.context = context
        parameters = context.parameters
        query = request.uri.queryParameters
        let forwarded = headers.filter { $0.name.canonicalName == "x-forwarded-for" }.map(\.value).joined(
            separator: ",")
        hasProxies = !proxies.isEmpty
        addressText = callerAddress(connection: context.peerAddress, forwarded: forwarded, trusting: proxies)
        address = IPAddress(addressText)
    }

    var facts: RequestFacts { RequestFacts(method: method, target: target) }

    /// The path without the query, which may hold an API key.
    var path: String { String(target.prefix { $0 != "?" }) }

    /// Whether the caller is certainly here: what came through a proxy only looks as if it were.
    /// Where proxies are configured nobody is, for not every proxy says that it is one.
    var isFromThisMachine: Bool {
        let isForwarded = ["x-forwarded-for", "forwarded", "x-real-ip", "via"].contains { header($0) != nil }
        return address?.isLoopback == true && !isForwarded && !hasProxies
    }

    func header(_ name: String) -> String? {
        headers.first { $0.name.canonicalName == name }?.value
    }

    /// Value of a place in the path. Throws `malformed_message`.
    func parameter(_ name: String) throws -> String {
        guard let value = parameters.get(name)?.removingPercentEncoding, !value.isEmpty, value.utf8.count <= 1_024
        else { throw TidelockError(.malformedMessage, "The path names no usable \(name).") }
        return value
    }

    func queryValue(_ name: String) -> String? {
        query.get(name)
    }

    /// A whole number of the query that is not negative; nil when it is not there. Throws `usage`.
    func queryNumber(_ name: String) throws -> Int64? {
        guard let text = queryValue(name) else { return nil }
        guard let number = Int64(text), number >= 0 else {
            throw TidelockError(.usage, "'\(name)' must be a whole number that is not negative.")
        }
        return number
    }

    /// What follows `Bearer` in the header `Authorization`.
    var bearer: String? {
        guard let value = header("authorization"), value.lowercased().hasPrefix("bearer ") else { return nil }
        return String(value.dropFirst("bearer ".count)).trimmingCharacters(in: .whitespaces)
    }

    /// A bearer that is built like a token and not like an API key.
    var token: String? {
        bearer.flatMap { $0.contains(".") ? $0 : nil }
    }

    var apiKey: String? {
        header("api-key") ?? bearer ?? queryValue("api_key")
    }

    /// What scripts see: everything but what lets a caller in.
    var forHooks: IncomingRequest {
        let secret: Set = ["authorization", "api-key", "cookie"]
        let shown = headers.map { (name: $0.name.canonicalName, value: $0.value) }.filter { !secret.contains($0.name) }
        return IncomingRequest(
            method: method, path: path, remoteAddress: addressText, headers: shown)
    }

    /// The query as scripts see it: everything but what lets a caller in.
    var queryForHooks: [String: String] {
        var shown: [String: String] = [:]
        for (name, value) in query where name != "api_key" && shown[String(name)] == nil {
            shown[String(name)] = String(value)
        }
        return shown
    }
}

/// The address of the caller. Behind trusted proxies it is the last address in the list that is not one of theirs:
/// everything before that could have been written by the caller.
func callerAddress(connection: String?, forwarded: String, trusting proxies: [CIDR]) -> String {
    var caller = connection ?? "unknown"
    let hops = forwarded.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    for hop in hops.reversed() {
        guard let address = IPAddress(caller), proxies.contain(address), IPAddress(hop) != nil else { break }
        caller = hop
    }
    return caller
}
