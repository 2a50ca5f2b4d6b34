import ContentModel
import CurlHTTP
import SyncProtocol
import SyncServer
import Testing

@Suite("The documented checks")
struct CheckTests {
    let check = "/api/sync/check"

    @Test func reachingItNeedsNoKey() async throws {
        let response = try await World().serve { try await $0.send("GET", check) }
        #expect(response.status == 200)
        #expect(response.text == #"{"success":true,"version":"1.2.3"}"#)
        #expect(response.header("content-type") == "application/json")
    }

    @Test func theRightKeySucceeds() async throws {
        let body = Array(#"{"syncKey": "\#(World.key.secret)"}"#.utf8)
        let response = try await World().serve { try await $0.send("POST", check, body: body) }
        #expect(response.status == 200)
        #expect(response.text == #"{"success":true,"version":"1.2.3"}"#)
    }

    @Test(arguments: [#"{"syncKey": "wrong"}"#, #"{"syncKey": 5}"#, "{}", "junk", ""])
    func anythingElseFails(body: String) async throws {
        let world = World()
        let response = try await world.serve { try await $0.send("POST", check, body: Array(body.utf8)) }
        #expect(response.status == 401)
        let answer = try WireBody.decode(CheckAnswer.self, from: response.body)
        #expect(!answer.success)
        #expect(answer.error?.code == "unknown_key")
        #expect(world.log.records.count == 1)
        #expect(!response.text.contains("wrong"))
    }

    @Test func aLongBodyIsCutOff() async throws {
        let body = [UInt8](repeating: 32, count: Limits.checkBytes + 1)
        let response = try await World().serve { try await $0.send("POST", check, body: body) }
        #expect(response.status == 413)
        #expect(response.code == "too_large")
    }

    @Test func longHeadersAreRefusedAndTheServerLivesOn() async throws {
        let long = String(repeating: "x", count: Limits.headerBytes + 1)
        let statuses = try await World().serve { caller in
            let refused = try await caller.send("GET", check, headers: [("x-long", long)])
            let answered = try await caller.send("GET", check)
            return [refused.status, answered.status]
        }
        #expect(statuses == [400, 200])
    }

    @Test func guessingIsSlowedDown() async throws {
        let world = World()
        let (wrong, right) = (#"{"syncKey": "wrong"}"#, #"{"syncKey": "\#(World.key.secret)"}"#)
        let statuses = try await world.serve { caller in
            var statuses: [Int] = []
            for key in Array(repeating: wrong, count: Limits.failuresPerMinute) + [right] {
                statuses.append(try await caller.send("POST", check, body: Array(key.utf8)).status)
            }
            world.clock.advance(seconds: 60)
            return statuses + [try await caller.send("POST", check, body: Array(right.utf8)).status]
        }
        #expect(statuses == Array(repeating: 401, count: Limits.failuresPerMinute) + [429, 200])
    }

    @Test func aHandlerMayRefuse() async throws {
        var world = World()
        world.hooks.refusal = TidelockError(.hookRefused, "Not you.")
        let response = try await world.serve { try await $0.send("GET", check) }
        #expect(response.status == 403)
        #expect(response.code == "hook_refused")
    }

    @Test func theStatusNeedsATokenOrAnAPIKey() async throws {
        try await World().serve { caller in
            #expect(try await caller.send("GET", "/api/sync/status").code == "bad_api_key")
            #expect(try await caller.sendSigned("GET", "/api/sync/status").status == 200)
            let response = try await caller.send("GET", "/api/sync/status", headers: [("api-key", "api-key-1")])
            let answer = try WireBody.decode(StatusAnswer.self, from: response.body)
            #expect(!answer.syncing)
            #expect(answer.lastSync?.timestamp == 1_700_000_000)
            #expect(answer.instance.id == "responder")
            #expect(answer.time == 1_800_000_000_000)
            #expect(answer.handlers == [HandlerStatistics(event: "sync.request.before", name: "gate")])
        }
    }

    @Test(arguments: [
        (HookStatus(.ok), 200, "ok"), (HookStatus(.stale, error: "a.lua:1: x"), 200, "degraded"),
        (HookStatus(.failed, error: "a.lua:1: x"), 503, "failed"),
    ])
    func theHealthFollowsTheScripts(hooks: HookStatus, status: Int, word: String) async throws {
        var world = World()
        world.hookStatus = hooks
        let response = try await world.serve { try await $0.send("GET", "/api/health") }
        #expect(response.status == status)
        let answer = try WireBody.decode(HealthAnswer.self, from: response.body)
        #expect(answer.status == word)
        #expect(answer.hooks == hooks)
    }

    @Test(arguments: [true, false])
    func scriptErrorsStayOnThisMachine(isProxyTrusted: Bool) async throws {
        var world = World()
        world.hookStatus = HookStatus(.failed, error: "a.lua:1: secret line")
        if isProxyTrusted { world.configuration.trustedProxies = [try CIDR("127.0.0.1")] }
        let response = try await world.serve {
            try await $0.send("GET", "/api/health", headers: [("X-Forwarded-For", "203.0.113.5")])
        }
        #expect(response.status == 503)
        #expect(!response.text.contains("secret"))
    }
}
