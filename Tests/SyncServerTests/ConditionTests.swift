import ContentModel
import CurlHTTP
import SyncEngine
import SyncProtocol
import SyncServer
import Testing

@Suite("What an instance tells about its condition")
struct ConditionTests {
    private let path = "/api/sync/v1/condition"

    private func answer(_ response: HTTPResponse) throws -> ConditionAnswer {
        #expect(response.status == 200)
        #expect(response.header("tidelock-signature") != nil)
        return try WireBody.decode(ConditionAnswer.self, from: response.body)
    }

    /// Neither a path nor the name of a machine is in it.
    @Test func theHolderOfAKeyIsToldThisAndNothingElse() async throws {
        var world = World()
        world.condition.writer = "somebody"
        let response = try await world.serve { try await $0.sendSigned("GET", path) }
        #expect(
            response.text == #"{"key":{"rights":["read","push","pull"]},"#
                + #""lease":{"expires":1800000060,"holder":"Writer","isOwn":false,"since":1800000000},"#
                + #""storage":{"freeBytes":5000,"uploads":"read_only"}}"#)
    }

    @Test func theAnswerIsAboutTheKeyThatAsks() async throws {
        let world = World()
        world.keys.value = [
            AcceptedKey(key: try SyncKey("the-key-of-somebody-else")),
            AcceptedKey(
                key: World.key, rights: [.pull], kinds: ["content/posts", "content/pages"], expires: 1_800_000_500),
        ]
        let condition = try await world.serve { try answer(await $0.sendSigned("GET", path)) }
        #expect(
            condition.key
                == KeyFacts(rights: [.pull], kinds: ["content/pages", "content/posts"], expires: 1_800_000_500))
    }

    @Test(arguments: [World.local.id, "another"])
    func aLeaseSaysWhetherItIsTheCallers(issuer: String) async throws {
        var world = World()
        world.condition.writer = World.local.id
        let condition = try await world.serve { try answer(await $0.sendSigned("GET", path, issuer: issuer)) }
        #expect(condition.lease?.isOwn == (issuer == World.local.id))
    }

    // MARK: Refusals

    private func expectRefusal(
        _ code: ErrorCode, in world: World = World(), _ attempt: @Sendable (Caller) async throws -> HTTPResponse
    ) async throws {
        let response = try await world.serve(attempt)
        #expect(response.code == code.rawValue)
        #expect(response.status == code.traits.httpStatus)
        for word in ["lease", "freeBytes", "uploads", "rights\""] { #expect(!response.text.contains(word)) }
    }

    @Test func withoutAToken() async throws {
        try await expectRefusal(.missingToken) { try await $0.send("GET", path) }
    }

    @Test func withAnAPIKey() async throws {
        try await expectRefusal(.missingToken) {
            try await $0.send("GET", path, headers: [("api-key", "api-key-1")])
        }
    }

    @Test func withAWrongKey() async throws {
        let wrong = try SyncKey("not-the-key-of-anybody")
        try await expectRefusal(.unknownKey) { try await $0.sendSigned("GET", path, key: wrong) }
    }

    @Test func withAKeyThatMayMoveNothing() async throws {
        let world = World()
        world.keys.value[0].rights = [.read]
        try await expectRefusal(.permissionDenied, in: world) { try await $0.sendSigned("GET", path) }
    }

    @Test func whereAHandlerRefuses() async throws {
        var world = World()
        world.hooks.refusal = TidelockError(.hookRefused, "Not you.")
        try await expectRefusal(.hookRefused, in: world) { try await $0.sendSigned("GET", path) }
    }
}
