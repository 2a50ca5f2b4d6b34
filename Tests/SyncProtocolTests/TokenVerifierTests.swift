import ContentModel
import Testing

@testable import SyncProtocol

@Suite("Signed requests")
struct TokenVerifierTests {
    let fixture = TokenFixture()

    @Test func aProperTokenIsLetIn() async throws {
        #expect(try await fixture.refusal(of: fixture.token()) == nil)
        #expect(try await fixture.refusal(of: fixture.token(audience: nil, id: "fedcba9876543210")) == nil)
        #expect(
            try await fixture.refusal(
                of: fixture.forged(header: fixture.goodHeader, claims: fixture.claims(["jti": "\"aaaaaaaaaaaaaaaa\""])))
                == nil)
    }

    @Test(arguments: ["none", "None", "NONE", "HS384", "HS512", "RS256", "hs256", ""])
    func anyOtherAlgorithmIsRefused(algorithm: String) async throws {
        let header = #"{"alg":"\#(algorithm)","kid":"\#(SigningKeys(fixture.key).id)"}"#
        let signed = fixture.forged(header: header, claims: fixture.claims())
        let unsigned = "\(base64URL(header)).\(base64URL(fixture.claims()))."
        for token in [signed, unsigned] {
            let refusal = try await fixture.refusal(of: token)
            #expect(refusal?.error.code == .badAlgorithm)
            #expect(refusal?.seal == nil)
        }
    }

    @Test func aTokenWithoutAlgorithmIsRefused() async throws {
        let token = fixture.forged(header: #"{"kid":"\#(SigningKeys(fixture.key).id)"}"#, claims: fixture.claims())
        #expect(try await fixture.refusal(of: token)?.error.code == .badAlgorithm)
    }

    @Test(arguments: [#"{"alg":"HS256","kid":"00000000"}"#, #"{"alg":"HS256"}"#])
    func anUnknownKeyIsRefused(header: String) async throws {
        let refusal = try await fixture.refusal(of: fixture.forged(header: header, claims: fixture.claims()))
        #expect(refusal?.error.code == .unknownKey)
        #expect(refusal?.seal == nil)
    }

    @Test func anotherKeyUnderOurIDIsRefused() async throws {
        var other = TokenFixture()
        other.accepted = fixture.accepted
        let wrong = TokenSigner(key: try SyncKey("another-key-of-twenty"), issuer: TokenFixture.initiator)
        let token = try await wrong.token(
            for: fixture.facts, body: fixture.body, audience: nil, id: "0123456789abcdef", now: TokenFixture.now)
        let parts = token.split(separator: ".")
        let disguised = "\(base64URL(fixture.goodHeader)).\(parts[1]).\(parts[2])"
        #expect(try await fixture.refusal(of: token)?.error.code == .unknownKey)
        let refusal = try await fixture.refusal(of: disguised)
        #expect(refusal?.error.code == .badSignature)
        #expect(refusal?.seal == nil)
    }

    @Test func changedClaimsAreRefused() async throws {
        let parts = try await fixture.token().split(separator: ".")
        let token = "\(parts[0]).\(base64URL(fixture.claims(["exp": "9999999999"]))).\(parts[2])"
        #expect(try await fixture.refusal(of: token)?.error.code == .badSignature)
    }

    @Test(arguments: [
        "", "a", "a.b", "a.b.c.d", "....", "e30.e30.", "\u{0}.\u{0}.\u{0}", String(repeating: "a", count: 5_000),
    ])
    func whatIsNoTokenIsRefused(text: String) async throws {
        let code = try await fixture.refusal(of: text)?.error.code
        #expect(code == .badToken || text == "e30.e30." && code == .badAlgorithm)
    }

    @Test func unknownExtensionsAreRefused() async throws {
        let header = #"{"alg":"HS256","kid":"\#(SigningKeys(fixture.key).id)","crit":["b64"]}"#
        let token = fixture.forged(header: header, claims: fixture.claims())
        #expect(try await fixture.refusal(of: token)?.error.code == .badToken)
    }

    @Test(arguments: [
        ["exp": "\"soon\""], ["jti": "\"short\""], ["iss": "\"\""], ["iat": "null"], ["exp": "1800009999"],
        ["exp": "1700000000"],
    ])
    func unusableClaimsAreRefused(changes: [String: String]) async throws {
        let token = fixture.forged(header: fixture.goodHeader, claims: fixture.claims(changes))
        #expect(try await fixture.refusal(of: token)?.error.code == .badToken)
    }
}

@Suite("What a genuine token is refused for")
struct TokenJudgementTests {
    var fixture = TokenFixture()

    @Test(arguments: [Limits.tokenSeconds, 3_600, -Limits.clockTolerance - 1])
    func timeOutsideOfTheTokenIsToldInASignedAnswer(later: Int64) async throws {
        let refusal = try await fixture.refusal(of: fixture.token(), now: TokenFixture.now + later)
        #expect(refusal?.error.code == .expiredToken)
        #expect(refusal?.error.details["serverTime"] == "\(TokenFixture.now + later)")
        #expect(refusal?.seal != nil)
    }

    @Test func aClockALittleAheadIsFine() async throws {
        let early = TokenFixture.now - Limits.clockTolerance
        #expect(try await fixture.refusal(of: fixture.token(), now: early) == nil)
    }

    @Test func aTokenForAnotherInstanceIsRefused() async throws {
        let refusal = try await fixture.refusal(of: fixture.token(audience: "0190-somebody"))
        #expect(refusal?.error.code == .wrongAudience)
    }

    @Test func aCallerWithOurOwnIDIsRefused() async throws {
        let twin = TokenSigner(key: fixture.key, issuer: TokenFixture.responder)
        let token = try await twin.token(
            for: fixture.facts, body: fixture.body, audience: nil, id: "0123456789abcdef", now: TokenFixture.now)
        let refusal = try await fixture.refusal(of: token)
        #expect(refusal?.error.code == .sameInstance)
        #expect(refusal?.seal != nil)
    }

    @Test(arguments: [
        RequestFacts(method: "PUT", target: "/api/sync/v1/transfers?x=1"),
        RequestFacts(method: "POST", target: "/api/sync/v1/transfers?x=2"),
        RequestFacts(method: "POST", target: "/api/sync/v1/transfers"),
    ])
    func anotherRequestThanTheSignedOneIsRefused(facts: RequestFacts) async throws {
        let refusal = try await fixture.refusal(of: fixture.token(), facts: facts)
        #expect(refusal?.error.code == .alteredRequest)
    }

    @Test func anotherBodyThanTheSignedOneIsRefusedAndDoesNotUseUpTheToken() async throws {
        let token = try await fixture.token()
        let refusal = try await fixture.refusal(of: token, body: fixture.body + [32])
        #expect(refusal?.error.code == .alteredRequest)
        #expect(refusal?.seal != nil)
        #expect(try await fixture.refusal(of: token) == nil)
    }

    @Test func aTokenThatIsUsedUpIsRefused() async throws {
        let token = try await fixture.token()
        #expect(try await fixture.refusal(of: token) == nil)
        let refusal = try await fixture.refusal(of: token)
        #expect(refusal?.error.code == .replayedRequest)
        #expect(refusal?.seal != nil)
    }

    @Test func harmlessRequestsMayRepeatTheirToken() async throws {
        let token = try await fixture.token()
        for _ in 1...2 {
            #expect(try await fixture.refusal(of: token, repetition: .anyToken) == nil)
        }
        #expect(fixture.memory.count == 0)
    }
}

@Suite("Accepted keys")
struct AcceptedKeyTests {
    var fixture = TokenFixture()

    @Test mutating func oldAndNewKeyAreAcceptedAtOnce() async throws {
        let old = fixture.accepted[0]
        let new = AcceptedKey(key: try SyncKey("the-new-key-is-this-one"))
        fixture.accepted = [new, old]
        #expect(try await fixture.refusal(of: fixture.token()) == nil)
        fixture.accepted = [new]
        #expect(try await fixture.refusal(of: fixture.token())?.error.code == .unknownKey)
    }

    @Test mutating func aKeyEndsWhenItExpires() async throws {
        fixture.accepted[0].expires = TokenFixture.now + 1
        #expect(try await fixture.refusal(of: fixture.token(), repetition: .anyToken) == nil)
        fixture.accepted[0].expires = TokenFixture.now
        #expect(try await fixture.refusal(of: fixture.token())?.error.code == .unknownKey)
    }

    @Test mutating func aKeyCountsOnlyFromItsAddresses() async throws {
        fixture.accepted[0].allow = [try CIDR("10.0.0.0/8")]
        let refusal = try await fixture.refusal(of: fixture.token(), from: "192.0.2.1")
        #expect(refusal?.error.code == .addressRefused)
        #expect(try await fixture.refusal(of: fixture.token(), from: "10.2.3.4") == nil)
    }

    @Test(arguments: [
        ([Right.read], Need.read, true), ([.read], .push, false), ([.push], .pull, false), ([.push], .read, true),
        ([.pull], .transfer, true), ([.read], .transfer, false), ([], .read, false),
    ])
    func rightsAreKeptTo(rights: [Right], need: Need, isEnough: Bool) async throws {
        var fixture = fixture
        fixture.accepted[0].rights = Set(rights)
        let refusal = try await fixture.refusal(of: fixture.token(), need: need)
        #expect(refusal?.error.code == (isEnough ? nil : .permissionDenied))
    }

    @Test func aKeyForSomeKindsMovesOnlyThose() throws {
        let key = AcceptedKey(key: fixture.key, kinds: ["content/posts"])
        for scope in [
            Scope(models: ["posts"]), Scope(items: ["content/posts": ["1"], "singletons": ["posts"]]),
            Scope(items: ["models": ["posts"]]), Scope(models: ["posts"], locales: false),
        ] {
            #expect(throws: Never.self) { try key.check(scope) }
        }
        for scope in [
            Scope(models: ["posts", "users"]), .everything, Scope(locales: false),
            Scope(models: ["posts"], locales: true),
            Scope(items: ["content/users": ["1"]]), Scope(items: ["locales": ["de"]]),
            Scope(items: ["singletons": ["posts", "users"]]),
        ] {
            #expect { try key.check(scope) } throws: { ($0 as? TidelockError)?.code == .permissionDenied }
        }
    }

    @Test func aKeyForSomeKindsCoversWhatBelongsToThem() throws {
        let key = AcceptedKey(key: fixture.key, kinds: ["content/K", "lokalize/keys/web", "pages"])
        let covered: [(Kind, String)] = [
            (.models, "K"), (.singletons, "K"), (try .content("K"), "1"), (.pages, "1"),
            (.translationProjects, "web"), (try .translations(of: "web"), "home"),
        ]
        for (kind, id) in covered { #expect(key.covers(kind, id), "\(kind)/\(id)") }
        let hidden: [(Kind, String)] = [
            (.models, "users"), (.singletons, "web"), (try .content("users"), "K"), (.menus, "K"), (.locales, "K"),
            // The sign for kelvin, which Swift takes for the letter.
            (.translationProjects, "K"), (.translationProjects, "../web"), (.models, "\u{212A}"),
        ]
        for (kind, id) in hidden { #expect(!key.covers(kind, id), "\(kind)/\(id)") }
        #expect(AcceptedKey(key: fixture.key).covers(.models))
        #expect(!key.covers(.models))
    }

    @Test func aPresentedKeyIsFoundAmongThoseThatCount() throws {
        let expired = AcceptedKey(key: try SyncKey("an-expired-key-of-twenty"), expires: 5)
        let ring = KeyRing([expired, fixture.accepted[0]])
        #expect(ring.match(fixture.key.secret, at: 10) != nil)
        #expect(ring.match(expired.key.secret, at: 10) == nil)
        #expect(ring.match(fixture.key.secret + "x", at: 10) == nil)
        #expect(ring.match("", at: 10) == nil)
    }
}
