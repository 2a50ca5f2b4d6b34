internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import CoreMetrics
internal import Foundation
internal import HookCatalog
internal import HookHost
internal import Logging
internal import PrometheusMetrics
internal import ServiceLifecycle
internal import SyncEngine
internal import SyncServer
internal import UnixSignals

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Answer other instances until SIGTERM or SIGINT.")

    @Option(help: "The port to listen on; 0 picks a free one.") var port: Int?
    @Option(help: "The address to listen on.") var host: String?
    @OptionGroup var location: LocationOptions

    func validate() throws {
        if let port, !(0...65_535).contains(port) { throw ValidationError("A port is a number from 0 to 65535.") }
    }

    func run() async throws {
        // Before anything is made that reports to it. A process has one, and serves once.
        let metrics = PrometheusRegistry()
        for name in HandlerMetricName.allCases { metrics.describe(name.rawValue, name.help) }
        for name in ServerMetricName.allCases { metrics.describe(name.rawValue, name.help) }
        MetricsSystem.bootstrap(metrics)
        let instance = try await Instance.open(location)
        guard !instance.settings.keys.isEmpty else {
            throw TidelockError(
                .missingSetting,
                "\(instance.folder.configuration.path) sets no sync.syncKey, so nobody could sign a request.",
                hint: "'tidelock keys generate' makes a key; put it into .env as TIDELOCK_SYNC_KEY.")
        }
        let lock = try instance.store.lockForServing()
        defer { withExtendedLifetime(lock) {} }
        await instance.store.linkUploads()
        let hooks = try await instance.hooks()
        defer { hooks.stop() }
        hooks.serve(instance.store.identity, version: Tidelock.version)
        if let problem = hooks.status.rejected {
            Complaint.warn("the handlers cannot be loaded, so sync requests are refused: \(problem)")
        }
        let reporter = StatisticsReporter(instance, hooks: hooks, command: "serve")
        try await Serving(instance: instance, hooks: hooks, metrics: metrics, reporter: reporter)
            .run(host: host, port: port)
        await hooks.announce(.appStopping)
        await hooks.drain()
        await reporter.end()
    }
}

/// A server with what runs beside it: the watch over the hooks, and the delivery of events.
struct Serving {
    let instance: Instance
    let hooks: HookHost
    let metrics: PrometheusRegistry
    let reporter: StatisticsReporter

    func run(host: String?, port: Int?) async throws {
        let settings = instance.settings
        var logger = Logger(label: "tidelock")
        logger.logLevel = settings.isDebugging ? .debug : .notice
        let configuration = LiveSettings(instance)
        let responder = LocalInstance(
            store: instance.store, hooks: hooks, identity: instance.store.identity, clock: instance.clock,
            random: instance.random)
        let server = SyncServer(
            SyncServerConfiguration(
                host: host ?? settings.host, port: port ?? settings.port, allow: settings.allow,
                trustedProxies: settings.trustedProxies, publicContentAPI: settings.isAPIPublic),
            dependencies(responder, configuration, logger)
        ) { host, port in
            // Read by whoever started the process, so it must not wait in a buffer.
            try? Output.line("listening on http://\(host.contains(":") ? "[\(host)]" : host):\(port)")
            await hooks.announce(.appStarted)
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: RunClock(configuration: configuration, instance: instance, hooks: hooks)),
                    .init(service: HookWatch(hooks: hooks)),
                    .init(service: HookClock(hooks: hooks, claims: instance.store)),
                    .init(service: StatisticsPump(reporter: reporter, clock: instance.clock)),
                    .init(service: EventPump(delivery: EventDelivery(instance: instance, hooks: hooks))),
                    .init(service: IndexPump(delivery: EventDelivery(instance: instance, hooks: hooks))),
                    .init(service: GarbagePump(instance: instance, responder: responder)),
                    .init(service: server, successTerminationBehavior: .gracefullyShutdownGroup),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }

    private func dependencies(
        _ responder: LocalInstance, _ configuration: LiveSettings, _ logger: Logger
    ) -> SyncServerDependencies {
        let instance = instance
        let hooks = hooks
        let metrics = metrics
        return SyncServerDependencies(
            version: Tidelock.version, responder: responder, hooks: hooks, routes: hooks,
            hookStatus: { hooks.wireStatus }, keys: { await configuration.current().keys }, replay: instance.store,
            apiKeys: instance.store, content: instance.store, assets: instance.store,
            assetEditor: AssetDesk(instance: instance), condition: instance.store,
            handlers: { hooks.statistics }, metrics: { metrics.render() }, clock: instance.clock, log: instance.store,
            audit: instance.store, logger: logger)
    }
}

private struct HookWatch: Service {
    let hooks: HookHost

    func run() async throws {
        await cancelWhenGracefulShutdown { await hooks.run() }
    }
}

/// Runs handlers that are due by the clock.
private struct HookClock: Service {
    let hooks: HookHost
    let claims: any ScheduleClaims

    func run() async throws {
        await cancelWhenGracefulShutdown { await hooks.runSchedules(claims) }
    }
}

/// Delivers events as they become due.
private struct EventPump: Service {
    let delivery: EventDelivery

    private static let pause = Duration.milliseconds(500)
    private static let longestPause = Duration.seconds(30)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var pause = Self.pause
            while !Task.isCancelled {
                let isFree = await delivery.deliverDue()
                // What stands in the way, such as handlers that cannot be loaded, is not asked about twice a second.
                pause = isFree ? Self.pause : min(pause * 2, Self.longestPause)
                try? await Task.sleep(for: pause)
            }
        }
    }
}

/// Brings the search index up to date, which takes long after a large commit and must not hold up events.
private struct IndexPump: Service {
    let delivery: EventDelivery

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await delivery.updateIndex()
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
    }
}

/// Keeps what the handlers did, for other processes to see.
private struct StatisticsPump: Service {
    let reporter: StatisticsReporter
    let clock: any WallClock

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await reporter.report()
                try? await clock.sleep(for: .seconds(5))
            }
        }
        await reporter.end()
    }
}
