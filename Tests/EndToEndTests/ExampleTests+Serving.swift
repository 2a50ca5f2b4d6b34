import ContentModel
import Foundation
import Testing
import TidelockTestSupport

extension ExampleTests {
    // MARK: Purging

    /// The other half, at the target.
    private static let cacheEndpoint = """
        app.route("GET", "/cache/clear", function(request, ctx)
          app.cache.flush()
          app.log("the cache was cleared")
          return { success = true }
        end, { name = "clear-cache", public = true })

        """

    private func purges(_ site: Site) async throws -> Int {
        try await site.destination.log("hooks").count { $0.message == "the cache was cleared" }
    }

    @Test func purgeTargetCacheAsksTheTargetOnceForEachRun() async throws {
        let site = try await Site.make { source, destination in
            try destination.hook("cache.lua", Self.cacheEndpoint)
            try source.use("purge-target-cache.lua")
            try source.set(#"hooks = { config = { purge_path = "/api/x/cache/clear" } }"#)
            try await source.take(Articles.make(3))
            try await source.take(Articles.make(2, from: 20), model: "authors")
        }
        #expect(try await site.push().isGood)
        try await eventually("the target's cache is purged") { try await purges(site) == 1 }
        #expect(try await site.push().isGood)
        #expect(try await purges(site) == 1, "a push that sent nothing purges nothing")
        try await site.source.edit("content/articles", [Articles.id(1)], "title", "edited")
        #expect(try await site.push().isGood)
        try await eventually("the target's cache is purged again") { try await purges(site) == 2 }
    }

    @Test func purgeTargetCacheNeverFailsAPush() async throws {
        let site = try await Site.make()
        try site.source.use("purge-target-cache.lua")
        try await site.source.take(Articles.make(3))
        let report = try await site.push()
        #expect(report.isGood && report.created == 3, "\(report)")
        try await eventually("the log tells that the purge failed") {
            try await site.source.log("hooks").contains {
                $0.type == "error" && $0.message.contains("/api/cache/clear answered with status 404")
            }
        }
    }

    // MARK: Publishing

    @Test func pushPublishedItemsSendsThatItemAlone() async throws {
        let site = try await Site.make()
        try site.source.use("push-published-items.lua")
        try site.source.set(#"hooks = { config = { publish_to = { "production" } } }"#)
        let drafts = Articles.make(3).map { $0.setting("_state", to: JSONDocument(integer: 0)) }
        for draft in drafts { try await site.source.put("content/articles", draft) }
        let server = try await TestServer(site.source)

        try await site.source.put("content/articles", drafts[1].setting("_state", to: JSONDocument(integer: 1)))
        try await eventually("the published item is at production", within: .seconds(60)) {
            try await site.destination.attempt("get", "content/articles", Articles.id(1)).status == 0
        }
        let there = try await site.destination.item("content/articles", Articles.id(1))
        #expect(there.integer("_state") == 1 && there.string("title") == "Article 1")
        #expect(try await site.destination.content().keys.filter { $0.hasPrefix("content/") }.count == 1)
        #expect(await server.stop() == 0)
    }

    @Test func pushModelByModelGoesOnAfterAModelThatFails() async throws {
        let site = try await Site.make()
        try site.source.use("push-model-by-model.lua")
        try site.source.set(
            """
            hooks = {
              config = {
                push_target = "production", push_models = { "no such model", "articles" }, push_interval = "1s",
              },
            }
            """)
        try await site.source.take(Articles.make(3))
        try await site.source.take(Articles.make(2, from: 20), model: "authors")
        let server = try await TestServer(site.source)
        try await eventually("the articles are at production", within: .seconds(60)) {
            try await site.source.log("sync").contains {
                $0.message == "Pushed articles to production: 3 created, 0 updated"
            }
        }
        #expect(await server.stop() == 0)
        let content = try await site.destination.content().keys.filter { $0.hasPrefix("content/") }
        #expect(content.sorted() == (0..<3).map { "content/articles/\(Articles.id($0))" })
        let lines = try await site.source.log("sync")
        #expect(lines.contains { $0.type == "error" && $0.message.hasPrefix("Could not push no such model: ") })
    }

    // MARK: Health

    private func expectHealth(_ instance: RealInstance, _ words: String) async throws {
        try await eventually("the log says '\(words)'", within: .seconds(90)) {
            try await instance.log("health").last?.message.hasPrefix(words) == true
        }
    }

    @Test func healthCheckLogsWhenATargetGoesAndComes() async throws {
        let site = try await Site.make()
        try site.source.use("health-check.lua")
        try site.source.set(
            #"hooks = { config = { health_targets = { "production" }, health_interval = "1s" } }"#)
        let server = try await TestServer(site.source)
        try await expectHealth(site.source, "production is connected")
        #expect(await site.server.stop() == 0)
        try await expectHealth(site.source, "production is unreachable: ")
        let again = try await TestServer(site.destination, port: site.server.port)
        try await expectHealth(site.source, "production is connected")
        let lines = try await site.source.log("health")
        #expect(lines.map(\.type) == ["notice", "error", "notice"], "\(lines)")
        #expect(await server.stop() == 0)
        #expect(await again.stop() == 0)
    }

    /// A cron expression is good to the minute, so this may take one.
    @Test func nightlyHealthCheckMailsWhatIsInTrouble() async throws {
        let mails = try MailServer()
        let site = try await Site.make()
        try site.source.use("nightly-health-check.lua")
        try site.source.set(mails.setting)
        try site.source.set(
            """
            hooks = {
              config = {
                team = "team@example.com", health_targets = { "production", "gone" }, health_cron = "* * * * *",
              },
            }
            """)
        let nobody = try Listener().port
        try await site.source.run(
            "targets", "add", "gone", "http://127.0.0.1:\(nobody)", "--key", "nobody-has-this-key-1")
        let server = try await TestServer(site.source)
        try await eventually("a mail about the targets arrives", within: .seconds(150)) { !mails.mails.isEmpty }
        let mail = try #require(mails.mails.first)
        #expect(mail.recipients == ["team@example.com"])
        #expect(mail.header("Subject") == "1 of 2 sync targets are in trouble")
        #expect(mail.body.contains("production: connected") && mail.body.contains("gone: "), "\(mail.text)")
        #expect(await server.stop() == 0)
    }
}
