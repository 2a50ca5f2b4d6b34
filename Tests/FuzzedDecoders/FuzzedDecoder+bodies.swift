internal import ContentModel
internal import SyncProtocol

extension FuzzedDecoder {
    /// What a request or an answer carries and is no message.
    static let bodies: [FuzzedDecoder] = [
        FuzzedDecoder("batch") { _ = try entries(of: $0) },
        FuzzedDecoder("lines", read: readLines), FuzzedDecoder("token", read: readToken),
    ]

    /// The lines of a batch before they are packed.
    @Sendable private static func readLines(_ bytes: [UInt8]) throws {
        let entries = try entries(of: try Zstandard.compress(bytes))
        var encoder = BatchEncoder()
        for entry in entries { encoder.add(entry) }
        let again = try? self.entries(of: try encoder.finish(number: 1).payload)
        try BrokenPromise.require(again == entries, "a batch changes when it is written and read again")
    }

    private static func entries(of payload: [UInt8]) throws -> [BatchEntry] {
        var decoder = try BatchDecoder(payload: payload)
        var entries: [BatchEntry] = []
        while let entry = try decoder.next() { entries.append(entry) }
        return entries
    }

    // MARK: Tokens

    private static let now: Int64 = 1_800_000_000
    private static let request = RequestFacts(method: "POST", target: "/api/sync/v1/transfers")
    private static let verifier = TokenVerifier(
        ring: KeyRing([AcceptedKey(key: try! SyncKey("not-a-secret-but-long-enough"))]),  // it is
        instance: "0191", memory: NoMemory())

    /// The token of a request without a body. The caller of the seed is the only one who has the key.
    @Sendable private static func readToken(_ bytes: [UInt8]) async throws {
        let token = try await verifier.verify(
            String(decoding: bytes, as: UTF8.self), for: request, from: IPAddress("127.0.0.1"), need: .push, now: now)
        try await verifier.admit(token, body: [], repetition: .newToken)
        try BrokenPromise.require(token.issuer == "0190", "somebody is let in who has no key")
    }

    private struct NoMemory: ReplayMemory {
        func remember(_ token: String, until expiry: Int64) async throws -> Bool { true }
    }
}
