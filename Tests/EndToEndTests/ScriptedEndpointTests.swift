import ContentModel
import ContentStore
import Foundation
import SyncEngine
import Testing
import TidelockTestSupport

@Suite("Endpoints that scripts answer", .story)
struct ScriptedEndpointTests {
    /// The documented status endpoint: `{ syncing, lastSync }`.
    private static let status = """
        app.route("GET", "/sync-status", function(request, ctx)
          local status = app.sync.status()
          return { syncing = status.syncing, lastSync = status.lastSync or app.json.null }
        end)

        app.route("POST", "/echo", function(request, ctx)
          if not request.json then
            ctx.status(415)
            return { error = "send JSON" }
          end
          ctx.status(201)
          ctx.header("X-Caller", request.remote_addr)
          return { got = request.json.name, authorized = request.authorized }
        end, { public = true })

        app.route("GET", "/broken", function() error("the reason is nobody's business") end, { public = true })

        """

    private func post(_ path: String, _ body: String, type: String, at port: Int) async throws -> HTTPAnswer {
        try await HTTPAnswer.of(
            "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: \(type)\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)", at: port)
    }

    @Test func theDocumentedStatusEndpointIsAScript() async throws {
        let site = try await Site.make(articles: 2)
        try site.destination.hook("20-status.lua", Self.status)
        let key = try await site.destination.run("apikeys", "add", "monitor").trimmingCharacters(in: .newlines)
        let server = site.server
        let path = "/api/x/sync-status"
        try await eventually("the new handlers are loaded") {
            try await server.get(path, headers: ["api-key: \(key)"]).status == 200
        }
        #expect(try await server.get(path).status == 401)
        #expect(try await server.get("/api/x/nothing").status == 401)
        #expect(try await server.get("/api/x/nothing", headers: ["api-key: \(key)"]).status == 404)
        let before = try await server.get(path, headers: ["api-key: \(key)"]).json
        #expect(before?["syncing"] == .bool(false) && before?["lastSync"] == .null, "\(String(describing: before))")
        let push = try await site.push()
        #expect(push.isGood, "\(push)")
        let after = try await server.get(path, headers: ["api-key: \(key)"]).json
        #expect(after?["syncing"] == .bool(false))
        #expect(after?["lastSync"]?["run"] == .string(push.run), "\(String(describing: after))")
    }

    @Test func aPublicScriptReadsAndAnswersJSON() async throws {
        let instance = try await RealInstance.make("production")
        try instance.hook("20-status.lua", Self.status)
        let server = try await TestServer(instance)
        let created = try await post("/api/x/echo", #"{"name":"n"}"#, type: "application/json", at: server.port)
        #expect(created.status == 201)
        #expect(created.json?["got"] == .string("n") && created.json?["authorized"] == .bool(false))
        #expect(try await post("/api/x/echo", "text", type: "text/plain", at: server.port).status == 415)
        let wrong = try await post("/api/x/echo", "{", type: "application/json", at: server.port)
        #expect(wrong.status == 400 && wrong.code == "invalid_json")
        let broken = try await server.get("/api/x/broken")
        #expect(broken.status == 500 && broken.code == "hook_failed")
        #expect(!String(decoding: broken.body, as: UTF8.self).contains("business"))
        #expect(try await instance.run("log").contains("20-status.lua"))
        #expect(try await server.get("/api/x/echo", headers: ["api-key: x"]).status == 401)
    }
}

@Suite("Metrics of a server", .story)
struct MetricsTests {
    @Test func aServerTellsWhatItsHandlersDid() async throws {
        let site = try await Site.make(articles: 3)
        try site.destination.hook(
            "30-gate.lua", "app.on(\"sync.request.before\", function() end, { name = \"door\" })\n")
        let server = site.server
        try await eventually("the gate is loaded") {
            _ = try await server.get("/api/sync/check")
            return try await self.metrics(server).contains("handler=\"door\",outcome=\"ok\"")
        }
        #expect(try await site.push().isGood)
        let text = try await metrics(server)
        #expect(text.contains("\ntidelock_transfers_total{direction=\"push\",status=\"committed\"} 1\n"))
        #expect(text.contains("\ntidelock_items_applied_total{operation=\"created\"} 3\n"))
        #expect(text.contains("http_route=\"/api/sync/check\""))
        #expect(!text.contains("/api/sync/v1/transfers/0"), "a label holds the path of a request")
        #expect(text.contains("# HELP tidelock_handler_calls_total "))
        // Behind a proxy nobody is this machine.
        #expect(try await server.get("/metrics", headers: ["X-Forwarded-For: 127.0.0.1"]).status == 401)
    }

    @Test func whatHandlersDidOutlivesTheirProcesses() async throws {
        let site = try await Site.make(articles: 3)
        try site.destination.hook(
            "30-gate.lua", "app.on(\"sync.request.before\", function() end, { name = \"door\" })\n")
        #expect(try await site.push().isGood)
        let source = try store(of: site.source)
        let filters = try await source.handlerTotals().filter { $0.event == "sync.content.before" }
        #expect(filters.contains { $0.changed == 3 && $0.errors == 0 && $0.wallNanoseconds > 0 }, "\(filters)")
        // The push has ended and taken itself off the list.
        #expect(try await source.processes().isEmpty)

        let destination = try store(of: site.destination)
        try await eventually("the server says what it runs") {
            try await destination.processes().contains {
                $0.command == "serve" && $0.pid == site.server.tool.process && $0.generation != nil && $0.error == nil
            }
        }
        try await eventually("the gate is loaded and called") {
            _ = try await site.server.get("/api/sync/check")
            return try await metrics(site.server).contains("handler=\"door\",outcome=\"ok\"")
        }
        #expect(await site.server.stop() == 0)
        #expect(try await destination.processes().isEmpty)
        #expect(try await destination.handlerTotals().contains { $0.name == "door" && $0.calls > 0 })
    }

    /// The store as another process sees it.
    private func store(of instance: RealInstance) throws -> Store {
        try Store.open(
            in: instance.storage, name: instance.name,
            clock: TestClock(seconds: Int64(Date().timeIntervalSince1970)), random: SeededRandom(seed: 1))
    }

    private func metrics(_ server: TestServer) async throws -> String {
        let answer = try await server.get("/metrics")
        #expect(answer.status == 200)
        return String(decoding: answer.body, as: UTF8.self)
    }
}
