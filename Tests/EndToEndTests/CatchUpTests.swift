import ContentModel
import Testing
import TidelockTestSupport

@Suite("Edits while a run is planned", .story)
struct CatchUpTests {
    /// A site whose handler waits at the gate, with so many articles at the source.
    private func site(articles: Int, _ gate: Gate) async throws -> (site: Site, page: PageServer) {
        let page = try PageServer(gate: gate)
        let site = try await Site.make(articles: articles)
        try site.source.set(#"hooks = { hosts = { "127.0.0.1:\#(page.port)" } }"#)
        try site.source.hook(
            "05-waits.lua",
            """
            app.on("sync.content.before", function(items, ctx)
              app.http.get("http://127.0.0.1:\(page.port)/")
            end, { name = "waits", volatile = true, timeout = 50 })
            """)
        return (site, page)
    }

    @Test(arguments: [[], ["--mirror"]]) func goWithItAndLeaveNothingForTheNextOne(options: [String]) async throws {
        let gate = Gate()
        let (site, page) = try await site(articles: 300, gate)
        let push = try site.source.start(["push", "production", "--json"] + options)
        try await eventually("a handler waits") { gate.isWaitedFor }
        try await site.source.edit("content/articles", (0..<5).map { Articles.id($0 * 60) }, "title", "edited")
        try await site.source.run("rm", "content/articles", Articles.id(7))
        try await site.source.put("content/notes", try JSONDocument(validating: #"{"_id":"n1","text":"new"}"#))
        gate.open()
        let report = try Report(await push.ending())
        #expect(report.isGood && report.created == 300, "\(report)")
        #expect(!page.requests.isEmpty)
        let content = try await site.source.content()
        #expect(content["content/articles/\(Articles.id(240))"]?.string("title") == "edited")
        #expect(try await site.destination.content().hashes == content.filtered.hashes)
        try site.source.hook("05-waits.lua", nil)
        let again = try await site.push("--confirm-missing-filters")
        #expect(again.isGood && again.sent == 0, "\(again)")
    }
}
