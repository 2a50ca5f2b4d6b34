import ContentModel
import Foundation
import Testing
import TidelockTestSupport

@Suite("A server at work", .story)
struct ServingTests {
    @Test func endsWithStatusZeroOnSIGTERM() async throws {
        let site = try await Site.make(articles: 2)
        #expect(try await site.push().isGood)
        #expect(await site.server.stop() == 0)
        #expect(site.server.tool.output == "listening on http://127.0.0.1:\(site.server.port)\n")
    }

    @Test func aPortThatIsTakenIsNamed() async throws {
        let site = try await Site.make()
        let ending = try await site.source.attempt("serve", "--port", "\(site.server.port)")
        #expect(ending.status != 0 && ending.errors.contains("\(site.server.port)"), "\(ending)")
        #expect(!ending.output.contains("listening"))
    }

    @Test("T50: abandons a push on SIGINT")
    func abandonsAPushOnSIGINT() async throws {
        let site = try await Site.make(articles: 5)
        let proxy = try RecordingProxy(to: site.server.port)
        try await site.source.target(site.destination, at: proxy.port)
        // The batch stays on its way.
        let gate = Gate()
        proxy.spoil { bytes, _ in if bytes.holds("/batches/1") { gate.pass() } }
        let push = try site.source.start(["push", "production", "--json"])
        try await eventually("the batch is on its way") { gate.isWaitedFor }
        push.send(SIGINT)
        let report = try Report(await push.ending())
        #expect(report.exit == 130 && report.error?.code == "cancelled", "\(report)")
        let lock = try await site.destination.run("lock")
        #expect(lock.hasPrefix("free"), "\(lock)")
        #expect(try await site.source.run("runs").contains("interrupted"))
        #expect(try await site.destination.kinds().isEmpty)
        gate.open()
        #expect(try await site.push().isGood)
    }

    @Test func acceptsTheOldAndTheNewKeyDuringRotation() async throws {
        let site = try await Site.make(articles: 3)
        let new = try await runTool("keys", "generate").trimmingCharacters(in: .newlines)
        try site.destination.configure(
            "sync = { syncKey = env(\"TIDELOCK_SYNC_KEY\") }",
            "sync = { syncKey = env(\"TIDELOCK_SYNC_KEY\"), keys = { { key = \"\(new)\" } } }")
        #expect(try await site.push().isGood)
        try await site.source.target(site.destination, at: site.server.port, key: new)
        #expect(try await site.push().isGood)
        try site.destination.configure("syncKey = env(\"TIDELOCK_SYNC_KEY\"), ", "")
        #expect(try await site.push().isGood)
        try await site.source.target(site.destination, at: site.server.port)
        // The configuration's first key is the new one now; the old one is refused.
        let old = try String(contentsOf: site.destination.folder.appending(path: ".env"), encoding: .utf8)
            .firstMatch(of: /TIDELOCK_SYNC_KEY=(\w+)/)
        try await site.source.target(site.destination, at: site.server.port, key: try #require(old).1.description)
        let refused = try await site.push()
        #expect(refused.exit == 77 && refused.error?.code == "unknown_key", "\(refused)")
    }

    @Test func aBrokenConfigurationLeavesTheKeysInForce() async throws {
        let site = try await Site.make(articles: 3)
        try site.destination.configure("return {", "return {{")
        #expect(try await site.push().isGood)
        #expect(!site.server.tool.hasEnded)
    }

    // MARK: Handlers

    private static func handler(refusing path: String) -> String {
        """
        app.on("sync.request.before", function(request, ctx)
          if request.path == "\(path)" then ctx.deny("not today") end
        end)

        """
    }

    private func status(_ server: TestServer) async throws -> (health: String, hooks: JSONValue?) {
        let answer = try await server.get("/api/health").json
        guard case .string(let health)? = answer?["status"] else { return ("?", nil) }
        return (health, answer?["hooks"])
    }

    @Test func aBrokenFileNeverReplacesTheWorkingGeneration() async throws {
        let instance = try await RealInstance.make("production")
        try instance.hook("10-gate.lua", Self.handler(refusing: "/api/sync/check"))
        let server = try await TestServer(instance)
        #expect(try await server.get("/api/sync/check").status == 403)

        try instance.hook("10-gate.lua", "app.on(\"sync.request.before\", function(request, ctx)\n  if then\nend)\n")
        try await eventually("the broken file is noticed") { try await status(server).health == "degraded" }
        guard case .string(let problem)? = try await status(server).hooks?["error"] else {
            throw CocoaError(.coderValueNotFound)
        }
        #expect(problem.contains("hooks/10-gate.lua:2"), "\(problem)")
        #expect(try await server.get("/api/sync/check").status == 403, "the working generation is gone")

        try instance.hook("10-gate.lua", Self.handler(refusing: "/api/nothing"))
        try await eventually("the repaired file is picked up") { try await status(server).health == "ok" }
        #expect(try await server.get("/api/sync/check").status == 200)
        #expect(await server.stop() == 0)
    }

    // MARK: Content API

    @Test func theContentAPINeedsAKeyAndShowsWhatIsPublished() async throws {
        let instance = try await RealInstance.make("production")
        let hidden = Articles.make(1, from: 9)[0].setting("_state", to: JSONDocument(integer: 0))
        try await instance.take(Articles.make(5) + [hidden])
        try await instance.put(
            "singletons", .object([("_model", JSONDocument(string: "site")), ("name", JSONDocument(string: "Pier"))]))
        let server = try await TestServer(instance)
        let list = "/api/content/items/articles"
        for headers in [[], ["api-key: wrong"]] {
            let refused = try await server.get(list, headers: headers)
            #expect(refused.status == 401 && refused.code == "bad_api_key")
        }
        let header = ["api-key: " + (try await instance.run("apikeys", "add", "app").trimmingCharacters(in: .newlines))]
        guard case .array(let all)? = try await server.get(list, headers: header).json else {
            throw CocoaError(.coderValueNotFound)
        }
        #expect(all.count == 5)
        let page = try await server.get(list + "?limit=2&skip=4", headers: header).json
        #expect(
            page?["data"]?[0]?["rank"] == .integer(4) && page?["data"]?[1] == nil
                && page?["meta"]?["total"] == .integer(5))
        let item = try await server.get("/api/content/item/articles/\(Articles.id(2))", headers: header)
        let stored = try await instance.item("content/articles", Articles.id(2))
        #expect(item.status == 200 && item.body == stored.bytes)
        #expect(try await server.get("/api/content/item/articles/\(Articles.id(9))", headers: header).status == 404)
        #expect(try await server.get("/api/content/item/site", headers: header).json?["name"] == .string("Pier"))
        #expect(try await server.get("/api/content/items/nothing", headers: header).status == 404)
        try await instance.run("apikeys", "remove", "app")
        #expect(try await server.get(list, headers: header).status == 401)
    }
}
