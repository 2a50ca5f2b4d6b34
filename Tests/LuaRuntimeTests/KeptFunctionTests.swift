import LuaRuntime
import Testing

/// How long functions live that scripts hand to the host.
@Suite struct KeptFunctionTests {
    private func expectGone(_ function: LuaFunction, from lua: LuaHarness) async {
        let error = await #expect(throws: LuaError.self) { try await lua.machine.call(function, LuaInvocation()) }
        #expect(error?.kind == .runtime)
        #expect(error?.message.contains("there is no function") == true)
    }

    private func lastSeenFunction(_ lua: LuaHarness) throws -> LuaFunction {
        guard case .function(let function)? = lua.seen.last?.first else { throw NothingFailed() }
        return function
    }

    @Test func aFunctionThatNobodyKeepsEndsWithItsCall() async throws {
        let lua = try await LuaHarness("on('f', function() seen(function() return 1 end) end)")
        try await lua.call("f")
        let function = try lastSeenFunction(lua)
        await expectGone(function, from: lua)
        try await lua.call("f")
        #expect(try lastSeenFunction(lua) != function)
    }

    @Test func functionsThatNobodyKeepsAreCollected() async throws {
        var limits = LuaLimits.wide
        limits.memory = 4 << 20
        let lua = try await LuaHarness(
            "on('f', function() local s = ('x'):rep(100000) seen(function() return s end) end)", limits: limits)
        for _ in 0..<300 { try await lua.call("f") }
        #expect(lua.seen.count == 300)
    }

    @Test func aKeptFunctionIsReleasedAsOftenAsItWasKept() async throws {
        let lua = try await LuaHarness(
            "on('f', function() local function g() return 7 end on('g', g) on('g', g) end)")
        try await lua.call("f")
        let function = try lua.function("g")
        #expect(try await lua.call("g").returned == .integer(7))
        await lua.machine.release(function)
        #expect(try await lua.call("g").returned == .integer(7))
        await lua.machine.release(function)
        await expectGone(function, from: lua)
        await lua.machine.release(function)
        #expect(try await lua.call("f").returned == .nil)
    }

    @Test func aRegisteredFunctionOutlivesBeingSeen() async throws {
        let lua = try await LuaHarness("local function f() seen(f) return 3 end on('f', f)")
        for _ in 0..<3 { #expect(try await lua.call("f").returned == .integer(3)) }
    }

    @Test func aHostFunctionThatFailsKeepsNothing() async throws {
        struct Refusal: Error {}
        let refuse = LuaHostFunction("refuse", keepsFunctions: true) { _ in throw Refusal() }
        let lua = try await LuaHarness(
            "on('f', function() local function g() end pcall(refuse, g) seen(g) end)", library: [refuse])
        try await lua.call("f")
        await expectGone(try lastSeenFunction(lua), from: lua)
    }

    @Test func aFunctionIsGoodForTheWholeCall() async throws {
        let echo = LuaHostFunction("echo") { call in call.arguments }
        let lua = try await LuaHarness(
            "on('f', function() local function g() end return echo(g) == g and echo(g) == g end)", library: [echo])
        #expect(try await lua.call("f").returned == .boolean(true))
    }

    @Test func whatAFileReturnsIsKept() async throws {
        let lua = try await LuaHarness("")
        let loaded = try await lua.machine.load(LuaSource(path: "a.lua", text: "return function() return 5 end"))
        guard case .function(let function) = loaded else { throw NothingFailed() }
        for _ in 0..<2 {
            let outcome = try await lua.machine.call(function, LuaInvocation())
            #expect(outcome.returned == .integer(5))
        }
        await lua.machine.release(function)
        await expectGone(function, from: lua)
    }

    @Test func releasingOnAClosedMachineDoesNothing() async throws {
        let lua = try await LuaHarness("on('f', function() end)")
        lua.machine.close()
        await lua.machine.release(try lua.function("f"))
    }
}
