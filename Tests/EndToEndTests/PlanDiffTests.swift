import ContentModel
import Foundation
import Testing
import TidelockTestSupport

@Suite("Plans, row by row and field by field", .story)
struct PlanDiffTests {
    private struct Change: Decodable, Equatable {
        var path: String
        var change: String
        var old: String?
        var new: String?
        var cut: Bool?
    }

    private struct Row: Decodable {
        var kind: String
        var id: String
        var operation: String
        var reason: String?
        var conflict: String?
        var changes: [Change]?
        var gap: String?
    }

    private struct Listed: Decodable {
        var status: String
        var items: [Row]?
    }

    /// The rows of a plan that must succeed, by their ids.
    private func rows(_ site: Site, _ options: String...) async throws -> [String: Row] {
        let ending = try await site.source.start(["plan", "production", "--json"] + options).ending()
        guard ending.status == 0, let listed = try? JSONDecoder().decode(Listed.self, from: Data(ending.output.utf8))
        else { throw CommandFailed(arguments: ["plan"] + options, ending: ending) }
        #expect(listed.status == "planned")
        return Dictionary((listed.items ?? []).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// A site whose destination has handlers, which its server has loaded.
    private func site(withHandlersThere text: String) async throws -> Site {
        let source = try await RealInstance.make("staging")
        let destination = try await RealInstance.make("production")
        try destination.hook("10-there.lua", text)
        let server = try await TestServer(destination)
        try await source.target(destination, at: server.port)
        return Site(source: source, destination: destination, server: server)
    }

    @Test func aPushShowsWhatItChangesThereAndChangesNothing() async throws {
        let site = try await Site.make(articles: 3)
        try #require(try await site.push().isGood)
        try await site.source.edit("content/articles", [Articles.id(1)], "title", "Another title")
        try await site.source.edit("content/articles", [Articles.id(2)], "_internalNotes", "other notes")
        try await site.source.take(Articles.make(1, from: 40))
        let before = try await site.destination.content().hashes
        let rows = try await rows(site, "--diff")
        #expect(Set(rows.keys) == [Articles.id(1), Articles.id(40)], "\(rows)")
        let update = try #require(rows[Articles.id(1)])
        #expect(update.operation == "update" && update.conflict == nil && update.gap == nil, "\(update)")
        let title = Change(path: "title", change: "changed", old: #""Article 1""#, new: #""Another title""#)
        #expect(update.changes == [title], "\(update)")
        #expect(rows[Articles.id(40)]?.operation == "create" && rows[Articles.id(40)]?.changes == nil, "\(rows)")
        let text = try await site.source.run("plan", "production", "--diff")
        #expect(text.contains("      ~ title: \"Article 1\" → \"Another title\"\n"), "\(text)")
        #expect(!text.contains("_internalNotes") && !text.contains("notes"), "\(text)")
        #expect(try await site.destination.content().hashes == before)
        let report = try await site.push()
        #expect(report.isGood && report.updated == 1 && report.created == 1, "\(report)")
    }

    @Test func anEditThatWouldBeOverwrittenIsShownAsFarAsHandlersThereShowIt() async throws {
        let site = try await site(withHandlersThere: Handlers.filter("item.secret = nil", name: "no-secret"))
        try await site.source.take(Articles.make(2))
        try #require(try await site.push().isGood)
        try await site.destination.edit("content/articles", [Articles.id(1)], "title", "edited there")
        try await site.destination.edit("content/articles", [Articles.id(1)], "secret", "for nobody")
        try await site.source.edit("content/articles", [Articles.id(1)], "title", "edited here")
        let rows = try await rows(site, "--diff")
        let row = try #require(rows[Articles.id(1)])
        #expect(rows.count == 1 && row.operation == "update" && row.conflict == "edited", "\(rows)")
        let title = Change(path: "title", change: "changed", old: #""edited there""#, new: #""edited here""#)
        #expect(row.changes == [title] && row.gap == "held_back", "\(row)")
        let text = try await site.source.run("plan", "production", "--diff")
        #expect(text.contains("edited at the destination") && !text.contains("for nobody"), "\(text)")
    }

    @Test func aKeyThatMayOnlyPushPlansButSeesNothing() async throws {
        let site = try await Site.make(articles: 2)
        let key = try await runTool("keys", "generate").trimmingCharacters(in: .newlines)
        try site.destination.configure(
            "sync = { syncKey = env(\"TIDELOCK_SYNC_KEY\") }",
            "sync = { syncKey = env(\"TIDELOCK_SYNC_KEY\"), keys = { { key = \"\(key)\", rights = { \"push\" } } } }")
        try await site.source.target(site.destination, at: site.server.port, key: key)
        try #require(try await site.push().isGood)
        try await site.source.edit("content/articles", [Articles.id(1)], "title", "Another title")
        #expect(try await rows(site, "--list").count == 1)
        let refused = try await site.source.report("plan", ["--diff"])
        #expect(refused.exit == 77 && refused.error?.code == "permission_denied", "\(refused)")
        #expect(refused.error?.hint?.contains("--diff") == true, "\(refused)")
        // Definitions could be made to ask what the items there hold.
        let strict = try await site.push("--fail-on-schema")
        #expect(strict.exit == 77 && strict.error?.hint?.contains("--fail-on-schema") == true, "\(strict)")
        #expect(try await site.push().updated == 1)
    }

    @Test func aPullNamesItsItemsAndWhyHandlersThereLeaveSomeOut() async throws {
        let keeps = "if item._id == '\(Articles.id(2))' then ctx.drop(item, 'stays in the house') end"
        let site = try await site(withHandlersThere: Handlers.filter(keeps, name: "keeps-one"))
        try await site.destination.take(Articles.make(4))
        let planned = try await rows(site, "--pull", "--list")
        #expect(planned.values.filter { $0.operation == "create" }.count == 3, "\(planned)")
        #expect(planned[Articles.id(2)]?.operation == "drop", "\(planned)")
        #expect(planned[Articles.id(2)]?.reason == "stays in the house", "\(planned)")
        #expect(try await rows(site, "--pull", "--list", "--limit", "2").count == 2)
        let text = try await site.source.run("plan", "production", "--pull", "--list")
        #expect(text.contains("  drop  content/articles/\(Articles.id(2)): stays in the house\n"), "\(text)")
        #expect(try await site.source.kinds().isEmpty)
        let report = try await site.pull()
        #expect(report.isGood && report.created == 3, "\(report)")
    }

    @Test func aPullShowsWhatItChangesHere() async throws {
        let site = try await Site.make(articles: 3)
        try #require(try await site.push().isGood)
        try await site.destination.edit("content/articles", [Articles.id(1)], "title", "edited there")
        let before = try await site.source.content().hashes
        let rows = try await rows(site, "--pull", "--diff")
        // What the handlers here hold back stays here, so that it is no difference.
        let title = Change(path: "title", change: "changed", old: #""Article 1""#, new: #""edited there""#)
        #expect(rows.count == 1 && rows[Articles.id(1)]?.operation == "update", "\(rows)")
        #expect(rows[Articles.id(1)]?.changes == [title], "\(rows)")
        #expect(try await site.source.content().hashes == before)
        #expect(try await site.pull().updated == 1)
    }

    @Test func longValuesAreCut() async throws {
        let site = try await Site.make(articles: 1)
        try #require(try await site.push().isGood)
        let long = String(repeating: "é", count: 9_000)
        try await site.source.edit("content/articles", [Articles.id(0)], "body", long)
        let change = try #require(try await rows(site, "--diff")[Articles.id(0)]?.changes?.first)
        #expect(change.cut == true && change.path == "body", "\(change.path)")
        #expect((change.new?.utf8.count ?? 0) <= 4_096 && change.new?.hasPrefix("\"éé") == true)
        #expect(change.new?.contains("\u{FFFD}") == false)
        let text = try await site.source.run("plan", "production", "--diff")
        #expect(text.utf8.count < 2_000, "\(text)")
    }
}
