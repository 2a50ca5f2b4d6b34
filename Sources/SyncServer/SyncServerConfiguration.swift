public import ContentModel
public import Logging
public import SyncEngine
public import SyncProtocol

/// Where a server listens and whom it lets in.
public struct SyncServerConfiguration: Sendable {
    /// Nobody but this machine, unless told otherwise.
    public var host: String
    /// 0 picks a free port.
    public var port: Int
    /// Addresses that may call at all; empty means every address.
    public var allow: [CIDR]
    /// Proxies whose `X-Forwarded-For` is believed.
    public var trustedProxies: [CIDR]
    /// Whether published content may be read without an API key.
    public var publicContentAPI: Bool

    public init(
        host: String = "127.0.0.1", port: Int = 8080, allow: [CIDR] = [], trustedProxies: [CIDR] = [],
        publicContentAPI: Bool = false
    ) {
        self.host = host
        self.port = port
        self.allow = allow
        self.trustedProxies = trustedProxies
        self.publicContentAPI = publicContentAPI
    }
}

/// Everything a server works with.
public struct SyncServerDependencies: Sendable {
    /// Version of the program, as the check tells it.
    public var version: String
    public var responder: any Responder
    public var hooks: any HookPort
    /// What scripts answer below `/api/x`.
    public var routes: any ScriptedRoutes
    public var hookStatus: @Sendable () async -> HookStatus
    /// Asked for every request, so that a key can be replaced while the server runs.
    public var keys: @Sendable () async throws -> [AcceptedKey]
    public var replay: any ReplayMemory
    public var apiKeys: any APIKeyVerifier
    public var content: any ContentReader
    public var assets: any AssetReader
    public var assetEditor: any AssetEditor
    public var condition: any ConditionReader
    /// What the handlers did in this process.
    public var handlers: @Sendable () -> [HandlerStatistics]
    /// What this process measured, as Prometheus reads it.
    public var metrics: @Sendable () -> String
    public var clock: any WallClock
    /// For people: which requests were refused and why.
    public var log: any LogSink
    /// Who did what, from where.
    public var audit: any AuditLog
    /// For operators: nothing above `debug` in normal times.
    public var logger: Logger

    public init(
        version: String, responder: any Responder, hooks: any HookPort, routes: any ScriptedRoutes,
        hookStatus: @escaping @Sendable () async -> HookStatus,
        keys: @escaping @Sendable () async throws -> [AcceptedKey], replay: any ReplayMemory,
        apiKeys: any APIKeyVerifier, content: any ContentReader, assets: any AssetReader,
        assetEditor: any AssetEditor, condition: any ConditionReader,
        handlers: @escaping @Sendable () -> [HandlerStatistics], metrics: @escaping @Sendable () -> String,
        clock: any WallClock, log: any LogSink, audit: any AuditLog, logger: Logger
    ) {
        self.version = version
        self.responder = responder
        self.hooks = hooks
        self.routes = routes
        self.hookStatus = hookStatus
        self.keys = keys
        self.replay = replay
        self.apiKeys = apiKeys
        self.content = content
        self.assets = assets
        self.assetEditor = assetEditor
        self.condition = condition
        self.handlers = handlers
        self.metrics = metrics
        self.clock = clock
        self.log = log
        self.audit = audit
        self.logger = logger
    }
}
