import ContentModel
import CurlHTTP
import SyncEngine
import SyncProtocol
import SyncServer
import Testing

@Suite("The content API")
struct ContentTests {
    let all = #"[{"_id":"p1","n":1},{"_id":"p2","n":2},{"_id":"p3","n":3},{"_id":"p4","n":4},{"_id":"p5","n":5}]"#

    @Test func aKeyIsNeededInOneOfThreePlaces() async throws {
        try await World().serve { caller in
            let path = "/api/content/items/posts"
            #expect(try await caller.send("GET", path).code == "bad_api_key")
            #expect(try await caller.send("GET", path, headers: [("api-key", "wrong")]).status == 401)
            for headers in [[("api-key", "api-key-1")], [("Authorization", "Bearer api-key-1")]] {
                let response = try await caller.send("GET", path, headers: headers)
                #expect(response.status == 200)
                #expect(response.text == all)
            }
            #expect(try await caller.send("GET", path + "?api_key=api-key-1").text == all)
        }
    }

    @Test func aKeyInTheAddressIsNotLogged() async throws {
        let world = World()
        _ = try await world.serve { try await $0.send("GET", "/api/content/items/posts?api_key=secret-guess") }
        #expect(world.log.records.count == 1)
        #expect(!"\(world.log.records)".contains("secret-guess"))
    }

    @Test func itCanBeMadePublic() async throws {
        var world = World()
        world.configuration.publicContentAPI = true
        #expect(try await world.serve { try await $0.send("GET", "/api/content/items/posts").text } == all)
    }

    @Test(arguments: [
        ("/items/posts?limit=2", 200, #"[{"_id":"p1","n":1},{"_id":"p2","n":2}]"#),
        ("/items/posts?skip=4", 200, #"[{"_id":"p5","n":5}]"#),
        ("/items/posts?limit=1&skip=1", 200, #"{"data":[{"_id":"p2","n":2}],"meta":{"total":5}}"#),
        ("/items/posts?limit=0&skip=9", 200, #"{"data":[],"meta":{"total":5}}"#),
        ("/items/blog%2Fposts?limit=1", 200, #"[{"_id":"p1","n":1}]"#),
        ("/item/posts/p3", 200, #"{"_id":"p3","n":3}"#), ("/item/site", 200, #"{"_model":"site"}"#),
    ])
    func readsWhatIsAskedFor(path: String, status: Int, body: String) async throws {
        let response = try await read(path)
        #expect(response.status == status)
        #expect(response.text == body)
    }

    @Test(arguments: [
        ("/items/users", "not_found"), ("/item/posts/p9", "unknown_item"), ("/item/other", "unknown_item"),
        ("/items/posts?limit=-1", "usage"), ("/items/posts?limit=ten", "usage"), ("/items/posts?skip=1.5", "usage"),
        ("/items/posts?limit=10001", "usage"), ("/items/%FF", "malformed_message"), ("/elsewhere", "not_found"),
    ])
    func refusesTheRestInOneShape(path: String, code: String) async throws {
        let response = try await read(path)
        #expect(response.code == code)
        #expect(response.status >= 400)
        #expect(response.status < 500)
    }

    @Test(arguments: [
        ("shop%2Fweb", 200, #"{"home":{"en":"Home","de":"Start"}}"#), ("shop%2Fweb/de", 200, #"{"home":"Start"}"#),
        ("shop%2Fweb/fr", 200, "{}"),
    ])
    func readsTranslations(path: String, status: Int, body: String) async throws {
        let response = try await translations(path)
        #expect(response.status == status && response.text == body)
    }

    @Test func refusesTranslationsThatAreNotThereOrDoNotFit() async throws {
        let missing = try await translations("other")
        #expect(missing.status == 404 && missing.code == "not_found")
        #expect(missing.text.contains("Project 'other' not found."))
        #expect(try await translations("other/en").status == 404)
        let huge = try await translations("huge")
        #expect(huge.status == 413 && huge.code == "too_large")
        let response = try await World().serve { try await $0.send("GET", "/api/lokalize/project/shop%2Fweb") }
        #expect(response.code == "bad_api_key")
    }

    private func translations(_ path: String) async throws -> HTTPResponse {
        try await World().serve {
            try await $0.send("GET", "/api/lokalize/project/\(path)", headers: [("api-key", "api-key-1")])
        }
    }

    @Test func otherMethodsAreNotThere() async throws {
        let response = try await World().serve { try await $0.send("DELETE", "/api/content/items/posts") }
        #expect(response.status == 404)
        #expect(response.code == "not_found")
    }

    private func read(_ path: String) async throws -> HTTPResponse {
        try await World().serve { try await $0.send("GET", "/api/content\(path)", headers: [("api-key", "api-key-1")]) }
    }
}
