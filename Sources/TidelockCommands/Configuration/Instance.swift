internal import ContentModel
internal import ContentStore
internal import CurlHTTP
internal import Foundation
internal import HookHost
internal import LuaRuntime
internal import RemotePeer
internal import SyncEngine
internal import SyncProtocol

/// One instance with everything a command needs of it: the only place where the parts meet.
struct Instance: Sendable {
    let folder: InstanceFolder
    var settings: Settings
    let store: Store
    let workers: LuaWorkers
    let clock: any WallClock = SystemClock()
    let random: any RandomSource = SystemRandom()

    /// Opens the instance a command was asked to work on.
    static func open(_ location: LocationOptions) async throws -> Instance {
        try await open(InstanceFolder(url: try location.folder()))
    }

    static func open(_ folder: InstanceFolder) async throws -> Instance {
        let workers = LuaWorkers(count: 2)
        return try open(folder, try await ConfigurationFile.settings(of: folder, workers: workers), workers)
    }

    /// The same for commands that help where something is wrong and need no setting: they work also while the
    /// configuration cannot be read, and say so.
    static func openInAnyCase(_ location: LocationOptions) async throws -> Instance {
        let folder = InstanceFolder(url: try location.folder())
        let workers = LuaWorkers(count: 2)
        var settings = Settings(name: folder.url.lastPathComponent)
        do {
            settings = try await ConfigurationFile.settings(of: folder, workers: workers)
        } catch {
            Complaint.warn("the configuration cannot be read: \(TidelockError(wrapping: error).message)")
        }
        return try open(folder, settings, workers)
    }

    private static func open(
        _ folder: InstanceFolder, _ settings: Settings, _ workers: LuaWorkers
    ) throws -> Instance {
        try makeStorage(folder.storage)
        let store = try Store.open(
            in: folder.storage, name: settings.name, clock: SystemClock(), random: SystemRandom())
        return Instance(folder: folder, settings: settings, store: store, workers: workers)
    }

    private static func makeStorage(_ storage: URL) throws {
        do {
            try FileManager.default.createDirectory(
                at: storage, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw TidelockError(
                .storageFailed, "\(storage.path) cannot be made: \(error.localizedDescription)", underlying: error)
        }
    }

    /// Keeps other runs out of the instance; `run` names the one that does. See `Store.lockForRun`.
    func takeLock(run: String) throws -> SyncLock {
        try store.lockForRun(
            SyncLock.Holder(
                pid: getpid(), host: ProcessInfo.processInfo.hostName, run: run, started: clock.seconds))
    }

    /// The handlers of `hooks/`, loaded.
    func hooks() async throws -> HookHost {
        var services = hookServices
        let sync = ScriptedSync(instance: self)
        services.sync = sync
        let host = try HookHost(
            folder: folder.hooks, configuration: hookConfiguration, services: services, workers: workers,
            observerWorkers: LuaWorkers(count: 2))
        sync.use(host)
        await host.start()
        return host
    }

    var hookConfiguration: HookHostConfiguration {
        HookHostConfiguration(config: settings.hookConfiguration, allowedHosts: settings.hookHosts)
    }

    var hookServices: HookServices {
        let store = store
        let settings = settings
        var services = HookServices(
            log: store, collections: store, cache: store, keys: store, search: store, clock: clock,
            targets: {
                let stored = try await store.targets().map { TargetFacts(name: $0.name, uri: $0.uri) }
                return stored + settings.targets.map { TargetFacts(name: $0.name, uri: $0.uri) }
            },
            http: httpOptions)
        services.secrets = settings.hookSecrets
        services.mail = settings.mail?.hookSettings(in: folder)
        services.activity = { try await ScriptedStatus(store.activity()).document }
        return services
    }

    var httpOptions: HTTPClientOptions {
        var options = HTTPClientOptions()
        options.userAgent = "tidelock/\(Tidelock.version)"
        options.certificateAuthorities = settings.certificateAuthorities
        // A full window of batches, and still a place for the renewal of the lease.
        options.maximumConnectionsPerHost = Limits.window + 2
        return options
    }

    /// A client for requests to targets. Whoever asks for it shuts it down.
    ///
    /// `policy` says which addresses may be connected to. Throws `bad_setting` when the file with certificate
    /// authorities cannot be read.
    func httpClient(
        admitting policy: (@Sendable (_ address: String, _ host: String, _ port: Int) -> Bool)? = nil
    ) throws -> HTTPClient {
        var options = httpOptions
        if let policy { options.addressPolicy = policy }
        do {
            return try HTTPClient(options)
        } catch {
            throw TidelockError(.badSetting, error.message, hint: error.hint, underlying: error)
        }
    }

    /// A target as this instance talks to it, over a client that the caller ends.
    func peer(
        _ target: Target, over http: HTTPClient, timeout: Duration = RemotePeer.usualTimeout
    ) throws -> RemotePeer {
        try RemotePeer(
            target: target, local: store.identity, http: http, clock: clock, random: random, timeout: timeout)
    }

    /// Carries out `body` with a target, over a client of its own. Throws like `httpClient` and `peer`, and what `body` throws.
    func withPeer<Output>(
        _ target: Target, timeout: Duration = RemotePeer.usualTimeout,
        admitting policy: (@Sendable (_ address: String, _ host: String, _ port: Int) -> Bool)? = nil,
        _ body: (RemotePeer) async throws -> Output
    ) async throws -> Output {
        let http = try httpClient(admitting: policy)
        defer { http.shutdown() }
        return try await body(try peer(target, over: http, timeout: timeout))
    }

    func newRunID() -> String {
        TransferID.make(clock: clock, random: random)
    }

    func log(_ type: String, _ message: String, channel: String = "sync") {
        store.record(LogRecord(timestamp: clock.seconds, type: type, channel: channel, message: message))
    }
}
