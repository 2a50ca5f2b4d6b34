import ContentModel
import HookHost
import LuaRuntime
import SyncEngine
import Testing

@testable import struct HookHost.WebAddress

@Suite struct EgressTests {
    private func fetch(
        _ statement: String, allowing hosts: [String] = [], targets: [TargetFacts] = []
    ) async throws -> [String] {
        let fixture = try HookFixture(["a.lua": "app.on('sync.push.finished', function(target)\n\(statement)\nend)"])
        let host = try await fixture.host(allowing: hosts, targets: targets)
        try await host.observe(.pushFinished)
        host.stop()
        return fixture.log.messages
    }

    @Test func targetsCanBeReached() async throws {
        let server = try LoopbackServer(status: "201 Created", body: #"{"ok":[1,true]}"#)
        let target = TargetFacts(name: "staging", uri: "http://127.0.0.1:\(server.port)")
        let messages = try await fetch(
            """
            local r = app.http.post("http://127.0.0.1:\(server.port)/api/cache/clear?x=1",
              { json = { all = true }, headers = { ["X-Own"] = "a" } })
            app.log(r.status .. " " .. r.headers["content-type"] .. " " .. r.body .. " " .. tostring(r.json.ok[2]))
            """, targets: [target])
        #expect(messages == [#"201 application/json {"ok":[1,true]} true"#])
        let request = try #require(server.received.first)
        #expect(request.hasPrefix("POST /api/cache/clear?x=1 HTTP/1.1\r\n"))
        #expect(request.contains("X-Own: a\r\n"))
        #expect(request.hasSuffix(#"{"all":true}"#))
    }

    @Test func loopbackIsRefusedUnlessListed() async throws {
        let server = try LoopbackServer()
        let get = "app.log(app.http.get('http://127.0.0.1:\(server.port)/').status)"
        let refusal = try await failure { try await fetch(get) }
        #expect(refusal.message.contains("127.0.0.1 is neither a configured target nor in the list"))
        #expect(server.received.isEmpty)
        #expect(try await fetch(get, allowing: ["127.0.0.1"]) == ["200"])
        #expect(try await fetch(get, allowing: ["127.0.0.0/8"]) == ["200"])
        #expect(try await fetch(get, allowing: ["127.0.0.1:\(server.port)"]) == ["200"])
        let otherPort = try await failure { try await fetch(get, allowing: ["127.0.0.1:1"]) }
        #expect(otherPort.message.contains("neither"))
    }

    @Test func aListedNameDoesNotLeadIntoThePrivateNetwork() async throws {
        let server = try LoopbackServer()
        let get = "app.log(app.http.get('http://localhost:\(server.port)/').status)"
        let refusal = try await failure { try await fetch(get, allowing: ["localhost"]) }
        #expect(refusal.message.contains("app.http.get: "))
        #expect(server.received.isEmpty)
        #expect(try await fetch(get, allowing: ["localhost", "127.0.0.1", "::1"]) == ["200"])
    }

    @Test func linkLocalAddressesAreNotImpliedByATarget() async throws {
        let target = TargetFacts(name: "cloud", uri: "http://169.254.169.254")
        let error = try await failure {
            try await fetch("app.http.get('http://169.254.169.254/latest')", targets: [target])
        }
        #expect(error.message.contains("app.http.get: "))
    }

    @Test(arguments: [
        "file:///etc/passwd", "gopher://staging.example", "http://user@staging.example/", "http://2130706433/",
        "http://0x7f.1/", "http://staging.example\\\\@evil.example/", "http://[::1]/", "http:///x",
        "http://staging.example:99999/",
        "http://staging.example%2eevil.example/",
    ])
    func tricksWithURLsAreRefused(url: String) async throws {
        let error = try await failure { try await fetch("app.http.get(\"\(url)\")", allowing: ["staging.example"]) }
        #expect(error.message.contains("app.http.get: "))
    }

    @Test func headersCannotCarryLineBreaks() async throws {
        let server = try LoopbackServer()
        let error = try await failure {
            try await fetch(
                #"app.http.get("http://127.0.0.1:\#(server.port)/", { headers = { X = "a\r\nY: b" } })"#,
                allowing: ["127.0.0.1"])
        }
        #expect(error.message.contains("line break"))
        #expect(server.received.isEmpty)
    }

    @Test func oneCallMakesTwentyRequestsAtMost() async throws {
        let server = try LoopbackServer()
        let error = try await failure {
            try await fetch(
                "for i = 1, 30 do app.http.get('http://127.0.0.1:\(server.port)/') end", allowing: ["127.0.0.1"])
        }
        #expect(error.message.contains("may make 20 requests"))
        try await eventually("all answers are sent") { server.received.count == 20 }
    }

    @Test func entriesThatMeanNothingAreRefused() async throws {
        let fixture = try HookFixture()
        for entry in ["", "http://example.com", "a b", "10.0.0.0/99", "*", "example.com:0"] {
            let error = try await failure { try await fixture.host(allowing: [entry]) }
            #expect(error.code == .badSetting)
        }
        _ = try await fixture.host(allowing: ["example.com", "*.example.com:8080", "[::1]:80", "fd00::/8"])
    }

    @Test func theHostOfAURLIsReadStrictly() throws {
        #expect(try WebAddress("https://Example.com/a").host == "example.com")
        #expect(try WebAddress("https://example.com").port == 443)
        #expect(try WebAddress("http://[FD00::1]:8080/?q").port == 8080)
        #expect(try WebAddress("http://[FD00::1]:8080/?q").host == "fd00::1")
    }
}
