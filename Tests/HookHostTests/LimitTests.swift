import ContentModel
import HookHost
import LuaRuntime
import SyncEngine
import Testing

@Suite struct LimitTests {
    @Test(arguments: [
        ("while true do end", [ErrorCode.hookLimit]),
        ("while true do pcall(function() while true do end end) end", [.hookLimit]),
        ("local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end", [.hookLimit]),
        ("local s = ('x'):rep(1 << 30)", [.hookLimit, .hookFailed]),
        ("local function f() return f() + 1 end f()", [.hookLimit, .hookFailed]),
        ("os.execute('true')", [.hookFailed]),
    ])
    func attacksEndWithFileAndLineAndTheHostLivesOn(statement: String, codes: [ErrorCode]) async throws {
        let fixture = try HookFixture([
            "a.lua": """
            app.on("sync.content.before", function(items)
              if items[1].attack then
            \(statement)
              end
              items[1].done = true
            end)
            """
        ])
        let host = try await fixture.host { $0.limits.filter.cpu = .milliseconds(100) }
        let error = try await failure { try await host.filter(#"{"_id":"1","attack":true}"#) }
        #expect(codes.contains(error.code), "\(error.message)")
        #expect(error.message.contains("hooks/a.lua:3: "))
        #expect(error.message.contains("\n    3 | "))
        #expect(try await host.filter(#"{"_id":"1"}"#) == #"{"_id":"1","done":true}"#)
    }

    @Test func aLimitIsNotSkipped() async throws {
        let fixture = try HookFixture([
            "a.lua": "app.on('sync.content.before', function() while true do end end, { on_error = 'skip_item' })"
        ])
        let host = try await fixture.host { $0.limits.filter.cpu = .milliseconds(50) }
        let error = try await failure { try await host.filter(try OutgoingItem.numbered(100)) }
        #expect(error.code == .hookLimit)
        #expect(error.message.contains("on 100 items of content/posts"))
    }

    @Test func aHandlerMayAskForLessTime() async throws {
        let fixture = try HookFixture([
            "a.lua": "app.on('sync.content.before', function() while true do end end, { timeout = 0.05 })"
        ])
        let host = try await fixture.host { $0.limits.filter.cpu = .seconds(60) }
        let start = ContinuousClock.now
        let error = try await failure { try await host.filter(#"{"_id":"1"}"#) }
        #expect(error.code == .hookLimit)
        #expect(start.duration(to: .now) < .seconds(5))
    }

    @Test func waitingForAServiceEndsWithTheHandlersTime() async throws {
        let fixture = try HookFixture([
            "a.lua": "app.on('sync.push.finished', function()\napp.cache.flush() end, { timeout = 0.05 })"
        ])
        var services = fixture.services()
        services.cache = StuckCache()
        let host = try HookHost(
            folder: fixture.hooks, configuration: HookHostConfiguration(), services: services,
            workers: HookFixture.workers)
        let error = try await failure { try await host.observe(.pushFinished) }
        #expect(error.message.contains("hooks/a.lua:2: "))
    }

    /// Waits until nobody waits for it any more.
    private struct StuckCache: CacheStore {
        func cached(_ key: String) async throws -> JSONDocument? { nil }
        func cache(_ value: JSONDocument, under key: String, seconds: Int64?) async throws {}
        func uncache(_ key: String) async throws {}

        func flush() async throws {
            try await Task.sleep(for: .seconds(3_600))
        }
    }
}
