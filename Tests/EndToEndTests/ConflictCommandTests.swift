import ContentModel
import Foundation
import Testing
import TidelockTestSupport

@Suite("Conflicts and drift, by command", .story)
struct ConflictCommandTests {
    private struct Row: Decodable, Equatable {
        var id: Int
        var kind: String
        var item: String
        var source: String
        var isDelete: Bool
        var fields: [String]?
        var hasMoved: Bool
    }

    private struct Drift: Decodable {
        struct Item: Decodable {
            var id: String
            var source: String
            var state: String
        }

        var count: Int
        var items: [Item]
    }

    /// Ten articles on both sides; then number 4 got another title on each, and number 5 another rank here and another
    /// title there.
    private func editedOnBothSides() async throws -> Site {
        let site = try await Site.make(articles: 10)
        try #require(try await site.push().isGood)
        try await site.destination.edit("content/articles", [Articles.id(4), Articles.id(5)], "title", "edited there")
        try await site.source.edit("content/articles", [Articles.id(4)], "title", "edited here")
        try await site.source.edit("content/articles", [Articles.id(5)], "rank", "edited here")
        return site
    }

    private func title(_ number: Int, _ site: Site) async throws -> String? {
        try await site.destination.item("content/articles", Articles.id(number)).string("title")
    }

    private func conflicts(_ site: Site) async throws -> [Row] {
        try await site.destination.json([Row].self, "conflicts", "list")
    }

    @Test func parkKeepsWhatIsThereUntilSomebodyDecides() async throws {
        let site = try await editedOnBothSides()
        let report = try await site.push("--policy", "park")
        #expect(report.isGood && report.conflicts == 2, "\(report)")
        #expect(report.conflictList.map(\.verdict) == ["parked", "parked"])
        #expect(try await title(4, site) == "edited there")
        let open = try await conflicts(site)
        #expect(open.map(\.item) == [Articles.id(4), Articles.id(5)] && open.map(\.source) == ["staging", "staging"])
        #expect(open.allSatisfy { $0.kind == "content/articles" && !$0.isDelete && !$0.hasMoved })
        let id = String(try #require(open.first).id)
        let shown = try await site.destination.run("conflicts", "show", id)
        for part in ["edited here", "edited there", "Article 4"] { #expect(shown.contains(part), "\(shown)") }
        #expect(!shown.contains("kept back"), "what a handler holds back is nowhere")

        let resolved = try await site.destination.run("conflicts", "resolve", id, "--source")
        #expect(try await title(4, site) == "edited here")
        let run = try #require(resolved.split(whereSeparator: \.isWhitespace).last)
        let undone = try await site.destination.run("rollback", String(run))
        #expect(undone.contains("restored 1 items"), "\(undone)")
        #expect(try await conflicts(site) == open)
        #expect(try await title(4, site) == "edited there")

        try await site.destination.run("conflicts", "resolve", "--all", "--target")
        #expect(try await conflicts(site).isEmpty)
        let gone = try await site.destination.attempt("conflicts", "show", id)
        #expect(gone.status == 66, "\(gone.errors)")
    }

    @Test func aConflictCanBeResolvedWithAnItemOfOnesOwn() async throws {
        let site = try await editedOnBothSides()
        try #require(try await site.push("--policy", "park").isGood)
        let id = String(try #require(try await conflicts(site).first).id)
        let own = try await site.destination.item("content/articles", Articles.id(4))
            .setting("title", to: JSONDocument(string: "of both"))
        let other = own.setting("_id", to: JSONDocument(string: "another"))
        let refused = try await site.destination.attempt(
            "conflicts", "resolve", id, "--item", "-", input: other.text)
        #expect(refused.status == 64, "\(refused.errors)")
        try await site.destination.run("conflicts", "resolve", id, "--item", "-", input: own.text)
        #expect(try await title(4, site) == "of both")
        #expect(try await conflicts(site).map(\.item) == [Articles.id(5)])
        let drift = try await site.destination.json(Drift.self, "drift", "--kind", "content/articles")
        #expect(drift.count == 2)
        #expect(
            Dictionary(uniqueKeysWithValues: drift.items.map { ($0.id, $0.state) })
                == [Articles.id(4): "kept", Articles.id(5): "kept"])
        // What was decided holds until the source has another version.
        #expect(try await site.push().sent == 0)
        #expect(try await site.push("--policy", "park").sent == 0)
        #expect(try await title(4, site) == "of both")
        try await site.source.edit("content/articles", [Articles.id(4)], "title", "edited again")
        let later = try await site.push("--policy", "park")
        #expect(later.conflictList.map(\.id) == [Articles.id(4)], "\(later)")
    }

    @Test func mergeFieldsAppliesWhatDoesNotCollide() async throws {
        let site = try await editedOnBothSides()
        let report = try await site.push("--policy", "merge-fields")
        #expect(report.isGood, "\(report)")
        let verdicts = Dictionary(uniqueKeysWithValues: report.conflictList.map { ($0.id, $0.verdict) })
        #expect(verdicts == [Articles.id(4): "merged_parked", Articles.id(5): "merged"], "\(verdicts)")
        let merged = try await site.destination.item("content/articles", Articles.id(5))
        #expect(merged.string("title") == "edited there" && merged.string("rank") == "edited here")
        let open = try await conflicts(site)
        #expect(open.map(\.item) == [Articles.id(4)] && open.map(\.fields) == [["title"]])
        let second = try await site.push("--policy", "merge-fields")
        #expect(second.isGood && second.sent == 0, "\(second)")
    }

    private struct Decided: Decodable {
        struct PassedOver: Decodable {
            var id: Int
            var item: String
        }

        var resolved: Int
        var run: String?
        var passedOver: [PassedOver]?
    }

    private func note(_ number: Int, _ seo: String) throws -> JSONDocument {
        try JSONDocument(validating: #"{"_id":"n\#(number)","seo":\#(seo)}"#)
    }

    /// Three notes that wait for the title in their `seo`, of which the second has none of that form any more.
    private func oneThatCannotBeDecided() async throws -> Site {
        let site = try await Site.make(articles: 1)
        for number in 1...3 { try await site.source.put("content/notes", note(number, #"{"title":"first"}"#)) }
        try #require(try await site.push().isGood)
        for number in 1...3 {
            try await site.destination.put("content/notes", note(number, #"{"title":"there"}"#))
            try await site.source.put("content/notes", note(number, #"{"title":"here"}"#))
        }
        try #require(try await site.push("--policy", "merge-fields").isGood)
        #expect(try await conflicts(site).map(\.fields) == [["seo.title"], ["seo.title"], ["seo.title"]])
        try await site.destination.put("content/notes", note(2, #""none""#))
        return site
    }

    @Test func decidingAllPassesOverWhatCannotBeDecided() async throws {
        let site = try await oneThatCannotBeDecided()
        let ending = try await site.destination.attempt("conflicts", "resolve", "--all", "--source", "--json")
        #expect(ending.status == 65 && ending.errors.contains("1 of 3 conflicts"), "\(ending)")
        let decided = try JSONDecoder().decode(Decided.self, from: Data(ending.output.utf8))
        #expect(decided.resolved == 2 && decided.passedOver?.map(\.item) == ["content/notes/n2"], "\(decided)")
        #expect(try await conflicts(site).map(\.item) == ["n2"])
        #expect(try await site.destination.item("content/notes", "n3") == note(3, #"{"title":"here"}"#))
        let again = try await site.destination.attempt("conflicts", "resolve", "--all", "--source")
        #expect(again.status == 65 && again.output.contains("resolved none"), "\(again)")
        #expect(again.output.contains("passed over") && !again.output.contains("rollback"), "\(again)")
        try await site.destination.run("rollback", try #require(decided.run))
        #expect(try await conflicts(site).map(\.item).sorted() == ["n1", "n2", "n3"])
        #expect(try await site.destination.item("content/notes", "n3") == note(3, #"{"title":"there"}"#))
        try await site.destination.run("conflicts", "resolve", "--all", "--target")
        #expect(try await conflicts(site).isEmpty)
    }

    @Test func howToTakeBackWhatWasDecidedIsToldBesideWhatWasNot() async throws {
        let site = try await oneThatCannotBeDecided()
        let ending = try await site.destination.attempt("conflicts", "resolve", "--all", "--source")
        #expect(ending.status == 65 && ending.output.contains("undo with: tidelock rollback"), "\(ending)")
        #expect(ending.output.contains("content/notes/n2: The source's version cannot count"), "\(ending)")
    }

    @Test func failStopsTheRunAndListsAll() async throws {
        let site = try await editedOnBothSides()
        let before = try await site.destination.content().hashes
        let report = try await site.push("--policy", "fail")
        #expect(report.exit == 65 && report.error?.code == "conflicts" && report.conflicts == 2, "\(report)")
        #expect(report.conflictList.map(\.id) == [Articles.id(4), Articles.id(5)])
        #expect(report.conflictList.map(\.verdict) == ["stopped", "stopped"])
        #expect(try await site.destination.content().hashes == before)
        let next = try await site.push()
        #expect(next.isGood && next.conflictList.map(\.verdict) == ["replaced", "replaced"], "\(next)")
    }

    @Test func targetKeepsWhatIsThereAndListsItAsDrift() async throws {
        let site = try await editedOnBothSides()
        let report = try await site.push("--policy", "target")
        #expect(report.isGood && report.conflictList.map(\.verdict) == ["kept_target", "kept_target"], "\(report)")
        #expect(try await title(4, site) == "edited there")
        #expect(try await conflicts(site).isEmpty)
        let drift = try await site.destination.json(Drift.self, "drift")
        #expect(drift.items.map(\.id).sorted() == [Articles.id(4), Articles.id(5)])
        #expect(drift.items.allSatisfy { $0.source == "staging" && $0.state == "kept" })
        let second = try await site.push("--policy", "target")
        #expect(second.isGood && second.sent == 0, "\(second)")
    }

    @Test func aSingleItemIsMovedByAPolicyToo() async throws {
        let site = try await editedOnBothSides()
        try await site.source.run("item", "push", "production", "articles", Articles.id(4), "--policy", "target")
        #expect(try await title(4, site) == "edited there")
        let refused = try await site.source.attempt(
            "item", "push", "production", "articles", Articles.id(4), "--policy", "newest")
        #expect(refused.status == 64 && refused.errors.contains("merge-fields"), "\(refused.errors)")
    }

    @Test func aSingleItemThatHandlersHoldBackIsNotSaidToBeEqual() async throws {
        let site = try await Site.make(articles: 4)
        try site.source.hook(
            "hold.lua",
            """
            app.on("sync.content.before", function(items, ctx)
              for _, item in ipairs(items) do
                if item._id == "\(Articles.id(1))" then ctx.drop(item, "not for there") end
              end
            end)
            """)
        try #require(try await site.push().isGood)
        for _ in 0..<2 {
            let ending = try await site.source.attempt("item", "push", "production", "articles", Articles.id(1))
            #expect(ending.status == 77 && ending.errors.contains("hold"), "\(ending.output) \(ending.errors)")
            #expect(!ending.output.contains("equal"))
        }
        try await site.source.run("item", "push", "production", "articles", Articles.id(2))
    }

    @Test func aPolicyThatDoesNotExistIsRefused() async throws {
        let site = try await Site.make(articles: 1)
        let ending = try await site.source.attempt("push", "production", "--policy", "newest")
        #expect(ending.status == 64 && ending.errors.contains("merge-fields"), "\(ending.errors)")
    }
}
