public import ContentModel
internal import JWTKit

/// The parts of a request that its token covers.
public struct RequestFacts: Sendable, Equatable {
    public var method: String
    /// Path and query.
    public var target: String

    public init(method: String, target: String) {
        self.method = method
        self.target = target
    }
}

/// Signs requests to one responder.
public struct TokenSigner: Sendable {
    private let issuer: String
    private let keys: SigningKeys

    /// - Parameters:
    ///   - key: the responder's sync key
    ///   - issuer: instance id of the one who asks
    public init(key: SyncKey, issuer: String) {
        self.issuer = issuer
        keys = SigningKeys(key)
    }

    /// A token for one request, valid from `now` on for as long as tokens may be.
    ///
    /// - Parameters:
    ///   - body: the bytes that travel
    ///   - id: fresh random text; the answer will be signed together with it
    public func token(
        for request: RequestFacts, body: [UInt8], audience: String?, id: String, now: Int64
    ) async throws -> String {
        let claims = RequestClaims(
            iss: issuer, aud: audience, iat: now, exp: now + Limits.tokenSeconds, jti: id, htm: request.method,
            htu: request.target, dig: sha256(body).hex)
        return try await keys.collection().sign(claims, kid: JWKIdentifier(string: keys.id))
    }

    /// Whether the responder itself gave this answer to the request with that token.
    public func isGenuine(_ answer: AnswerFacts, signature: String?, to tokenID: String) -> Bool {
        signature.map { keys.isValid($0, of: answer, to: tokenID) } ?? false
    }
}
