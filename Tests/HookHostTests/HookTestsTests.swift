import ContentModel
import Foundation
import HookHost
import LuaRuntime
import Testing

@Suite struct HookTestsTests {
    private static let testWorkers = LuaWorkers(count: 2)

    private func run(_ files: [String: String], filter: String? = nil) async throws -> [HookTestResult] {
        let fixture = try HookFixture(files)
        let tests = HookTests(
            folder: fixture.hooks, configuration: HookHostConfiguration(), workers: Self.testWorkers,
            hookWorkers: HookFixture.workers)
        var results: [HookTestResult] = []
        try await tests.run(filter: filter) { results.append($0) }
        return results
    }

    private let strip = """
        app.on("sync.content.before", function(items, ctx)
          for _, item in ipairs(items) do item.secret = nil end
        end)
        """

    @Test func testsFireEventsAndAreNamedByTheirGroups() async throws {
        let results = try await run([
            "strip.lua": strip,
            "tests/strip_test.lua": """
            local items
            before_each(function() items = { { secret = 1, title = "a" } } end)
            describe("strip", function()
              describe("secrets", function()
                it("are removed", function()
                  local result = fire("sync.content.before", { items = items })
                  expect(result.items[1].secret).to_be_nil()
                  expect(result.items[1].title).to_equal("a")
                end)
              end)
              it("leaves the rest", function() expect(#items).to_be(1) end)
            end)
            """,
        ])
        #expect(results.map(\.name) == ["strip › secrets › are removed", "strip › leaves the rest"])
        #expect(results.allSatisfy { $0.passed }, "\(results)")
    }

    @Test func failuresNameTheLineAndShowBothValues() async throws {
        let results = try await run([
            "tests/a_test.lua": """
            it("fails", function()
              expect({ b = { 1, 2 }, a = "x" }).to_equal({ a = "x", b = { 1, 3 } })
            end)
            it("passes", function() end)
            """
        ])
        #expect(results.map(\.passed) == [false, true])
        let problem = try #require(results[0].problem)
        #expect(problem.file == "hooks/tests/a_test.lua" && problem.line == 2)
        #expect(problem.excerpt == "expect({ b = { 1, 2 }, a = \"x\" }).to_equal({ a = \"x\", b = { 1, 3 } })")
        #expect(results[0].expected == "{\n  a = \"x\",\n  b = {\n    1,\n    3,\n  },\n}")
        #expect(results[0].got?.contains("    2,") == true)
    }

    /// Each line holds, and its opposite does not.
    @Test(arguments: [
        "expect(1).to_be(1)", "expect(1).to_equal(1.0)", "expect({ {} }).to_equal({ {} })", "expect(nil).to_be_nil()",
        "expect(app.json.null).to_be_null()", "expect(0).to_be_truthy()", "expect(nil).to_be_falsy()",
        "expect('a').to_be_a('string')", "expect('abc').to_contain('b')", "expect({ 1, { 2 } }).to_contain({ 2 })",
        "expect('abc').to_match('^a.c$')", "expect({ 1, 2 }).to_have_length(2)",
        "expect(function() error('boom') end).to_raise('boom')", "expect({ error = 'boom' }).to_have_error('oo')",
        "expect(fire('sync.content.before', { items = {} }).dropped).to_equal({})",
        "expect(1):to_be(1)",
    ])
    func expectationsAndTheirOpposites(line: String) async throws {
        let opposite = line.replacing(#/[.:](to_)/#) { ".never.\($0.1)" }
        let results = try await run([
            "tests/a_test.lua": "it('holds', function() \(line) end)\nit('fails', function() \(opposite) end)"
        ])
        #expect(results.map(\.passed) == [true, false], "\(results)")
        #expect(results[1].problem?.message.contains("never") == true, "\(results)")
    }

    @Test func testsForgetWhatTheOneBeforeLeft() async throws {
        let results = try await run([
            "a.lua": """
            app.on("sync.push.finished", function(target, ctx)
              app.log(app.kv.increment("n") .. " " .. app.time() .. " " .. tostring(ctx.user) .. " " .. tostring(app.config.x))
            end)
            """,
            "tests/a_test.lua": """
            local function line() return fire("sync.push.finished").logs[1].message end
            it("sets", function()
              mock.clock(5) mock.user("ann") mock.config({ x = 1 })
              expect(line()).to_equal("1 5 ann 1")
              expect(line()).to_equal("2 5 ann 1")
            end)
            it("finds nothing", function() expect(line()).to_match("^1 %d+ nil nil$") end)
            """,
        ])
        #expect(results.allSatisfy { $0.passed }, "\(results)")
    }

    @Test func requestsAreAnsweredByMocks() async throws {
        let results = try await run([
            "a.lua": """
            app.on("sync.push.finished", function(target)
              app.log(app.http.get(target.uri .. "/a?b=1").json.answer)
            end)
            """,
            "lib/ask.lua": "return function(url) return app.http.get(url).status end",
            "tests/a_test.lua": """
            it("answers", function()
              mock.http("https://staging.example/*", { json = { answer = "yes" } })
              local result = fire("sync.push.finished")
              expect(result.error).to_be_nil()
              expect(result.logs[1].message).to_be("yes")
              expect(result.requests[1].url).to_be("https://staging.example/a?b=1")
              expect(function() require("lib.ask")("https://elsewhere.example/") end).to_raise("elsewhere")
            end)
            it("reports what is not prepared", function()
              expect(function() mock.http("x", { sttus = 1 }) end).to_raise("Did you mean 'status'")
            end)
            """,
        ])
        #expect(results.allSatisfy { $0.passed }, "\(results)")
    }

    @Test func brokenFilesAndGroupsAreFailures() async throws {
        let results = try await run([
            "tests/a_test.lua": "it('x', function() end",
            "tests/b_test.lua": "describe('group', function() error('no') end)\nit('runs', function() end)",
            "tests/c_test.lua": "it('loops', function() while true do end end)\nit('comes after', function() end)",
            "tests/d.lua": "error('is no test')",
        ])
        #expect(results.map(\.file.last) == ["a", "a", "a", "a", "a"])
        #expect(results.map(\.name) == ["loading the file", "group", "runs", "loops", "comes after"])
        #expect(results.map(\.passed) == [false, false, true, false, false])
        #expect(results[0].problem?.line == 1 && results[0].problem?.excerpt == "it('x', function() end")
    }

    @Test func onlyWhatMatchesIsRun() async throws {
        let files = [
            "tests/a_test.lua": "it('one', function() end) it('two', function() end)",
            "tests/b_test.lua": "it('one', function() end)",
        ]
        #expect(try await run(files, filter: "ONE").count == 2)
        #expect(try await run(files, filter: "b_test").count == 1)
        #expect(try await run(files, filter: "three").isEmpty)
        #expect(try await run([:]).isEmpty)
    }

    @Test func handlersThatDoNotLoadStopEverything() async throws {
        let error = try await failure {
            try await run(["a.lua": "nonsense", "tests/a_test.lua": "it('x', function() end)"])
        }
        #expect(error.code == .hookLoadFailed)
    }

    @Test func theExampleOfInitPassesItsTests() async throws {
        let files = HookTemplate.files.map { (String($0.path.dropFirst("hooks/".count)), $0.text) }
        let results = try await run(Dictionary(uniqueKeysWithValues: files))
        #expect(results.count == 2 && results.allSatisfy { $0.passed }, "\(results)")
    }

    @Test func hundredTestsInOneFile() async throws {
        let tests = (1...100).map { number in
            """
            it("strips \(number)", function()
              expect(fire("sync.content.before", { { secret = \(number) } }).items[1].secret).to_be_nil()
            end)
            """
        }
        let results = try await run(["strip.lua": strip, "tests/a_test.lua": tests.joined(separator: "\n")])
        #expect(results.count == 100 && results.allSatisfy { $0.passed })
    }
}
