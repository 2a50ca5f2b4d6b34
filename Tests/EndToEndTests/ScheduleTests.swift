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
        let audit = try await site.source.run("audit", "--action", "push")
        #expect(audit.contains("schedule:often from "), "\(audit)")
        #expect(await server.stop() == 0)
        #expect(await site.server.stop() == 0)
    }

    @Test func whatCannotBeginIsToldWhenTheServerStarts() async throws {
        let instance = try await RealInstance.make("staging")
        try schedule(
            """
            lost = { cron = "0 0 1 1 *", target = "nowhere" },
            bare = { cron = "0 0 1 1 *", target = "nowhere", jobs = "jobs/none.lua" },
            """, in: instance)
        let server = try await TestServer(instance)
        try await eventually("both are told to whoever started it") {
            let errors = server.tool.errors
            return errors.contains("'lost' cannot begin as it stands: There is no target 'nowhere'")
                && errors.contains("'bare' cannot begin as it stands") && errors.contains("jobs/none.lua")
        }
        try await eventually("it is logged") {
            try await instance.log("schedule").contains { $0.message.contains("There is no target 'nowhere'") }
        }
        #expect(await server.stop() == 0)
    }

    @Test func whatCannotBeginIsFoundByACheck() async throws {
        struct Row: Decodable {
            var target: String
            var schedule: String?
            var ok: Bool
            var error: Report.Failure?
        }
        let site = try await Site.make()
        try await site.source.run(
            "targets", "add", "away", "http://127.0.0.1:1", "--key", "the-key-of-nobody-at-all", "--no-pull")
        try schedule(
            """
            good = { every = "1h", target = "production" },
            lost = { cron = "0 0 1 1 *", target = "productoin" },
            bare = { cron = "0 0 1 1 *", target = "production", jobs = "jobs/none.lua" },
            wrong = { every = "1h", target = "away", direction = "pull" },
            """, in: site.source)
        let ending = try await site.source.attempt("check", "production", "--json")
        let rows = try JSONDecoder().decode([Row].self, from: Data(ending.output.utf8))
        #expect(ending.status == 78 && rows.map(\.schedule) == [nil, "bare"] && rows.map(\.ok) == [true, false])
        #expect(rows.last?.error?.message.contains("jobs/none.lua") == true, "\(rows)")
        let all = try await site.source.attempt("check")
        for words in [
            "Schedule 'lost' of ", "Did you mean 'production'?", "Schedule 'bare' of ", "Schedule 'wrong' of ",
            "Target 'away' does not allow a pull.",
        ] {
            #expect(all.status != 0 && all.output.contains(words), "\(all)")
        }
        #expect(!all.output.contains("'good'"), "\(all)")
    }

    @Test func anIntervalThatIsNoneIsFoundByEveryCommand() async throws {
        let instance = try await RealInstance.make("staging")
        try schedule(#"nightly = { every = "10 x", target = "nowhere" }"#, in: instance)
        for command in [["check"], ["doctor", "nowhere"]] {
            let ending = try await instance.start(command).ending()
            #expect(ending.status == 78 && ending.errors.contains("'schedules.nightly.every'"), "\(ending)")
        }
    }

    @Test func jobsOfAFileAreReadWhenTheyAreDue() async throws {
        let site = try await Site.make(articles: 3)
        try await site.source.take(Articles.make(2), model: "drafts")
        try schedule(#"often = { every = "1s", jobs = "jobs/often.lua" }"#, in: site.source)
        let server = try await TestServer(site.source)
        try await eventually("the missing file is told") {
            try await site.source.log("schedule").contains {
                $0.type == "error" && $0.message.contains("'often'") && $0.message.contains("jobs/often.lua")
            }
        }
        #expect(try await site.destination.content().isEmpty)
        try site.source.keepSecret("WHERE_TO", "production")
        _ = try site.source.jobFile(
            "often.lua",
            """
            local settings = { models = { "articles" }, filter = { _modified = { ["$lte"] = os.time() } } }
            return { target = env("WHERE_TO"), mode = "push", jobs = { { name = "content", syncSettings = settings } } }
            """)
        try await eventually("the jobs of the file arrive", within: .seconds(30)) {
            try await site.destination.content().count == 3
        }
        #expect(await server.stop() == 0)
    }

    @Test func aServerFollowsItsConfigurationAndKeepsTheLastGoodOne() async throws {
        let site = try await Site.make(articles: 2)
        // What spoils the configuration for the server stands in `.env`; commands get another value from their process.
        try site.source.configure(
            "return {", "if env(\"SPOILED\", \"no\") == \"yes\" then error(\"spoiled\") end\nreturn {")
        func command(_ arguments: String..., input: String? = nil) async throws -> String {
            let tool = try RunningTool(
                RealInstance.tool, ["-C", site.source.folder.path] + arguments, environment: ["SPOILED": "no"],
                input: input.map { Array($0.utf8) })
            let ending = await tool.ending()
            guard ending.status == 0 else { throw CommandFailed(arguments: arguments, ending: ending) }
            return ending.output
        }
        let server = try await TestServer(site.source)
        let key = try await site.destination.run("keys", "show").trimmingCharacters(in: .newlines)
        try site.source.configure(
            "return {",
            """
            return {
              targets = { archive = { uri = "http://127.0.0.1:\(site.server.port)", syncKey = "\(key)" } },
            """)
        try schedule(#"often = { every = "1s", target = "archive" }"#, in: site.source)
        try await eventually("a schedule that was added is followed", within: .seconds(60)) {
            try await site.destination.content().count == 2
        }
        try site.source.keepSecret("SPOILED", "yes")
        try await eventually("the spoiled configuration is told", within: .seconds(60)) {
            try await command("log", "--channel", "server").contains("the last good settings stay")
        }
        #expect(server.tool.errors.contains("the last good settings stay"))
        _ = try await command("put", "content/articles", "-", input: #"{"_id":"meanwhile"}"#)
        try await eventually("the old schedule stays in force", within: .seconds(60)) {
            try await site.destination.content()["content/articles/meanwhile"] != nil
        }
        try site.source.configure(#"every = "1s""#, #"cron = "0 0 1 1 *""#)
        try site.source.configure("error(\"spoiled\")", "local _")
        try await eventually("the new schedule is followed", within: .seconds(60)) {
            try await command("log", "--channel", "schedule").contains("often (cron 0 0 1 1 *)")
        }
        #expect(await server.stop() == 0)
        #expect(await site.server.stop() == 0)
    }

    @Test func aScheduleWaitsForSomebodyElseWithoutARunThatFails() async throws {
        let (site, gate, push) = try await Site.heldAtItsCommit()
        let other = try await RealInstance.make("other")
        try await other.take(Articles.make(3, from: 40))
        try await other.target(site.destination, at: site.server.port)
        try schedule(#"often = { every = "1s", target = "production" }"#, in: other)
        let server = try await TestServer(other)
        try await eventually("it is told who is waited for", within: .seconds(30)) {
            try await other.log("schedule").contains {
                $0.message.contains("'often' waits for target 'production', because staging is writing")
            }
        }
        gate.open()
        #expect(try Report(await push.ending()).isGood)
        try await eventually("the scheduled run arrives", within: .seconds(60)) {
            try await site.destination.content().count == 8
        }
        let runs = try await other.run("runs")
        #expect(runs.contains("committed") && !runs.contains("failed"), "\(runs)")
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
        (#"x = { every = "10m", target = "production", jobs = "" }"#, "schedules.x.jobs"),
        (#"x = { every = "10m", jobs = {{ name = "content" }} }"#, "schedules.x.target"),
        (#"x = { every = "10m", target = "production", jobs = {{ name = "nothing" }} }"#, "schedules.x.jobs"),
        (#"x = { every = "10m", target = "production", jobs = "../x.lua" }"#, "schedules.x.jobs"),
        (#"x = { every = "10m", target = "production", jobs = "/etc/x.lua" }"#, "schedules.x.jobs"),
        (#"x = { evry = "10m", target = "production" }"#, "schedules.x.evry"),
    ])
    func aScheduleThatMeansNothingIsNamed(text: String, setting: String) async throws {
        let instance = try await RealInstance.make("staging")
        try schedule(text, in: instance)
        let ending = try await instance.attempt("kinds")
        #expect(ending.status == 78 && ending.errors.contains(setting), "\(ending)")
    }
}
