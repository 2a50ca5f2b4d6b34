import ContentModel
import Foundation
import Testing
import TidelockTestSupport

extension ExampleTests {
    /// Fills the cache before a push, and logs what is left of it afterwards.
    private static let cacheWatch = """
        app.on("sync.push.before", function() app.cache.write("menu", "old") end, { name = "fill" })
        app.on("sync.push.finished", function()
          app.log("menu: " .. tostring(app.cache.read("menu")))
        end, { name = "watch", priority = -1 })

        """

    private func mailingSite(port: Int) async throws -> Site {
        let site = try await Site.make()
        try await site.source.take(Articles.make(3))
        try site.source.use("notify-team.lua")
        try site.source.hook("cache.lua", Self.cacheWatch)
        try site.source.set(MailServer.setting(port: port))
        try site.source.set(#"hooks = { config = { team = "team@example.com, lead@example.com" } }"#)
        return site
    }

    @Test func notifyTeamSendsOneMailAndEmptiesTheCache() async throws {
        let server = try MailServer()
        let site = try await mailingSite(port: server.port)
        let report = try await site.push()
        #expect(report.isGood && report.created == 3, "\(report)")
        try await eventually("a mail arrives") { !server.mails.isEmpty }
        let mail = try #require(server.mails.first)
        #expect(server.mails.count == 1)
        #expect(mail.sender == "tidelock@example.com")
        #expect(mail.recipients == ["team@example.com", "lead@example.com"])
        #expect(mail.header("Subject") == "Content pushed to http://127.0.0.1:\(site.server.port)")
        #expect(mail.body.contains("Sync completed successfully.") && mail.body.contains(report.run), "\(mail.text)")
        #expect(try await site.source.log("hooks").contains { $0.message == "menu: nil" })
    }

    @Test func notifyTeamNeverFailsAPush() async throws {
        let nobody = try Listener().port
        let site = try await mailingSite(port: nobody)
        let report = try await site.push()
        #expect(report.isGood && report.created == 3, "\(report)")
        let log = try await site.source.log("hooks")
        #expect(log.contains { $0.type == "error" && $0.message.contains("'notify-team'") }, "\(log)")
        #expect(log.contains { $0.message == "menu: nil" }, "the cache waits for the mail: \(log)")
    }

    // MARK: Slack

    private static let secretPath = "/services/T0000/B0000/not-for-the-log"

    private func messages(_ slack: PageServer) throws -> [String] {
        try slack.requests.map { request in
            #expect(request.method == "POST" && request.target == Self.secretPath)
            return try JSONDocument(validating: request.body).string("text") ?? ""
        }
    }

    private func slackSite(_ slack: PageServer) async throws -> Site {
        let site = try await Site.make()
        try await site.source.take(Articles.make(3))
        try site.source.use("slack-notification.lua")
        try site.source.keepSecret("SLACK_URL", "http://127.0.0.1:\(slack.port)\(Self.secretPath)")
        try site.source.set(
            #"hooks = { secrets = { SLACK_URL = env("SLACK_URL") }, hosts = { "127.0.0.1:\#(slack.port)" } }"#)
        return site
    }

    @Test func slackNotificationTellsHowRunsEnded() async throws {
        let slack = try PageServer()
        let site = try await slackSite(slack)
        #expect(try await site.push().isGood)
        try await site.destination.take(Articles.make(1, from: 50))
        #expect(try await site.pull().isGood)
        #expect(await site.server.stop() == 0)
        try await site.source.take(Articles.make(1, from: 60))
        let failed = try await site.push("--timeout", "1")
        #expect(failed.error?.code == "target_unreachable", "\(failed)")
        let told = try messages(slack)
        try #require(told.count == 3, "\(told)")
        #expect(told[0] == "Pushed to production" && told[1] == "Pulled from production")
        #expect(told[2].hasPrefix("The push to production failed (target_unreachable): "), "\(told[2])")
    }

    @Test func slackNotificationIsRepeatedUntilItArrivesAndKeepsItsSecret() async throws {
        let slack = try PageServer(status: 503)
        let site = try await slackSite(slack)
        let report = try await site.push()
        #expect(report.isGood && report.created == 3, "\(report)")
        #expect(!slack.requests.isEmpty)
        let log = try await site.source.run("log", "--json", "--limit", "1000")
        #expect(log.contains("slack-notification"), "\(log)")
        #expect(!log.contains("not-for-the-log") && report.ending?.errors.contains("not-for-the-log") == false)

        let before = slack.requests.count
        slack.answer(with: 200)
        let server = try await TestServer(site.source)
        try await eventually("the message is sent again") { slack.requests.count > before }
        #expect(try messages(slack).allSatisfy { $0 == "Pushed to production" })
        #expect(await server.stop() == 0)
    }
}
