import HookHost
import Testing

@Suite struct SourceCheckTests {
    /// What a check finds in one file, as `line: message`.
    private func problems(_ text: String) async throws -> [String] {
        let fixture = try HookFixture(["a.lua": text, "lib/util.lua": "return {}"])
        let check = try await HookHost.check(
            folder: fixture.hooks, configuration: HookHostConfiguration(), services: fixture.services(),
            workers: HookFixture.workers)
        return check.problems.map { "\($0.line ?? 0): \($0.message)" }
    }

    private func inHandler(_ line: String, of event: String = "sync.content.before") -> String {
        "app.on(\"\(event)\", function(items, ctx)\n  \(line)\nend)"
    }

    @Test(arguments: [
        ("itmes[1] = nil", "2: undeclared global 'itmes'. Did you mean 'items'?"),
        ("print('x')", "2: undeclared global 'print'. It is not offered here: app.log("),
        ("app.lgo('x')", "2: there is no 'app.lgo'. Did you mean 'app.log'?"),
        ("app.http.gett('x')", "2: there is no 'app.http.gett'. Did you mean 'app.http.get'?"),
        ("local f = app.storage.delete", "2: there is no 'app.storage.delete'."),
        ("app:log('x')", "2: 'app:log' passes 'app' as the first argument; write 'app.log' with a dot."),
        ("app.now = 1", "2: 'app.now' cannot be changed"),
        ("ctx.dorp(items[1])", "2: ctx of sync.content.before has no 'dorp'. Did you mean 'drop'?"),
        ("ctx:drop(items[1])", "2: 'ctx:drop' passes ctx as the first argument"),
        ("local function inner() return ctx.modle end", "2: ctx of sync.content.before has no 'modle'."),
    ])
    func findsWhatLoadingDoesNotShow(line: String, expected: String) async throws {
        let found = try await problems(inHandler(line))
        #expect(found.count == 1 && found[0].hasPrefix(expected), "\(found)")
    }

    @Test func tellsTheLineAndItsText() async throws {
        let fixture = try HookFixture(["a.lua": inHandler("app.lgo('x')")])
        let check = try await HookHost.check(
            folder: fixture.hooks, configuration: HookHostConfiguration(), services: fixture.services(),
            workers: HookFixture.workers)
        let problem = try #require(check.problems.first)
        #expect(problem.file == "hooks/a.lua" && problem.line == 2 && problem.excerpt == "app.lgo('x')")
    }

    @Test func looksAtModulesAndNamedHandlersToo() async throws {
        let fixture = try HookFixture([
            "a.lua": """
            local function strip(items, ctx)
              ctx.rubbish = ctx.kind
            end
            local function leave(items, ctx) return ctx.bogus end
            app.on("sync.assets.before", strip)
            app.on("sync.pages.before", leave)
            """,
            "lib/util.lua": "return { f = function() return nothing end }",
        ])
        let check = try await HookHost.check(
            folder: fixture.hooks, configuration: HookHostConfiguration(), services: fixture.services(),
            workers: HookFixture.workers)
        #expect(check.problems.map(\.file) == ["hooks/a.lua", "hooks/lib/util.lua"], "\(check.problems)")
    }

    /// What a mistake is told as by the loader is not told again.
    @Test func mistakesThatLoadingShowsAreToldOnce() async throws {
        #expect(try await problems("itmes = itmes2").count == 1)
        #expect(try await problems("local x =").count == 1)
        #expect(try await problems("app.on('sync.contnt.before', function() end)").count == 1)
    }

    /// Everything here is good Lua that a scan could misunderstand.
    @Test(arguments: [
        "local util = require 'lib.util'; util.x = 1",
        "counter = 0; local function f() counter = counter + 1 end",
        "local function f() later() end; function later() end",
        "local x <const>, y <close> = 1, nil",
        "for i = 1, 10 do local j = i end for k, v in pairs({}) do local z = k or v end",
        "repeat local done = true until done",
        "goto out; do local x end ::out::",
        "local t = { a = 1, ['b'] = 2; 3, function(x) return x end } t.a, t['b'] = 1, 2",
        "local t = {} function t.f(x) return x end function t:g() return self, t end",
        "local function v(...) local a, b = ... return a, b, select('#', ...) end",
        "local s = [==[ print(]] undeclared) ]==] .. 'it\\'s' .. \"a\\z\n b\" -- [[ print(x)\n--[[ undeclared()\n]]",
        "local n = 0x1p-4 + 1e+5 + .5 + 3. // 2 ~ 1 << 2 & 3 | 4",
        "local s = ('x'):rep(3):upper() .. #'abc' .. tostring(-2 ^ 2)",
        "if app.future then app.future.begin() end",
        "local ok = type(app.future) == 'function' and app.future()",
        "local limit = app.config.limits.of.mine",
        "local app = { own = function() end } app.own()",
        "for name in pairs(_G) do local x = name end local function f() return whatever end",
        "app.on('sync.push.finished', function(target, ctx) return nil, ctx.user, ctx.run end)",
        "app.on('sync.push.finished', function(...) local target, ctx = ... return nil end)",
        "local function h(items, ctx) return ctx.mine end app.on('sync.assets.before', h) h({}, { mine = 1 })",
        "app.every('10m', function(ctx) local d = ctx.due end)",
        "local f = function(a) return a end; f 'x' f { 1 } f(f)(2)",
        "return",
    ])
    func goodFilesHaveNoProblems(text: String) async throws {
        // An unreachable function, so that only the scan has something to say.
        #expect(try await problems("local function never()\n\(text)\nend").isEmpty)
    }

    @Test func deepNestingIsLeftToTheMachine() async throws {
        let text = "local x = " + String(repeating: "(", count: 5_000) + "1" + String(repeating: ")", count: 5_000)
        #expect(try await problems(text).count == 1)
    }
}
