import ContentModel
import Foundation
import HookHost
import LuaRuntime
import SyncEngine
import Testing

@Suite struct LoadTests {
    @Test func absentAndEmptyFoldersAreGenerationsWithoutHandlers() async throws {
        let fixture = try HookFixture()
        let empty = try await fixture.host()
        #expect(empty.status.generation != nil)
        #expect(empty.status.handlers.isEmpty)
        try FileManager.default.removeItem(at: fixture.hooks)
        let absent = try await fixture.host()
        #expect(absent.status.rejected == nil)
        #expect(try await absent.filter(#"{"_id":"1"}"#) == #"{"_id":"1"}"#)
    }

    @Test func testsExamplesAndHiddenFilesAreNotLoaded() async throws {
        let broken = "this is not Lua"
        let fixture = try HookFixture([
            "tests/a_test.lua": broken, "examples/a.lua": broken, ".types/app.lua": broken, ".hidden.lua": broken,
            "readme.md": broken, "lib/unused.lua": broken, "ok.lua": "app.on('sync.content.before', function() end)",
        ])
        let host = try await fixture.host()
        #expect(host.status.rejected == nil)
        #expect(host.status.files == ["hooks/lib/unused.lua", "hooks/ok.lua"])
        #expect(host.status.handlers.map(\.name) == ["ok"])
    }

    @Test func aSyntaxErrorNamesFileLineAndText() async throws {
        let fixture = try HookFixture(["a.lua": "local x = 1\nlocal y = = 2\n"])
        let host = try await fixture.host()
        let rejected = try #require(host.status.rejected)
        #expect(rejected.file == "hooks/a.lua")
        #expect(rejected.line == 2)
        #expect(rejected.excerpt == "local y = = 2")
        let error = try await failure { try await host.pin(for: .push()) }
        #expect(error.code == .hookLoadFailed)
        #expect(error.message.contains("hooks/a.lua:2: "))
        #expect(error.message.contains("\n    2 | local y = = 2"))
    }

    /// Each of these at the top level of a file; the message must contain the words.
    @Test(arguments: [
        ("app.on('sync.content.befor', function() end)", "Did you mean 'sync.content.before'?"),
        ("app.on('publish', function() end)", "Events are sync.request.before, "),
        ("app.on('sync.content.before')", "a function must follow"),
        ("app.on('sync.content.before', function() end, { modles = {'a'} })", "Did you mean 'models'?"),
        ("app.on('sync.content.before', function() end, { models = 'posts' })", "must be a list of strings"),
        ("app.on('sync.content.before', function() end, { models = {'a b'} })", "'a b' cannot be the name of a model"),
        ("app.on('sync.content.before', function() end, { priority = 5000 })", "from -1000 to 1000"),
        ("app.on('sync.content.before', function() end, { on_error = 'ignore' })", #"must be "abort" or "skip_item""#),
        ("app.on('sync.content.before', function() end, { volatile = 1 })", "must be true or false"),
        ("app.on('sync.content.before', function() end, { timeout = 0 })", "a number of seconds"),
        ("app.on('sync.content.before', function() end, { direction = 'up' })", #"must be "push" or "pull""#),
        ("app.on('sync.push.finished', function() end, { models = {'a'} })", "has no meaning for sync.push.finished"),
        ("app.on('sync.content.before', function() end, 7)", "must be a table with names"),
        ("app.every('10', function() end)", "the interval must be a number and a unit"),
        ("app.cron('0 3 * *', function() end)", "is no cron expression"),
        ("app.cron('0 24 * * *', function() end)", "the hour of a cron expression cannot be '24'"),
        ("app.cron('0 0 31 2 *', function() end)", "names a day that never comes"),
        ("app.route('get', '/x', function() end)", "must be one of GET, POST"),
        ("app.route('GET', 'x', function() end)", "must be a path such as"),
        ("app.route('GET', '/../x', function() end)", "must be a path such as"),
        ("for i = 1, 2 do app.route('GET', '/x', function() end, { name = i .. '' }) end", "already has a handler"),
        ("pcall(app.on, 'sync.content.befor', function() end)", "Did you mean 'sync.content.before'?"),
        ("for i = 1, 2 do app.on('sync.content.before', function() end, { name = 'x' }) end", "named 'x'"),
        ("app.log('hello')", "hooks/a.lua:1"),
        ("print(undeclared)", "undeclared"),
        ("require 'lib.none'", "lib.none"),
        ("os.execute('true')", "execute"),
        ("while true do end", "hooks/a.lua:1"),
        ("error('no configuration')", "no configuration"),
    ])
    func mistakesAtLoadTimeAreNamed(text: String, words: String) async throws {
        let fixture = try HookFixture(["a.lua": text])
        let host = try await fixture.host { $0.limits.filter.load = .milliseconds(200) }
        let rejected = try #require(host.status.rejected)
        #expect(rejected.description.contains(words))
        #expect(rejected.file == "hooks/a.lua")
        #expect(rejected.line == 1)
    }

    @Test func nothingOfChanceIsWithinReachWhileLoading() async throws {
        for expression in ["os.time()", "os.clock()", "os.date()", "math.random()", "app.time()"] {
            let fixture = try HookFixture(["a.lua": "local x = \(expression)"])
            let rejected = try #require(try await fixture.host().status.rejected)
            #expect(rejected.message.contains("cannot be called while a file is loading"))
        }
    }

    @Test func checkTellsTheProblemsOfAllFiles() async throws {
        let fixture = try HookFixture([
            "a.lua": "x = = 1", "b.lua": "app.on('sync.content.before', function() end)", "c.lua": "error('c')",
        ])
        let check = try await HookHost.check(
            folder: fixture.hooks, configuration: HookHostConfiguration(), services: fixture.services(),
            workers: HookFixture.workers)
        #expect(check.problems.map(\.file) == ["hooks/a.lua", "hooks/c.lua"])
        #expect(check.handlers.map(\.name) == ["b"])
        #expect(!check.isGood)
    }

    @Test func statusListsHandlersWithTheirOptions() async throws {
        let fixture = try HookFixture([
            "a.lua": """

            local options = { name = "x", priority = 3, models = { "a", "b" }, volatile = true }
            app.on("sync.content.before", function() end, options)
            app.on("sync.push.finished", function() end)
            """
        ])
        let handlers = try await fixture.host().status.handlers
        #expect(handlers.map(\.name) == ["x", "a"])
        #expect(handlers[0].priority == 3)
        #expect(handlers[0].file == "hooks/a.lua")
        #expect(handlers[0].line == 3)
        #expect(handlers[0].options == ["models": "a, b", "volatile": "true"])
        #expect(handlers[1].event == "sync.push.finished")
    }
}

@Suite struct FolderTests {
    private func problem(_ fixture: HookFixture) async throws -> String {
        try #require(try await fixture.host().status.rejected).description
    }

    @Test func linksThatLeaveTheFolderAreRefused() async throws {
        let fixture = try HookFixture()
        let outside = fixture.instance.appendingPathComponent("outside.lua")
        try Data("error('loaded')".utf8).write(to: outside)
        try FileManager.default.createSymbolicLink(
            at: fixture.hooks.appendingPathComponent("a.lua"), withDestinationURL: outside)
        #expect(try await problem(fixture).contains("hooks/a.lua: this symbolic link leads out of hooks/"))
    }

    @Test func linksWithinTheFolderAreFollowed() async throws {
        let fixture = try HookFixture([".versions/2/a.lua": "app.on('sync.push.finished', function() end)"])
        try FileManager.default.createSymbolicLink(
            atPath: fixture.hooks.appendingPathComponent("a.lua").path, withDestinationPath: ".versions/2/a.lua")
        #expect(try await fixture.host().status.handlers.map(\.file) == ["hooks/a.lua"])
    }

    @Test func linksToNowhereAndInCirclesAreRefused() async throws {
        let fixture = try HookFixture()
        let hooks = fixture.hooks.path
        try FileManager.default.createSymbolicLink(atPath: hooks + "/a.lua", withDestinationPath: "gone.lua")
        #expect(try await problem(fixture).contains("leads nowhere"))
        try fixture.remove("a.lua")
        try FileManager.default.createSymbolicLink(atPath: hooks + "/loop", withDestinationPath: ".")
        try fixture.write("ok.lua", "")
        #expect(try await problem(fixture).contains("leads"))
    }

    @Test func pipesAreRefused() async throws {
        let fixture = try HookFixture()
        mkfifo(fixture.hooks.appendingPathComponent("a.lua").path, 0o600)
        #expect(try await problem(fixture) == "hooks/a.lua: it is not a regular file.")
    }

    @Test func filesOverAMebibyteAreRefused() async throws {
        let fixture = try HookFixture(["a.lua": String(repeating: " ", count: 1 << 20)])
        #expect(try await fixture.host().status.rejected == nil)
        try fixture.write("a.lua", String(repeating: " ", count: 1 << 20 + 1))
        #expect(try await problem(fixture) == "hooks/a.lua: it is larger than 1 MiB.")
    }

    @Test func modulesThatNoRequireCouldNameAreRefused() async throws {
        let fixture = try HookFixture(["lib/a.b.lua": "return {}"])
        #expect(try await problem(fixture).contains("no 'require' could name this module"))
    }
}
