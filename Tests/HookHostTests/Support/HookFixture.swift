import ContentModel
import Foundation
import HookCatalog
import HookHost
import LuaRuntime
import SyncEngine
import Testing

/// A `hooks/` folder of its own and a host for it, with everything the handlers may reach kept in memory.
final class HookFixture: Sendable {
    let instance: URL
    let log = MemoryLog()
    let collections = MemoryCollections()
    let cache = CountingCache()
    let keys = MemoryKeys()
    let search = RecordingIndex()

    /// Shared by all tests: threads are not what they are about.
    static let workers = LuaWorkers(count: 2)

    init(_ files: [String: String] = [:]) throws {
        instance = FileManager.default.temporaryDirectory.appendingPathComponent("hooks-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: hooks, withIntermediateDirectories: true)
        for (path, text) in files { try write(path, text) }
    }

    deinit {
        try? FileManager.default.removeItem(at: instance)
    }

    var hooks: URL { instance.appendingPathComponent("hooks") }

    func write(_ path: String, _ text: String) throws {
        let file = hooks.appendingPathComponent(path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file, options: .atomic)
    }

    func remove(_ path: String) throws {
        try FileManager.default.removeItem(at: hooks.appendingPathComponent(path))
    }

    /// A host that has loaded what is there.
    func host(
        config: String = "{}", allowing hosts: [String] = [], targets: [TargetFacts] = [], user: String? = nil,
        adjust: (inout HookHostConfiguration) -> Void = { _ in }
    ) async throws -> HookHost {
        var configuration = HookHostConfiguration(
            config: try JSONDocument(validating: Array(config.utf8)), allowedHosts: hosts)
        adjust(&configuration)
        let host = try HookHost(
            folder: hooks, configuration: configuration, services: services(targets: targets, user: user),
            workers: HookFixture.workers)
        await host.start()
        return host
    }

    func services(targets: [TargetFacts] = [], user: String? = nil) -> HookServices {
        HookServices(
            log: log, collections: collections, cache: cache, keys: keys, search: search,
            clock: FixedClock(milliseconds: 1_700_000_000_999),
            user: { user }, targets: { targets })
    }
}

extension RunContext {
    static func push(
        _ run: String = "run-1", to name: String = "staging", mode: Mode = .merge, direction: Direction = .push
    ) -> RunContext {
        RunContext(
            run: run, direction: direction, target: TargetFacts(name: name, uri: "https://\(name).example"), mode: mode)
    }
}

extension HookHost {
    /// Runs the filter handlers of a fresh run over items of one kind.
    func filter(
        _ items: [OutgoingItem], of kind: String = "content/posts", _ context: RunContext = .push()
    ) async throws -> [FilterOutcome] {
        let run = try await pin(for: context)
        do {
            let outcomes = try await run.filter(items, of: try Kind(kind))
            await run.release()
            return outcomes
        } catch {
            await run.release()
            throw error
        }
    }

    /// Runs all handlers of an observer event; throws the first failure when all were told.
    func observe(_ observation: Observation) async throws {
        var first: (any Error)?
        for handler in try await handlers(of: observation.event) {
            do { try await observe(observation, by: handler) } catch { first = first ?? error }
        }
        if let first { throw first }
    }

    /// What is left of one item.
    func filter(_ json: String, of kind: String = "content/posts", _ context: RunContext = .push()) async throws
        -> String
    {
        let item = try OutgoingItem(json, of: kind)
        return try await filter([item], of: kind, context)[0].text(of: item)
    }
}

extension OutgoingItem {
    init(_ json: String, of kind: String = "content/posts") throws {
        let document = try JSONDocument(validating: Array(json.utf8))
        self.init(id: document.string(try Kind(kind).keyMember) ?? "", body: document)
    }

    /// Items with ids 1, 2, 3 …
    static func numbered(_ count: Int) throws -> [OutgoingItem] {
        try (1...count).map { try OutgoingItem(#"{"_id":"\#($0)","n":\#($0)}"#) }
    }
}

extension FilterOutcome {
    /// For comparisons in one line: the body, or what became of the item.
    func text(of item: OutgoingItem) -> String {
        switch self {
        case .unchanged: item.body.text
        case .changed(let document): document.text
        case .dropped(let reason): "dropped: \(reason)"
        case .skipped(let reason): "skipped: \(reason)"
        }
    }
}

/// The error that `work` throws, as ours.
func failure(_ work: () async throws -> some Any) async throws -> TidelockError {
    do {
        _ = try await work()
    } catch let error as TidelockError {
        return error
    }
    throw NothingThrown()
}

struct NothingThrown: Error {}

/// Waits until a condition holds; fails the test when it does not in time.
func eventually(
    _ what: Comment, within limit: Duration = .seconds(10), location: SourceLocation = #_sourceLocation,
    _ condition: () -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while !condition() {
        try #require(ContinuousClock.now < deadline, what, sourceLocation: location)
        try await Task.sleep(for: .milliseconds(2))
    }
}
