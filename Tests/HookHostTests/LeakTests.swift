import ContentModel
import Foundation
import HookCatalog
import HookHost
import LuaRuntime
import SyncEngine
import Synchronization
import Testing

/// Errors raised from inside host functions leave nothing behind in Swift.
@Suite struct LeakTests {
    /// `TIDELOCK_ERRORS` raises more of each function.
    private static let count = ProcessInfo.processInfo.environment["TIDELOCK_ERRORS"].flatMap(Int.init) ?? 300

    /// What makes a function fail, whoever calls it. Where there is nothing, the services fail.
    private static let wrongArguments: [HostFunction: String] = [
        .log: "{}", .storageSave: "'a', {}", .storageFind: "'a'", .storageFindOne: "'a', { _id = 1 }",
        .storageRemove: "'a'", .storageCount: "'../a'", .httpGet: "1", .httpPost: "'http://evil.test/'",
        .httpRequest: "{ url = 'file:///etc/passwd' }", .cacheRead: "''", .cacheWrite: "'k', type", .cacheDelete: "{}",
        .keyGet: "'k'", .keySet: "'k', {}", .keyDelete: "'k'", .keyIncrement: "'k'", .searchIndex: "'posts'",
        .searchQuery: "'word'", .asyncRun: "1", .syncRun: "'staging'", .syncItem: "'staging', {}", .osTime: "1",
        .osDate: "'%'", .random: "2, 1", .jsonDecode: "'{'", .jsonEncode: "type", .jsonArray: "1", .jsonObject: "1",
    ]
    /// These answer everybody; only a filter is refused.
    private static let neverFail: Set<HostFunction> = [.time, .authUser, .osClock, .randomSeed, .syncCheck]

    @Test(arguments: HostFunction.allCases)
    func nothingIsLeft(of function: HostFunction) async throws {
        let event = Self.neverFail.contains(function) ? "sync.content.before" : "sync.push.finished"
        let fixture = try HookFixture([
            "a.lua": """
            app.on("\(event)", function()
              local f = \(function.rawValue)
              for i = 1, \(Self.count) do
                local ok, message = pcall(f, \(Self.wrongArguments[function] ?? "nil"))
                assert(not ok and type(message) == "string", "did not fail")
              end
            end)
            """
        ])
        let probes = Probes()
        let before: Int
        do {
            let host = try await failingHost(fixture, probes)
            try await fire(event, host)
            before = residentBytes()
            try await fire(event, host)
            host.stop()
        }
        #expect(residentBytes() < before + 64 << 20)
        // What a cancelled or late piece of work holds goes with it.
        try await eventually("\(probes.living) errors of \(probes.made) are left") { probes.living == 0 }
    }

    private func failingHost(_ fixture: HookFixture, _ probes: Probes) async throws -> HookHost {
        var services = fixture.services()
        let failing = FailingServices(probes: probes)
        services.collections = failing
        services.cache = failing
        services.keys = failing
        services.search = failing
        services.sync = failing
        let long = Duration.seconds(3_600)
        var configuration = HookHostConfiguration()
        configuration.limits.observer.cpu = long
        configuration.limits.observer.wall = long
        configuration.limits.filter.cpu = long
        configuration.limits.filter.wall = long
        let host = try HookHost(
            folder: fixture.hooks, configuration: configuration, services: services, workers: HookFixture.workers)
        await host.start()
        return host
    }

    private func fire(_ event: String, _ host: HookHost) async throws {
        if event == "sync.content.before" {
            _ = try await host.filter(#"{"_id":"1"}"#)
        } else {
            try await host.observe(.pushFinished)
        }
    }
}

/// Counts the errors that were made and those that still exist.
private final class Probes: Sendable {
    private let counts = Mutex((made: 0, living: 0))

    var made: Int { counts.withLock { $0.made } }
    var living: Int { counts.withLock { $0.living } }

    func error() -> ProbeError { ProbeError(token: Token(self)) }

    final class Token: Sendable {
        private let probes: Probes

        init(_ probes: Probes) {
            self.probes = probes
            probes.counts.withLock { counts in
                counts.made += 1
                counts.living += 1
            }
        }

        deinit { probes.counts.withLock { $0.living -= 1 } }
    }
}

private struct ProbeError: Error {
    var token: Probes.Token
}

/// Fails whatever is asked, each time with an error of its own.
private struct FailingServices: DocumentCollections, CacheStore, KeyValueStore, SearchIndex, SyncControl {
    let probes: Probes

    func save(_ document: JSONDocument, in collection: String) async throws -> JSONDocument { throw probes.error() }
    func find(in collection: String, _ query: DocumentQuery) async throws -> [JSONDocument] { throw probes.error() }
    func remove(from collection: String, matching filter: ContentFilter) async throws -> Int { throw probes.error() }
    func count(in collection: String, matching filter: ContentFilter?) async throws -> Int { throw probes.error() }
    func cached(_ key: String) async throws -> JSONDocument? { throw probes.error() }
    func cache(_ value: JSONDocument, under key: String, seconds: Int64?) async throws { throw probes.error() }
    func uncache(_ key: String) async throws { throw probes.error() }
    func flush() async throws { throw probes.error() }
    func value(_ key: String, of owner: String) async throws -> JSONDocument? { throw probes.error() }
    func set(_ value: JSONDocument?, _ key: String, of owner: String, seconds: Int64?) async throws {
        throw probes.error()
    }
    func increment(_ key: String, of owner: String, by amount: Int64) async throws -> Int64 { throw probes.error() }
    func rebuildIndex(model: String?) async throws -> Int { throw probes.error() }
    func search(_ query: SearchQuery) async throws -> SearchResult { throw probes.error() }
    func run(_ request: ScriptedRun, depth: Int) async throws -> JSONDocument { throw probes.error() }
    func check(_ target: ScriptedTarget) async throws -> JSONDocument { throw probes.error() }
}
