internal import ContentModel
internal import Crypto
internal import Foundation
internal import JWTKit

/// What a token says about the request it travels with (RFC 7519, and `htm`, `htu` as in RFC 9449).
struct RequestClaims: Codable, Sendable, Equatable, JWTPayload {
    /// Instance id of the initiator.
    var iss: String
    /// Instance id of the responder, once the initiator knows it.
    var aud: String?
    var iat: Int64
    var exp: Int64
    var jti: String
    /// Method.
    var htm: String
    /// Path and query: proxies rewrite the rest of an address.
    var htu: String
    /// Hex SHA-256 of the body as it travels.
    var dig: String

    /// The claims are judged by `TokenVerifier`, which knows the request and the time.
    func verify(using algorithm: some JWTAlgorithm) async throws {}
}

/// The header of a token, read before anything about it is believed.
struct TokenHeader: Decodable {
    var alg: String?
    var kid: String?
    /// Extensions that a reader must understand (RFC 7515, 4.1.11); this one understands none.
    var crit: [String]?

    static let algorithm = "HS256"

    /// Throws `bad_token` for what is not a token at all.
    init(of token: String) throws {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard token.utf8.count <= Limits.tokenBytes, parts.count == 3, let json = decodeBase64URL(parts[0]),
            let header = try? JSONDecoder().decode(TokenHeader.self, from: json)
        else { throw TidelockError(.badToken, "The token of the request cannot be read.") }
        self = header
    }
}

extension SigningKeys {
    /// jwt-kit's collection with only this key in it, so that it has no choice of key or algorithm.
    func collection() async -> JWTKeyCollection {
        await JWTKeyCollection().add(
            hmac: HMACKey(key: request), digestAlgorithm: .sha256, kid: JWKIdentifier(string: id))
    }
}

private func decodeBase64URL(_ text: Substring) -> Data? {
    let alphabet = text.replacing("-", with: "+").replacing("_", with: "/")
    return Data(base64Encoded: alphabet + String(repeating: "=", count: (4 - alphabet.utf8.count % 4) % 4))
}
