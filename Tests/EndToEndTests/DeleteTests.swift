import ContentModel
import Testing
import TidelockTestSupport

@Suite("What a run deletes", .story)
struct DeleteTests {
    /// Forty articles and twenty authors on both sides, and a page at the destination that the source never had.
    private func pushed() async throws -> Site {
        let site = try await Site.make(articles: 40)
        try await site.source.take(Articles.make(20, from: 500), model: "authors")
        let first = try await site.push()
        try #require(first.isGood && first.created == 60, "\(first)")
        try await site.destination.take(Articles.make(1, from: 900), model: "pages")
        return site
    }

    private func remove(_ numbers: Range<Int>, of kind: String = "content/articles", at instance: RealInstance)
        async throws
    {
        for number in numbers { try await instance.run("rm", kind, Articles.id(number)) }
    }

    private func items(_ instance: RealInstance) async throws -> [String: Int] {
        Dictionary(uniqueKeysWithValues: try await instance.kinds().map { ($0.kind, $0.items) })
    }

    @Test("T54, T83: merge deletes nothing")
    func mergeDeletesNothing() async throws {
        let site = try await pushed()
        try await remove(0..<2, at: site.source)
        let report = try await site.push()
        #expect(report.isGood && report.deleted == 0, "\(report)")
        #expect(
            try await items(site.destination) == ["content/articles": 40, "content/authors": 20, "content/pages": 1])
    }

    @Test func mirrorDeletesWhatTheSourceLacks() async throws {
        let site = try await pushed()
        try await remove(0..<2, at: site.source)
        try await site.destination.take(Articles.make(1, from: 77))
        let report = try await site.push("--mirror", "--models", "articles")
        #expect(report.isGood && report.deleted == 3, "\(report)")
        #expect(try await items(site.destination)["content/articles"] == 38)
    }

    @Test("T10: mirror touches only selected models")
    func mirrorTouchesOnlySelectedModels() async throws {
        let site = try await pushed()
        try await remove(0..<1, at: site.source)
        try await remove(500..<501, of: "content/authors", at: site.source)
        let report = try await site.push("--mirror", "--models", "articles")
        #expect(report.isGood && report.deleted == 1, "\(report)")
        #expect(
            try await items(site.destination) == ["content/articles": 39, "content/authors": 20, "content/pages": 1])
    }

    @Test func mirrorWithAFilterIsRefused() async throws {
        let site = try await pushed()
        let ending = try await site.source.attempt(
            "push", "production", "--mirror", "--filter", #"{"rank": 1}"#, "--json")
        #expect(ending.status == 64)
        let report = try Report(ending)
        #expect(report.error?.code == "mirror_with_filter", "\(report)")
        #expect(try await items(site.destination)["content/articles"] == 40)
    }

    @Test func anEmptyKindNeverDeletes() async throws {
        let site = try await pushed()
        let fresh = try await RealInstance.make("restored")
        try await fresh.target(site.destination, at: site.server.port)
        try await fresh.take(Articles.make(20, from: 500), model: "authors")
        let before = try await site.destination.kinds()
        let report = try await fresh.report("push", ["--mirror", "--models", "articles", "--allow-deletes", "1000"])
        #expect(report.exit == 65 && report.error?.code == "empty_source", "\(report)")
        #expect(try await site.destination.kinds() == before)
    }

    @Test("T52, T53: an empty instance never deletes")
    func anEmptyInstanceNeverDeletes() async throws {
        let site = try await pushed()
        let fresh = try await RealInstance.make("empty")
        try await fresh.target(site.destination, at: site.server.port)
        let before = try await site.destination.kinds()
        for options in [["--mirror"], ["--mirror", "--allow-deletes", "1000"]] {
            let report = try await fresh.report("push", options)
            #expect(report.deleted == 0, "\(report)")
            #expect(try await site.destination.kinds() == before)
        }
    }

    /// What cannot be listed is not absent.
    @Test("T21: a failing listing never deletes")
    func aFailingListingNeverDeletes() async throws {
        let site = try await pushed()
        let fresh = try await RealInstance.make("restored")
        let proxy = try RecordingProxy(to: site.server.port)
        try await fresh.target(site.destination, at: proxy.port)
        try await fresh.take(Articles.make(30))
        proxy.spoil { bytes, _ in
            // Another path than the one that was signed.
            guard let place = bytes.firstRange(of: Array("/diff".utf8)) else { return }
            bytes[place.upperBound - 1] = UInt8(ascii: "_")
        }
        let before = try await site.destination.kinds()
        let report = try await fresh.report("push", ["--mirror", "--models", "articles", "--allow-deletes", "1000"])
        #expect(report.exit != 0 && report.status == "failed", "\(report)")
        #expect(proxy.requests.contains { $0.target.hasSuffix("/dif_") }, "nobody asked for a list")
        #expect(try await site.destination.kinds() == before)
    }

    @Test("T52, T53: many deletes are refused until they are allowed")
    func manyDeletesAreRefusedUntilTheyAreAllowed() async throws {
        let site = try await pushed()
        try await remove(0..<6, at: site.source)
        let before = try await site.destination.kinds()
        let refused = try await site.push("--mirror", "--models", "articles")
        #expect(refused.exit == 65 && refused.error?.code == "delete_guard" && refused.status == "failed", "\(refused)")
        #expect(refused.error?.hint?.contains("--allow-deletes 6") == true)
        #expect(try await site.destination.kinds() == before)
        let tooFew = try await site.push("--mirror", "--models", "articles", "--allow-deletes", "5")
        #expect(tooFew.exit == 65 && tooFew.error?.code == "delete_guard", "\(tooFew)")
        let allowed = try await site.push("--mirror", "--models", "articles", "--allow-deletes", "6")
        #expect(allowed.isGood && allowed.deleted == 6, "\(allowed)")
        #expect(try await items(site.destination)["content/articles"] == 34)
    }

    @Test func aDroppedItemIsDeletedInMirrorAndReleasedInMerge() async throws {
        let site = try await pushed()
        try site.source.hook(
            "50-drop.lua", Handlers.filter("if item.rank == 4 then ctx.drop(item, \"not for there\") end", name: "drop")
        )
        let merged = try await site.push()
        #expect(merged.isGood && merged.deleted == 0 && merged.released == 1, "\(merged)")
        #expect(try await items(site.destination)["content/articles"] == 40)
    }
}
