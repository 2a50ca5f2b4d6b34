import ContentModel
import Foundation
import Testing
import TidelockTestSupport

@Suite("Pulls", .story)
struct PullTests {
    /// The source pushed ten articles in filtered form; then, at the other side, one was edited and two are new.
    private func pushedThenChangedThere() async throws -> Site {
        let site = try await Site.make(articles: 10)
        try #require(try await site.push().isGood)
        try await site.destination.edit("content/articles", [Articles.id(3)], "title", "edited there")
        try await site.destination.take(Articles.make(2, from: 70))
        return site
    }

    @Test func bringWhatIsNew() async throws {
        let site = try await Site.make()
        try await site.destination.take(Articles.make(25))
        let first = try await site.pull()
        #expect(first.isGood && first.direction == "pull" && first.created == 25, "\(first)")
        #expect(try await site.source.content().hashes == site.destination.content().hashes)
        let second = try await site.pull()
        #expect(second.isGood && second.sent == 0 && second.roundTrips == 1 && second.unchanged == 25, "\(second)")
    }

    @Test func bringExactlyWhatWasEdited() async throws {
        let site = try await Site.make()
        try await site.destination.take(Articles.make(25))
        try #require(try await site.pull().isGood)
        try await site.destination.edit("content/articles", [Articles.id(3), Articles.id(4)], "title", "edited")
        let report = try await site.pull()
        #expect(report.isGood && report.updated == 2 && report.sent == 2, "\(report)")
        #expect(try await site.source.content().hashes == site.destination.content().hashes)
    }

    @Test func patchOriginalsAndNeverReplaceThemByTheirFilteredForm() async throws {
        let site = try await pushedThenChangedThere()
        let originals = try await site.source.content()
        let report = try await site.pull()
        #expect(report.isGood && report.created == 2 && report.updated == 1 && report.conflicts == 0, "\(report)")
        let after = try await site.source.content()
        for (key, original) in originals {
            let isEdited = key == "content/articles/\(Articles.id(3))"
            let expected =
                isEdited ? original.setting("title", to: JSONDocument(string: "edited there")) : original
            #expect(after[key]?.bytes == expected.bytes, "\(key)")
        }
        #expect(after.count == 12)
        let second = try await site.pull()
        #expect(second.isGood && second.sent == 0, "\(second)")
        let push = try await site.push()
        #expect(push.isGood && push.deleted == 0 && push.conflicts == 0, "\(push)")
        #expect(try await site.source.content().hashes == after.hashes)
        let (there, filtered) = (try await site.destination.content(), after.filtered)
        for key in originals.keys { #expect(there[key]?.hash == filtered[key]?.hash, "\(key)") }
    }

    /// What the other side's handlers strip never leaves it.
    @Test func passThroughTheHandlersOfTheSource() async throws {
        let origin = try await RealInstance.make("origin")
        try await origin.take(Articles.make(8))
        try origin.hook("10-documented.lua", Handlers.documented)
        let server = try await TestServer(origin)
        let proxy = try RecordingProxy(to: server.port)
        let puller = try await RealInstance.make("puller")
        try await puller.target(origin, at: proxy.port)
        let report = try await puller.report("pull")
        #expect(report.isGood && report.created == 8, "\(report)")
        let content = try await puller.content()
        let expected = try await origin.content().filtered
        #expect(content.hashes == expected.hashes)
        for file in try files(below: puller.folder) { #expect(!file.contents.holds("kept back"), "\(file.path)") }
    }

    @Test func mirrorWithinTheSelectedModels() async throws {
        let site = try await Site.make()
        try await site.destination.take(Articles.make(12))
        try #require(try await site.pull().isGood)
        try await site.source.take(Articles.make(1, from: 80), model: "notes")
        try await site.destination.run("rm", "content/articles", Articles.id(1))
        let merged = try await site.pull()
        #expect(merged.isGood && merged.deleted == 0, "\(merged)")
        try await site.destination.run("rm", "content/articles", Articles.id(2))
        let report = try await site.pull("--mirror", "--models", "articles")
        #expect(report.isGood && report.deleted >= 1, "\(report)")
        let rows = Dictionary(uniqueKeysWithValues: try await site.source.kinds().map { ($0.kind, $0.items) })
        #expect(rows["content/notes"] == 1)
    }

    @Test func aTargetMayForbidThem() async throws {
        let site = try await Site.make()
        let key = try await site.destination.run("keys", "show").trimmingCharacters(in: .newlines)
        try await site.source.run(
            "targets", "add", "production", "http://127.0.0.1:\(site.server.port)", "--key", key, "--no-pull")
        let report = try await site.pull()
        #expect(report.exit == 77 && report.error?.code == "permission_denied", "\(report)")
    }
}
