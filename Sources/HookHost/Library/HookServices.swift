public import ContentModel
public import CoreMetrics
public import CurlHTTP
public import SyncEngine

/// What handlers may use besides their arguments.
public struct HookServices: Sendable {
    public var log: any LogSink
    public var collections: any DocumentCollections
    public var cache: any CacheStore
    public var keys: any KeyValueStore
    public var search: any SearchIndex
    /// Runs that scripts start; nil where nobody can carry them out.
    public var sync: (any SyncControl)?
    /// How `app.mailer.mail` sends; nil where no mail is configured.
    public var mail: MailSettings?
    /// Takes mails instead of a mail server; nil lets them go where `mail` says.
    public var mailSender: (any MailSending)?
    /// What goes on here, as `app.sync.status` tells it; nil where nobody knows.
    public var activity: (@Sendable () async throws -> JSONDocument)?
    /// What `app.secret` knows, by name.
    public var secrets: [String: String] = [:]
    public var clock: any WallClock
    /// Where calls are reported to; whatever the process began with, if it is not set.
    public var metrics: any MetricsFactory = MetricsSystem.factory
    /// Who started what is happening, for `app.auth.user`; `nil` when it was not a person.
    public var user: @Sendable () -> String?
    /// The configured targets: `app.http` may always talk to these.
    public var targets: @Sendable () async throws -> [TargetFacts]
    /// Certificates and the like for `app.http`. Its address policy is replaced by ours.
    public var http: HTTPClientOptions
    /// Carries out the requests of `app.http`; nil for a client with the options above.
    public var httpSender: (any HTTPSending)?

    public init(
        log: any LogSink, collections: any DocumentCollections, cache: any CacheStore, keys: any KeyValueStore,
        search: any SearchIndex, clock: any WallClock,
        user: @escaping @Sendable () -> String? = { nil },
        targets: @escaping @Sendable () async throws -> [TargetFacts] = { [] }, http: HTTPClientOptions = .init()
    ) {
        self.log = log
        self.collections = collections
        self.cache = cache
        self.keys = keys
        self.search = search
        self.clock = clock
        self.user = user
        self.targets = targets
        self.http = http
    }
}

/// Takes mails.
public protocol MailSending: Sendable {
    func send(_ mail: MailMessage) async throws
}

/// Carries out HTTP requests.
public protocol HTTPSending: Sendable {
    /// Every status is an answer. Throws when there is none.
    func send(_ request: HTTPRequest) async throws -> HTTPResponse
}

extension HTTPClient: HTTPSending {}
