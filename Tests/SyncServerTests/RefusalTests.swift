import ContentModel
import CurlHTTP
import Foundation
import SyncEngine
import SyncProtocol
import SyncServer
import Testing

@Suite("Requests that are refused over HTTP")
struct RefusalTests {
    let path = "/api/sync/v1/transfers"

    /// Whatever was refused: it has its own code, it is on the record, and nobody opened anything.
    private func expectRefusal(
        _ code: ErrorCode, in world: World = World(), isSigned: Bool = false,
        _ attempt: @Sendable (Caller) async throws -> HTTPResponse
    ) async throws {
        let response = try await world.serve(attempt)
        #expect(response.code == code.rawValue)
        #expect(response.status == code.traits.httpStatus)
        #expect((response.header("tidelock-signature") != nil) == isSigned)
        #expect(await world.responder.opens == 0)
        let record = try #require(world.log.records.first)
        #expect(record.message == "Refused POST \(path) from 127.0.0.1: \(code.rawValue).")
        #expect(record.channel == "sync")
    }

    @Test func withoutToken() async throws {
        try await expectRefusal(.missingToken) { try await $0.send("POST", path, body: $0.openBody()) }
    }

    @Test func withAWrongKey() async throws {
        let wrong = try SyncKey("not-the-key-of-anybody")
        try await expectRefusal(.unknownKey) { try await $0.sendSigned("POST", path, body: $0.openBody(), key: wrong) }
    }

    @Test(arguments: ["none", "None", "HS512"])
    func withAnotherAlgorithm(algorithm: String) async throws {
        let header = base64URL(#"{"alg":"\#(algorithm)"}"#)
        try await expectRefusal(.badAlgorithm) {
            try await $0.sendSigned("POST", path, body: $0.openBody()) { token in
                let parts = token.split(separator: ".")
                return "\(header).\(parts[1])." + (algorithm == "HS512" ? String(parts[2]) : "")
            }
        }
    }

    @Test func withAnUnknownKeyID() async throws {
        let header = base64URL(#"{"alg":"HS256","kid":"12345678"}"#)
        try await expectRefusal(.unknownKey) {
            try await $0.sendSigned("POST", path, body: $0.openBody()) { token in
                header + "." + token.split(separator: ".").dropFirst().joined(separator: ".")
            }
        }
    }

    @Test func withASpoiledSignature() async throws {
        try await expectRefusal(.badSignature) {
            try await $0.sendSigned("POST", path, body: $0.openBody()) { token in
                let parts = token.split(separator: ".")
                return "\(parts[0]).\(parts[1]).\(base64URL(String(repeating: "x", count: 32)))"
            }
        }
    }

    @Test func withAnAlteredBody() async throws {
        try await expectRefusal(.alteredRequest, isSigned: true) {
            let body = try $0.openBody()
            return try await $0.sendSigned("POST", path, body: body, sending: body + [32])
        }
    }

    /// What is said of bytes of files is signed; the bytes themselves are proved by the hashes that name them.
    @Test(arguments: [false, true])
    func withOtherWordsAboutFiles(isAltered: Bool) async throws {
        let endpoint = Endpoint.appendBlobs.path()
        let part = BlobPart(sha256: String(repeating: "a", count: 64), size: 3, offset: 0, count: 3)
        let line = try AppendBlobs(transfer: "0190-1", fence: 7, parts: [part]).line
        let other = try AppendBlobs(transfer: "0190-1", fence: 8, parts: [part]).line
        let world = World()
        let response = try await world.serve {
            _ = try await $0.sendSigned("POST", path, body: $0.openBody())
            return try await $0.sendSigned(
                "PATCH", endpoint, body: line, id: "fedcba9876543210", sending: (isAltered ? other : line) + [1, 2, 3])
        }
        #expect(response.code == (isAltered ? ErrorCode.alteredRequest.rawValue : nil))
        #expect(response.status == (isAltered ? ErrorCode.alteredRequest.traits.httpStatus : 200), "\(response.text)")
    }

    @Test(arguments: [0, 2, 4])
    func withMoreOrFewerBytesOfFilesThanAnnounced(count: Int) async throws {
        let endpoint = Endpoint.appendBlobs.path()
        let part = BlobPart(sha256: String(repeating: "a", count: 64), size: 3, offset: 0, count: 3)
        let line = try AppendBlobs(transfer: "0190-1", fence: 7, parts: [part]).line
        let response = try await World().serve {
            _ = try await $0.sendSigned("POST", path, body: $0.openBody())
            return try await $0.sendSigned(
                "PATCH", endpoint, body: line, id: "fedcba9876543210",
                sending: line + [UInt8](repeating: 1, count: count))
        }
        #expect(response.code == ErrorCode.malformedMessage.rawValue)
    }

    @Test func withATokenOfAnotherTime() async throws {
        let world = World()
        try await expectRefusal(.expiredToken, in: world, isSigned: true) {
            try await $0.sendSigned("POST", path, body: $0.openBody()) { token in
                world.clock.advance(seconds: 121)
                return token
            }
        }
    }

    @Test func fromAnInstanceWithTheSameIdentity() async throws {
        try await expectRefusal(.sameInstance, isSigned: true) {
            let body = try $0.openBody(issuer: "responder")
            return try await $0.sendSigned("POST", path, body: body, issuer: "responder")
        }
    }

    @Test func fromAnAddressThatMayNotCall() async throws {
        var world = World()
        world.configuration.allow = [try CIDR("192.0.2.0/24")]
        try await expectRefusal(.addressRefused, in: world) {
            try await $0.sendSigned("POST", path, body: $0.openBody())
        }
    }

    @Test func withAKeyThatMayNotPush() async throws {
        let world = World()
        world.keys.value[0].rights = [.pull]
        try await expectRefusal(.permissionDenied, in: world, isSigned: true) {
            try await $0.sendSigned("POST", path, body: $0.openBody())
        }
    }

    @Test func withAKeyForOtherKinds() async throws {
        let world = World()
        world.keys.value[0].kinds = ["content/posts"]
        try await expectRefusal(.permissionDenied, in: world, isSigned: true) {
            try await $0.sendSigned("POST", path, body: $0.openBody(scope: Scope(models: ["users"])))
        }
    }

    @Test func byAHandler() async throws {
        var world = World()
        world.hooks.refusal = TidelockError(.hookRefused, "Not on Sundays.")
        try await expectRefusal(.hookRefused, in: world, isSigned: true) {
            try await $0.sendSigned("POST", path, body: $0.openBody())
        }
    }

    @Test func inSomebodyElsesName() async throws {
        try await expectRefusal(.permissionDenied, isSigned: true) {
            try await $0.sendSigned("POST", path, body: $0.openBody(issuer: "somebody"))
        }
    }

    @Test func withAnUnusableTransferID() async throws {
        try await expectRefusal(.malformedMessage, isSigned: true) {
            try await $0.sendSigned("POST", path, body: $0.openBody(id: "../x"))
        }
    }

    @Test func withTooMuchThatIsDeclared() async throws {
        try await expectRefusal(.tooLarge) {
            try await $0.sendSigned("POST", path, body: [UInt8](repeating: 32, count: Limits.requestBytes + 1))
        }
    }

    @Test func withTheSameTokenTwice() async throws {
        let world = World()
        let response = try await world.serve { caller in
            let first = try await caller.sendSigned("POST", path, body: caller.openBody())
            #expect(first.status == 200)
            return try await caller.sendSigned("POST", path, body: caller.openBody())
        }
        #expect(response.code == "replayed_request")
        #expect(response.header("tidelock-signature") != nil)
        #expect(await world.responder.opens == 1)
        #expect(world.log.records.map(\.type) == ["warning"])
    }
}

func base64URL(_ text: String) -> String {
    Data(text.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
}
