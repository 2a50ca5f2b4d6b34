import ContentModel
import Foundation
import Testing
import TidelockTestSupport

/// Every file in `hooks/examples/jobs/` does what it says, run by the real tool against a real second instance.
@Suite("The examples of job files", .story)
struct JobExampleTests {
    private static let folder = Examples.folder.appending(path: "jobs")

    static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()

    private static func text(_ example: String) throws -> String {
        try String(contentsOf: folder.appending(path: example), encoding: .utf8)
    }

    /// What the examples speak of, at a source whose target `production` has nothing of it.
    private func make() async throws -> Site {
        let site = try await Site.make()
        let now = Int(Date().timeIntervalSince1970)
        try await site.source.put(
            "content/posts", try JSONDocument(validating: #"{"_id":"new","_state":1,"_modified":\#(now)}"#),
            try JSONDocument(validating: #"{"_id":"draft","_state":0,"_modified":\#(now)}"#),
            try JSONDocument(validating: #"{"_id":"old","_state":1,"_modified":1000}"#))
        try await site.source.put("content/products", try JSONDocument(validating: #"{"_id":"lock"}"#))
        try await site.source.put("content/pages", try JSONDocument(validating: #"{"_id":"home"}"#))
        try await site.source.put(
            "lokalize/projects", try JSONDocument(validating: #"{"name":"website","locales":["en"]}"#))
        try await site.source.put(
            "lokalize/keys/website", try JSONDocument(validating: #"{"key":"nav.home","values":{"en":"Home"}}"#))
        return site
    }

    /// Takes an example into use, as a person would: by copying its file, perhaps with something in it changed.
    private func use(
        _ example: String, in instance: RealInstance, replacing old: String? = nil, with new: String = ""
    ) throws -> String {
        let text = try Self.text(example)
        guard let old else { return try instance.jobFile(example, text) }
        try #require(text.contains(old), "\(example) no longer holds \(old)")
        return try instance.jobFile(example, text.replacing(old, with: new))
    }

    private func add(_ target: RealInstance, as name: String, to source: RealInstance) async throws -> TestServer {
        let server = try await TestServer(target)
        let key = try await target.run("keys", "show").trimmingCharacters(in: .newlines)
        try await source.run("targets", "add", name, "http://127.0.0.1:\(server.port)", "--key", key)
        return server
    }

    // MARK: All of them

    /// Each begins with what it does, and none is missing in the guide.
    @Test(arguments: names)
    func sayWhatTheyDo(example: String) throws {
        let text = try Self.text(example)
        let isShell = example.hasSuffix(".sh")
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropFirst(isShell ? 1 : 0)
        #expect(
            (2...5).contains(lines.prefix { $0.hasPrefix(isShell ? "# " : "--- ") }.count), "the head of \(example)")
        #expect(lines.allSatisfy { $0.count <= 120 })
        #expect(!isShell || (text.hasPrefix("#!/bin/sh\n") && text.contains("\nset -eu\n")), "\(example)")
        let guide = try String(contentsOf: Examples.hooks.appending(path: "README.md"), encoding: .utf8)
        #expect(guide.contains("(examples/jobs/\(example))"), "hooks/README.md does not mention \(example)")
    }

    @Test func everyFileOfJobsIsAPlan() async throws {
        let site = try await make()
        let edge = try await RealInstance.make("edge")
        let server = try await add(edge, as: "backup-1", to: site.source)
        try await site.source.run(
            "targets", "add", "backup-2", "http://127.0.0.1:\(server.port)", "--key",
            try await edge.run("keys", "show").trimmingCharacters(in: .newlines))
        let files = Self.names.filter { $0.hasSuffix(".lua") }
        #expect(files.count >= 7)
        for example in files {
            let runs = try await site.source.runJobs(try use(example, in: site.source), "--dry-run")
            #expect(runs.exit == 0 && !runs.runs.isEmpty, "\(example): \(runs)")
            #expect(
                runs.runs.allSatisfy { ["planned", "unchanged"].contains($0.report.status) }, "\(example): \(runs)")
        }
        #expect(try await site.destination.content().isEmpty)
    }

    // MARK: Jobs

    @Test func syncToProductionSendsEverythingInOneRun() async throws {
        let site = try await make()
        let runs = try await site.source.runJobs(try use("sync-to-production.lua", in: site.source))
        #expect(runs.areGood && runs.runs.map(\.jobs?.count) == [nil], "\(runs)")
        let expected = try await site.source.content().filter { !$0.key.hasPrefix("lokalize/") }.hashes
        #expect(try await site.destination.content().hashes == expected)
    }

    @Test func backupContentSendsToEveryBackupThatAnswers() async throws {
        let site = try await make()
        let (first, second) = (try await RealInstance.make("first"), try await RealInstance.make("second"))
        let server = try await add(first, as: "backup-1", to: site.source)
        let other = try await add(second, as: "backup-2", to: site.source)
        let file = try use("backup-content.lua", in: site.source)
        #expect(await server.stop() == 0)
        let runs = try await site.source.runJobs(file, "--timeout", "1")
        #expect(runs.exit == 69 && runs.runs.map(\.report.target) == ["backup-1", "backup-2"], "\(runs)")
        #expect(runs.runs.map(\.report.error?.code) == ["target_unreachable", nil], "\(runs)")
        #expect(runs.runs.last?.report.verified == true, "\(runs)")
        #expect(try await second.content().keys.contains("content/products/lock"))
        #expect(await other.stop() == 0)
    }

    @Test func syncPostsSendsWhatIsPublishedAndNew() async throws {
        let site = try await make()
        let runs = try await site.source.runJobs(try use("sync-posts.lua", in: site.source))
        #expect(runs.areGood, "\(runs)")
        #expect(try await site.destination.content().keys.sorted() == ["content/posts/new"])
    }

    @Test func pullFromProductionFetchesItsContent() async throws {
        let site = try await Site.make()
        try await site.destination.take(Articles.make(4))
        let runs = try await site.source.runJobs(try use("pull-from-production.lua", in: site.source))
        #expect(runs.areGood && runs.runs.map(\.report.created) == [4], "\(runs)")
        #expect(runs.runs.map(\.report.direction) == ["pull"])
        #expect(try await site.source.content().hashes == (try await site.destination.content().hashes))
    }

    @Test func syncTranslationsSendsKeysThatAreMissing() async throws {
        let site = try await make()
        let runs = try await site.source.runJobs(try use("sync-translations.lua", in: site.source))
        #expect(runs.areGood, "\(runs)")
        #expect(
            try await site.destination.content().keys.sorted()
                == ["lokalize/keys/website/nav.home", "lokalize/projects/website"])
    }

    @Test func pushModelByModelMakesARunOfEach() async throws {
        let site = try await make()
        let file = try use("push-model-by-model.lua", in: site.source, replacing: "pause = 2", with: "pause = 0.01")
        let runs = try await site.source.runJobs(file)
        #expect(runs.areGood && runs.runs.first?.jobs?.map(\.created) == [3, 1, 1], "\(runs)")
        // The second of them alone is taken back.
        let products = try #require(runs.runs.first?.jobs?[1].run)
        try await site.source.run("rollback", products)
        let kept = try await site.destination.content().keys
        #expect(!kept.contains("content/products/lock") && kept.count == 4, "\(kept)")
    }

    // MARK: Scripts

    @Test func syncWithNotificationTellsHowItWentAndKeepsTheStatus() async throws {
        let site = try await make()
        let slack = try PageServer()
        let secret = "/services/not-for-the-process-list"
        let environment = ["SLACK_URL": "http://127.0.0.1:\(slack.port)\(secret)"]
        let script = try use("sync-with-notification.sh", in: site.source)
        func run(_ file: String) async throws -> RunningTool.Ending {
            try await Shell.run(script, file, in: site.source.folder, environment: environment)
        }
        let good = try await run(try use("sync-posts.lua", in: site.source))
        #expect(good.status == 0 && good.output.contains("1 created"), "\(good)")
        let backup = try use("backup-content.lua", in: site.source, replacing: "backup-1", with: "a <b> \\\"c\\\"")
        let bad = try await run(backup)
        #expect(bad.status == 66 && bad.errors.contains("There is no target"), "\(bad)")
        try #require(slack.requests.count == 2 && slack.requests.allSatisfy { $0.target == secret })
        let told = try slack.requests.map { try JSONDocument(validating: $0.body).string("text") ?? "" }
        #expect(told[0].hasSuffix("sync-posts.lua was run."), "\(told)")
        #expect(told[1].contains("failed with status 66: tidelock: There is no target 'a &lt;b&gt; \"c\"'"), "\(told)")
        slack.answer(with: 503)
        let silent = try await run(backup)
        #expect(silent.status == 66 && silent.errors.contains("Slack could not be told"), "\(silent)")
    }

    @Test func healthCheckWritesWhatAMonitorReadsAndKeepsTheStatus() async throws {
        let site = try await Site.make()
        let script = try use("health-check.sh", in: site.source)
        let file = site.source.folder.appending(path: "health.json")
        func rows() throws -> [Bool?] {
            try JSONDocument(validating: [UInt8](Data(contentsOf: file))).elements.map { $0.bool("ok") }
        }
        let well = try await Shell.run(script, file.path, in: site.source.folder)
        #expect(well.status == 0 && well.output == "all targets are well\n", "\(well)")
        #expect(try rows() == [true])
        #expect(await site.server.stop() == 0)
        let ill = try await Shell.run(script, file.path, in: site.source.folder)
        #expect(ill.status == 69 && ill.output.isEmpty, "\(ill)")
        #expect(try rows() == [false])
        // Where nothing could be found out, only that is told.
        try site.source.configure("return {", "return {{")
        #expect(try await Shell.run(script, file.path, in: site.source.folder).status == 78)
        let answer = try JSONDocument(validating: [UInt8](Data(contentsOf: file)))
        #expect(answer.member("error")?.string("code") == "bad_setting", "\(answer)")
    }
}
