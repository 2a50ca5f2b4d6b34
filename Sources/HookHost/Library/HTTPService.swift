internal import ContentModel
internal import CurlHTTP
internal import HookCatalog
internal import LuaRuntime
internal import SyncEngine
internal import Synchronization

/// `app.http`: requests to targets and to listed hosts, and nowhere else.
///
/// A class, because it owns the client with its thread, which exists only once somebody asks for something.
final class HTTPService: Sendable {
    private let egress: EgressPolicy
    private let options: HTTPClientOptions
    private let targets: @Sendable () async throws -> [TargetFacts]
    private let limits: HookLimits
    private let sender: (any HTTPSending)?
    private let client = Mutex<HTTPClient?>(nil)

    init(_ services: HookServices, _ egress: EgressPolicy, _ limits: HookLimits) {
        self.egress = egress
        self.limits = limits
        targets = services.targets
        sender = services.httpSender
        var options = services.http
        options.addressPolicy = { address, host, port in egress.admits(address, for: host, port) }
        self.options = options
    }

    func get(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        try send(.httpGet, HTTPArguments.beside("GET", arguments, .httpGet, invocation), invocation)
    }

    func post(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        try send(.httpPost, HTTPArguments.beside("POST", arguments, .httpPost, invocation), invocation)
    }

    func request(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        try send(.httpRequest, HTTPArguments.within(arguments, .httpRequest, invocation), invocation)
    }

    /// Ends the client's thread and what is under way.
    func shutdown() {
        client.withLock { client in
            client?.shutdown()
            client = nil
        }
    }

    private func send(
        _ function: HostFunction, _ request: HTTPRequest, _ invocation: Invocation
    ) throws -> [LuaValue] {
        guard invocation.countRequest() <= limits.requests else {
            throw HostError("\(function.rawValue): one call of a handler may make \(limits.requests) requests")
        }
        let address: WebAddress
        do throws(HostError) { address = try WebAddress(request.url) } catch {
            throw HostError("\(function.rawValue): \(error)")
        }
        var request = request
        request.limits.responseBytes = limits.responseBytes
        request.limits.total = min(request.limits.total, ContinuousClock.now.duration(to: invocation.deadline))
        let response = try Blocking.wait(function.rawValue, until: invocation.deadline) { [self, request] in
            egress.update(try await targets())
            try egress.check(address)
            return try await theSender().send(request)
        }
        return [LuaValue(response)]
    }

    private func theSender() throws -> any HTTPSending {
        if let sender { return sender }
        return try client.withLock { client in
            if let client { return client }
            let made = try HTTPClient(options)
            client = made
            return made
        }
    }
}

/// Reads what a script passes to `app.http`.
enum HTTPArguments {
    private static let members = ["headers", "body", "json", "timeout"]
    private static let longestTimeout = 300.0

    /// `get(url, options)` and `post(url, options)`.
    static func beside(
        _ method: String, _ arguments: [LuaValue], _ function: HostFunction, _ invocation: Invocation
    ) throws -> HTTPRequest {
        guard let url = arguments.first?.revealedText else {
            throw HostError("\(function.rawValue): the first argument must be a URL")
        }
        let options = try TableReader(
            arguments.count > 1 ? arguments[1] : .nil, of: function.rawValue, allowing: members)
        return try request(method, url, options, function, invocation)
    }

    /// `request{ url = …, method = … }`.
    static func within(
        _ arguments: [LuaValue], _ function: HostFunction, _ invocation: Invocation
    ) throws -> HTTPRequest {
        let options = try TableReader(
            arguments.first ?? .nil, of: function.rawValue, allowing: ["url", "method"] + members)
        guard let url = try options.revealedString("url") else {
            throw HostError("\(function.rawValue): the option 'url' must be a URL")
        }
        let method = try options.string("method")?.uppercased() ?? "GET"
        return try request(method, url, options, function, invocation)
    }

    private static func request(
        _ method: String, _ url: String, _ options: TableReader, _ function: HostFunction, _ invocation: Invocation
    ) throws -> HTTPRequest {
        var request = HTTPRequest(method, url, headers: try headers(options, function))
        if let json = options.value("json") {
            guard options.value("body") == nil else {
                throw HostError("\(function.rawValue): body and json exclude each other")
            }
            request.body = try LuaJSON.document(json, documents: invocation.documents, for: function.rawValue).bytes
            if !request.headers.contains(where: { $0.name.lowercased() == "content-type" }) {
                request.headers.append(HTTPField("Content-Type", "application/json"))
            }
        } else {
            request.body = try options.revealedBytes("body") ?? (method == "POST" ? [] : nil)
        }
        if let timeout = try options.seconds("timeout", upTo: longestTimeout) { request.limits.total = timeout }
        return request
    }

    private static func headers(_ options: TableReader, _ function: HostFunction) throws -> [HTTPField] {
        switch options.value("headers") {
        case nil, .nil, .array([]): return []
        case .object(let fields):
            return try fields.map { field in
                guard let value = field.value.headerText else {
                    throw HostError(
                        "\(function.rawValue): the header '\(field.name.printable)' "
                            + "must be a string, a secret or a number")
                }
                return HTTPField(field.name, value)
            }
        default: throw HostError("\(function.rawValue): the option 'headers' must be a table with names")
        }
    }
}

extension LuaValue {
    fileprivate var headerText: String? {
        switch self {
        case .integer(let number): "\(number)"
        default: revealedText
        }
    }

    /// An answer as scripts see it: names of headers in lowercase, and the value of a JSON body beside its text.
    fileprivate init(_ response: HTTPResponse) {
        var headers: [String: String] = [:]
        for field in response.headers {
            headers[field.name.lowercased()] =
                headers[field.name.lowercased()].map { "\($0), \(field.value)" } ?? field.value
        }
        var fields = [
            LuaField("status", .integer(Int64(response.status))),
            LuaField("headers", .object(headers.sorted { $0.key < $1.key }.map { LuaField($0.key, .text($0.value)) })),
            LuaField("body", .string(response.body)),
        ]
        if headers["content-type"]?.lowercased().contains("json") == true,
            let document = try? JSONDocument(validating: response.body)
        {
            fields.append(LuaField("json", LuaValue(JSONValue(document))))
        }
        self = .object(fields)
    }
}
