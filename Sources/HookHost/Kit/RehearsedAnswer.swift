public import ContentModel
internal import CurlHTTP
internal import SyncEngine

/// What a request is answered with instead of being sent.
public struct RehearsedAnswer: Sendable {
    private let method: String?
    private let pattern: [Substring]
    private let status: Int
    private let headers: [HTTPField]
    private let body: [UInt8]
    private let failure: String?

    /// `pattern` is an address in which `*` stands for anything, perhaps behind a method: `POST https://a.example/*`.
    /// `response` holds status, headers, body or json; or error, for no answer at all. Throws `usage` for others.
    public init(pattern: String, response: JSONValue) throws {
        let words = pattern.split(separator: " ", maxSplits: 1)
        method = words.count > 1 ? words[0].uppercased() : nil
        self.pattern = (words.last ?? "").split(separator: "*", omittingEmptySubsequences: false)
        let members = response.object ?? []
        let known = ["status", "headers", "body", "json", "error"]
        guard response.object != nil || response == .array([]), let words = words.last, !words.isEmpty else {
            throw TidelockError(.usage, "An answer is a table with \(known.joined(separator: ", ")).")
        }
        if let stray = members.first(where: { !known.contains($0.key) }) {
            throw TidelockError(
                .usage, "An answer has no '\(stray.key.printable)'.\(didYouMean(stray.key, among: known))")
        }
        status = Int(response["status"]?.integer ?? 200)
        failure = response["error"]?.string
        let given = (response["headers"]?.object ?? []).map { header in
            HTTPField(header.key, header.value.string ?? header.value.document.text)
        }
        if let json = response["json"] {
            body = json.document.bytes
            let isTyped = given.contains { $0.name.lowercased() == "content-type" }
            headers = isTyped ? given : given + [HTTPField("Content-Type", "application/json")]
        } else {
            body = Array((response["body"]?.string ?? "").utf8)
            headers = given
        }
    }

    func fits(_ request: HTTPRequest) -> Bool {
        if let method, method != request.method.uppercased() { return false }
        guard pattern.count > 1 else { return request.url == pattern[0] }
        var rest = Substring(request.url)
        guard rest.hasPrefix(pattern[0]), rest.count >= pattern[0].count else { return false }
        rest = rest.dropFirst(pattern[0].count)
        for part in pattern.dropFirst().dropLast() where !part.isEmpty {
            guard let range = rest.firstRange(of: part) else { return false }
            rest = rest[range.upperBound...]
        }
        return rest.hasSuffix(pattern[pattern.count - 1])
    }

    func response() throws -> HTTPResponse {
        if let failure { throw TidelockError(.targetUnreachable, failure) }
        return HTTPResponse(status: status, headers: headers, body: body)
    }
}

extension JSONValue {
    /// A request as tests look at it.
    init(_ request: HTTPRequest) {
        let body = request.body ?? []
        let text = String(decoding: body, as: UTF8.self)
        var members = [
            JSONMember("method", .string(request.method)), JSONMember("url", .string(request.url)),
            JSONMember("headers", .object(request.headers.map { JSONMember($0.name.lowercased(), .string($0.value)) })),
            JSONMember("body", .string(text)),
        ]
        let isJSON = request.headers.contains { $0.name.lowercased() == "content-type" && $0.value.contains("json") }
        if isJSON, let document = try? JSONDocument(validating: body) {
            members.append(JSONMember("json", JSONValue(document)))
        }
        self = .object(members)
    }

    /// A run that a handler asked for, as tests look at it.
    init(_ run: ScriptedRun) {
        var members = [JSONMember("mode", .string(run.direction.rawValue))]
        if let name = run.target.name { members.append(JSONMember("target", .string(name))) }
        if let uri = run.target.uri { members.append(JSONMember("uri", .string(uri))) }
        if let item = run.item {
            members.append(JSONMember("kind", .string(item.kind.name)))
            if let model = item.kind.model { members.append(JSONMember("model", .string(model))) }
            members.append(JSONMember("id", .string(item.id)))
            if item.bringsAssets { members.append(JSONMember("syncAssets", .bool(true))) }
        } else if let jobs = run.jobs {
            members.append(JSONMember("jobs", .array(jobs.map { JSONValue($0) })))
        }
        self = .object(members)
    }

    /// A line of the log, as tests look at it.
    init(_ record: LogRecord) {
        var members = [
            JSONMember("message", .string(record.message)), JSONMember("channel", .string(record.channel)),
            JSONMember("type", .string(record.type)), JSONMember("timestamp", .integer(record.timestamp)),
        ]
        if let context = record.context, let document = try? JSONDocument(validating: context) {
            members.append(JSONMember("context", JSONValue(document)))
        }
        self = .object(members)
    }
}
