import ContentModel
import Crypto
import Foundation
import Synchronization

@testable import SyncProtocol

/// A responder's keys, an initiator that has one of them, and a moment at which they meet.
struct TokenFixture {
    static let now: Int64 = 1_800_000_000
    static let responder = "0190-responder"
    static let initiator = "0190-initiator"

    let key = try! SyncKey("3f6c1e8a-and-more-characters")  // long enough
    let memory = TokenMemory()
    var facts = RequestFacts(method: "POST", target: "/api/sync/v1/transfers?x=1")
    var body = Array(#"{"id":"0190"}"#.utf8)
    var accepted: [AcceptedKey]

    init() {
        accepted = [AcceptedKey(key: key)]
    }

    var signer: TokenSigner { TokenSigner(key: key, issuer: Self.initiator) }

    var verifier: TokenVerifier {
        TokenVerifier(ring: KeyRing(accepted), instance: Self.responder, memory: memory)
    }

    func token(
        audience: String? = Self.responder, id: String = "0123456789abcdef", now: Int64 = Self.now
    ) async throws -> String {
        try await signer.token(for: facts, body: body, audience: audience, id: id, now: now)
    }

    /// Everything the server does with a token. Answers the code of the refusal, or nil when it is let in.
    func refusal(
        of token: String, facts: RequestFacts? = nil, body: [UInt8]? = nil, from address: String = "127.0.0.1",
        need: Need = .push, repetition: Endpoint.Repetition = .newToken, now: Int64 = Self.now
    ) async throws -> Refusal? {
        do {
            let verified = try await verifier.verify(
                token, for: facts ?? self.facts, from: IPAddress(address), need: need, now: now)
            try await verifier.admit(verified, body: body ?? self.body, repetition: repetition)
            return nil
        } catch let refusal as Refusal {
            return refusal
        }
    }

    /// A token with whatever header and claims, properly signed with the key.
    func forged(header: String, claims: String) -> String {
        let text = "\(base64URL(header)).\(base64URL(claims))"
        let code = HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SigningKeys(key).request)
        return text + "." + base64URL(Array(code))
    }

    /// The claims of a good token with some of them replaced by other JSON.
    func claims(_ changes: [String: String] = [:]) -> String {
        var members = [
            "iss": "\"\(Self.initiator)\"", "iat": "\(Self.now)", "exp": "\(Self.now + 60)",
            "jti": "\"0123456789abcdef\"", "htm": "\"\(facts.method)\"", "htu": "\"\(facts.target)\"",
            "dig": "\"\(sha256(body).hex)\"",
        ]
        members.merge(changes) { $1 }
        return "{" + members.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    }

    var goodHeader: String { #"{"alg":"HS256","typ":"JWT","kid":"\#(SigningKeys(key).id)"}"# }
}

func base64URL(_ text: String) -> String { base64URL(Array(text.utf8)) }

func base64URL(_ bytes: [UInt8]) -> String {
    Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
}

/// Remembers tokens for as long as the test runs.
final class TokenMemory: ReplayMemory {
    private let tokens = Mutex<[String: Int64]>([:])

    var count: Int { tokens.withLock { $0.count } }

    func remember(_ token: String, until expiry: Int64) async throws -> Bool {
        tokens.withLock { $0.updateValue(expiry, forKey: token) == nil }
    }
}
