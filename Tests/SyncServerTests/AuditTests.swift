import ContentModel
import SyncEngine
import SyncProtocol
import SyncServer
import Testing

@Suite("What the server writes into the audit log")
struct AuditTests {
    private let path = "/api/sync/v1/transfers"
    private let signed = Principal(id: World.local.id, address: "127.0.0.1")
    private let nobody = Principal(address: "127.0.0.1")

    /// What one attempt leaves behind.
    private func entries(
        _ world: World, _ attempt: @Sendable (Caller) async throws -> Void
    ) async throws -> [AuditEntry] {
        try await world.serve(attempt)
        return world.audit.entries
    }

    @Test func anOpenNamesCallerAddressAndScope() async throws {
        let entries = try await entries(World()) {
            let scope = Scope(models: ["posts"], mode: .mirror, filter: #"{"secret":"x"}"#)
            _ = try await $0.sendSigned("POST", path, body: $0.openBody(scope: scope))
        }
        let entry = try #require(entries.first)
        #expect(entries.count == 1 && entry.action == .open && entry.failure == nil && entry.run == "0190-1")
        #expect(entry.principal == Principal(id: World.local.id, name: World.local.id, address: "127.0.0.1"))
        #expect(entry.note?.hasPrefix("push: posts filtered mirror (") == true, "\(entry)")
        #expect(!"\(entries)".contains("secret"))
    }

    @Test func anOpenForAPlanSaysSo() async throws {
        let entries = try await entries(World()) {
            var open = $0.open()
            open.isPlanOnly = true
            _ = try await $0.sendSigned("POST", path, body: WireBody.encode(open))
        }
        #expect(entries.count == 1 && entries[0].note?.hasPrefix("plan of a push: everything") == true, "\(entries)")
    }

    @Test func anOpenForWhatWasTakenBackSaysSo() async throws {
        let entries = try await entries(World()) {
            var open = $0.open()
            open.direction = .pull
            open.includesReverted = true
            _ = try await $0.sendSigned("POST", path, body: WireBody.encode(open))
        }
        let note = entries.first?.note
        #expect(note?.hasPrefix("pull including what was taken back: everything") == true, "\(entries)")
    }

    @Test func aWrongKeyIsRefusedToNobodyKnown() async throws {
        let wrong = try SyncKey("not-the-key-of-anybody")
        let entries = try await entries(World()) {
            _ = try await $0.sendSigned("POST", path, body: $0.openBody(), key: wrong)
        }
        #expect(entries.map(\.failure) == [.unknownKey] && entries.map(\.principal) == [nobody], "\(entries)")
        #expect(!"\(entries)".contains("not-the-key") && !"\(entries)".contains(World.local.id))
    }

    @Test func anExpiredTokenNamesWhoeverSignedIt() async throws {
        let world = World()
        let entries = try await entries(world) {
            _ = try await $0.sendSigned("POST", path, body: $0.openBody()) { token in
                world.clock.advance(seconds: 121)
                return token
            }
        }
        #expect(entries.map(\.failure) == [.expiredToken] && entries.map(\.principal) == [signed], "\(entries)")
    }

    @Test func aReplayNamesWhoeverSignedIt() async throws {
        let entries = try await entries(World()) {
            for _ in 1...2 { _ = try await $0.sendSigned("POST", path, body: $0.openBody()) }
        }
        #expect(entries.map(\.action) == [.open, .refuse], "\(entries)")
        #expect(entries.last?.failure == .replayedRequest && entries.last?.principal == signed, "\(entries)")
    }

    @Test func aKeyWithoutTheRight() async throws {
        let world = World()
        world.keys.value[0].rights = [.pull]
        let entries = try await entries(world) { _ = try await $0.sendSigned("POST", path, body: $0.openBody()) }
        #expect(entries.map(\.failure) == [.permissionDenied] && entries.map(\.principal) == [signed], "\(entries)")
    }

    @Test func anAddressThatMayNotCall() async throws {
        var world = World()
        world.configuration.allow = [try CIDR("192.0.2.0/24")]
        let entries = try await entries(world) { _ = try await $0.sendSigned("POST", path, body: $0.openBody()) }
        #expect(entries.map(\.failure) == [.addressRefused] && entries.map(\.principal) == [nobody], "\(entries)")
    }

    @Test func aHandlerThatRefuses() async throws {
        var world = World()
        world.hooks.refusal = TidelockError(.hookRefused, "Not on Sundays.")
        let entries = try await entries(world) { _ = try await $0.sendSigned("POST", path, body: $0.openBody()) }
        #expect(entries.map(\.failure) == [.hookRefused] && entries.map(\.principal) == [signed], "\(entries)")
        #expect(!"\(entries)".contains("Sundays"))
    }

    /// Two reasons may have one code, so nothing that somebody known was refused hides behind another refusal.
    @Test func everyRequestOfSomebodyKnownIsRefusedOnTheRecordWithItsRun() async throws {
        var world = World()
        world.hooks.refusal = TidelockError(.hookRefused, "Not on Sundays.")
        let entries = try await entries(world) {
            for run in ["0190-1", "0190-2"] {
                _ = try await $0.sendSigned("POST", path, body: $0.openBody(id: run), id: "open-of-the-run-\(run)")
            }
            for attempt in 1...3 {
                _ = try await $0.sendSigned("POST", path + "/0190-2/commit", body: [1], id: "commit-attempt-\(attempt)")
            }
        }
        #expect(entries.map(\.run) == ["0190-1", "0190-2", "0190-2", "0190-2"], "\(entries)")
        #expect(entries.allSatisfy { $0.failure == .hookRefused && $0.principal == signed }, "\(entries)")
        #expect(entries.map { $0.counts["requests"] } == [nil, nil, nil, 2], "\(entries)")
    }

    @Test func strangersDoNotKeepAKnownCallerOffTheRecord() async throws {
        var world = World()
        world.configuration.trustedProxies = [try CIDR("127.0.0.0/8")]
        world.hooks.refusal = TidelockError(.hookRefused, "Not on Sundays.")
        let entries = try await entries(world) {
            for number in 1...(Limits.auditedRefusals + 5) {
                let forwarded = ("X-Forwarded-For", "192.0.2.\(number)")
                _ = try await $0.send("POST", path, headers: [forwarded], body: [1])
            }
            _ = try await $0.sendSigned("POST", path, body: $0.openBody())
        }
        #expect(entries.contains { $0.principal == signed && $0.run == "0190-1" }, "\(entries)")
    }

    @Test func aKnownCallerCannotFillTheDisk() async throws {
        let tally = 3 * Limits.auditedRefusalsOfKnown
        var world = World()
        world.hooks.refusal = TidelockError(.hookRefused, "Not on Sundays.")
        let entries = try await entries(world) {
            for number in 1...tally {
                let id = "commit-with-number-\(number)"
                _ = try await $0.sendSigned("POST", path + "/r-\(number)/commit", body: [1], id: id)
            }
        }
        #expect(entries.count == Limits.auditedRefusalsOfKnown + 2, "\(entries.count)")
        #expect(entries.last?.counts == ["requests": tally - Limits.auditedRefusalsOfKnown - 1], "\(entries)")
    }

    @Test func whatIsMerelyNotThereIsNoRefusal() async throws {
        let entries = try await entries(World()) { _ = try await $0.send("GET", "/api/nothing") }
        #expect(entries.isEmpty, "\(entries)")
    }

    // MARK: Floods

    @Test func repetitionsAreCountedAndWrittenWhenTheServerEnds() async throws {
        let entries = try await entries(World()) {
            for _ in 1...30 { _ = try await $0.send("POST", path, body: [1]) }
        }
        #expect(entries.map(\.failure) == [.missingToken, .missingToken], "\(entries)")
        #expect(entries.map(\.principal) == [nobody, nobody])
        #expect(entries.map { $0.counts["requests"] } == [nil, 29])
    }

    @Test func theNextMinuteWritesWhatTheLastOneCounted() async throws {
        let world = World()
        let entries = try await entries(world) {
            for _ in 1...5 { _ = try await $0.send("POST", path, body: [1]) }
            world.clock.advance(seconds: 60)
            _ = try await $0.send("POST", path, body: [1])
        }
        #expect(entries.map { $0.counts["requests"] } == [nil, 4, nil], "\(entries)")
    }

    @Test func manyAddressesAreCountedTogether() async throws {
        var world = World()
        world.configuration.trustedProxies = [try CIDR("127.0.0.0/8")]
        let entries = try await entries(world) {
            for number in 1...200 {
                let forwarded = ("X-Forwarded-For", "192.0.2.\(number)")
                _ = try await $0.send("POST", path, headers: [forwarded], body: [1])
            }
        }
        #expect(entries.count == Limits.auditedRefusals + 2, "\(entries.count)")
        #expect(entries.first?.principal.address == "192.0.2.1")
        #expect(entries.last?.principal == Principal(), "\(entries)")
        #expect(entries.last?.counts == ["requests": 200 - Limits.auditedRefusals - 1], "\(entries)")
    }
}
