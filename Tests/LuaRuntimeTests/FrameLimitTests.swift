import LuaRuntime
import Testing

/// How many values a script may hand to the host at once: they take more memory there than in Lua.
@Suite struct FrameLimitTests {
    private static let flags = "local function flags(n) local t = {} for i = 1, n do t[i] = true end return t end\n"

    private func limits(memory: Int) -> LuaLimits {
        var limits = LuaLimits.wide
        limits.memory = memory
        return limits
    }

    private func failure(_ body: String, memory: Int) async throws -> LuaError? {
        let lua = try await LuaHarness(
            Self.flags + "on('f', function(items, ctx)\n\(body)\nend)", limits: limits(memory: memory))
        return await #expect(throws: LuaError.self) {
            try await lua.call("f", [#"{"a":1}"#], context: LuaContext(marks: ["mark"]))
        }
    }

    @Test func sharedTablesDoNotMultiplyWithoutEnd() async throws {
        let table = "local leaf, t = flags(1000), {} for i = 1, 20000 do t[i] = leaf end "
        for use in ["seen(t)", "ctx.mark(t)", "return t"] {
            let error = try await failure(table + use, memory: 64 << 20)
            #expect(error?.message.contains("not enough memory") == true, "\(use)")
        }
    }

    @Test func valuesOfAllMarksCountTogether() async throws {
        let error = try await failure(
            "local t = flags(300000) for _ = 1, 5 do ctx.mark(t) end", memory: 16 << 20)
        #expect(error?.message.contains("not enough memory") == true)
    }

    @Test func argumentsOfOneHostCallDoNotCountForTheNext() async throws {
        let lua = try await LuaHarness(
            Self.flags + "on('f', function() local t = flags(300000) for _ = 1, 5 do take(t) end end)",
            limits: limits(memory: 16 << 20), library: [LuaHostFunction("take") { _ in [] }])
        try await lua.call("f")
    }

    @Test func aDocumentMayBeHandedOverWhateverItHolds() async throws {
        let document = #"{"flags":["# + [String](repeating: "true", count: 200_000).joined(separator: ",") + "]}"
        let lua = try await LuaHarness(
            "on('f', function(items) seen(items[1]) end)", limits: limits(memory: 1 << 20))
        try await lua.call("f", [document])
        guard case .array(let flags)? = lua.seen.first?.first?["flags"] else { throw NothingFailed() }
        #expect(flags.count == 200_000)
    }
}
