internal import ContentModel
internal import Hummingbird
internal import Logging
public import ServiceLifecycle
internal import SyncEngine
internal import SyncProtocol

/// This instance's HTTP side: the sync protocol, the documented checks, the content API.
///
/// It prints nothing; `onListening` tells where it can be reached once it can.
public struct SyncServer: Service {
    private let configuration: SyncServerConfiguration
    private let logger: Logger
    private let reception: Reception
    private let work: LongWork
    private let onListening: @Sendable (_ host: String, _ port: Int) async -> Void

    public init(
        _ configuration: SyncServerConfiguration, _ dependencies: SyncServerDependencies,
        onListening: @escaping @Sendable (_ host: String, _ port: Int) async -> Void = { _, _ in }
    ) {
        self.configuration = configuration
        self.onListening = onListening
        logger = dependencies.logger
        work = LongWork(clock: dependencies.clock, patience: .seconds(Limits.patienceSeconds))
        reception = Reception(configuration, dependencies, work)
    }

    /// Serves until its service group shuts down gracefully or its task is cancelled.
    ///
    /// Requests under way are answered first, and work that outlasted its request is waited for; what may be left to
    /// garbage collection is. Throws `bad_setting` when the address cannot be listened on.
    public func run() async throws {
        try await translatingErrors { try await application.run() }
    }

    /// Serves until SIGTERM or SIGINT, then stops gracefully.
    public func runUntilSignalled() async throws {
        try await translatingErrors { try await application.runService() }
    }

    private var application: some ApplicationProtocol {
        Application(
            router: reception.router,
            server: .http1(
                configuration: .init(
                    idleTimeout: .seconds(75),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: Limits.headerBytes, maxHeaderListSize: Limits.headerBytes,
                        maxHeaderFieldCount: 100))),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                availableConnectionsDelegate: .maximum(Limits.connections, logger: quietLogger)),
            services: [Draining(work: work), RefusalFlush(reception: reception)],
            onServerRunning: { [configuration, onListening] channel in
                await onListening(configuration.host, channel.localAddress?.port ?? configuration.port)
            },
            logger: quietLogger)
    }

    /// The framework tells at `info` what `onListening` tells already.
    private var quietLogger: Logger {
        var logger = logger
        if logger.logLevel == .info { logger.logLevel = .notice }
        return logger
    }

    private func cannotListen(_ error: any Error) -> TidelockError {
        let known = [
            "Address already in use": "another program uses the port",
            "Cannot assign requested address": "this machine does not have the address",
            "Permission denied": "ports below 1024 need more rights",
        ]
        let reason = known.first { "\(error)".contains($0.key) }?.value ?? "\(error)"
        return TidelockError(
            .badSetting, "The server cannot listen on \(configuration.host) port \(configuration.port): \(reason).",
            hint: "Choose another address or port; port 0 picks a free one.", underlying: error)
    }

    private func translatingErrors(_ serve: () async throws -> Void) async throws {
        do {
            try await serve()
        } catch let error as TidelockError {
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw cannotListen(error)
        }
    }
}

/// Keeps the server from ending while work goes on that outlasted its request.
private struct Draining: Service {
    let work: LongWork

    func run() async throws {
        try? await gracefulShutdown()
        await work.drain()
    }
}

extension Reception {
    /// The routes of the endpoint table, and one answer for everything else.
    var router: Router<ServerContext> {
        let router = Router(context: ServerContext.self)
        router.add(middleware: UnknownRoutes())
        // Labels are the paths of the table, never those of requests.
        router.add(middleware: MetricsMiddleware())
        for endpoint in Endpoint.allCases {
            for name in endpoint.traits.methods {
                let method = HTTPRequest.Method(name)!  // the table holds HTTP's own methods
                router.on(RouterPath(endpoint.traits.path), method: method) { request, context in
                    await respond(endpoint, request, context)
                }
            }
        }
        return router
    }
}

extension Endpoint.Traits {
    /// The methods that lead to the endpoint. Whoever answers GET answers HEAD (RFC 9110, 9.1); scripts decide
    /// for themselves.
    fileprivate var methods: [String] {
        switch method {
        case .any: ScriptedRequest.methods
        case .get: [method.rawValue, "HEAD"]
        case .post, .put, .patch, .delete: [method.rawValue]
        }
    }
}

/// Gives what the framework refuses by itself the shape of every other error.
private struct UnknownRoutes: RouterMiddleware {
    typealias Context = ServerContext

    func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            let refusal = TidelockError(.notFound, "There is nothing at this path.")
            return Answer(refusal, at: nil, isSigned: false).response(to: nil)
        }
    }
}
