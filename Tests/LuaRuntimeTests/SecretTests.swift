import LuaRuntime
import Testing

/// A secret can be passed on and joined; nothing a script can do tells what it holds.
@Suite struct SecretTests {
    private static let content = "correct horse"

    private func harness(_ body: String, limits: LuaLimits = .wide) async throws -> LuaHarness {
        let secret = LuaHostFunction("secret") { _ in [.secret(Array(SecretTests.content.utf8))] }
        return try await LuaHarness(
            "on('f', function(items)\nlocal s = secret()\n\(body)\nend)", limits: limits, library: [secret])
    }

    private func returned(_ expression: String) async throws -> LuaValue {
        try await harness("return \(expression)").call().returned
    }

    @Test(arguments: [
        ("tostring(s)", "***"), ("string.format('%s!', s)", "***!"), ("tostring('Bearer ' .. s)", "***"),
        ("type(s)", "userdata"),
    ])
    func textOfASecretIsHidden(expression: String, text: String) async throws {
        #expect(try await returned(expression) == .text(text))
    }

    @Test func joiningGivesASecret() async throws {
        let joined = try await returned("'Bearer ' .. s .. 5 .. s")
        #expect(joined == .secret(Array("Bearer correct horse5correct horse".utf8)))
        #expect(joined.revealedText == "Bearer correct horse5correct horse")
        #expect(joined.text == nil)
    }

    @Test func equalityIsIdentity() async throws {
        #expect(try await returned("s == s") == .boolean(true))
        #expect(try await returned("s == secret()") == .boolean(false))
        #expect(try await returned("s == 'correct horse'") == .boolean(false))
        #expect(try await returned("getmetatable(s)") == .boolean(false))
    }

    @Test(arguments: [
        ("#s", "the length of a secret cannot be read"), ("s.x", "a secret has no fields"),
        ("s:sub(1, 1)", "a secret has no fields"), ("s < 'd'", "cannot be compared by order"),
        ("s <= s", "cannot be compared by order"), ("s + 1", "a secret is no number"),
        ("s .. nil", "attempt to join a secret with a nil value"), ("s()", "a secret cannot be called"),
        ("string.byte(s)", "string expected, got secret"), ("string.len(s)", "string expected, got secret"),
        ("string.find('abc', s)", "string expected, got secret"), ("string.rep(s, 2)", "string expected, got secret"),
        ("string.format('%q', s)", "no literal form"), ("table.concat({ s })", "invalid value"),
        ("rawlen(s)", "got secret"), ("rawget(s, 1)", "got secret"), ("setmetatable(s, {})", "got secret"),
        ("table.sort({ s, secret() })", "cannot be compared by order"),
        ("app.json.encode({ a = { s } })", "a secret cannot be written into JSON, at $.a[1]"),
    ])
    func otherUsesAreRefused(expression: String, words: String) async throws {
        let lua = try await harness("return \(expression)")
        let error = await #expect(throws: LuaError.self) { try await lua.call() }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains(SecretTests.content) == false)
    }

    @Test(arguments: [
        ("items[1].a = s", "$.a"), ("items[1].new = s", "$.new"), ("items[1].list[1] = s", "$.list[1]"),
        ("items[1].new = { x = { s } }", "$.new.x[1]"), ("local l = items[1].list; l[1] = 1; l[1] = s", "$.list[1]"),
    ])
    func itemsTakeNoSecrets(statement: String, path: String) async throws {
        let lua = try await harness(statement)
        let error = await #expect(throws: LuaError.self) { try await lua.call("f", [#"{"a":1,"list":[1]}"#]) }
        #expect(error?.message.contains("a secret cannot be written into JSON, at \(path)") == true)
    }

    @Test func anErrorThatIsASecretIsHidden() async throws {
        let lua = try await harness("error(s)")
        let error = await #expect(throws: LuaError.self) { try await lua.call() }
        #expect(error.map { "\($0)" }?.contains(SecretTests.content) == false)
    }

    @Test func joiningIsBoundedInLengthAndMemory() async throws {
        let lua = try await harness("local b = s; for i = 1, 20 do b = b .. b end")
        let error = await #expect(throws: LuaError.self) { try await lua.call() }
        #expect(error?.message.contains("longer than 65536 bytes") == true)
        var limits = LuaLimits.wide
        limits.memory = 4 << 20
        let hoarder = try await harness(
            "local b = s; for i = 1, 11 do b = b .. b end\nlocal t = {}; for i = 1, 10000 do t[i] = b .. i end",
            limits: limits)
        let end = await #expect(throws: LuaError.self) { try await hoarder.call() }
        #expect(end?.kind == .memoryLimit)
    }

    @Test func swiftDoesNotPrintASecret() {
        let value = LuaValue.object([LuaField("key", .secret(Array(SecretTests.content.utf8)))])
        var dumped = ""
        dump(value, to: &dumped)
        let bytes = "\(Array(SecretTests.content.utf8)[0]), \(Array(SecretTests.content.utf8)[1])"
        for text in ["\(value)", String(reflecting: value), "\([value])", dumped] {
            #expect(!text.contains(SecretTests.content) && !text.contains(bytes), "\(text)")
        }
        #expect("\(value)" == "{ key = *** }")
    }
}
