import ContentModel
import Foundation
import HookHost
import LuaRuntime
import SyncEngine
import Testing

@Suite struct GateTests {
    private func request(from address: String = "203.0.113.9") -> IncomingRequest {
        IncomingRequest(
            method: "POST", path: "/api/sync/v1/transfers", remoteAddress: address,
            headers: [("Authorization", "Bearer secret"), ("X-Via", "a"), ("x-via", "b")])
    }

    @Test func withoutHandlersEverythingIsAdmitted() async throws {
        try await HookFixture().host().admit(request())
    }

    @Test func theDocumentedAllowListRefusesByError() async throws {
        let fixture = try HookFixture([
            "ip.lua": """
            local allowed = { ["198.51.100.1"] = true }
            app.on("sync.request.before", function(request)
              if not allowed[request.remote_addr] then error("Sync request from unauthorized IP") end
            end)
            """
        ])
        let host = try await fixture.host()
        try await host.admit(request(from: "198.51.100.1"))
        let error = try await failure { try await host.admit(request()) }
        #expect(error.code == .hookRefused)
        #expect(error.code.traits.httpStatus == 403)
        #expect(error.message.hasSuffix("refused the request (hooks/ip.lua:2): Sync request from unauthorized IP"))
        #expect(fixture.log.messages.last?.contains("hooks/ip.lua:3") == true)
    }

    @Test func denyRefusesWithItsReason() async throws {
        let fixture = try HookFixture([
            "a.lua": "app.on('sync.request.before', function(request, ctx) ctx.deny('closed for the night') end)"
        ])
        let host = try await fixture.host()
        let error = try await failure { try await host.admit(request()) }
        #expect(error.code == .hookRefused)
        #expect(error.message.hasSuffix(": closed for the night"))
    }

    @Test func theRequestShowsEverythingButSecrets() async throws {
        let fixture = try HookFixture([
            "a.lua": """
            app.on("sync.request.before", function(r)
              local headers = r.headers
              app.log(table.concat({ r.method, r.path, r.remote_addr, headers["x-via"], headers.authorization }, " "))
            end)
            """
        ])
        try await fixture.host().admit(request())
        #expect(fixture.log.messages == ["POST /api/sync/v1/transfers 203.0.113.9 a, b ***"])
    }

    @Test func aGateThatFailsDoesNotAdmit() async throws {
        for statement in ["local x = nil; x.y = 1", "while true do end", "return true"] {
            let fixture = try HookFixture(["a.lua": "app.on('sync.request.before', function() \(statement) end)"])
            let host = try await fixture.host { $0.limits.gate.cpu = .milliseconds(50) }
            let error = try await failure { try await host.admit(request()) }
            #expect([.hookRefused, .hookLimit, .hookFailed].contains(error.code))
            #expect(error.message.contains("hooks/a.lua:1"))
        }
    }

    @Test func withoutAGoodGenerationNothingIsAdmitted() async throws {
        let fixture = try HookFixture(["a.lua": "x = = 1"])
        let host = try await fixture.host()
        let error = try await failure { try await host.admit(request()) }
        #expect(error.code == .hookLoadFailed)
        #expect(error.message.contains("hooks/a.lua:1"))
        try FileManager.default.removeItem(at: fixture.hooks)
        #expect(try await failure { try await host.admit(request()) }.code == .hookLoadFailed)
    }

    @Test func manyRequestsShareAFewMachines() async throws {
        let fixture = try HookFixture([
            "a.lua": """
            local count = 0
            app.on("sync.request.before", function(request, ctx)
              count = count + 1
              if count > 10 then ctx.deny("an old machine") end
            end)
            """
        ])
        let host = try await fixture.host {
            $0.pooledMachines = 2
            $0.usesOfAMachine = 10
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 { group.addTask { try await host.admit(self.request()) } }
            try await group.waitForAll()
        }
    }
}
