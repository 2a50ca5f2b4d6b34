import ContentModel
import HookHost
import SyncEngine
import Testing

@Suite struct RouteTests {
    private func request(
        _ method: String = "GET", _ path: String = "/t", headers: [(String, String)] = [],
        query: [String: String] = [:],
        body: String = "", isAuthorized: Bool = false
    ) -> ScriptedRequest {
        ScriptedRequest(
            head: IncomingRequest(
                method: method, path: "/api/x\(path)", remoteAddress: "203.0.113.9",
                headers: headers.map { (name: $0.0, value: $0.1) }),
            query: query, body: Array(body.utf8), isAuthorized: isAuthorized)
    }

    /// What `GET /t` answers when its handler is this.
    private func answer(
        _ statements: String, _ request: ScriptedRequest? = nil, in fixture: HookFixture? = nil
    ) async throws -> ScriptedAnswer {
        let fixture = try fixture ?? HookFixture()
        try fixture.write("a.lua", "app.route('GET', '/t', function(request, ctx)\n\(statements)\nend)")
        return try await route("GET", "/t", of: fixture.host()).answer(request ?? self.request())
    }

    private func route(_ method: String, _ path: String, of host: HookHost) async throws -> any ScriptedRoute {
        guard case .found(let route) = try await host.route(method, path) else { throw NothingFound() }
        return route
    }

    private struct NothingFound: Error {}

    // MARK: Finding

    @Test func routesAreFoundByMethodAndPath() async throws {
        let fixture = try HookFixture([
            "a.lua": """
            app.route('GET', '/a/b', function() return 'got' end)
            app.route('PUT', '/a/b', function() return 'put' end, { public = true })
            """
        ])
        let host = try await fixture.host()
        let get = try await route("GET", "/a/b", of: host)
        #expect(!get.isPublic)
        #expect(try await get.answer(request()).body == Array("got".utf8))
        let put = try await route("PUT", "/a/b", of: host)
        #expect(put.isPublic)
        #expect(try await put.answer(request()).body == Array("put".utf8))
        guard case .otherMethods(let methods) = try await host.route("POST", "/a/b") else { throw NothingFound() }
        #expect(methods == ["GET", "PUT"])
        for path in ["/a", "/a/b/", "a/b", "/A/b", "", "/a/b/c"] {
            guard case .unknown = try await host.route("GET", path) else { throw NothingFound() }
        }
    }

    @Test func aRouteStaysWhatItWasWhenItWasFound() async throws {
        let fixture = try HookFixture(["a.lua": "app.route('GET', '/t', function() return 'old' end)"])
        let host = try await fixture.host()
        let found = try await route("GET", "/t", of: host)
        try fixture.write("a.lua", "app.route('GET', '/t', function() return 'new' end)")
        await host.reload()
        #expect(try await found.answer(request()).body == Array("old".utf8))
        #expect(try await route("GET", "/t", of: host).answer(request()).body == Array("new".utf8))
    }

    @Test func withoutAGoodGenerationNothingIsFoundAndNothingIsTold() async throws {
        let fixture = try HookFixture(["secret-name.lua": "if then"])
        let host = try await fixture.host()
        let error = try await failure { try await host.route("GET", "/t") }
        #expect(error.code == .hookLoadFailed)
        #expect(!error.message.contains("secret-name"))
    }

    // MARK: The request

    @Test func theHandlerSeesTheRequestWithoutSecrets() async throws {
        let statements = """
            return table.concat({ request.method, request.path, request.remote_addr, request.query.q,
              request.headers['x-a'], request.headers['authorization'], request.body, tostring(request.authorized),
              tostring(request.json), ctx.event }, ' ')
            """
        let seen = try await answer(
            statements,
            request(
                headers: [("X-A", "1"), ("Authorization", "Bearer secret")], query: ["q": "w"], body: "b",
                isAuthorized: true))
        #expect(
            String(decoding: seen.body, as: UTF8.self)
                == "GET /api/x/t 203.0.113.9 w 1 *** b true nil GET /t")
    }

    @Test(arguments: ["application/json", "application/json; charset=utf-8", "Application/Problem+JSON"])
    func jsonIsDecodedWhenItIsSaidToBeJSON(type: String) async throws {
        let seen = try await answer(
            "return request.json.list[2]", request(headers: [("Content-Type", type)], body: #"{"list":["a","b"]}"#))
        #expect(seen.body == Array("b".utf8))
    }

    @Test func jsonThatIsNoneIsTheCallersFault() async throws {
        let fixture = try HookFixture()
        let error = try await failure {
            try await answer(
                "return 'x'", request(headers: [("content-type", "application/json")], body: "{"), in: fixture)
        }
        #expect(error.code == .invalidJSON)
        #expect(error.code.traits.httpStatus == 400)
        #expect(fixture.log.messages.isEmpty)
    }

    // MARK: The answer

    @Test(arguments: [
        ("", 204, nil, ""), ("return nil", 204, nil, ""),
        ("return 'text'", 200, "text/plain; charset=utf-8", "text"),
        ("return ''", 200, "text/plain; charset=utf-8", ""),
        ("return { syncing = true }", 200, "application/json", #"{"syncing":true}"#),
        ("return { status = 404, body = 'data' }", 200, "application/json", #"{"status":404,"body":"data"}"#),
        ("return app.json.array({})", 200, "application/json", "[]"), ("return 5", 200, "application/json", "5"),
        ("return false", 200, "application/json", "false"),
        ("return app.json.null", 200, "application/json", "null"),
        ("ctx.status(404)", 404, nil, ""),
        ("ctx.status(500) ctx.status(201) return { id = 1 }", 201, "application/json", #"{"id":1}"#),
        ("ctx.header('Content-Type', 'text/html') return '<p>'", 200, "text/html", "<p>"),
    ])
    func whatIsReturnedIsTheBody(statements: String, status: Int, type: String?, body: String) async throws {
        let answer = try await answer(statements)
        #expect(answer.status == status)
        #expect(answer.headers.first { $0.name == "content-type" }?.value == type)
        // The order of a Lua table's fields is nobody's promise.
        #expect(answer.body.sorted() == Array(body.utf8).sorted())
    }

    @Test func headersAreSetAndReplaced() async throws {
        let answer = try await answer("ctx.header('X-A', '1') ctx.header('x-a', '2') ctx.header('Location', '/y')")
        #expect(answer.headers == [.init("x-a", "2"), .init("location", "/y")])
    }

    @Test(arguments: [
        ("ctx.status(99)", "ctx.status"), ("ctx.status(600)", "ctx.status"), ("ctx.status('200')", "ctx.status"),
        ("ctx.status()", "ctx.status"), ("ctx.status(204) return 'x'", "has no body"),
        ("ctx.header('x')", "ctx.header"), ("ctx.header('x y', '1')", "cannot be the name"),
        ("ctx.header('x', 'a\\r\\nSet-Cookie: b')", "printable"), ("ctx.header('x', 'é')", "printable"),
        ("ctx.header('Content-Length', '5')", "server alone"),
        ("ctx.header('Tidelock-Signature', '5')", "server alone"),
        ("for i = 1, 60 do ctx.header('x-' .. i, 'y') end", "more than 50"),
        ("return 1, 2", "more than one value"), ("return print", "function"), ("return 0/0", "no number"),
        ("return { a = '\\xff' }", "UTF-8"), ("local x = ('x'):rep(4 << 20) return { x, x }", "more than 8388608"),
        ("error('secret reason')", "secret reason"), ("while true do end", "time"),
    ])
    func whatCannotBeSentIsToldToTheLogAlone(statements: String, reason: String) async throws {
        let fixture = try HookFixture()
        let error = try await failure { try await answer(statements, in: fixture) }
        #expect(error.code == .hookFailed)
        #expect(error.message == "The script that answers this request failed.")
        #expect(error.details.isEmpty)
        let line = try #require(fixture.log.messages.last)
        #expect(line.contains("GET /t") && line.contains("hooks/a.lua:"), "\(line)")
        if reason != "function", reason != "time" { #expect(line.contains(reason), "\(line)") }
    }

    @Test func aRouteMayUseServices() async throws {
        let fixture = try HookFixture()
        _ = try await fixture.collections.save(
            JSONDocument(validating: Array(#"{"_id":"1","at":5}"#.utf8)), in: "sync/log")
        let answer = try await answer("return { lastSync = app.storage.findOne('sync/log') }", in: fixture)
        #expect(JSONValue(try JSONDocument(validating: answer.body))["lastSync"]?["at"] == .integer(5))
    }
}
