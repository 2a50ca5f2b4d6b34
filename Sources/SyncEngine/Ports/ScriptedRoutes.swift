/// The requests that people's scripts answer.
public protocol ScriptedRoutes: Sendable {
    /// Finds the script for a request; `path` is what follows the address of all scripts and begins with a slash.
    ///
    /// What is found stays as it is, whatever is reloaded meanwhile. Throws `hook_load_failed` when nothing is loaded.
    func route(_ method: String, _ path: String) async throws -> RouteMatch
}

/// Who answers a request.
public enum RouteMatch: Sendable {
    case found(any ScriptedRoute)
    /// There is something at the path, for these methods only.
    case otherMethods([String])
    case unknown
}

/// A script that answers requests of one method and path.
public protocol ScriptedRoute: Sendable {
    /// Whether it answers callers without an API key, too.
    var isPublic: Bool { get }

    /// Runs the script. Throws `invalid_json` when the body is not what it says it is, and `hook_failed`, without
    /// anything about the script, when the script fails.
    func answer(_ request: ScriptedRequest) async throws -> ScriptedAnswer
}

/// A request as scripts see it.
public struct ScriptedRequest: Sendable {
    /// The methods that scripts may answer.
    public static let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]

    public var head: IncomingRequest
    /// Decoded; of a name that is given twice the first counts.
    public var query: [String: String]
    public var body: [UInt8]
    /// Whether the caller holds an API key.
    public var isAuthorized: Bool

    public init(head: IncomingRequest, query: [String: String] = [:], body: [UInt8] = [], isAuthorized: Bool) {
        self.head = head
        self.query = query
        self.body = body
        self.isAuthorized = isAuthorized
    }
}

/// What a script answers.
public struct ScriptedAnswer: Sendable, Equatable {
    public struct Header: Sendable, Equatable {
        /// In lower case.
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public var status: Int
    /// No two of the same name; `content-type` is among them when there is a body.
    public var headers: [Header]
    public var body: [UInt8]

    public init(status: Int, headers: [Header] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}
