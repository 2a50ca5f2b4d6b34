import ContentModel
import Hummingbird
import Logging
import RemotePeer
import ServiceLifecycle
import SyncProtocol
import Testing

/// Somebody who answers in the target's place without having its key.
@Suite("Answers nobody signed")
struct UnsignedAnswerTests {
    @Test func aSuccessIsNotBelieved() async throws {
        let status = StatusAnswer(
            syncing: false, holder: nil, since: nil, lastSync: nil, hooks: HookStatus(.ok), version: "9",
            instance: InstanceIdentity(id: "x", name: "x"))
        try await impostor(.ok, WireBody.encode(status)) { peer in
            #expect(await code { try await peer.check() } == .badResponseSignature)
        }
        try await impostor(.ok, WireBody.encode(status), signature: String(repeating: "0", count: 64)) { peer in
            #expect(await code { try await peer.check() } == .badResponseSignature)
        }
    }

    @Test func aClockIsNotBelieved() async throws {
        let error = TidelockError(.expiredToken, "Late.", details: ["serverTime": "5"])
        try await impostor(.unauthorized, WireBody.encode(ErrorAnswer(error, withDetails: true))) { peer in
            #expect(await code { try await peer.check() } == .expiredToken)
            #expect(peer.traffic.roundTrips == 1)
        }
    }

    @Test func wordsAreShownWithoutControlCharacters() async throws {
        let error = TidelockError(.permissionDenied, "No\u{1B}[2J.\r\n")
        try await impostor(.forbidden, WireBody.encode(ErrorAnswer(error))) { peer in
            await #expect {
                try await peer.check()
            } throws: { error in
                "\(error)".hasSuffix("refused: No[2J.") && (error as? TidelockError)?.code == .permissionDenied
            }
        }
    }

    @Test func aPageOfAProxyIsNotAnError() async throws {
        try await impostor(.internalServerError, Array("<html>".utf8)) { peer in
            #expect(await code { try await peer.check() } == .targetUnreachable)
        }
    }

    private func impostor(
        _ status: HTTPResponse.Status, _ body: [UInt8], signature: String? = nil,
        _ test: @Sendable (RemotePeer) async throws -> Void
    ) async throws {
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let router = Router()
        router.get("/api/sync/status") { _, _ in
            var headers = HTTPFields()
            headers[.init("tidelock-signature")!] = signature
            return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: body)))
        }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let server = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { listening.yield($0.localAddress?.port ?? 0) }, logger: logger)
        let group = ServiceGroup(configuration: .init(services: [server], logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let port = try #require(await ports.first { _ in true })
            try await test(Caller(world: World(), port: port).peer())
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }
}
