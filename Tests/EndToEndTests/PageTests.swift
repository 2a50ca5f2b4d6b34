import ContentModel
import Foundation
import Testing
import TidelockTestSupport

@Suite("Pages, menus, translations and components", .story)
struct PageTests {
    private static let items: [(kind: String, items: [String])] = [
        ("assets/folders", [#"{"_id":"f","name":"Photos","_p":"","_note":"x"}"#]),
        ("content/posts", [#"{"_id":"1","title":"First","_note":"x"}"#, #"{"_id":"2","title":"Second"}"#]),
        ("lokalize/projects", [#"{"name":"web","locales":["en","de"],"_note":"x"}"#]),
        ("lokalize/keys/web", [#"{"key":"nav.home","values":{"en":"Home","de":"Start"},"_note":"x"}"#]),
        ("layout/components", [#"{"name":"hero","label":"Hero","_note":"x"}"#]),
        ("pages/settings", [#"{"_id":"site","title":"The lock house","_note":"x"}"#]),
        (
            "pages",
            [
                #"{"_id":"home","_pid":null,"slug":"","_state":1,"_note":"x"}"#,
                #"{"_id":"news","_pid":"home","slug":"news","_state":1,"teaser":{"_model":"posts","_id":"1"}}"#,
                #"{"_id":"draft","_pid":"home","slug":"soon","_state":0}"#,
                #"{"_id":"below","_pid":"draft","slug":"below","_state":1}"#,
            ]
        ), ("pages/menus", [#"{"name":"main","items":[{"title":"News","page":"news"}],"_note":"x"}"#]),
    ]

    private static let filters = ["assets", "content", "lokalize", "layout", "pages"].map { job in
        """
        app.on("sync.\(job).before", function(items, ctx)
          for _, item in ipairs(items) do item._note = nil end
        end, { name = "strip-\(job)" })

        """
    }.joined()

    private func makeSite() async throws -> Site {
        let site = try await Site.make()
        try site.source.hook("strip.lua", Self.filters)
        for (kind, items) in Self.items {
            for item in items { try await site.source.put(kind, try JSONDocument(validating: item)) }
        }
        return site
    }

    @Test func allKindsTravelThroughTheirHandlersAndComeBackTogether() async throws {
        let site = try await makeSite()
        let first = try await site.push()
        let source = try await site.source.content()
        #expect(first.isGood && first.created == source.count, "\(first)")
        let stripped = source.mapValues { $0.removing("_note") }
        #expect(source.hashes != stripped.hashes)
        let before = try await site.destination.content().hashes
        #expect(before == stripped.hashes)
        #expect(try await site.push().sent == 0)

        let edited = [
            ("assets/folders", "f"), ("content/posts", "1"), ("lokalize/projects", "web"),
            ("lokalize/keys/web", "nav.home"), ("layout/components", "hero"), ("pages/settings", "site"),
            ("pages", "news"), ("pages/menus", "main"),
        ]
        for (kind, id) in edited { try await site.source.edit(kind, [id], "changed", "yes") }
        try await site.source.run("rm", "content/posts", "2")
        let second = try await site.push("--mirror")
        #expect(second.isGood && second.updated == edited.count && second.deleted == 1, "\(second)")
        try await site.source.run("rollback", second.run)
        #expect(try await site.destination.content().hashes == before)
    }

    @Test func aMirrorOfOneJobLeavesTheOthersAlone() async throws {
        let site = try await makeSite()
        try #require(try await site.push().isGood)
        for (kind, key) in [("layout/components", "name"), ("pages/menus", "name"), ("pages", "_id")] {
            try await site.destination.put(kind, try JSONDocument(validating: #"{"\#(key)":"own"}"#))
        }
        let mirror = try await site.push("--mirror", "--only", "layout")
        #expect(mirror.isGood && mirror.deleted == 1, "\(mirror)")
        let there = try await site.destination.content()
        #expect(there["layout/components/own"] == nil && there["pages/menus/own"] != nil && there["pages/own"] != nil)
    }

    @Test func onePageMovesWithWhatItRefersTo() async throws {
        let site = try await makeSite()
        let alone = try await site.source.reportItem("push", ["pages", "news"])
        #expect(alone.isGood && alone.created == 1, "\(alone)")
        let linked = try await site.source.reportItem("push", ["pages/menus", "main", "--with-links"])
        #expect(linked.isGood && linked.created == 3, "\(linked)")
        let there = try await site.destination.content()
        #expect(
            there.keys.sorted() == ["content/posts/1", "pages/home", "pages/menus/main", "pages/news"])
        #expect(there["pages/home"]?.member("_note") == nil)
        try await site.destination.edit("pages", ["news"], "title", "there")
        let pulled = try await site.source.reportItem("pull", ["pages", "news", "--with-assets"])
        #expect(pulled.isGood && pulled.updated == 1, "\(pulled)")
        #expect(try await site.source.item("pages", "news").string("title") == "there")
        let both = ["item", "push", "production", "pages", "news", "--with-links", "--with-assets"]
        #expect(try await site.source.start(both).ending().status == 64)
    }

    @Test func aHandlerPushesOnePage() async throws {
        let site = try await makeSite()
        try site.source.hook(
            "push.lua",
            """
            app.on("content.item.publish", function(model, item, ctx)
              app.sync.item("production", { type = "pages", id = "home", syncAssets = true })
            end, { name = "push-home", timeout = 120 })

            """)
        let server = try await TestServer(site.source)
        try await site.source.put("content/posts", try JSONDocument(validating: #"{"_id":"3","_state":1}"#))
        try await eventually("the page is at production", within: .seconds(60)) {
            try await site.destination.attempt("get", "pages", "home").status == 0
        }
        #expect(try await Array(site.destination.content().keys) == ["pages/home"])
        #expect(await server.stop() == 0)
    }

    @Test func aPageInsideItselfIsRefused() async throws {
        let site = try await makeSite()
        try #require(try await site.push().isGood)
        try await site.source.edit("pages", ["home"], "_pid", "news")
        let report = try await site.push()
        #expect(report.exit == 65 && report.error?.code == "tree_cycle", "\(report)")
    }

    @Test func theAPIShowsWhatIsPublished() async throws {
        let site = try await makeSite()
        try #require(try await site.push().isGood)
        let key = try await site.destination.run("apikeys", "add", "site").trimmingCharacters(in: .newlines)
        let routes = "/api/pages/routes"
        #expect(try await site.server.get(routes).status == 401)
        func read(_ path: String) async throws -> HTTPAnswer {
            try await site.server.get(path, headers: ["api-key: " + key])
        }
        #expect(try await read(routes).json == ["/": "home", "/news": "news"])
        #expect(try await read("/api/pages/pages").json?.array?.count == 3)
        #expect(try await read("/api/pages/page/draft").status == 404)
        let page = try await read("/api/pages/page/news")
        #expect(try await page.body == site.destination.item("pages", "news").bytes)
        #expect(try await read("/api/pages/menu/main").json?["items"]?[0]?["page"] == "news")
        #expect(try await read("/api/pages/menus").json?.array?.count == 1)
        #expect(try await read("/api/pages/settings").json?["title"] == "The lock house")
        #expect(try await read("/api/layout/components").json?[0]?["name"] == "hero")

        let slug = String(repeating: "x", count: PageRoutes.longestPath)
        for page in [#"{"_id":"long","slug":"\#(slug)"}"#, #"{"_id":"inside","_pid":"inside","slug":"a"}"#] {
            try await site.destination.put("pages", try JSONDocument(validating: page))
        }
        let usable = try await read(routes)
        #expect(usable.json == ["/": "home", "/news": "news"] && usable.headers["tidelock-left-out"] == "1")
    }
}
