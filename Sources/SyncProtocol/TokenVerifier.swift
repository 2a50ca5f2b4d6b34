public import ContentModel
internal import JWTKit

/// Remembers the tokens of requests that must not be replayed.
public protocol ReplayMemory: Sendable {
    /// Notes a token until the Unix second at which it expires; false when it was noted before.
    func remember(_ token: String, until expiry: Int64) async throws -> Bool
}

/// A request that is not let in.
public struct Refusal: Error, Sendable {
    public var error: TidelockError
    /// Present when the caller proved that it has an accepted key: only then can the refusal be signed.
    public var seal: AnswerSeal?
    /// Who the caller proved to be: an instance id, or whose API key it has; present where it did.
    public var issuer: String?
    /// The transfer that a request which was let in is about.
    public var run: String?

    public init(_ error: TidelockError, seal: AnswerSeal? = nil, issuer: String? = nil, run: String? = nil) {
        self.error = error
        self.seal = seal
        self.issuer = issuer
        self.run = run
    }
}

/// Signs the answer to one request.
public struct AnswerSeal: Sendable {
    let keys: SigningKeys
    let tokenID: String

    public func signature(of answer: AnswerFacts) -> String {
        keys.signature(of: answer, to: tokenID)
    }
}

/// A token that holds, and what it allows.
public struct VerifiedToken: Sendable {
    /// Instance id of the caller.
    public let issuer: String
    /// The key the caller has.
    public let key: AcceptedKey
    public let seal: AnswerSeal
    /// Hex SHA-256 that the body must have.
    public let bodyDigest: String
    let expires: Int64
    let tokenID: String
}

/// Decides which signed requests an instance believes.
///
/// Pure but for the memory of tokens. The order of the questions is part of the promise: nothing of a token is
/// believed before its signature, and no refusal before that is signed.
public struct TokenVerifier: Sendable {
    private let ring: KeyRing
    private let instance: String
    private let memory: any ReplayMemory

    /// - Parameter instance: this instance's own id
    public init(ring: KeyRing, instance: String, memory: any ReplayMemory) {
        self.ring = ring
        self.instance = instance
        self.memory = memory
    }

    /// Judges the token by itself, before the body is read. Throws `Refusal`.
    public func verify(
        _ token: String, for request: RequestFacts, from address: IPAddress?, need: Need, now: Int64
    ) async throws -> VerifiedToken {
        let entry = try key(for: token, from: address, now: now)
        let claims = try await claims(of: token, signedWith: entry.keys)
        let seal = AnswerSeal(keys: entry.keys, tokenID: claims.jti)
        do {
            try checkTime(claims, now: now)
            try checkParties(claims)
            try checkRequest(claims, request)
            guard need.isMet(by: entry.accepted.rights) else {
                throw TidelockError(.permissionDenied, "The sync key does not have the right that this request needs.")
            }
        } catch {
            throw Refusal(TidelockError(wrapping: error), seal: seal, issuer: claims.iss)
        }
        return VerifiedToken(
            issuer: claims.iss, key: entry.accepted, seal: seal, bodyDigest: claims.dig, expires: claims.exp,
            tokenID: "\(claims.iss)/\(claims.jti)")
    }

    /// Judges the token together with the body, and uses the token up where `repetition` asks for that.
    ///
    /// An altered request does not use up its token: the one who signed it may still deliver it. Throws `Refusal`.
    public func admit(_ token: VerifiedToken, body: [UInt8], repetition: Endpoint.Repetition) async throws {
        guard isEqualInConstantTime(Array(sha256(body).hex.utf8), Array(token.bodyDigest.utf8)) else {
            throw Refusal(
                TidelockError(.alteredRequest, "The body of the request is not the one that was signed."),
                seal: token.seal, issuer: token.issuer)
        }
        guard repetition != .anyToken else { return }
        guard try await memory.remember(token.tokenID, until: token.expires) else {
            throw Refusal(
                TidelockError(.replayedRequest, "This request was delivered before.", hint: "Sign it anew."),
                seal: token.seal, issuer: token.issuer)
        }
    }
}

extension TokenVerifier {
    private func key(for token: String, from address: IPAddress?, now: Int64) throws -> KeyRing.Entry {
        do {
            let header = try TokenHeader(of: token)
            guard header.alg == TokenHeader.algorithm else {
                throw TidelockError(.badAlgorithm, "The token is not signed with \(TokenHeader.algorithm).")
            }
            guard header.crit == nil else { throw TidelockError(.badToken, "The token needs an unknown extension.") }
            guard let id = header.kid, let entry = ring.entry(id, at: now) else {
                throw TidelockError(
                    .unknownKey, "No sync key that is accepted here has the id of the one the request is signed with.",
                    hint: "Compare the key of the target with 'tidelock keys show' over there.")
            }
            guard entry.accepted.admits(address) else {
                throw TidelockError(.addressRefused, "The sync key may not be used from this address.")
            }
            return entry
        } catch {
            throw Refusal(TidelockError(wrapping: error))
        }
    }

    private func claims(of token: String, signedWith keys: SigningKeys) async throws -> RequestClaims {
        do {
            let claims: RequestClaims = try await keys.collection().verify(token)
            guard (1...64).contains(claims.iss.utf8.count), (16...64).contains(claims.jti.utf8.count) else {
                throw Refusal(TidelockError(.badToken, "The token names no caller, or itself, in a usable way."))
            }
            return claims
        } catch let error as JWTError where error.errorType == .signatureVerificationFailed {
            throw Refusal(TidelockError(.badSignature, "The signature of the request is wrong."))
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            throw Refusal(TidelockError(.badToken, "The token of the request cannot be read."))
        }
    }

    private func checkTime(_ claims: RequestClaims, now: Int64) throws {
        guard claims.iat <= claims.exp, claims.exp - claims.iat <= Limits.tokenSeconds else {
            throw TidelockError(.badToken, "The token is valid for longer than \(Limits.tokenSeconds) seconds.")
        }
        guard now < claims.exp, claims.iat <= now + Limits.clockTolerance else {
            throw TidelockError(
                .expiredToken, "The token is not valid at this moment.",
                hint: "The clocks of the two machines probably differ.", details: ["serverTime": "\(now)"])
        }
    }

    private func checkParties(_ claims: RequestClaims) throws {
        guard claims.aud == nil || claims.aud == instance else {
            throw TidelockError(
                .wrongAudience, "The request is meant for another instance.",
                hint: "The address of the target now leads to a different instance than before.")
        }
        guard claims.iss != instance else {
            throw TidelockError(
                .sameInstance, "Both sides have the same instance id.",
                hint: "One is probably a copied directory: run 'tidelock init --new-identity' there.")
        }
    }

    private func checkRequest(_ claims: RequestClaims, _ request: RequestFacts) throws {
        guard claims.htm == request.method, claims.htu == request.target else {
            throw TidelockError(
                .alteredRequest, "The method or the path of the request is not the one that was signed.",
                hint: "A proxy in between must not rewrite paths below /api.")
        }
    }
}
