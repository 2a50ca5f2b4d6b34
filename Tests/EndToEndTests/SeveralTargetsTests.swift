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

    @Test func allOfOneIsAListOfOne() async throws {
        let site = try await Site.make(articles: 2)
        let all = try await push(site.source, "--all")
        #expect(all.exit == 0 && all.reports.map(\.created) == [2], "\(all)")
    }

    @Test func whatCannotBeginIsToldInTheObjectThatWasPromised() async throws {
        let site = try await Site.make(articles: 1)
        for (arguments, code, status) in [
            (["production", "edgy"], "unknown_target", Int32(66)), (["--all", "--filter", "{"], "invalid_filter", 65),
        ] {
            let ending = try await site.source.start(["push", "--json"] + arguments).ending()
            let reports = try JSONDecoder().decode(Reports.self, from: Data(ending.output.utf8))
            #expect(reports.runs.isEmpty && reports.error?.code == code && ending.status == status, "\(ending)")
        }
    }

    @Test func namesAndAllAreNotMixedAndSomethingMustBeNamed() async throws {
        let site = try await Site.make(articles: 1)
        for arguments in [["push"], ["push", "production", "--all"]] {
            let ending = try await site.source.start(arguments).ending()
            #expect(ending.status == 64, "\(arguments): \(ending)")
        }
        let unknown = try await site.source.attempt("push", "production", "edgy")
        #expect(unknown.status == 66, "\(unknown)")
    }
}
