import LuaRuntime
import Testing

/// JSON that scripts make and read themselves.
@Suite struct JSONModuleTests {
    @Test(arguments: [
        (#"{"b":1,"a":[true,null,"x"]}"#, #"{"a":[true,null,"x"],"b":1}"#), ("[]", "[]"), ("{}", "{}"),
        (#"{"a":[],"o":{}}"#, #"{"a":[],"o":{}}"#), ("9007199254740993", "9007199254740993"), ("1.0", "1.0"),
        ("0.1", "0.1"), ("1e300", "1e+300"), (#""\u00e9\n\u0001""#, #""é\n\u0001""#), (#"{"a":null}"#, #"{"a":null}"#),
    ])
    func decodingAndEncodingKeepsWhatItMeans(text: String, expected: String) async throws {
        let value = try await evaluated("app.json.encode(app.json.decode([=[\(text)]=]))")
        #expect(value.text == expected)
    }

    @Test func decodedNullIsTheSentinel() async throws {
        #expect(try await evaluated(#"app.json.decode('{"a":null}').a == app.json.null"#) == .boolean(true))
        #expect(try await evaluated("app.json.decode('null') == app.json.null") == .boolean(true))
        #expect(try await evaluated("tostring(app.json.null)") == .text("null"))
    }

    @Test func brokenTextIsAnErrorWithItsByte() async throws {
        let error = try await failure(#"app.json.decode('{"a":}')"#)
        #expect(error.message.hasPrefix("invalid JSON at byte 6: "))
    }

    @Test(arguments: [
        ("{1, x = 2}", "cannot write a table (string and number keys are mixed) at $"),
        ("{a = {b = {type}}}", "cannot write a function at $.a.b[1]"),
        ("0 / 0", "cannot write a number that is not finite at $"),
        ("{['\\xff'] = 1}", "cannot write a string that is not UTF-8 at $.\u{fffd}"),
    ])
    func whatCannotBeWrittenIsNamed(expression: String, message: String) async throws {
        #expect(try await failure("app.json.encode(\(expression))").message == message)
    }

    @Test func lazyAndFrozenTablesAreEncodedLikeOthers() async throws {
        let lua = try await LuaHarness(
            "on('f', function(items) items[1].b = app.config return app.json.encode(items) end)",
            constants: [LuaField("app.config", .object([LuaField("x", .array([]))]))])
        let outcome = try await lua.call("f", [#"{"a": 1.50}"#])
        #expect(outcome.returned.text == #"[{"a": 1.50,"b":{"x":[]}}]"#)
        #expect(outcome.changes == [.replaced(Array(#"{"a": 1.50,"b":{"x":[]}}"#.utf8))])
    }

    @Test func aTableWithAMetatableCannotBeMarked() async throws {
        #expect(try await failure("app.json.array(setmetatable({}, {}))").message.contains("has a metatable"))
    }
}
