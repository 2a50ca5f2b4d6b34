import ContentModel
import Foundation
import SyncProtocol

/// A Tidelock whose clock is off. It knows its key, refuses tokens that are not good at its time and signs what it
/// answers, but keeps nothing that could be synced.
final class SkewedServer: Sendable {
    let port: Int
    private let listener: Listener
    private let secondsAhead: Int64
    private let verifier: TokenVerifier

    init(secondsAhead: Int64, key: SyncKey) throws {
        listener = try Listener()
        port = listener.port
        self.secondsAhead = secondsAhead
        verifier = TokenVerifier(
            ring: KeyRing([AcceptedKey(key: key)]), instance: Self.identity.id, memory: EveryTokenIsNew())
        Thread.detachNewThread { [listener, weak self] in
            while let client = listener.next() {
                Thread.detachNewThread { [weak self] in self?.take(client) }
            }
        }
    }

    deinit {
        listener.stop()
    }

    private static let identity = InstanceIdentity(id: String(repeating: "5", count: 32), name: "skewed")

    /// One request a connection: the answer says that it is the last.
    private func take(_ client: Connection) {
        var bytes: [UInt8] = []
        while let part = client.read() {
            bytes += part
            guard let request = RecordedRequest.all(in: bytes).first else { continue }
            // Owned by the connection, which it ends.
            Task { [self] in
                try? client.write(await answer(request))
                client.finishWriting()
            }
            return
        }
    }

    private func answer(_ request: RecordedRequest) async throws -> [UInt8] {
        guard let token = request.headers["authorization"]?.dropFirst("Bearer ".count) else {
            return Self.packed(200, try WireBody.encode(CheckAnswer(version: "0.1.0")), nil)
        }
        let now = Int64(Date().timeIntervalSince1970) + secondsAhead
        do {
            let verified = try await verifier.verify(
                String(token), for: RequestFacts(method: request.method, target: request.target), from: nil,
                need: .read, now: now)
            return Self.packed(200, try body(of: request.target, at: now), verified.seal)
        } catch let refusal as Refusal {
            return Self.packed(401, try WireBody.encode(ErrorAnswer(refusal.error, withDetails: true)), refusal.seal)
        }
    }

    private func body(of target: String, at now: Int64) throws -> [UInt8] {
        guard target == Endpoint.status.path() else {
            let storage = StorageCondition(freeBytes: .max, uploads: .writable)
            let key = KeyFacts(rights: Right.allCases)
            return try WireBody.encode(ConditionAnswer(key: key, lease: nil, storage: storage))
        }
        return try WireBody.encode(
            StatusAnswer(
                syncing: false, holder: nil, since: nil, lastSync: nil, hooks: HookStatus(.ok), version: "0.1.0",
                instance: Self.identity, time: now * 1_000))
    }

    private static func packed(_ status: Int, _ body: [UInt8], _ seal: AnswerSeal?) -> [UInt8] {
        let signature = seal.map {
            "\(HeaderName.signature): \($0.signature(of: AnswerFacts(status: status, body: body)))\r\n"
        }
        let head =
            "HTTP/1.1 \(status) Test\r\nContent-Type: \(WireBody.json)\r\nContent-Length: \(body.count)\r\n"
            + "\(signature ?? "")Connection: close\r\n\r\n"
        return Array(head.utf8) + body
    }
}

/// For a server that changes nothing, whatever is sent twice.
private struct EveryTokenIsNew: ReplayMemory {
    func remember(_ token: String, until expiry: Int64) async throws -> Bool { true }
}
