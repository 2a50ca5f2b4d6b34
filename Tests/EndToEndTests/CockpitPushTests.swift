import ContentModel
import Foundation
import Testing
import TidelockTestSupport

@Suite("A push of real content through the documented handlers", .story)
struct CockpitPushTests {
    private static let marker = "MARKER-5f1d7c20-must-never-leave"

    private static let fixture = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/cockpit")

    private struct Scene {
        var site: Site
        var proxy: RecordingProxy
        var report: Report
    }

    /// Imports the fixture, puts the marker into the notes of several items, and pushes through a recording proxy.
    private func pushed() async throws -> Scene {
        let site = try await Site.make()
        try await site.source.run("import", "cockpit", Self.fixture.path)
        try site.source.hook("10-documented.lua", Handlers.documented)
        let articles = try await site.source.content().filter { $0.key.hasPrefix("content/articles/") }
        for (key, article) in articles.sorted(by: { $0.key < $1.key }).prefix(5) {
            let notes = JSONDocument(string: "\(Self.marker) \(key)")
            try await site.source.put("content/articles", article.setting("_internalNotes", to: notes))
        }
        let proxy = try RecordingProxy(to: site.server.port)
        try await site.source.target(site.destination, at: proxy.port)
        let report = try await site.push()
        return Scene(site: site, proxy: proxy, report: report)
    }

    @Test func bringsEveryDocumentAfterExactlyThatChange() async throws {
        let scene = try await pushed()
        #expect(scene.report.isGood, "\(scene.report)")
        let source = try await scene.site.source.content()
        let destination = try await scene.site.destination.content()
        #expect(scene.report.created == source.count)
        #expect(destination.hashes == source.filtered.hashes)
        #expect(source.hashes != source.filtered.hashes)
        // What no handler touches arrives byte for byte.
        let untouched = source.filter {
            $0.value == $0.value.removing("_internalNotes") && $0.value.member("debugMode") == nil
        }
        #expect(!untouched.isEmpty)
        for (key, item) in untouched { #expect(destination[key]?.bytes == item.bytes, "\(key)") }
    }

    @Test func leavesNoTraceOfWhatWasStripped() async throws {
        let scene = try await pushed()
        let marker = Self.marker
        #expect(
            try files(below: scene.site.source.folder).contains { $0.contents.holds(marker) },
            "the search finds nothing at all")
        for file in try files(below: scene.site.destination.folder) {
            #expect(!file.contents.holds(marker), "\(file.path) holds the marker")
        }
        #expect(!scene.site.server.tool.output.contains(Self.marker))
        #expect(!scene.site.server.tool.errors.contains(Self.marker))
        for bytes in scene.proxy.sent + scene.proxy.received { #expect(!bytes.holds(marker)) }
    }

    @Test func leavesNoTraceOfWhatWasStrippedInPackedBodies() async throws {
        let scene = try await pushed()
        let bodies = try scene.proxy.requests.map { try $0.unpackedBody }
        #expect(bodies.contains { $0.holds("content/articles") })
        for body in bodies { #expect(!body.holds(Self.marker)) }
        // Every byte of the requests was looked at.
        #expect(scene.proxy.requests.reduce(0) { $0 + $1.raw.count } == scene.proxy.sent.reduce(0) { $0 + $1.count })
    }
}
