public import ContentModel
public import Foundation
internal import HookCatalog
public import LuaRuntime
internal import SyncEngine
internal import Synchronization

/// Fires events at the handlers of a folder without anything real behind them.
///
/// A class, because it owns the host of the handlers, which a test may replace by one with another configuration.
public final class Rehearsal: Sendable {
    public let services: RehearsalServices
    private let folder: URL
    let configuration: HookHostConfiguration
    private let workers: LuaWorkers
    private let hosts: Mutex<Hosts>

    private struct Hosts {
        /// With the configuration of the instance.
        var usual: HookHost
        /// With one that a test asked for.
        var special: HookHost?

        var current: HookHost { special ?? usual }
    }

    /// Reads nothing yet. Throws `bad_setting` as `HookHost` does.
    public init(
        folder: URL, configuration: HookHostConfiguration, services: RehearsalServices, workers: LuaWorkers
    ) throws {
        self.folder = folder
        self.configuration = configuration
        self.services = services
        self.workers = workers
        hosts = Mutex(
            Hosts(
                usual: try HookHost(
                    folder: folder, configuration: configuration, services: services.services, workers: workers)))
    }

    /// Loads the handlers. Throws `hook_load_failed`.
    public func start() async throws {
        _ = try await host.current()
    }

    /// Gives the machines back. May be called twice.
    public func stop() {
        let hosts = hosts.withLock { $0 }
        hosts.special?.stop()
        hosts.usual.stop()
    }

    /// Forgets what handlers kept and tests prepared.
    public func reset() {
        services.reset()
        let special = hosts.withLock { hosts in
            defer { hosts.special = nil }
            return hosts.special
        }
        special?.stop()
    }

    /// Loads the handlers with another `app.config`, until the next reset.
    public func configure(_ config: JSONDocument) async throws {
        var other = configuration
        other.config = config
        let host = try HookHost(folder: folder, configuration: other, services: services.services, workers: workers)
        do { _ = try await host.current() } catch {
            host.stop()
            throw error
        }
        let former = hosts.withLock { hosts in
            defer { hosts.special = host }
            return hosts.special
        }
        former?.stop()
    }

    var host: HookHost { hosts.withLock(\.current) }

    /// Runs the handlers of an event, a route such as `GET /status`, or a schedule such as `every 10m`.
    ///
    /// What handlers do wrong stands in the result; throws `usage` for an event or a fixture that is none.
    public func fire(_ name: String, _ fixture: JSONValue = .null) async throws -> RehearsalResult {
        let host = host
        let generation = try await host.current()
        _ = services.takeRecords()
        var result = RehearsalResult()
        do {
            if let event = EventName(rawValue: name) {
                result = try await fire(event, try Fixture(event, fixture), at: host, generation)
            } else {
                let handlers = generation.handlers.filter { $0.trigger.event == nil && $0.trigger.label == name }
                guard !handlers.isEmpty else { throw unknown(name, generation) }
                for handler in handlers {
                    result = try await call(handler, fixture, at: host, generation)
                }
            }
        } catch let error as TidelockError where error.isOfHandlers {
            result.note(error)
        }
        await host.drain()
        result.records = services.takeRecords()
        return result
    }

    private func unknown(_ name: String, _ generation: Generation) -> TidelockError {
        EventName.unknownToCommand(
            name, besides: generation.handlers.filter { $0.trigger.event == nil }.map(\.trigger.label))
    }
}

extension RehearsalResult {
    /// Keeps why handlers ended it: by refusing, or by failing.
    fileprivate mutating func note(_ error: TidelockError) {
        items = nil
        guard error.code == .hookRefused else {
            self.error = error
            return
        }
        let event = error.details["event"].flatMap(EventName.init)
        let reason = error.details["reason"] ?? ""
        if event?.declaration.eventClass == .gate { denied = reason } else { vetoed = reason }
    }
}

extension TidelockError {
    fileprivate var isOfHandlers: Bool {
        code == .hookRefused || code == .hookFailed || code == .hookLimit
    }
}
