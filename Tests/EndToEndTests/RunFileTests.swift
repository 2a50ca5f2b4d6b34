import ContentModel
import Foundation
import Testing
import TidelockTestSupport

@Suite("Running files of jobs", .story)
struct RunFileTests {
    private static let articles = #"{ name = "content", syncSettings = { models = { "articles" } } }"#

    @Test func theCommandCompletesAListOfJobs() async throws {
        let site = try await Site.make()
        try await site.source.take(Articles.make(3))
        try await site.source.take(Articles.make(2, from: 20), model: "authors")
        let file = try site.source.jobFile(
            "articles.json", #"[{"name":"content","syncSettings":{"models":["articles"]}}]"#)
        for (options, advice) in [
            ([], "Add --target NAME"), (["--push"], "Add --target NAME"),
            (["--target", "production"], "Add --push or --pull"),
            (["--target", "production", "--all", "--push"], "Choose one of --all and --target"),
        ] {
            let ending = try await site.source.start(["run", file] + options).ending()
            #expect(ending.status == 64 && ending.errors.contains(advice), "\(options): \(ending)")
        }
        let planned = try await site.source.runJobs(file, "--target", "production", "--push", "--dry-run")
        #expect(planned.exit == 0 && planned.runs.map(\.report.status) == ["planned"], "\(planned)")
        #expect(try await site.destination.content().isEmpty)
        let runs = try await site.source.runJobs(file, "--target", "production", "--push")
        #expect(runs.areGood && runs.runs.map(\.report.created) == [3], "\(runs)")
        #expect(try await site.destination.content().count == 3)
    }

    @Test func aLuaFileMayAskForTheTimeAndForVariables() async throws {
        let site = try await Site.make()
        try await site.source.put(
            "content/articles", try JSONDocument(validating: #"{"_id":"old","_modified":1000}"#),
            try JSONDocument(validating: #"{"_id":"ahead","_modified":90000000000}"#))
        try site.source.keepSecret("WHERE_TO", "production")
        let file = try site.source.jobFile(
            "since.lua",
            """
            local settings = { models = { "articles" }, filter = { _modified = { ["$gte"] = os.time() } } }
            return { target = env("WHERE_TO"), mode = "push", jobs = { { name = "content", syncSettings = settings } } }
            """)
        let runs = try await site.source.runJobs(file)
        #expect(runs.areGood && runs.runs.map(\.report.target) == ["production"], "\(runs)")
        #expect(try await site.destination.content().keys.sorted() == ["content/articles/ahead"])
    }

    @Test func aLuaFileThatIsWrongOrHostileIsToldByItsLine() async throws {
        let site = try await Site.make()
        for (text, words) in [
            ("local x = 1\nreturn {", "wrong.lua:2:"), ("\nerror('no posts')", "wrong.lua:2: no posts"),
            ("os.execute('true')", "wrong.lua:1:"), ("while true do end", "wrong.lua"),
            ("return { target = env('NOT_SET') }", "NOT_SET"),
        ] {
            let file = try site.source.jobFile("wrong.lua", text)
            let ending = try await site.source.attempt("run", file)
            #expect(ending.status == 78 && ending.errors.contains(words), "\(text): \(ending)")
        }
        for text in ["", "return 1", "return {}", "return { jobs = { { name = 1 } } }"] {
            let file = try site.source.jobFile("wrong.lua", text)
            let ending = try await site.source.attempt("run", file)
            #expect(ending.status == 64 && ending.errors.contains("wrong.lua"), "\(text): \(ending)")
        }
    }

    @Test func aFilterThatCannotBeUsedIsToldAsThatAlsoInJSON() async throws {
        let site = try await Site.make(articles: 1)
        let file = try site.source.jobFile(
            "bad.json",
            #"{"target":"production","mode":"push","jobs":[{"name":"content","syncSettings":{"filter":{"n":{"$foo":1}}}}]}"#
        )
        let told = try await site.source.attempt("run", file)
        #expect(told.status == 65 && told.errors.contains("'$foo' is unknown"), "\(told)")
        let runs = try await site.source.runJobs(file)
        #expect(runs.exit == 65 && runs.error?.code == "invalid_filter", "\(runs)")
        #expect(try await site.destination.content().isEmpty)
    }

    @Test func whatWasMadeForAPushIsNotPulled() async throws {
        let site = try await Site.make(articles: 2)
        let file = try site.source.jobFile(
            "push.lua", #"return { target = "production", mode = "push", jobs = { \#(Self.articles) } }"#)
        let pulled = try await site.source.attempt("run", file, "--pull")
        #expect(pulled.status == 64 && pulled.errors.contains("is made for a push"), "\(pulled)")
        #expect(try await site.source.attempt("run", file, "--push", "--pull").status == 64)
        #expect(try await site.source.runJobs(file, "--push").areGood)
    }

    @Test func theTargetOfTheCommandTakesThePlaceOfThoseInTheFile() async throws {
        let site = try await Site.make(articles: 2)
        let file = try site.source.jobFile(
            "elsewhere.lua", #"return { target = { "edge", "moon" }, mode = "push", jobs = { \#(Self.articles) } }"#)
        let unknown = try await site.source.runJobs(file)
        #expect(unknown.exit == 66 && unknown.runs.isEmpty && unknown.error?.code == "unknown_target", "\(unknown)")
        let runs = try await site.source.runJobs(file, "--target", "production", "--target", "production")
        #expect(runs.areGood && runs.runs.map(\.report.target) == ["production"], "\(runs)")
    }

    @Test func jobsOfOtherCommandsAreTheSameFilesWithoutTargets() async throws {
        let site = try await Site.make(articles: 2)
        let plain = try site.source.jobFile("plain.lua", "return { \(Self.articles) }")
        let pushed = try await site.push("--jobs", plain)
        #expect(pushed.isGood && pushed.created == 2, "\(pushed)")
        let more = try site.source.jobFile("more.lua", "return { pause = 1, jobs = { \(Self.articles) } }")
        let refused = try await site.source.attempt("push", "production", "--jobs", more)
        #expect(refused.status == 64 && refused.errors.contains("tidelock run"), "\(refused)")
    }

    @Test func aFailureStopsTheRestAndItsStatusIsTheCommands() async throws {
        let site = try await Site.make()
        try await site.source.take(Articles.make(2))
        try await site.source.take(Articles.make(1, from: 20), model: "authors")
        // The second job would delete most of what is there, which a guard stops.
        try await site.destination.take(Articles.make(8, from: 100), model: "authors")
        let file = try site.source.jobFile(
            "jobs.lua",
            """
            return { target = "production", mode = "push", jobs = {
              { name = "content", syncSettings = { models = { "articles" } } },
              { name = "content", syncSettings = { models = { "authors" }, mirror = true } },
              { name = "content" },
            } }
            """)
        let stopped = try await site.source.runJobs(file)
        #expect(stopped.exit == 65 && stopped.runs.map(\.report.error?.code) == ["delete_guard"], "\(stopped)")
        #expect(stopped.runs.first?.jobs?.map(\.status) == ["committed", "failed"], "\(stopped)")
        let told = try await site.source.attempt("run", file)
        #expect(told.status == 65, "\(told)")
        #expect(
            told.errors.contains("production: Job 2 of 3 failed; 1 before it was done, 1 not started."), "\(told)")
        let allowed = try await site.source.runJobs(file, "--allow-deletes", "8")
        #expect(allowed.areGood && allowed.runs.first?.jobs?.count == 3, "\(allowed)")
    }

    @Test func aSignalInThePauseEndsTheCommandAndNoFurtherJobBegins() async throws {
        let site = try await Site.make(articles: 2)
        let file = try site.source.jobFile(
            "slow.lua",
            """
            return { target = "production", mode = "push", pause = 3600, jobs = {
              \(Self.articles),
              { name = "content", syncSettings = { models = { "authors" } } },
            } }
            """)
        let tool = try site.source.start(["run", file])
        try await eventually("the first job is done") {
            try await site.source.run("runs").split(separator: "\n").contains {
                $0.contains(" push ") && $0.contains("committed")
            }
        }
        tool.send(SIGINT)
        let ending = await tool.ending()
        #expect(ending.status == 130 && !ending.isOverdue, "\(ending)")
        #expect(ending.errors.contains("1 of 2 jobs were done, the others not started."), "\(ending)")
        #expect(ending.output.contains("2 created"), "\(ending)")
    }

    @Test func severalSourcesArePulledOneAfterTheOther() async throws {
        let site = try await Site.make()
        let edge = try await RealInstance.make("edge")
        let server = try await TestServer(edge)
        let key = try await edge.run("keys", "show").trimmingCharacters(in: .newlines)
        try await site.source.run("targets", "add", "edge", "http://127.0.0.1:\(server.port)", "--key", key)
        try await site.destination.take(Articles.make(20))
        try await edge.take(Articles.make(20, from: 50))
        let file = try site.source.jobFile(
            "gather.json", #"{"target":["production","edge"],"mode":"pull","jobs":[{"name":"content"}]}"#)
        let runs = try await site.source.runJobs(file)
        #expect(runs.areGood && runs.runs.map(\.report.created) == [20, 20], "\(runs)")
        #expect(runs.runs.map(\.report.target) == ["production", "edge"])
        #expect(try await site.source.content().count == 40)
    }
}
