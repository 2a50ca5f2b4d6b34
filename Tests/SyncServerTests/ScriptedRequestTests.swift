import ContentModel
import CurlHTTP
import SyncProtocol
import SyncServer
import Testing

@Suite("Requests that scripts answer")
struct ScriptedRequestTests {
    let key = [("api-key", "api-key-1")]

    @Test func aHolderOfAKeyIsAnswered() async throws {
        let world = World()
        let response = try await world.serve { try await $0.send("GET", "/api/x/private?b=2&a=%31&a=3", headers: key) }
        #expect(response.status == 201)
        #expect(response.text == "GET|/api/x/private|true||a=1|b=2")
        #expect(response.header("content-type") == "text/csv")
        #expect(response.header("x-seen") == "yes")
        #expect(response.header("cache-control") == "no-store")
        #expect(world.log.records.isEmpty)
    }

    @Test func theKeyInTheAddressIsNotShownToTheScript() async throws {
        let response = try await World().serve { try await $0.send("GET", "/api/x/private?api_key=api-key-1&z=1") }
        #expect(response.text == "GET|/api/x/private|true||z=1")
    }

    @Test func aPublicScriptAnswersAnybodyAndKnowsIt() async throws {
        let response = try await World().serve {
            try await $0.send("POST", "/api/x/public", body: Array("hello".utf8))
        }
        #expect(response.text == "POST|/api/x/public|false|hello")
    }

    @Test func withoutAKeyNobodyLearnsWhatThereIs() async throws {
        try await World().serve { caller in
            for headers in [[], [("api-key", "wrong")]] {
                var answers: Set<String> = []
                for (method, path) in [
                    ("GET", "/private"), ("POST", "/private"), ("GET", "/nothing"), ("GET", "/public"),
                    ("GET", "/a/b/c"),
                ] {
                    let response = try await caller.send(method, "/api/x\(path)", headers: headers)
                    #expect(response.status == 401)
                    answers.insert(response.text)
                }
                #expect(answers.count == 1)
            }
        }
    }

    @Test func anotherMethodIsNamed() async throws {
        let response = try await World().serve { try await $0.send("DELETE", "/api/x/private", headers: key) }
        #expect(response.status == 405)
        #expect(response.code == "method_not_allowed")
        #expect(response.header("allow") == "GET")
    }

    @Test(arguments: ["/api/x/nothing", "/api/x/private/", "/api/x//private", "/api/x/%70rivate", "/api/x", "/api/x/"])
    func aPathHasOneSpelling(path: String) async throws {
        let response = try await World().serve { try await $0.send("GET", path, headers: key) }
        #expect(response.status == 404)
        #expect(response.code == "not_found")
    }

    @Test func aLongBodyIsCutOff() async throws {
        let body = [UInt8](repeating: 120, count: Limits.scriptedBytes + 1)
        let response = try await World().serve { try await $0.send("POST", "/api/x/public", body: body) }
        #expect(response.status == 413)
        #expect(response.code == "too_large")
    }

    @Test func anAddressThatMayNotCallIsRefusedFirst() async throws {
        var world = World()
        world.configuration.allow = [try CIDR("192.0.2.0/24")]
        let response = try await world.serve { try await $0.send("POST", "/api/x/public") }
        #expect(response.code == "address_refused")
    }

    @Test func aScriptThatFailsIsAServerError() async throws {
        let response = try await World().serve { try await $0.send("GET", "/api/x/broken") }
        #expect(response.status == 500)
        #expect(response.code == "hook_failed")
    }

    @Test func withoutHandlersNobodyIsAnswered() async throws {
        var world = World()
        world.routes.isLoaded = false
        let response = try await world.serve { try await $0.send("POST", "/api/x/public") }
        #expect(response.status == 503)
        #expect(response.code == "hook_load_failed")
    }
}

@Suite("The metrics")
struct MetricsAccessTests {
    @Test func thisMachineMayReadThem() async throws {
        let response = try await World().serve { try await $0.send("GET", "/metrics") }
        #expect(response.status == 200)
        #expect(response.text.contains("measured 1\n"))
        #expect(response.header("content-type") == "text/plain; version=0.0.4; charset=utf-8")
    }

    @Test(arguments: ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
    func whoComesThroughAProxyNeedsAKey(header: String) async throws {
        try await World().serve { caller in
            let refused = try await caller.send("GET", "/metrics", headers: [(header, "127.0.0.1")])
            #expect(refused.status == 401)
            #expect(!refused.text.contains("measured"))
            let headers = [(header, "127.0.0.1"), ("api-key", "api-key-1")]
            #expect(try await caller.send("GET", "/metrics", headers: headers).status == 200)
        }
    }
}
