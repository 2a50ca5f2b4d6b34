import LuaRuntime
import Testing

/// What scripts find, completely, so that nothing slips in.
@Suite struct SandboxTests {
    private func names(in expression: String) async throws -> Set<String> {
        let list = try await evaluated(
            "(function() local n = {} for k in pairs(\(expression)) do n[#n + 1] = k end return app.json.array(n) end)()"
        )
        guard case .array(let names) = list else { return [] }
        return Set(names.compactMap(\.text))
    }

    @Test func theGlobalsAreThese() async throws {
        #expect(
            try await names(in: "_G") == [
                "_G", "_VERSION", "app", "assert", "collectgarbage", "coroutine", "error", "getmetatable", "ipairs",
                "math",
                "next", "os", "pairs", "pcall", "rawequal", "rawget", "rawlen", "rawset", "require", "select",
                "setmetatable",
                "string", "table", "tonumber", "tostring", "type", "utf8", "xpcall",
            ])
    }

    @Test func theLibrariesHoldThese() async throws {
        #expect(try await names(in: "os") == ["clock", "date", "difftime", "time"])
        #expect(
            try await names(in: "string") == [
                "byte", "char", "find", "format", "gmatch", "gsub", "len", "lower", "match", "pack", "packsize", "rep",
                "reverse", "sub", "unpack", "upper",
            ])
        #expect(try await names(in: "table") == ["concat", "insert", "move", "pack", "remove", "sort", "unpack"])
        #expect(
            try await names(in: "coroutine") == [
                "close", "create", "isyieldable", "resume", "running", "status", "wrap", "yield",
            ])
    }

    @Test func randomNumbersRepeat() async throws {
        let first = try await evaluated("math.random(1 << 40)")
        #expect(try await evaluated("math.random(1 << 40)") == first)
    }

    @Test func coroutinesWorkAsUsual() async throws {
        let body = """
            (function()
              local log = {}
              local producer = coroutine.wrap(function(a)
                local b = coroutine.yield(a + 1)
                error("stop " .. b, 0)
              end)
              log[1] = producer(1)
              log[2] = select(2, pcall(producer, 5))
              local closed = coroutine.create(function()
                local x <close> = setmetatable({}, {__close = function() log[3] = "closed" end})
                coroutine.yield()
              end)
              coroutine.resume(closed)
              log[4] = tostring(coroutine.close(closed)) .. coroutine.status(closed)
              return table.concat(log, " ")
            end)()
            """
        #expect(try await evaluated(body) == .text("2 stop 5 closed truedead"))
    }

    @Test func errorsPassThroughPcallAcrossYields() async throws {
        let body = """
            (function()
              local co = coroutine.wrap(function()
                return pcall(function() coroutine.yield("first") error("late", 0) end)
              end)
              local first = co()
              local ok, message = co()
              return first .. tostring(ok) .. message
            end)()
            """
        #expect(try await evaluated(body) == .text("firstfalselate"))
    }

    @Test func metatablesOfTheScriptItselfWork() async throws {
        let body = """
            (function()
              local class = {__add = function(a, b) return a.n + b.n end, __tostring = function() return "object" end}
              class.__index = class
              class.__len = function() return 7 end
              local object = setmetatable({n = 2}, class)
              return tostring(object) .. (object + object) .. #object .. tostring(getmetatable(object) == class)
            end)()
            """
        #expect(try await evaluated(body) == .text("object47true"))
    }

    @Test func sortingIsStableAndTakesAnOrder() async throws {
        let body = """
            (function()
              local t = {{"b", 1}, {"a", 2}, {"b", 3}, {"a", 4}}
              table.sort(t, function(x, y) return x[1] < y[1] end)
              local shown = {}
              for i, pair in ipairs(t) do shown[i] = pair[1] .. pair[2] end
              return table.concat(shown)
            end)()
            """
        #expect(try await evaluated(body) == .text("a2a4b1b3"))
    }
}
