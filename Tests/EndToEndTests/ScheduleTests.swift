import ContentModel
import Foundation
import Testing
import TidelockTestSupport

@Suite("Runs that a server starts by the clock", .story)
struct ScheduleTests {
    private func schedule(_ text: String, in instance: RealInstance) throws {
        try instance.configure("return {", "return {\n  schedules = { \(text) },")
    }

    @Test func whatIsDueArrivesAndIsRecordedAndTold() async throws {
        let site = try await Site.make(articles: 3)
        try await site.source.take(Articles.make(2), model: "drafts")
        try site.source.hook(
            "90-told.lua",
            #"app.on("sync.push.finished", function(target) app.storage.save("told", { target = target.name }) end)"#)
        try schedule(
            """
            often = { every = "1s", target = "production",
              jobs = {{ name = "content", syncSettings = { models = { "articles" } } }} }
            """, in: site.source)
        let server = try await TestServer(site.source)
        try await eventually("the scheduled run arrives", within: .seconds(30)) {
            try await site.destination.content().count == 3
        }
        try await site.source.put("content/articles", try JSONDocument(validating: #"{"_id":"new"}"#))
        try await eventually("so does an edit", within: .seconds(30)) {
            try await site.destination.content()["content/articles/new"] != nil
        }
        #expect(try await site.destination.content().count == 4)
        try await eventually("observers are told", within: .seconds(30)) {
            try await site.source.run("documents", "told").contains("production")
        }
        let runs = try await site.source.run("runs")
        #expect(runs.contains("push") && runs.contains("committed"), "\(runs)")
        #expect(await server.stop() == 0)
        #expect(await site.server.stop() == 0)
    }

    @Test(arguments: [
        (#"x = { target = "production" }"#, "schedules.x"),
        (#"x = { every = "10m", cron = "0 2 * * *", target = "production" }"#, "schedules.x"),
        (#"x = { every = "soon", target = "production" }"#, "schedules.x.every"),
        (#"x = { cron = "61 2 * * *", target = "production" }"#, "schedules.x.cron"),
        (#"x = { cron = "0 0 31 2 *", target = "production" }"#, "schedules.x.cron"),
        (#"x = { every = "10m" }"#, "schedules.x.target"),
        (#"x = { every = "10m", target = "production", direction = "up" }"#, "schedules.x.direction"),
        (#"x = { every = "10m", target = "production", jobs = {} }"#, "schedules.x.jobs"),
        (#"x = { every = "10m", target = "production", jobs = {{ name = "nothing" }} }"#, "schedules.x.jobs"),
        (#"x = { evry = "10m", target = "production" }"#, "schedules.x.evry"),
    ])
    func aScheduleThatMeansNothingIsNamed(text: String, setting: String) async throws {
        let instance = try await RealInstance.make("staging")
        try schedule(text, in: instance)
        let ending = try await instance.attempt("kinds")
        #expect(ending.status == 78 && ending.errors.contains(setting), "\(ending)")
    }
}
