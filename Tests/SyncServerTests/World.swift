import ContentModel
import CurlHTTP
import Logging
import RemotePeer
import ServiceLifecycle
import SyncEngine
import SyncProtocol
import SyncServer
import Synchronization

/// An instance that serves on a free port of this machine, and those who call it.
struct World {
    static let key = try! SyncKey("the-key-of-the-responder")  // long enough
    static let local = InstanceIdentity(id: "initiator", name: "Initiator")

    var configuration = SyncServerConfiguration(port: 0)
    var responder = FakeResponder()
    var hooks = FakeHooks()
    var routes = FakeRoutes()
    var hookStatus = HookStatus(.ok)
    var condition = FakeCondition()
    var content = FakeContent()
    var assets = FakeAssets()
    /// Time at the server; sleeping never ends, so that nobody there runs out of patience.
    var clock = TestClock(sleep: .endless)
    let keys = Shared([AcceptedKey(key: Self.key)])
    let log = RecordedLog()
    let audit = RecordedAudit()
    let http = try! HTTPClient()  // fails only without memory for a thread

    /// Serves while `body` runs.
    func serve<Result: Sendable>(_ body: @Sendable (Caller) async throws -> Result) async throws -> Result {
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let server = SyncServer(configuration, dependencies) { _, port in listening.yield(port) }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let group = ServiceGroup(configuration: .init(services: [server], logger: logger))
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { listening.finish() }
                try await group.run()
            }
            guard let port = await ports.first(where: { _ in true }) else {
                try await tasks.waitForAll()
                throw TidelockError(.internalFailure, "the server ended before it listened")
            }
            let result = try await body(Caller(world: self, port: port))
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return result
        }
    }

    private var dependencies: SyncServerDependencies {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let (status, keys) = (hookStatus, keys)
        return SyncServerDependencies(
            version: "1.2.3", responder: responder, hooks: hooks, routes: routes, hookStatus: { status },
            keys: { keys.value }, replay: TokenMemory(), apiKeys: FakeAPIKeys(), content: content,
            assets: assets, assetEditor: assets, condition: condition,
            handlers: { [HandlerStatistics(event: "sync.request.before", name: "gate")] },
            metrics: { "measured 1\n" },
            clock: clock, log: log, audit: audit, logger: logger)
    }
}

/// A value behind a lock, shared by reference.
final class Shared<Value: Sendable>: Sendable {
    private let stored: Mutex<Value>

    init(_ value: Value) { stored = Mutex(value) }

    var value: Value {
        get { stored.withLock { $0 } }
        set { stored.withLock { $0 = newValue } }
    }
}

/// Calls the instance of a world, properly and otherwise.
struct Caller: Sendable {
    let world: World
    let port: Int

    func peer(
        key: SyncKey = World.key, local: InstanceIdentity = World.local, clock: any WallClock = TestClock()
    ) throws -> RemotePeer {
        try RemotePeer(
            target: Target(name: "production", uri: "http://127.0.0.1:\(port)/", key: key), local: local,
            http: world.http, clock: clock, random: CountingRandom(), timeout: .seconds(5))
    }

    func send(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: [UInt8]? = nil
    ) async throws -> HTTPResponse {
        let fields = headers.map { HTTPField($0.0, $0.1) }
        return try await world.http.send(
            HTTPRequest(method, "http://127.0.0.1:\(port)\(path)", headers: fields, body: body))
    }

    /// Sends a request with a token, which `edit` may spoil.
    func sendSigned(
        _ method: String, _ path: String, body: [UInt8] = [], key: SyncKey = World.key,
        issuer: String = World.local.id, id: String = "0123456789abcdef", sending sent: [UInt8]? = nil,
        edit: (String) -> String = { $0 }
    ) async throws -> HTTPResponse {
        let token = try await TokenSigner(key: key, issuer: issuer).token(
            for: RequestFacts(method: method, target: path), body: body, audience: nil, id: id,
            now: world.clock.seconds)
        let bytes = sent ?? body
        return try await send(
            method, path, headers: [("Authorization", "Bearer \(edit(token))")], body: bytes.isEmpty ? nil : bytes)
    }

    /// A well-formed open of a transfer in somebody's name.
    func openBody(id: String = "0190-1", issuer: String = World.local.id, scope: Scope = .everything) throws -> [UInt8]
    {
        try WireBody.encode(open(id: id, issuer: issuer, scope: scope))
    }

    func open(id: String = "0190-1", issuer: String = World.local.id, scope: Scope = .everything) -> OpenTransfer {
        OpenTransfer(
            id: id, direction: .push, initiator: InstanceIdentity(id: issuer, name: issuer), scope: scope, nonce: "n")
    }
}

extension HTTPResponse {
    /// The code in an error body.
    var code: String? {
        (try? WireBody.decode(ErrorAnswer.self, from: body))?.error.code
    }

    var text: String { String(decoding: body, as: UTF8.self) }
}

/// The code of the error that `body` throws.
func code<Result>(of body: () async throws -> Result) async -> ErrorCode? {
    do {
        _ = try await body()
        return nil
    } catch {
        return (error as? TidelockError)?.code
    }
}
