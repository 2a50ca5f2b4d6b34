import ContentModel
import Foundation
import Testing
import TidelockTestSupport

@Suite("Filters that disappeared", .story)
struct MissingFilterTests {
    /// Pushed once through the documented handlers; then an item was edited at the source.
    private func pushedAndEdited() async throws -> Site {
        let site = try await Site.make(articles: 20)
        let first = try await site.push()
        try #require(first.isGood && first.created == 20, "\(first)")
        try await site.source.edit("content/articles", [Articles.id(1)], "title", "edited")
        return site
    }

    private func expectStopUntilConfirmed(_ site: Site) async throws {
        let before = try await site.destination.kinds()
        for _ in 0..<2 {
            let stopped = try await site.push()
            #expect(
                stopped.exit == 65 && stopped.status == "failed" && stopped.error?.code == "filter_missing",
                "\(stopped)")
            #expect(stopped.error?.hint?.contains("--confirm-missing-filters") == true)
            #expect(try await site.destination.kinds() == before)
        }
        let confirmed = try await site.push("--confirm-missing-filters")
        #expect(confirmed.isGood && confirmed.sent > 0, "\(confirmed)")
        let next = try await site.push()
        #expect(next.isGood && next.sent == 0, "a confirmation holds: \(next)")
    }

    @Test func withTheWholeFolder() async throws {
        let site = try await pushedAndEdited()
        try FileManager.default.removeItem(at: site.source.hooks)
        try await expectStopUntilConfirmed(site)
        #expect(try await site.destination.content().hashes == site.source.content().hashes)
    }

    @Test func withTheirFile() async throws {
        let site = try await pushedAndEdited()
        try site.source.hook("10-documented.lua", nil)
        try await expectStopUntilConfirmed(site)
    }

    @Test func outOfAFileThatIsStillThere() async throws {
        let site = try await pushedAndEdited()
        try site.source.hook("10-documented.lua", Handlers.documented.components(separatedBy: "\n\n")[0])
        try await expectStopUntilConfirmed(site)
        let item = try await site.destination.item("content/articles", Articles.id(4))
        #expect(item.member("_internalNotes") == nil && item.bool("debugMode") == true)
    }

    @Test func andCameBack() async throws {
        let site = try await pushedAndEdited()
        let aside = site.source.folder.appending(path: "aside")
        try FileManager.default.moveItem(at: site.source.hooks, to: aside)
        let stopped = try await site.push()
        #expect(stopped.error?.code == "filter_missing", "\(stopped)")
        try FileManager.default.moveItem(at: aside, to: site.source.hooks)
        let report = try await site.push()
        #expect(report.isGood && report.updated == 1, "\(report)")
    }
}
