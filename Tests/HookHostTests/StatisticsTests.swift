import ContentModel
import HookHost
import LuaRuntime
import PrometheusMetrics
import SyncEngine
import Testing

@Suite struct StatisticsTests {
    private let registry = PrometheusRegistry()

    private func host(
        _ fixture: HookFixture, adjust: (inout HookHostConfiguration) -> Void = { _ in }
    ) async throws -> HookHost {
        var services = fixture.services()
        services.metrics = registry
        var configuration = HookHostConfiguration()
        adjust(&configuration)
        let host = try HookHost(
            folder: fixture.hooks, configuration: configuration, services: services, workers: HookFixture.workers)
        await host.start()
        return host
    }

    private func only(_ host: HookHost) throws -> HandlerStatistics {
        try #require(host.statistics.first, "nothing was counted")
    }

    @Test func withoutCallsThereIsNothing() async throws {
        let host = try await host(HookFixture(["a.lua": "app.on('sync.content.before', function() end)"]))
        #expect(host.statistics.isEmpty)
        #expect(host.takeUnreportedStatistics().isEmpty)
        #expect(registry.render().contains("tidelock_hooks_generations_total{result=\"loaded\"} 1\n"))
        #expect(registry.render().contains("tidelock_hooks_loaded_timestamp_seconds 1700000000\n"))
    }

    @Test func callsAndItemsAreCounted() async throws {
        let fixture = try HookFixture([
            "a.lua": """
            app.on("sync.content.before", function(items, ctx)
              for _, item in ipairs(items) do
                if item.n <= 3 then item.seen = true end
                if item.n == 3 or item.n == 4 then ctx.drop(item, "no") ctx.drop(item, "again") end
                if item.n == 5 then ctx.skip(item) end
              end
            end, { name = "mixed" })
            """
        ])
        let host = try await host(fixture)
        _ = try await host.filter(try OutgoingItem.numbered(10))
        let counted = try only(host)
        #expect(counted.event == "sync.content.before")
        #expect(counted.name == "mixed")
        // The call that repeats it to compare results does not count.
        #expect(counted.calls == 1)
        #expect(counted.errors == 0)
        #expect(counted.killed.sum == 0)
        #expect([counted.changed, counted.dropped, counted.skipped] == [2, 2, 1])
        #expect(counted.wallNanoseconds > 0)
        #expect(counted.peakMemory > 0)
        let text = registry.render()
        let labels = "event=\"sync.content.before\",handler=\"mixed\""
        #expect(text.contains("tidelock_handler_calls_total{\(labels),outcome=\"ok\"} 1\n"))
        #expect(text.contains("tidelock_handler_calls_total{\(labels),outcome=\"killed_cpu\"} 0\n"))
        #expect(text.contains("tidelock_handler_items_total{\(labels),result=\"changed\"} 2\n"))
        #expect(text.contains("tidelock_handler_items_total{\(labels),result=\"dropped\"} 2\n"))
        #expect(text.contains("tidelock_handler_items_total{\(labels),result=\"skipped\"} 1\n"))
        #expect(text.contains("tidelock_handler_wall_seconds_count{\(labels)} 1\n"))
    }

    @Test(arguments: [
        ("error('no')", "error"), ("while true do end", "killed_cpu"), ("while true do end", "killed_wall"),
        ("local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end", "killed_memory"),
    ])
    func failuresAreToldApart(statement: String, outcome: String) async throws {
        let fixture = try HookFixture([
            "a.lua": "app.on('sync.request.before', function()\n\(statement)\nend, { name = 'gate' })"
        ])
        let host = try await host(fixture) { configuration in
            configuration.limits.gate.cpu = outcome == "killed_cpu" ? .milliseconds(50) : .seconds(20)
            configuration.limits.gate.wall = outcome == "killed_wall" ? .milliseconds(50) : .seconds(60)
        }
        _ = try await failure {
            try await host.admit(
                IncomingRequest(method: "GET", path: "/", remoteAddress: "203.0.113.9", headers: []))
        }
        let counted = try only(host)
        #expect(counted.calls == 1)
        let counts = [
            "error": counted.errors, "killed_cpu": counted.killed.cpu, "killed_wall": counted.killed.wall,
            "killed_memory": counted.killed.memory,
        ]
        #expect(counts.filter { $0.value > 0 } == [outcome: 1])
        #expect(registry.render().contains("handler=\"gate\",outcome=\"\(outcome)\"} 1\n"))
    }

    @Test func whatWasTakenIsNotTakenTwiceUnlessItComesBack() async throws {
        let host = try await host(HookFixture(["a.lua": "app.on('sync.request.before', function() end)"]))
        let request = IncomingRequest(method: "GET", path: "/", remoteAddress: "203.0.113.9", headers: [])
        for _ in 0..<3 { try await host.admit(request) }
        let news = host.takeUnreportedStatistics()
        #expect(news.map(\.calls) == [3])
        #expect(host.takeUnreportedStatistics().isEmpty)
        try await host.admit(request)
        host.giveBackStatistics(news)
        #expect(host.takeUnreportedStatistics().map(\.calls) == [4])
        #expect(host.statistics.map(\.calls) == [4])
    }

    @Test func countsOutliveAReload() async throws {
        let fixture = try HookFixture(["a.lua": "app.on('sync.request.before', function() end)"])
        let host = try await host(fixture)
        let request = IncomingRequest(method: "GET", path: "/", remoteAddress: "203.0.113.9", headers: [])
        try await host.admit(request)
        try fixture.write("a.lua", "app.on('sync.request.before', function() local x end)")
        await host.reload()
        try await host.admit(request)
        try fixture.write("a.lua", "if then")
        await host.reload()
        #expect(try only(host).calls == 2)
        #expect(registry.render().contains("tidelock_hooks_generations_total{result=\"loaded\"} 2\n"))
        #expect(registry.render().contains("tidelock_hooks_generations_total{result=\"rejected\"} 1\n"))
    }
}
