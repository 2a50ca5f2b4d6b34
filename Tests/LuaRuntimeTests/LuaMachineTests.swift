import LuaRuntime
import Synchronization
import Testing

/// What a host gets from a machine: values, errors with places, context and marks, limits.
@Suite struct LuaMachineTests {
    // MARK: Values

    @Test func loadGivesTheFirstResultByValue() async throws {
        let value = try await evaluated(
            #"{a = 1, b = {true, "x", 1.5}, c = app.json.null, d = app.json.array{}, e = {}}"#)
        #expect(value["a"] == .integer(1))
        #expect(value["b"] == .array([.boolean(true), .text("x"), .number(1.5)]))
        #expect(value["c"] == .null)
        #expect(value["d"] == .array([]))
        #expect(value["e"] == .object([]))
        #expect(value["missing"] == .nil)
        #expect(try await evaluated("nil") == .nil)
    }

    @Test func valuesSurviveTheWayThere() async throws {
        let value = LuaValue.object([
            LuaField("a", .array([.integer(.min), .number(0.1), .null, .array([])])), LuaField("b", .text("é\u{0}x")),
            LuaField("c", .object([])), LuaField("d", .boolean(false)), LuaField("e", .string([0xff, 0x00])),
        ])
        let echo = LuaHostFunction("echo") { call in call.arguments }
        let lua = try await LuaHarness("on('f', function(x) return (echo(x)) end)", library: [echo])
        let outcome = try await lua.call("f", LuaInvocation(arguments: [.value(value)]))
        #expect(outcome.returned == value)
        #expect(outcome.returnedCount == 1)
    }

    @Test func resultsAreCounted() async throws {
        let lua = try await LuaHarness("on('none', function() end) on('three', function() return nil, 2, 3 end)")
        #expect(try await lua.call("none").returnedCount == 0)
        let three = try await lua.call("three")
        #expect(three.returnedCount == 3)
        #expect(three.returned == .nil)
    }

    @Test func functionsComeAsHandlesAndKeepTheirIdentity() async throws {
        let lua = try await LuaHarness("local function f() end on('a', f) on('b', f) on('c', function() end)")
        #expect(try lua.function("a") == lua.function("b"))
        #expect(try lua.function("a") != lua.function("c"))
    }

    @Test func argumentsComeInOrder() async throws {
        let lua = try await LuaHarness("on('f', function(a, item, list) return {a, item.x, #list} end)")
        let invocation = LuaInvocation(
            documents: [Array(#"{"x":1}"#.utf8), Array(#"{"x":2}"#.utf8)],
            arguments: [.value(.text("a")), .document(1), .documents])
        #expect(try await lua.call("f", invocation).returned == .array([.text("a"), .integer(2), .integer(2)]))
    }

    @Test func documentsReachHostFunctionsWithTheirChanges() async throws {
        let lua = try await LuaHarness(
            "on('f', function(items) items[1].b = {2} items[1].a = nil seen(items[1]) return items[1] end)")
        let outcome = try await lua.call("f", [#"{"a":1,"c":[null,1.5]}"#])
        let expected = LuaValue.object([
            LuaField("c", .array([.null, .number(1.5)])), LuaField("b", .array([.integer(2)])),
        ])
        #expect(lua.seen == [[expected]])
        #expect(outcome.returned == .document(0))
    }

    // MARK: Library

    @Test func constantsAreFrozenAllTheWayDown() async throws {
        let constants = [LuaField("app.config", .object([LuaField("list", .array([.integer(1), .integer(2)]))]))]
        let lua = try await LuaHarness(
            """
            local config = app.config
            seen(#config.list, config.list[2], table.concat(config.list, ","), next(config), app.json.encode(config))
            local keys = 0
            for _ in pairs(config) do keys = keys + 1 end
            seen(pcall(function() config.list[1] = 2 end), pcall(rawset, config, 'x', 1), pcall(setmetatable, config, {}))
            seen(keys)
            """, constants: constants)
        #expect(lua.seen[0].prefix(4) == [.integer(2), .integer(2), .text("1,2"), .text("list")])
        #expect(lua.seen[0].last == .text(#"{"list":[1,2]}"#))
        #expect(lua.seen[1].filter { $0 == .boolean(false) }.count == 3)
        #expect(lua.seen[2] == [.integer(1)])
    }

    @Test func filesHaveTheirOwnGlobals() async throws {
        let lua = try await LuaHarness("shared = 1 on('read', function() return shared end)")
        try await lua.machine.load(LuaSource(path: "other.lua", text: "shared = 2"))
        #expect(try await lua.call("read").returned == .integer(1))
    }

    @Test func readingAnUndeclaredGlobalNamesItAndTheLine() async throws {
        let error = try await failure("local x = 1\nlocal y = foo")
        #expect(error.kind == .runtime)
        #expect(error.message == "undeclared global 'foo'")
        #expect(error.location == LuaLocation(file: "test.lua", line: 2))
        #expect(error.excerpt == "local y = foo")
    }

    @Test func requireLoadsAModuleOnce() async throws {
        let util = "count = 1 return {count = function() count = count + 1 return count end}"
        let modules = ["lib.util": LuaSource(path: "lib/util.lua", text: util)]
        let lua = try await LuaHarness(
            "local a, b = require 'lib.util', require 'lib.util' a.count() seen(b.count(), a == b)", modules: modules)
        #expect(lua.seen == [[.integer(3), .boolean(true)]])
    }

    @Test func requireNamesCyclesAndMissingModules() async throws {
        let modules = [
            "a": LuaSource(path: "a.lua", text: "require 'b'"), "b": LuaSource(path: "b.lua", text: "\nrequire 'a'"),
            "broken": LuaSource(path: "broken.lua", text: "\nlocal = 1"),
            "failing": LuaSource(path: "failing.lua", text: "\n\nerror('no')"),
        ]
        let cycle = try await failure("require 'a'", modules: modules)
        #expect(cycle.message == "modules require one another: a -> b -> a")
        #expect(cycle.location == LuaLocation(file: "b.lua", line: 2))
        #expect(try await failure("require 'c'", modules: modules).message == "module 'c' not found")
        let broken = try await failure("require 'broken'", modules: modules)
        #expect(broken.kind == .syntax)
        #expect(broken.location == LuaLocation(file: "broken.lua", line: 2))
        let failing = try await failure("require 'failing'", modules: modules)
        #expect(failing.location == LuaLocation(file: "failing.lua", line: 3))
        let again = try await failure("pcall(require, 'failing') require 'failing'", modules: modules)
        #expect(again.message == "no")
    }

    @Test func hostFunctionsAreClosedWhileLoading() async throws {
        let lua = LuaHostFunction("app.http.get") { _ in [] }
        let error = await #expect(throws: LuaError.self) { try await LuaHarness("app.http.get()", library: [lua]) }
        #expect(error?.message == "app.http.get cannot be called while a file is loading")
    }

    @Test func hostFunctionsKnowTheirCaller() async throws {
        let places = LuaHostFunction("where") { call in
            [.text(call.location.file), .integer(Int64(call.location.line))]
        }
        let lua = try await LuaHarness("on('f', function()\n\n  return {where()}\nend)", library: [places])
        #expect(try await lua.call("f").returned == .array([.text("test.lua"), .integer(3)]))
    }

    @Test func aHostFunctionMayReplaceOneOfLua() async throws {
        let time = LuaHostFunction("os.time") { _ in [.integer(7)] }
        let lua = try await LuaHarness("on('f', function() return os.time() end)", library: [time])
        #expect(try await lua.call("f").returned == .integer(7))
    }

    @Test func declaringBelowAFunctionIsMisuse() throws {
        let functions = [LuaHostFunction("a") { _ in [] }, LuaHostFunction("a.b") { _ in [] }]
        let error = #expect(throws: LuaError.self) {
            try LuaMachine(LuaConfiguration(library: functions), on: LuaHarness.workers)
        }
        #expect(error?.kind == .misuse)
    }

    // MARK: Context and marks

    @Test func marksAreRecordedWithTheirDocument() async throws {
        let lua = try await LuaHarness(
            """
            on('f', function(items, ctx)
              ctx.drop(items[2], "old", {n = 1})
              ctx.drop(items[1].part, "part")
              ctx.veto("no")
              ctx:veto()
              pcall(ctx.veto, coroutine.create(type))
              return ctx.kind .. ctx.more.x
            end)
            """)
        let context = LuaContext(
            fields: [LuaField("kind", .text("k")), LuaField("more", .object([LuaField("x", .integer(1))]))],
            marks: ["drop", "veto"])
        let outcome = try await lua.call("f", [#"{"part":{}}"#, "{}"], context: context)
        #expect(
            outcome.marks == [
                LuaMark(name: "drop", document: 1, values: [.text("old"), .object([LuaField("n", .integer(1))])]),
                LuaMark(name: "drop", document: 0, values: [.text("part")]),
                LuaMark(name: "veto", values: [.text("no")]),
                LuaMark(name: "veto"),
            ])
        #expect(outcome.returned == .text("k1"))
    }

    @Test func theContextCannotBeChanged() async throws {
        let lua = try await LuaHarness("on('f', function(ctx) ctx.x = 1 end)")
        let error = await #expect(throws: LuaError.self) {
            try await lua.call("f", LuaInvocation(context: LuaContext()))
        }
        #expect(error?.message == "the context cannot be changed")
    }

    // MARK: Errors

    @Test func syntaxErrorsNameTheLine() async throws {
        let error = try await failure("local a = 1\nlocal = 2\n")
        #expect(error.kind == .syntax)
        #expect(error.location == LuaLocation(file: "test.lua", line: 2))
        #expect(error.message == "<name> expected near '='")
        #expect(error.excerpt == "local = 2")
    }

    @Test func runtimeErrorsHaveATraceback() async throws {
        let error = try await failure("local function inner()\n  error('bad')\nend\ninner()")
        #expect(error.message == "bad")
        #expect(error.location == LuaLocation(file: "test.lua", line: 2))
        #expect(error.traceback.contains("test.lua:2: in "))
        #expect(error.traceback.contains("test.lua:4: in main chunk"))
    }

    @Test func errorsOfLevelTwoPointToTheCaller() async throws {
        let error = try await failure("local function check()\n  error('bad', 2)\nend\ncheck()")
        #expect(error.location == LuaLocation(file: "test.lua", line: 4))
    }

    @Test(arguments: ["\u{1b}Lua", "\u{feff}\u{1b}Lua", "#!/usr/bin/lua\n\u{1b}Lua"])
    func binaryChunksAreRefused(text: String) async throws {
        let error = try await failure(text)
        #expect(error.kind == .binaryChunk || error.kind == .syntax)
    }

    @Test func theFirstLineMayBeForTheShell() async throws {
        let error = try await failure("#!/usr/bin/lua\nerror('second')")
        #expect(error.location?.line == 2)
    }

    private struct Refusal: Error, CustomStringConvertible {
        var description: String { "not today" }
    }

    @Test func hostErrorsAreLuaErrorsAndComeBackWhole() async throws {
        let refuse = LuaHostFunction("refuse") { _ in throw Refusal() }
        let lua = try await LuaHarness(
            "on('caught', function() return {pcall(refuse)} end)\non('f', function() refuse() end)", library: [refuse])
        #expect(
            try await lua.call("caught").returned == .array([.boolean(false), .text("not today")]))
        let error = await #expect(throws: LuaError.self) { try await lua.call("f") }
        #expect(error?.kind == .host)
        #expect(error?.message == "not today")
        #expect(error?.underlying is Refusal)
        #expect(error?.location == LuaLocation(file: "test.lua", line: 2))
    }

    @Test func hostErrorsLeakNothing() async throws {
        let refuse = LuaHostFunction("refuse") { _ in throw Counted() }
        let before = Counted.alive.load(ordering: .relaxed)
        let lua = try await LuaHarness(
            "on('f', function() for i = 1, 20000 do pcall(refuse) end end)", library: [refuse])
        try await lua.call("f")
        #expect(Counted.alive.load(ordering: .relaxed) == before)
    }

    @Test func anErrorThatTheScriptCaughtIsNotBlamedForTheNextOne() async throws {
        let refuse = LuaHostFunction("refuse") { _ in throw Refusal() }
        let lua = try await LuaHarness("on('f', function() pcall(refuse) error('own') end)", library: [refuse])
        let error = await #expect(throws: LuaError.self) { try await lua.call("f") }
        #expect(error?.kind == .runtime)
        #expect(error?.underlying == nil)
    }

    // MARK: Limits

    @Test func aKilledMachineIsPoisonedAndItsNeighbourIsNot() async throws {
        let lua = try await LuaHarness("on('f', function() while true do end end)", limits: .tight)
        let neighbour = try await LuaHarness("on('f', function() return 1 end)")
        let error = await #expect(throws: LuaError.self) { try await lua.call("f") }
        #expect(error?.kind == .cpuLimit)
        #expect(error?.location == LuaLocation(file: "test.lua", line: 1))
        #expect((error?.usage?.cpu ?? .zero) >= .milliseconds(100))
        #expect(lua.machine.isPoisoned)
        let again = await #expect(throws: LuaError.self) { try await lua.call("f") }
        #expect(again?.kind == .misuse)
        #expect(try await neighbour.call("f").returned == .integer(1))
        #expect(!neighbour.machine.isPoisoned)
    }

    @Test func memoryStaysBelowThreeTimesTheLimit() async throws {
        var limits = LuaLimits()
        limits.memory = 16 << 20
        let lua = try await LuaHarness(
            "on('f', function() local t = {} for i = 1, 200000 do t[i] = {i} end return #t end)", limits: limits)
        let outcome = try? await lua.call("f")
        #expect((outcome?.usage.peakMemory ?? 0) < 3 * limits.memory)
    }

    @Test func garbageIsCollectedBeforeTheLimitKills() async throws {
        var limits = LuaLimits()
        limits.memory = 4 << 20
        limits.cpu = .seconds(5)
        let lua = try await LuaHarness(
            "on('f', function() local s = '' for i = 1, 3000 do s = ('x'):rep(10000) .. i end return #s end)",
            limits: limits)
        let outcome = try await lua.call("f")
        #expect(outcome.returned == .integer(10004))
        #expect(outcome.usage.peakMemory < 3 * limits.memory)
    }

    @Test func limitsOfTheCallReplaceThoseOfTheMachine() async throws {
        let lua = try await LuaHarness("on('f', function() while true do end end)")
        var limits = LuaLimits()
        limits.cpu = .milliseconds(5)
        let error = await #expect(throws: LuaError.self) { try await lua.call("f", LuaInvocation(limits: limits)) }
        #expect(error?.kind == .cpuLimit)
    }

    // MARK: Life

    @Test func aClosedMachineRefusesWorkAndMayBeClosedAgain() async throws {
        let lua = try await LuaHarness("on('f', function() end)")
        lua.machine.close()
        lua.machine.close()
        let error = await #expect(throws: LuaError.self) { try await lua.call("f") }
        #expect(error?.kind == .misuse)
    }

    @Test func callsOfOneMachineWaitForOneAnother() async throws {
        let lua = try await LuaHarness("local n = 0 on('f', function() n = n + 1 return n end)")
        let results = try await withThrowingTaskGroup(of: LuaValue.self) { group in
            for _ in 0..<50 { group.addTask { try await lua.call("f").returned } }
            return try await group.reduce(into: Set<Int64>()) { set, value in
                if case .integer(let n) = value { set.insert(n) }
            }
        }
        #expect(results == Set(1...50))
    }

    @Test func workersFinishTheirJobsAtShutdown() async throws {
        let workers = LuaWorkers(count: 2)
        let machine = try LuaMachine(LuaConfiguration(), on: workers)
        let value = try await machine.load(LuaSource(path: "a.lua", text: "return 1"))
        #expect(value == .integer(1))
        workers.shutdown()
        workers.shutdown()
        let error = await #expect(throws: LuaError.self) { try await machine.load(LuaSource(path: "a.lua", text: "")) }
        #expect(error?.kind == .misuse)
    }
}

private final class Counted: Error {
    static let alive = Atomic(0)
    init() { Self.alive.add(1, ordering: .relaxed) }
    deinit { Self.alive.subtract(1, ordering: .relaxed) }
}
