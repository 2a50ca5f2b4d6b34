import ContentModel
import Foundation
import SyncProtocol
import Testing
import TidelockTestSupport

/// Requests that must not get in, sent to the real server: each has its own code, is on the record, changes nothing.
@Suite("Requests that are refused", .story)
struct SecurityTests {
    private struct LogRow: Decodable {
        var message: String
        var channel: String
        var type: String
    }

    /// Everything that a refusal must leave alone.
    private func expectUntouched(_ site: Site, _ code: String) async throws {
        #expect(try await site.destination.kinds().isEmpty)
        let log = try await site.destination.json([LogRow].self, "log", "--channel", "sync")
        #expect(log.contains { $0.message.hasPrefix("Refused ") && $0.message.hasSuffix(": \(code).") }, "\(log)")
        #expect(!site.server.tool.hasEnded)
    }

    private func key(_ site: Site) async throws -> SyncKey {
        try SyncKey(try await site.destination.run("keys", "show").trimmingCharacters(in: .newlines))
    }

    // MARK: By the tool

    @Test func aWrongKey() async throws {
        let site = try await Site.make(articles: 3)
        try await site.source.target(site.destination, at: site.server.port, key: "not-the-key-of-anybody")
        let report = try await site.push()
        #expect(report.exit == 77 && report.error?.code == "unknown_key", "\(report)")
        try await expectUntouched(site, "unknown_key")
    }

    @Test func aCopiedInstance() async throws {
        let site = try await Site.make(articles: 3)
        let copy = RealInstance(name: "copy", folder: Story.current.folder.appending(path: "copy"))
        #expect(await site.server.stop() == 0)
        try FileManager.default.copyItem(at: site.destination.folder, to: copy.folder)
        let server = try await TestServer(site.destination)
        try await copy.take(Articles.make(3))
        try await copy.target(site.destination, at: server.port)
        let report = try await copy.report("push")
        #expect(report.exit == 78 && report.error?.code == "same_instance", "\(report)")
        try await expectUntouched(Site(source: copy, destination: site.destination, server: server), "same_instance")
        try await copy.run("init", "--new-identity")
        #expect(try await copy.report("push").isGood)
    }

    @Test func aKeyForSomeKindsLearnsNoNamesOfOthersAndIsToldNone() async throws {
        let site = try await Site.make()
        let key = try await runTool("keys", "generate").trimmingCharacters(in: .newlines)
        let limited = "{ key = \"\(key)\", kinds = { \"content/posts\", \"lokalize/keys/web\" } }"
        try site.destination.configure(
            "sync = { syncKey = env(\"TIDELOCK_SYNC_KEY\") }",
            "sync = { syncKey = env(\"TIDELOCK_SYNC_KEY\"), keys = { \(limited) } }")
        for name in ["posts", "hiddenthere"] {
            try await site.destination.put("models", .object([("name", JSONDocument(string: name))]))
        }
        for name in ["web", "hiddenthere"] {
            try await site.destination.put("lokalize/projects", .object([("name", JSONDocument(string: name))]))
        }
        for model in ["posts", "hiddenhere"] {
            try await site.source.put("models", .object([("name", JSONDocument(string: model))]))
            try await site.source.put("content/\(model)", try JSONDocument(validating: #"{"_id":"1"}"#))
        }
        try await site.source.put("lokalize/projects", .object([("name", JSONDocument(string: "web"))]))
        let before = try await site.destination.content()
        let proxy = try RecordingProxy(to: site.server.port)
        try await site.source.target(site.destination, at: proxy.port, key: key)

        // A mirror has to know what else is there.
        for selection in [["--models", "posts"], ["--projects", "web"]] {
            let report = try await site.source.report("push", ["--mirror"] + selection)
            #expect(report.isGood && report.deleted == 0, "\(report)")
        }
        #expect(proxy.requests.filter { $0.target.hasSuffix("/diff") }.count >= 2)
        let (told, asked) = (proxy.received.joined(), proxy.sent.joined())
        #expect(!String(decoding: told, as: UTF8.self).contains("hidden"))
        #expect(!String(decoding: asked, as: UTF8.self).contains("hidden"))
        let after = try await site.destination.content()
        #expect(before.keys.allSatisfy { after[$0] != nil } && after["content/posts/1"] != nil)
    }

    @Test func aBodyThatWasAlteredOnTheWay() async throws {
        let site = try await Site.make(articles: 30)
        let proxy = try RecordingProxy(to: site.server.port)
        try await site.source.target(site.destination, at: proxy.port)
        proxy.spoil { bytes, _ in
            // A piece that ends inside the body of a batch; heads end with an empty line.
            guard bytes.suffix(4) != [13, 10, 13, 10][...], bytes.count > 500 else { return }
            bytes[bytes.count - 1] ^= 1
        }
        let report = try await site.push("--timeout", "1")
        #expect(report.exit == 77 && report.error?.code == "altered_request", "\(report)")
        try await expectUntouched(site, "altered_request")
        proxy.spoil(nil)
        let repaired = try await site.push()
        #expect(repaired.isGood && repaired.created == 30, "\(repaired)")
    }

    @Test func aRequestThatWasRecorded() async throws {
        let site = try await Site.make(articles: 3)
        let proxy = try RecordingProxy(to: site.server.port)
        try await site.source.target(site.destination, at: proxy.port)
        #expect(try await site.push().isGood)
        let before = try await site.destination.kinds()
        let requests = proxy.requests
        let posts = requests.filter {
            $0.method == "POST" && ($0.target.hasSuffix("/transfers") || $0.target.hasSuffix("/commit"))
        }
        #expect(posts.count == 2)
        for post in posts {
            let answer = try await HTTPAnswer.of(post.raw, at: site.server.port)
            #expect(answer.status == 401 && answer.code == "replayed_request")
        }
        // Whatever else is sent again is answered or refused, and changes nothing.
        for request in requests { _ = try await HTTPAnswer.of(request.raw, at: site.server.port) }
        #expect(try await site.destination.kinds() == before)
        let log = try await site.destination.json([LogRow].self, "log", "--channel", "sync")
        #expect(log.contains { $0.message.hasSuffix(": replayed_request.") })
        let again = try await site.push()
        #expect(again.isGood && again.sent == 0, "\(again)")
    }

    // MARK: Made by hand

    private static let path = "/api/sync/v1/transfers"
    private static let body = Array("{}".utf8)

    /// Posts with a token that `change` may have altered.
    private func post(
        to site: Site, secondsAgo: Int64 = 0, key: SyncKey? = nil, _ change: (String) -> String = { $0 }
    ) async throws -> HTTPAnswer {
        let key = if let key { key } else { try await self.key(site) }
        let token = try await TokenSigner(key: key, issuer: "0123456789abcdef0123456789abcdef").token(
            for: RequestFacts(method: "POST", target: Self.path), body: Self.body, audience: nil,
            id: "token-of-a-test-\(UUID().uuidString.prefix(8))", now: Int64(Date().timeIntervalSince1970) - secondsAgo)
        let head =
            "POST \(Self.path) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(change(token))\r\n"
            + "Content-Type: application/json\r\nContent-Length: \(Self.body.count)\r\n\r\n"
        return try await HTTPAnswer.of(Array(head.utf8) + Self.body, at: site.server.port)
    }

    private func expectRefusal(_ code: String, _ answer: HTTPAnswer, _ site: Site) async throws {
        #expect(answer.status == 401 && answer.code == code)
        try await expectUntouched(site, code)
    }

    @Test func anExpiredToken() async throws {
        let site = try await Site.make()
        try await expectRefusal("expired_token", post(to: site, secondsAgo: 3_600), site)
    }

    @Test(arguments: ["none", "None", "HS512"])
    func anotherAlgorithm(algorithm: String) async throws {
        let site = try await Site.make()
        let header = base64URL("{\"alg\":\"\(algorithm)\"}")
        let answer = try await post(to: site) { token in
            let parts = token.split(separator: ".")
            return "\(header).\(parts[1])." + (algorithm == "HS512" ? String(parts[2]) : "")
        }
        try await expectRefusal("bad_algorithm", answer, site)
    }

    @Test func anUnknownKeyID() async throws {
        let site = try await Site.make()
        let header = base64URL(#"{"alg":"HS256","kid":"12345678"}"#)
        let answer = try await post(to: site) {
            ([header] + $0.split(separator: ".").dropFirst().map(String.init)).joined(separator: ".")
        }
        try await expectRefusal("unknown_key", answer, site)
    }

    @Test func aForgedSignature() async throws {
        let site = try await Site.make()
        let forged = base64URL(String(repeating: "x", count: 32))
        let answer = try await post(to: site) {
            ($0.split(separator: ".").prefix(2) + [forged[...]]).joined(separator: ".")
        }
        try await expectRefusal("bad_signature", answer, site)
    }

    @Test func noTokenAtAll() async throws {
        let site = try await Site.make()
        let answer = try await HTTPAnswer.of(
            "POST \(Self.path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}", at: site.server.port)
        try await expectRefusal("missing_token", answer, site)
    }

    private func base64URL(_ text: String) -> String {
        Data(text.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
            "=", with: "")
    }
}
