public import ContentModel
public import Foundation
public import LuaRuntime
public import SyncEngine

/// What `tidelock hooks check` found.
public struct HookCheck: Sendable, Codable, Equatable {
    public var files: [String]
    public var handlers: [HandlerInfo]
    /// Of all files.
    public var problems: [HookProblem]

    public var isGood: Bool { problems.isEmpty }
}

/// How fast the filter handlers of a kind are.
public struct HookBenchmark: Sendable, Codable, Equatable {
    public var items: Int
    public var handlers: [String]
    public var seconds: Double
    public var itemsPerSecond: Double
}

extension HookHost {
    /// Loads a folder as `start` would, tells everything that is wrong with it, and changes nothing.
    public static func check(
        folder: URL, configuration: HookHostConfiguration, services: HookServices, workers: LuaWorkers
    ) async throws -> HookCheck {
        let host = try HookHost(folder: folder, configuration: configuration, services: services, workers: workers)
        defer { host.stop() }
        return await host.check()
    }

    /// Runs the filter handlers of a kind over the same items several times, one page after the other.
    ///
    /// `rounds` and `page`, a number of items, are at least 1.
    /// The first round is not counted: it makes the machine.
    public func bench(
        _ items: [OutgoingItem], of kind: Kind, rounds: Int, page: Int, context: RunContext
    ) async throws -> HookBenchmark {
        let run = try await pin(for: context)
        let handlers = run.filters(for: kind).handlers
        let pages = items.pages(of: page)
        func round() async throws {
            for page in pages { _ = try await run.filter(page, of: kind) }
        }
        try await round()
        let start = ContinuousClock.now
        for _ in 0..<rounds { try await round() }
        let time = start.duration(to: .now)
        await run.release()
        let seconds = max(Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18, 1e-9)
        let count = items.count * rounds
        return HookBenchmark(
            items: count, handlers: handlers, seconds: seconds, itemsPerSecond: Double(count) / seconds)
    }
}
