import ContentModel
import CurlHTTP
import SyncProtocol
import SyncServer
import Testing

@Suite("The API for pages and layout components")
struct PageTests {
    static let pages =
        #"[{"_id":"1","slug":""},{"_id":"2","_pid":"1","slug":"news"},{"_id":"3","_pid":"2","slug":"2026"}]"#

    @Test(arguments: [
        ("/api/pages/pages", pages), ("/api/pages/pages?limit=1", #"[{"_id":"1","slug":""}]"#),
        ("/api/pages/pages?limit=1&skip=2", #"{"data":[{"_id":"3","_pid":"2","slug":"2026"}],"meta":{"total":3}}"#),
        ("/api/pages/page/2", #"{"_id":"2","_pid":"1","slug":"news"}"#),
        ("/api/pages/menus", #"[{"name":"main"}]"#), ("/api/pages/menu/main", #"{"name":"main"}"#),
        ("/api/pages/settings", #"{"_id":"site"}"#),
        ("/api/pages/routes", #"{"/":"1","/news":"2","/news/2026":"3"}"#),
        ("/api/layout/components", #"[{"name":"hero"}]"#),
    ])
    func readsWhatIsAskedFor(path: String, body: String) async throws {
        try await World().serve { caller in
            #expect(try await caller.send("GET", path).code == "bad_api_key")
            let response = try await caller.send("GET", path, headers: [("api-key", "api-key-1")])
            #expect(response.status == 200)
            #expect(response.text == body)
        }
    }

    @Test func onePageWithTooLongAnAddressLeavesTheOthersTheirs() async throws {
        var world = World()
        world.content.pages = [
            PageNode(id: "4", slug: String(repeating: "x", count: PageRoutes.longestPath)),
            PageNode(id: "5", parent: "4", slug: "below"), PageNode(id: "6", parent: "6", slug: "inside"),
        ]
        try await world.serve { caller in
            let response = try await caller.send("GET", "/api/pages/routes", headers: [("api-key", "api-key-1")])
            #expect(response.status == 200 && response.header("tidelock-left-out") == "2")
            #expect(response.text == #"{"/":"1","/news":"2","/news/2026":"3"}"#)
        }
        try await World().serve { caller in
            let response = try await caller.send("GET", "/api/pages/routes", headers: [("api-key", "api-key-1")])
            #expect(response.status == 200 && response.header("tidelock-left-out") == nil)
        }
    }

    @Test(arguments: [
        ("/api/pages/page/9", "unknown_item"), ("/api/pages/menu/footer", "unknown_item"),
        ("/api/pages/pages?limit=-1", "usage"), ("/api/pages/menus?limit=10001", "usage"),
        ("/api/pages/page/%FF", "malformed_message"), ("/api/pages/elsewhere", "not_found"),
    ])
    func refusesTheRestInOneShape(path: String, code: String) async throws {
        let response = try await World().serve { try await $0.send("GET", path, headers: [("api-key", "api-key-1")]) }
        #expect(response.code == code)
        #expect((400..<500).contains(response.status))
    }
}
