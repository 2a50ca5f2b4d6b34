import ContentModel
import Foundation
import HookHost
import LuaRuntime
import SyncEngine
import Synchronization
import Testing

/// What hostile handlers may do to those that run beside them: make them wait for the length of a limit, no more.
@Suite struct NeighbourTests {
    private let hostile = """
        app.on("sync.push.finished", function() while true do pcall(function() while true do end end) end end,
          { name = "loop" })
        app.on("sync.push.finished", function()
          local hoard = {}
          while true do pcall(function() while true do hoard[#hoard + 1] = ("x"):rep(1000) .. #hoard end end) end
        end, { name = "hoard" })
        """

    /// Two threads for all, so that the two hostile handlers can have both of them at once.
    @Test func hostileHandlersChangeNothingForOthers() async throws {
        let fixture = try HookFixture(Bystanders.files.merging(["hostile.lua": hostile]) { $1 })
        let workers = LuaWorkers(count: 2)
        var configuration = HookHostConfiguration()
        configuration.limits.observer.cpu = .milliseconds(100)
        let host = try HookHost(
            folder: fixture.hooks, configuration: configuration, services: fixture.services(), workers: workers)
        await host.start()
        let (deadline, before) = (ContinuousClock.now + .seconds(120), residentBytes())

        let results = try await withThrowingTaskGroup(of: Result.self) { group in
            for name in ["loop", "hoard"] {
                for _ in 0..<10 { group.addTask { await Self.attack(name, host) } }
            }
            for number in 0..<200 {
                group.addTask { try await Self.filter(number, host) }
                group.addTask { try await Self.admit(number, host) }
            }
            return try await group.reduce(into: [Result: Int]()) { counts, result in counts[result, default: 0] += 1 }
        }

        #expect(results == [.stopped: 20, .rightAnswer: 400])
        #expect(ContinuousClock.now < deadline)
        try await Bystanders.answer(host, fixture)
        host.stop()
        workers.shutdown()
        // Each of the ten took up to its 64 MiB, and other tests may run at the same time.
        #expect(residentBytes() < before + 256 << 20)
    }

    private enum Result: Hashable {
        case stopped
        case rightAnswer
        case wrong(String)
    }

    private static func attack(_ name: String, _ host: HookHost) async -> Result {
        do {
            try await host.observe(.pushFinished, by: name)
            return .wrong("'\(name)' ended by itself")
        } catch {
            let error = error as? TidelockError
            return error?.code == .hookLimit ? .stopped : .wrong("'\(name)': \(String(describing: error))")
        }
    }

    private static func filter(_ number: Int, _ host: HookHost) async throws -> Result {
        let text = try await host.filter(#"{"_id":"\#(number)","secret":1,"n":[\#(number)]}"#)
        return text == #"{"_id":"\#(number)","n":[\#(number)]}"# ? .rightAnswer : .wrong(text)
    }

    /// Every second request is one to be refused.
    private static func admit(_ number: Int, _ host: HookHost) async throws -> Result {
        var request = Bystanders.request
        if number.isMultiple(of: 2) { request.path = "/other" }
        do {
            try await host.admit(request)
            return number.isMultiple(of: 2) ? .wrong("admitted") : .rightAnswer
        } catch let error as TidelockError {
            return number.isMultiple(of: 2) && error.code == .hookRefused ? .rightAnswer : .wrong(error.message)
        }
    }

    /// A handler's time begins when it runs, not when it began to wait for a thread that others keep busy.
    @Test func waitingForAThreadTakesNoTimeFromAHandler() async throws {
        let fixture = try HookFixture([
            "a.lua": """
            app.on("sync.push.finished", function() app.cache.flush() end, { name = "stuck", timeout = 1 })
            app.on("sync.push.finished", function() app.kv.set("x", 1) app.log("kept") end,
              { name = "normal", timeout = 0.4 })
            """
        ])
        let (workers, cache) = (LuaWorkers(count: 2), StuckCache())
        var services = fixture.services()
        services.cache = cache
        let host = try HookHost(
            folder: fixture.hooks, configuration: HookHostConfiguration(), services: services, workers: workers)
        await host.start()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    await #expect(throws: TidelockError.self) { try await host.observe(.pushFinished, by: "stuck") }
                }
            }
            try await eventually("both threads are busy") { cache.waiting == 2 }
            try await host.observe(.pushFinished, by: "normal")
            try await group.waitForAll()
        }
        #expect(fixture.log.messages.contains("kept"))
        host.stop()
        workers.shutdown()
    }

    /// Never answers, until nobody waits any more.
    private final class StuckCache: CacheStore {
        private let count = Atomic<Int>(0)

        var waiting: Int { count.load(ordering: .relaxed) }

        func cached(_ key: String) async throws -> JSONDocument? { nil }
        func cache(_ value: JSONDocument, under key: String, seconds: Int64?) async throws {}
        func uncache(_ key: String) async throws {}

        func flush() async throws {
            count.wrappingAdd(1, ordering: .relaxed)
            try await Task.sleep(for: .seconds(3_600))
        }
    }
}
