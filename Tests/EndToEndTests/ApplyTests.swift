import ContentModel
import Foundation
import Testing
import TidelockTestSupport

@Suite("Plans in files", .story)
struct ApplyTests {
    private struct Applied: Decodable {
        struct Row: Decodable {
            var kind: String
            var id: String
            var cause: String
        }
        var moved: [Row]?
    }

    private func apply(_ site: Site, _ file: String) async throws -> (report: Report, moved: [Applied.Row]) {
        let ending = try await site.source.start(["apply", file, "--json"]).ending()
        let applied = try JSONDecoder().decode(Applied.self, from: Data(ending.output.utf8))
        return (try Report(ending), applied.moved ?? [])
    }

    @Test func aPlanIsAppliedAsItWasWritten() async throws {
        let site = try await Site.make(articles: 3)
        let file = site.source.folder.appending(path: "plan.json").path
        let plan = try await site.source.report("plan", ["--out", file])
        #expect(plan.exit == 0 && plan.created == 3, "\(plan)")
        #expect(try await site.destination.kinds().isEmpty)
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        try await site.source.take(Articles.make(2, from: 40))
        let (report, moved) = try await apply(site, file)
        #expect(report.isGood && report.created == 3 && moved.isEmpty, "\(report)")
        let again = try await apply(site, file)
        #expect(again.report.exit == 65 && again.report.error?.code == "plan_outdated", "\(again.report)")
        #expect(again.moved.count == 3)
        #expect(try await site.push().created == 2)
    }

    @Test func aPlanThatCannotBeWrittenSaysSoInTheReport() async throws {
        let site = try await Site.make(articles: 3)
        let file = site.source.folder.appending(path: "not/there/plan.json").path
        let plan = try await site.source.report("plan", ["--out", file])
        #expect(plan.exit == 74 && plan.created == 3 && plan.error?.code == "storage_failed", "\(plan)")
        #expect(plan.error?.message.contains("cannot be written") == true, "\(plan)")
        let ending = try await site.source.attempt("plan", "production", "--out", file)
        #expect(ending.status == 74 && ending.errors.contains("cannot be written"), "\(ending)")
    }

    @Test func thePlanOfAPullIsAppliedAsItWasWritten() async throws {
        let site = try await Site.make()
        try site.destination.hook("10-documented.lua", Handlers.documented)
        try await site.destination.take(Articles.make(3))
        let file = site.source.folder.appending(path: "plan.json").path
        let plan = try await site.source.report("plan", ["--pull", "--out", file])
        #expect(plan.exit == 0 && plan.direction == "pull" && plan.created == 3, "\(plan)")
        #expect(try await site.source.kinds().isEmpty)
        let elsewhere = try await site.destination.attempt("apply", file)
        #expect(elsewhere.status == 65, "\(elsewhere)")
        try await site.destination.take(Articles.make(2, from: 40))
        let (report, moved) = try await apply(site, file)
        #expect(report.isGood && report.direction == "pull" && report.created == 3 && moved.isEmpty, "\(report)")
        let again = try await apply(site, file)
        #expect(again.report.exit == 65 && again.report.error?.code == "plan_outdated", "\(again.report)")
        #expect(again.moved.count == 3)
        #expect(try await site.pull().created == 2)
        #expect(try await site.source.content().hashes == site.destination.content().filtered.hashes)
    }

    @Test func rowsOfAPullThatMovedOnEitherSideAreLeftOutOneByOne() async throws {
        let site = try await Site.make()
        try await site.destination.take(Articles.make(6))
        try #require(try await site.pull().isGood)
        try await site.destination.edit("content/articles", (1...4).map(Articles.id), "title", "edited there")
        let file = site.source.folder.appending(path: "plan.json").path
        let plan = try await site.source.report("plan", ["--pull", "--out", file])
        #expect(plan.exit == 0 && plan.updated == 4, "\(plan)")
        try await site.source.edit("content/articles", [Articles.id(1)], "title", "edited here")
        try await site.destination.edit("content/articles", [Articles.id(2)], "title", "edited there again")
        try await site.source.run("rm", "content/articles", Articles.id(3))
        let before = try await site.source.content()

        let (report, moved) = try await apply(site, file)
        #expect(report.exit == 65 && report.error?.code == "plan_outdated" && report.verified, "\(report)")
        #expect(report.status == "committed" && report.updated == 1 && report.created == 0, "\(report)")
        #expect(moved.map(\.id) == (1...3).map(Articles.id), "\(moved)")
        #expect(moved.map(\.cause) == ["destination", "output", "destination"], "\(moved)")
        let key = "content/articles/\(Articles.id(4))"
        var expected = before
        expected[key] = before[key]?.setting("title", to: JSONDocument(string: "edited there"))
        #expect(try await site.source.content().hashes == expected.hashes)

        let told = try await site.source.attempt("apply", file)
        #expect(told.status == 65 && told.output.contains("left out: content/articles/\(Articles.id(1))"), "\(told)")
        #expect(told.output.contains("the row here is another one"), "\(told)")
        #expect(told.output.hasPrefix("nothing was applied"), "\(told)")
    }

    @Test func deletesOfAPullAreGuardedWhenItsPlanIsApplied() async throws {
        let site = try await Site.make()
        try await site.destination.take(Articles.make(10))
        try #require(try await site.pull().isGood)
        for number in 1...7 { try await site.destination.run("rm", "content/articles", Articles.id(number)) }
        let file = site.source.folder.appending(path: "plan.json").path
        let plan = try await site.source.report("plan", ["--pull", "--mirror", "--out", file])
        #expect(plan.exit == 0 && plan.deleted == 7, "\(plan)")
        let refused = try await apply(site, file)
        #expect(refused.report.exit == 65 && refused.report.error?.code == "delete_guard", "\(refused.report)")
        #expect(try await site.source.content().count == 10)
        let ending = try await site.source.start(["apply", file, "--allow-deletes", "7", "--json"]).ending()
        let report = try Report(ending)
        #expect(report.isGood && report.deleted == 7, "\(report)")
        #expect(try await site.source.content().hashes == site.destination.content().hashes)
    }

    @Test func aPlanOfAnotherInstanceOrFormatIsRefused() async throws {
        let site = try await Site.make(articles: 1)
        let file = site.source.folder.appending(path: "plan.json").path
        _ = try await site.source.report("plan", ["--out", file])
        let elsewhere = try await site.destination.attempt("apply", file)
        #expect(elsewhere.status == 65, "\(elsewhere)")
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try text.replacing("\"version\":1", with: "\"version\":99").write(
            toFile: file, atomically: true, encoding: .utf8)
        #expect(try await site.source.attempt("apply", file).status == 76)
        try "{}".write(toFile: file, atomically: true, encoding: .utf8)
        #expect(try await site.source.attempt("apply", file).status == 65)
        #expect(try await site.destination.kinds().isEmpty)
    }

    private struct Listed: Decodable {
        struct Row: Decodable {
            var kind: String
            var id: String
            var operation: String
            var reason: String?
        }
        var items: [Row]?
    }

    @Test func aPlanNamesItsItemsAndWhySomeAreLeftOut() async throws {
        let site = try await Site.make(articles: 3)
        try site.source.hook(
            "20-drops.lua",
            """
            app.on("sync.content.before", function(items, ctx)
              for _, item in ipairs(items) do
                if item._id == "left-out" then ctx.drop(item, "not for everybody") end
              end
            end, { name = "drops-one" })
            """)
        try await site.source.put("content/articles", try JSONDocument(validating: #"{"_id":"left-out"}"#))
        let items = try await site.source.json(Listed.self, "plan", "production", "--list").items ?? []
        #expect(items.filter { $0.operation == "create" }.count == 3, "\(items)")
        #expect(items.filter { $0.operation == "drop" }.map(\.reason) == ["not for everybody"], "\(items)")
        let few = try await site.source.json(Listed.self, "plan", "production", "--list", "--limit", "1").items ?? []
        #expect(few.count == 1, "\(few)")
        #expect(try await site.destination.kinds().isEmpty)
    }
}
