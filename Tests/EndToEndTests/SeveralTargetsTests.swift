import Foundation
import Testing
import TidelockTestSupport

@Suite("Pushing to several targets", .story)
struct SeveralTargetsTests {
    private struct Reports: Decodable {
        struct Failure: Decodable { var code: String }

        var runs: [Report]
        var error: Failure?
    }

    private func push(_ source: RealInstance, _ arguments: String...) async throws -> (reports: [Report], exit: Int32) {
        let ending = try await source.start(["push", "--json"] + arguments).ending()
        return (try JSONDecoder().decode(Reports.self, from: Data(ending.output.utf8)).runs, ending.status)
    }

    /// A site with a second destination, the target `edge`.
    private func make() async throws -> (site: Site, edge: RealInstance, server: TestServer) {
        let site = try await Site.make(articles: 5)
        let edge = try await RealInstance.make("edge")
        let server = try await TestServer(edge)
        let key = try await edge.run("keys", "show").trimmingCharacters(in: .newlines)
        try await site.source.run("targets", "add", "edge", "http://127.0.0.1:\(server.port)", "--key", key)
        return (site, edge, server)
    }

    @Test func eachHasAResultOfItsOwn() async throws {
        let (site, edge, server) = try await make()
        let first = try await push(site.source, "production", "edge")
        #expect(first.exit == 0 && first.reports.map(\.target) == ["production", "edge"], "\(first)")
        for report in first.reports { #expect(report.verified && report.created == 5, "\(report)") }
        let source = try await site.source.content().filtered.hashes
        #expect(try await site.destination.content().hashes == source)
        #expect(try await edge.content().hashes == source)
        await server.stop()
        try await site.source.take(Articles.make(2, from: 40))
        let second = try await push(site.source, "--all", "--timeout", "1")
        #expect(second.exit == 69, "\(second)")
        let byTarget = Dictionary(uniqueKeysWithValues: second.reports.map { ($0.target, $0) })
        #expect(byTarget["production"]?.verified == true && byTarget["production"]?.created == 2, "\(second)")
        #expect(byTarget["edge"]?.error?.code == "target_unreachable", "\(second)")
    }

    @Test func namesThatLeadToOneInstanceTakeTurns() async throws {
        let site = try await Site.make(articles: 5)
        let key = try await site.destination.run("keys", "show").trimmingCharacters(in: .newlines)
        for (name, host) in [("again", "127.0.0.1"), ("other", "localhost")] {
            try await site.source.run("targets", "add", name, "http://\(host):\(site.server.port)", "--key", key)
        }
        for round in 1...2 {
            let all = try await push(site.source, "--all")
            #expect(all.exit == 0 && all.reports.allSatisfy(\.verified), "\(round): \(all)")
            #expect(all.reports.map(\.created) == (round == 1 ? [5, 0, 0] : [2, 0, 0]), "\(round): \(all)")
            try await site.source.take(Articles.make(2, from: 40))
        }
    }

    @Test func allOfOneIsAListOfOne() async throws {
        let site = try await Site.make(articles: 2)
        let all = try await push(site.source, "--all")
        #expect(all.exit == 0 && all.reports.map(\.created) == [2], "\(all)")
    }

    @Test func eachGetsTheJobsOfAFileUntilOneFailsForIt() async throws {
        let (site, edge, server) = try await make()
        defer { withExtendedLifetime(server) {} }
        try await site.source.take(Articles.make(1, from: 20), model: "authors")
        // The second job would delete most of what is at the edge, which a guard stops.
        try await edge.take(Articles.make(8, from: 100), model: "authors")
        let file = try site.source.jobFile(
            "jobs.json",
            """
            [{"name":"content","syncSettings":{"models":["articles"]}},
             {"name":"content","syncSettings":{"models":["authors"],"mirror":true}}]
            """)
        let first = try JobRuns(await site.source.start(["push", "--all", "--jobs", file, "--json"]).ending())
        #expect(first.exit == 65 && first.error == nil, "\(first)")
        let byTarget = Dictionary(uniqueKeysWithValues: first.runs.map { ($0.report.target, $0) })
        #expect(byTarget["production"]?.jobs?.map(\.status) == ["committed", "committed"], "\(first)")
        #expect(byTarget["production"]?.report.created == 6, "\(first)")
        #expect(byTarget["edge"]?.jobs?.map(\.status) == ["committed", "failed"], "\(first)")
        #expect(byTarget["edge"]?.report.error?.code == "delete_guard", "\(first)")
        #expect(try await edge.content().keys.filter { $0.hasPrefix("content/articles/") }.count == 5)
        let told = try await site.source.attempt("push", "production", "edge", "--jobs", file)
        #expect(told.status == 65 && told.errors.contains("edge: Job 2 of 2 failed"), "\(told)")
        #expect(!told.errors.contains("production"), "\(told)")
        let allowed = try await site.source.runJobs(file, "--all", "--push", "--allow-deletes", "8")
        #expect(allowed.areGood && allowed.runs.map(\.jobs?.count) == [2, 2], "\(allowed)")
        #expect(try await edge.content().hashes == (try await site.destination.content().hashes))
    }

    @Test func aTargetThatDoesNotAllowItIsNotAmongAll() async throws {
        let site = try await Site.make(articles: 2)
        try await site.source.run(
            "targets", "add", "archive", "http://127.0.0.1:\(site.server.port)", "--key",
            try await site.destination.run("keys", "show").trimmingCharacters(in: .newlines), "--no-push")
        let file = try site.source.jobFile("all.json", #"{"mode":"push","jobs":[{"name":"content"}]}"#)
        let pushed = try await site.source.runJobs(file, "--all")
        #expect(pushed.areGood && pushed.runs.map(\.report.target) == ["production"], "\(pushed)")
        let refused = try await site.source.runJobs(file, "--target", "archive")
        #expect(refused.exit == 77 && refused.runs.map(\.report.error?.code) == ["permission_denied"], "\(refused)")
    }

    @Test func oneWhoseKeyIsNotSetStopsNothingAtTheOthers() async throws {
        let site = try await Site.make(articles: 2)
        let keyless = ["http://127.0.0.1:1", "--key-env", "TIDELOCK_KEY_THAT_NOBODY_SET"]
        _ = try await site.source.start(["targets", "add", "keyless"] + keyless).ending()
        _ = try await site.source.start(["targets", "add", "closed"] + keyless + ["--no-push"]).ending()
        let all = try await push(site.source, "--all")
        #expect(all.exit == 78 && all.reports.map(\.target) == ["production", "keyless"], "\(all)")
        #expect(all.reports.map(\.created) == [2, 0] && all.reports.first?.verified == true, "\(all)")
        #expect(all.reports.last?.error?.code == "missing_setting", "\(all)")
        let file = try site.source.jobFile("all.json", #"{"mode":"push","jobs":[{"name":"content"}]}"#)
        let jobs = try await site.source.runJobs(file, "--target", "keyless", "--target", "production")
        #expect(jobs.exit == 78 && jobs.error == nil, "\(jobs)")
        #expect(jobs.runs.map(\.report.error?.code) == ["missing_setting", nil], "\(jobs)")
        let told = try await site.source.attempt("push", "production", "keyless")
        #expect(told.status == 78 && told.errors.contains("keyless: The key of target 'keyless'"), "\(told)")
        let listed = try await site.source.attempt("targets")
        #expect(listed.status == 0 && listed.output.contains("production") && listed.output.contains("keyless"))
        #expect(listed.errors.contains("'keyless' cannot be used"), "\(listed)")
        let audit = try await site.source.run("audit", "--action", "push")
        #expect(audit.contains("keyless") && audit.contains("missing_setting"), "\(audit)")
    }

    @Test func whatCannotBeginIsToldInTheObjectThatWasPromised() async throws {
        let site = try await Site.make(articles: 1)
        let file = try site.source.jobFile("more.json", #"{"pause":1,"jobs":[{"name":"content"}]}"#)
        for (arguments, code, status) in [
            (["production", "edgy"], "unknown_target", Int32(66)), (["--all", "--filter", "{"], "invalid_filter", 65),
            (["--all", "--jobs", file], "usage", 64), (["--all", "--jobs", file + ".none"], "not_found", 66),
        ] {
            let ending = try await site.source.start(["push", "--json"] + arguments).ending()
            let reports = try JSONDecoder().decode(Reports.self, from: Data(ending.output.utf8))
            #expect(reports.runs.isEmpty && reports.error?.code == code && ending.status == status, "\(ending)")
        }
    }

    @Test func namesAndAllAreNotMixedAndSomethingMustBeNamed() async throws {
        let site = try await Site.make(articles: 1)
        for arguments in [
            ["push"], ["push", "production", "--all"], ["push", "--all", "--watch", "--jobs", "jobs.json"],
            ["run", "jobs.json", "--target", "production", "--all"],
        ] {
            let ending = try await site.source.start(arguments).ending()
            #expect(ending.status == 64, "\(arguments): \(ending)")
        }
        let unknown = try await site.source.attempt("push", "production", "edgy")
        #expect(unknown.status == 66, "\(unknown)")
    }
}
