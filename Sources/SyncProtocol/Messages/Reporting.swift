public import ContentModel

/// Every error as clients see it: `{"error": {"code": …, "message": …, "hint": …}}`.
public struct ErrorAnswer: Codable, Sendable {
    public struct Body: Codable, Sendable {
        public var code: String
        public var message: String
        public var hint: String?
        /// Facts for machines; only in signed answers.
        public var details: [String: String]?
    }

    public var error: Body

    public init(_ error: TidelockError, withDetails: Bool = false) {
        let details = withDetails && !error.details.isEmpty ? error.details : nil
        self.error = Body(code: error.code.rawValue, message: error.message, hint: error.hint, details: details)
    }
}

/// The documented check: the key itself in the body.
public struct CheckKey: Codable, Sendable {
    public var syncKey: String

    public init(syncKey: String) {
        self.syncKey = syncKey
    }
}

/// The documented answer to a check; a failed one carries `error` as every error does.
public struct CheckAnswer: Codable, Sendable {
    public var success: Bool
    public var version: String?
    public var error: ErrorAnswer.Body?

    public init(version: String) {
        success = true
        self.version = version
    }

    public init(failure: TidelockError) {
        success = false
        error = ErrorAnswer(failure).error
    }
}

/// What an instance tells those who may ask about it.
public struct StatusAnswer: Codable, Sendable {
    public var syncing: Bool
    /// Who works on the instance right now, and since when in Unix seconds.
    public var holder: String?
    public var since: Int64?
    public var lastSync: LastSync?
    public var hooks: HookStatus
    /// What the handlers did in the process that answers; absent in answers of older versions.
    public var handlers: [HandlerStatistics]?
    public var version: String
    public var protocolVersion: Int
    public var oldestProtocolVersion: Int
    public var instance: InstanceIdentity
    /// Milliseconds since 1970 by the clock over there; absent in answers of older versions.
    public var time: Int64?

    public init(
        syncing: Bool, holder: String?, since: Int64?, lastSync: LastSync?, hooks: HookStatus,
        handlers: [HandlerStatistics]? = nil, version: String, instance: InstanceIdentity, time: Int64? = nil
    ) {
        self.syncing = syncing
        self.holder = holder
        self.since = since
        self.lastSync = lastSync
        self.hooks = hooks
        self.handlers = handlers
        self.version = version
        protocolVersion = ProtocolVersion.current
        oldestProtocolVersion = ProtocolVersion.oldest
        self.instance = instance
        self.time = time
    }
}

/// The newest run that an instance took part in.
public struct LastSync: Codable, Sendable, Equatable {
    /// What the instance did: `push` and `pull` where it started the run itself, `receive` and `send` where the other
    /// side pushed or pulled.
    public enum Action: String, Codable, Sendable {
        case push, pull, receive, send
    }

    public var run: String
    /// Whether content left the instance or came to it.
    public var direction: Direction
    /// Absent in answers of older versions.
    public var action: Action?
    /// Name of the other side.
    public var peer: String
    public var status: String
    /// Unix seconds at which it ended.
    public var timestamp: Int64

    public init(run: String, action: Action, peer: String, status: String, timestamp: Int64) {
        self.run = run
        direction = action == .push || action == .send ? .push : .pull
        self.action = action
        self.peer = peer
        self.status = status
        self.timestamp = timestamp
    }
}

/// How the scripts of an instance are.
public struct HookStatus: Codable, Sendable, Equatable {
    public enum State: String, Codable, Sendable {
        /// What is in `hooks/` is what runs.
        case ok
        /// The newest files cannot be loaded; the last good ones run on.
        case stale
        /// Nothing good is loaded; sync requests are refused.
        case failed
    }

    public var status: State
    /// File, line and reason of what cannot be loaded.
    public var error: String?

    public init(_ status: State, error: String? = nil) {
        self.status = status
        self.error = error
    }
}

/// The answer for those who watch whether an instance is well.
public struct HealthAnswer: Codable, Sendable {
    /// `ok`, `degraded` or `failed`.
    public var status: String
    public var version: String
    public var hooks: HookStatus

    public init(version: String, hooks: HookStatus) {
        self.version = version
        self.hooks = hooks
        status =
            switch hooks.status {
            case .ok: "ok"
            case .stale: "degraded"
            case .failed: "failed"
            }
    }
}

/// Long work goes on: repeat the same request to learn how it ended (status 202).
public struct WorkingAnswer: Codable, Sendable {
    public var state = "working"

    public init() {}
}

/// Keeps the lease of a transfer.
public struct RenewLease: Codable, Sendable {
    public var fence: Int64

    public init(fence: Int64) {
        self.fence = fence
    }
}
