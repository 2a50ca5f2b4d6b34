import ContentModel
import Testing
import TidelockTestSupport

@Suite("Runs that are taken back", .story)
struct RollbackTests {
    private struct Rollback: Decodable {
        var run: String
        var restored: Int
        var kept: [Report.ConflictRow]
        var doneBefore: Int64?
    }

    private struct Scene {
        var site: Site
        var old: [String: String]
        var report: Report
    }

    /// Ten articles on both sides; then three were edited, one is new, and that was pushed.
    private func pushedTwice() async throws -> Scene {
        let site = try await Site.make(articles: 10)
        try #require(try await site.push().isGood)
        let old = try await site.destination.content().hashes
        try await site.source.edit("content/articles", (0..<3).map(Articles.id), "title", "edited")
        try await site.source.take(Articles.make(1, from: 50))
        let report = try await site.push()
        try #require(report.isGood && report.updated == 3 && report.created == 1, "\(report)")
        return Scene(site: site, old: old, report: report)
    }

    private func expectRevertedRowsAreLeftAlone(_ scene: Scene) async throws {
        let next = try await scene.site.push()
        #expect(next.isGood && next.sent == 0 && next.reverted == 4, "\(next)")
        let quiet = try await scene.site.push()
        #expect(quiet.isGood && quiet.roundTrips == 1 && quiet.sent == 0 && quiet.reverted == 4, "\(quiet)")
        let told = try await scene.site.source.run("push", "production")
        #expect(told.contains("nothing to push to production; 4 items differ by decision: 4 taken back"), "\(told)")
        #expect(told.contains("4 items that a rollback took back there were left alone"), "\(told)")
        #expect(try await scene.site.destination.content().hashes == scene.old)
        let included = try await scene.site.push("--include-reverted")
        #expect(included.isGood && included.sent == 4 && included.reverted == 0, "\(included)")
        let source = try await scene.site.source.content()
        #expect(try await scene.site.destination.content().hashes == source.filtered.hashes)
        let last = try await scene.site.push()
        #expect(last.isGood && last.sent == 0 && last.reverted == 0, "\(last)")
    }

    @Test func atTheDestination() async throws {
        let scene = try await pushedTwice()
        let result = try await scene.site.destination.json(Rollback.self, "rollback", scene.report.run)
        #expect(result.restored == 4 && result.kept.isEmpty, "\(result)")
        #expect(try await scene.site.destination.content().hashes == scene.old)
        try await expectRevertedRowsAreLeftAlone(scene)
    }

    @Test func atTheInitiator() async throws {
        let scene = try await pushedTwice()
        let result = try await scene.site.source.json(Rollback.self, "rollback", scene.report.run)
        #expect(result.restored == 4 && result.kept.isEmpty, "\(result)")
        #expect(try await scene.site.destination.content().hashes == scene.old)
        try await expectRevertedRowsAreLeftAlone(scene)
    }

    @Test func thatWereTakenBackBeforeAreLeftAsTheyAre() async throws {
        let scene = try await pushedTwice()
        let first = try await scene.site.source.json(Rollback.self, "rollback", scene.report.run)
        #expect(first.restored == 4 && first.doneBefore == nil, "\(first)")
        let included = try await scene.site.push("--include-reverted")
        #expect(included.isGood && included.sent == 4, "\(included)")
        let there = try await scene.site.destination.content().hashes
        let item = ["--item", "content/articles/\(Articles.id(1))"]
        for instance in [scene.site.source, scene.site.destination] {
            let again = try await instance.json(Rollback.self, "rollback", scene.report.run)
            #expect(again.restored == 0 && again.kept.isEmpty && again.doneBefore != nil, "\(again)")
            let single = try await instance.json(Rollback.self, "rollback", scene.report.run, item[0], item[1])
            #expect(single.restored == 0 && single.doneBefore == again.doneBefore, "\(single)")
            let told = try await instance.run("rollback", scene.report.run)
            #expect(told.contains("was taken back already, at 20") && told.contains("nothing was done now"), "\(told)")
            let audit = try await instance.run("audit", "--action", "rollback")
            #expect(audit.contains("taken back before"), "\(audit)")
        }
        #expect(try await scene.site.destination.content().hashes == there)
    }

    @Test func keepsWhatWasEditedSince() async throws {
        let scene = try await pushedTwice()
        let destination = scene.site.destination
        try await destination.edit("content/articles", [Articles.id(1)], "title", "edited over there")
        let result = try await destination.json(Rollback.self, "rollback", scene.report.run)
        #expect(result.restored == 3, "\(result)")
        #expect(result.kept.map(\.id) == [Articles.id(1)] && result.kept.map(\.verdict) == ["kept_edited"], "\(result)")
        #expect(try await destination.item("content/articles", Articles.id(1)).string("title") == "edited over there")
        #expect(
            try await destination.item("content/articles", Articles.id(0)).hash.hex
                == scene.old["content/articles/\(Articles.id(0))"])
    }

    @Test("T66, T82: brings back what a mirror deleted")
    func bringsBackWhatAMirrorDeleted() async throws {
        let site = try await Site.make(articles: 10)
        try #require(try await site.push().isGood)
        let old = try await site.destination.content().hashes
        try await site.source.run("rm", "content/articles", Articles.id(2))
        let mirror = try await site.push("--mirror", "--models", "articles")
        try #require(mirror.isGood && mirror.deleted == 1, "\(mirror)")
        let result = try await site.destination.json(Rollback.self, "rollback", mirror.run)
        #expect(result.restored == 1)
        #expect(try await site.destination.content().hashes == old)
    }

    @Test func ofAPullThatIsMadeAgain() async throws {
        let site = try await Site.make()
        try await site.destination.take(Articles.make(3))
        let pull = try await site.pull()
        try #require(pull.isGood && pull.created == 3, "\(pull)")
        let result = try await site.source.json(Rollback.self, "rollback", pull.run)
        #expect(result.restored == 3, "\(result)")
        for _ in 1...2 {
            let next = try await site.pull()
            #expect(next.isGood && next.sent == 0 && next.reverted == 3, "\(next)")
        }
        let told = try await site.source.run("pull", "production")
        #expect(told.contains("3 items that a rollback took back here were left alone"), "\(told)")
        let single = try await site.source.reportItem(
            "pull", ["content/articles", Articles.id(0), "--include-reverted"])
        #expect(single.isGood && single.created == 1 && single.reverted == 2, "\(single)")
        let rest = try await site.pull("--mirror", "--include-reverted")
        #expect(rest.isGood && rest.created == 2 && rest.reverted == 0, "\(rest)")
        #expect(try await site.source.content().hashes == site.destination.content().hashes)
    }

    @Test func ofAnImport() async throws {
        let instance = try await RealInstance.make("alone")
        try await instance.take(Articles.make(5))
        struct Run: Decodable { var id: String }
        let runs = try await instance.json([Run].self, "runs")
        let result = try await instance.json(Rollback.self, "rollback", try #require(runs.first).id)
        #expect(result.restored == 5)
        #expect(try await instance.kinds().isEmpty)
    }

    private struct Shown: Decodable {
        struct Detail: Decodable {
            struct Run: Decodable {
                var id: String
                var direction: String
                var phase: String
            }
            var run: Run
            var rollbacks: [String]
        }
        var detail: Detail
        var report: Report?
    }

    @Test func oneItemAtTheInitiator() async throws {
        let scene = try await pushedTwice()
        let item = "content/articles/\(Articles.id(1))"
        let result = try await scene.site.source.json(Rollback.self, "rollback", scene.report.run, "--item", item)
        #expect(result.restored == 1 && result.kept.isEmpty, "\(result)")
        let there = try await scene.site.destination.content().hashes
        #expect(there[item] == scene.old[item])
        #expect(there["content/articles/\(Articles.id(0))"] != scene.old["content/articles/\(Articles.id(0))"])
        let rest = try await scene.site.destination.json(Rollback.self, "rollback", scene.report.run)
        #expect(rest.restored == 3, "\(rest)")
        #expect(try await scene.site.destination.content().hashes == scene.old)
        let ending = try await scene.site.source.attempt(
            "rollback", scene.report.run, "--item", "content/articles/nobody")
        #expect(ending.status == 66 && ending.output.isEmpty, "\(ending)")
    }

    @Test func oneRunIsShown() async throws {
        let scene = try await pushedTwice()
        let here = try await scene.site.source.json(Shown.self, "runs", "show", scene.report.run)
        #expect(here.detail.run.direction == "push" && here.report?.updated == 3, "\(here)")
        let there = try await scene.site.destination.run("runs", "show", scene.report.run)
        #expect(there.contains("staging") && there.contains("1 created, 3 updated"), "\(there)")
        #expect(there.contains("undo      4 items, until "), "\(there)")
        try await scene.site.destination.run("rollback", scene.report.run)
        let after = try await scene.site.destination.json(Shown.self, "runs", "show", scene.report.run)
        #expect(after.detail.rollbacks.count == 1, "\(after)")
        let rollback = try #require(after.detail.rollbacks.first)
        let taken = try await scene.site.destination.run("runs", "show", scene.report.run)
        #expect(taken.contains("undo      taken back by \(rollback)"), "\(taken)")
        try await scene.site.destination.run("rollback", rollback)
        let redone = try await scene.site.destination.run("runs", "show", scene.report.run)
        #expect(redone.contains("undo      in force again: its rollback \(rollback) was taken back by"), "\(redone)")
        #expect(try await scene.site.destination.run("runs", "--limit", "1").contains("rollback"))
        #expect(try await scene.site.destination.attempt("runs", "show", "ffff").status == 66)
    }
}
