import ContentModel
import Testing
import TidelockTestSupport

@Suite("Freeing what nothing needs", .story)
struct GarbageTests {
    private struct Answer: Decodable {
        struct Freed: Decodable {
            var isDryRun: Bool
            var undoRuns: Int
            var undoRows: Int
            var orphanedBodies: Int
        }
        struct Space: Decodable {
            var fileBytes: Int
            var freeBytes: Int
        }
        var freed: Freed
        var space: Space
    }

    @Test func saysWhatItFreed() async throws {
        let instance = try await RealInstance.make("alone")
        try await instance.take(Articles.make(20))
        #expect(try await instance.run("gc").hasPrefix("nothing to free"))
        try StoreVandal(storage: instance.storage).execute("UPDATE run SET started = started - 700000")
        let dry = try await instance.json(Answer.self, "gc", "--dry-run")
        #expect(dry.freed.isDryRun && dry.freed.undoRuns == 1 && dry.freed.undoRows == 20, "\(dry)")
        let text = try await instance.run("gc", "--vacuum")
        #expect(text.contains("1 runs' undo, 20 rows") && text.contains("the store's file has"), "\(text)")
        let last = try await instance.json(Answer.self, "gc")
        #expect(
            last.freed.undoRuns == 0 && last.freed.orphanedBodies == 0 && last.space.freeBytes < 1_000_000, "\(last)")
        #expect(try await instance.content().count == 20)
    }

    @Test func aServerFreesByItself() async throws {
        let site = try await Site.make(articles: 5)
        #expect(try await site.push().isGood)
        #expect(await site.server.stop() == 0)
        let vandal = try StoreVandal(storage: site.destination.storage)
        try vandal.execute("UPDATE run SET started = started - 700000")
        let server = try await TestServer(site.destination)
        try await eventually("the server has freed old undo") {
            try await site.destination.run("log", "--channel", "store").contains("1 runs' undo, 5 rows")
        }
        #expect(await server.stop() == 0)
    }
}
