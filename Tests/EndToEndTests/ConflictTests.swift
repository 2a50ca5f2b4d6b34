import ContentModel
import Testing
import TidelockTestSupport

@Suite("Items edited at the destination", .story)
struct ConflictTests {
    private struct Rollback: Decodable { var restored: Int }

    private func editedThere() async throws -> Site {
        let site = try await Site.make(articles: 10)
        try #require(try await site.push().isGood)
        try await site.destination.edit("content/articles", [Articles.id(6)], "title", "edited there")
        return site
    }

    private func title(_ site: Site) async throws -> String? {
        try await site.destination.item("content/articles", Articles.id(6)).string("title")
    }

    @Test func areOverwrittenAndListedAndKeptInUndo() async throws {
        let site = try await editedThere()
        try await site.source.edit("content/articles", [Articles.id(6)], "title", "edited here")
        let report = try await site.push()
        #expect(report.isGood && report.updated == 1 && report.conflicts == 1, "\(report)")
        #expect(report.conflictList.map(\.id) == [Articles.id(6)])
        #expect(report.conflictList.map(\.kind) == ["content/articles"])
        #expect(report.conflictList.map(\.verdict) == ["replaced"])
        #expect(try await title(site) == "edited here")
        let undone = try await site.destination.json(Rollback.self, "rollback", report.run)
        #expect(undone.restored == 1)
        #expect(try await title(site) == "edited there")
    }

    @Test func areOverwrittenAlsoWhenOnlyTheDestinationChanged() async throws {
        let site = try await editedThere()
        let report = try await site.push()
        #expect(report.isGood && report.updated == 1, "\(report)")
        #expect(report.conflictList.map(\.verdict) == ["replaced"], "\(report.conflictList)")
        #expect(try await title(site) == "Article 6")
        let second = try await site.push()
        #expect(second.isGood && second.sent == 0 && second.conflicts == 0, "\(second)")
    }

    @Test func areNoConflictWhenTheyEqualWhatArrives() async throws {
        let site = try await editedThere()
        try await site.source.edit("content/articles", [Articles.id(6)], "title", "edited there")
        let report = try await site.push()
        #expect(report.isGood && report.conflicts == 0, "\(report)")
        #expect(try await title(site) == "edited there")
    }

    @Test func comeBackWhenTheyWereDeletedThere() async throws {
        let site = try await Site.make(articles: 10)
        try #require(try await site.push().isGood)
        try await site.destination.run("rm", "content/articles", Articles.id(2))
        let report = try await site.push()
        #expect(report.isGood && report.sent == 1, "\(report)")
        #expect(try await site.destination.content().count == 10)
    }

    @Test func showUpInAPlanThatChangesNothing() async throws {
        let site = try await editedThere()
        let before = try await site.destination.kinds()
        let plan = try await site.source.report("plan")
        #expect(plan.exit == 0 && plan.status == "planned" && plan.conflicts == 1, "\(plan)")
        #expect(try await site.destination.kinds() == before)
        #expect(try await title(site) == "edited there")
    }
}
