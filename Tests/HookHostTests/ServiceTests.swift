import ContentModel
import Foundation
import HookHost
import LuaRuntime
import SyncEngine
import Testing

@Suite struct ServiceTests {
    /// Runs the statements in an observer, which may use every service.
    private func observe(
        _ statements: String, _ fixture: HookFixture, config: String = "{}", user: String? = nil
    ) async throws {
        try fixture.write(
            "a.lua", "app.on('sync.push.finished', function(target, ctx)\n\(statements)\nend, { name = 'x' })")
        try await fixture.host(config: config, user: user).observe(.pushFinished)
    }

    @Test func logKeepsMessageChannelTypeAndContext() async throws {
        let fixture = try HookFixture()
        try await observe(
            """
            app.log("Pushed to " .. target.name, { channel = "sync", type = "notice", context = { uri = target.uri } })
            app.log("plain")
            """, fixture)
        let records = fixture.log.records.filter { !$0.message.hasPrefix("Loaded") }
        #expect(
            records == [
                LogRecord(
                    timestamp: 1_700_000_000, type: "notice", channel: "sync", message: "Pushed to staging",
                    context: #"{"uri":"https://staging.example"}"#),
                LogRecord(timestamp: 1_700_000_000, type: "info", channel: "hooks", message: "plain"),
            ])
    }

    @Test func logIsCappedAndCannotForgeLines() async throws {
        let fixture = try HookFixture()
        try await observe(
            #"""
            app.log("one\ntwo\27[31m", { channel = "a\nb" })
            app.log(("x"):rep(100000))
            for i = 1, 2000 do app.log("line") end
            """#, fixture)
        let messages = fixture.log.messages
        #expect(messages.first == #"one\ntwo\u{1b}[31m"#)
        #expect(messages[1].utf8.count <= 4_096)
        #expect(messages.count == 1_001)
        #expect(messages.last?.contains("more than 1000 lines") == true)
    }

    @Test func documentedStorageCallsWork() async throws {
        let fixture = try HookFixture()
        for timestamp in [5, 9, 7] {
            let record = JSONDocument.object([("timestamp", JSONDocument(integer: timestamp))])
            _ = try await fixture.collections.save(record, in: "sync/log")
        }
        try await observe(
            """
            local user = app.auth.user()
            app.storage.save("sync/audit_log", {
              action = "push", target = target.uri, user = user and user.user or "system", timestamp = app.time(),
            })
            local last = app.storage.findOne("sync/log", { sort = { timestamp = -1 } })
            local later = { timestamp = { ["$gt"] = 5 } }
            local found = app.storage.find("sync/log", { filter = later, sort = { timestamp = 1 }, limit = 1 })
            app.log(table.concat({ last.timestamp, #found, found[1].timestamp, app.storage.count("sync/log") }, " "))
            app.log(tostring(app.storage.findOne("sync/none")))
            local removed = app.storage.remove("sync/log", { timestamp = { ["$lt"] = 9 } })
            app.log(removed .. " " .. app.storage.count("sync/log", {}))
            """, fixture)
        let saved = try #require(fixture.collections.documents(of: "sync/audit_log").first)
        #expect(saved.string("user") == "system")
        #expect(saved.string("target") == "https://staging.example")
        #expect(saved.integer("timestamp") == 1_700_000_000)
        #expect(saved.string("_id") != nil)
        #expect(fixture.log.messages == ["9 1 7 3", "nil", "2 1"])
    }

    @Test(arguments: [
        ("app.storage.findOne('a', { _id = 'x' })", "app.storage.findOne: there is no option '_id'"),
        ("app.storage.find('a', { sort = { a = 1, b = 1 } })", "sort must be"),
        ("app.storage.find('a', { filter = { x = { ['$near'] = 1 } } })", "app.storage.find: "),
        ("app.storage.remove('a')", "a filter must say what to remove"),
        ("app.storage.save('a')", "the second argument must be a table with names"),
        ("app.storage.save('../a', {})", "must be the name of a collection"),
        ("app.storage.save('a', { f = print })", "app.storage.save"),
        ("app.log({})", "the message must be a string"),
        ("app.log('x', { type = 'warn' })", "there is no type 'warn'"),
        ("app.log('x', { chanel = 'sync' })", "Did you mean 'channel'?"),
        ("app.config.secret = 1", "cannot be changed"),
        ("app.on('sync.push.finished', function() end)", "works only while a file is loaded"),
        ("app.kv.get('')", "the key must be a string of 1 to 255 bytes"),
        ("app.sync.run('staging')", "nothing can be synced from here"),
        ("app.async.run(1)", "the argument must be a function"),
    ])
    func mistakesAreNamedAtTheirLine(statement: String, words: String) async throws {
        let fixture = try HookFixture()
        let error = try await failure { try await observe(statement, fixture) }
        #expect(error.message.contains(words))
        #expect(error.message.contains("hooks/a.lua:2: "))
        #expect(error.details["line"] == "2")
    }

    @Test func configurationIsReadOnlyAndComplete() async throws {
        let fixture = try HookFixture()
        try await observe(
            "app.log(app.config.shop.name .. app.config.list[2] .. tostring(app.config.on))", fixture,
            config: #"{"shop":{"name":"Tide"},"list":[1,2],"on":true}"#)
        #expect(fixture.log.messages == ["Tide2true"])
    }

    @Test func userCacheAndTimeWork() async throws {
        let fixture = try HookFixture()
        try await observe(
            """
            app.cache.flush()
            app.log(app.auth.user().user .. " " .. app.time() .. " " .. os.time())
            app.log(os.date("%Y-%m-%d %H:%M", 86400) .. " " .. os.time({ year = 1970, month = 1, day = 2, hour = 0 }))
            local n = math.random(3, 5)
            app.log(tostring(n >= 3 and n <= 5 and math.random() < 1))
            """, fixture, user: "ada")
        #expect(fixture.cache.flushes == 1)
        #expect(fixture.log.messages == ["ada 1700000000 1700000000", "1970-01-02 00:00 86400", "true"])
    }

    @Test(arguments: [
        "app.time()", "os.time()", "os.date('%Y')", "os.clock()", "math.random(3)", "app.storage.find('a')",
        "app.auth.user()", "app.cache.flush()", "app.http.get('https://staging.example')",
    ])
    func filtersReachNothingThatChangesUnlessVolatile(expression: String) async throws {
        func run(_ options: String) async throws -> TidelockError? {
            let fixture = try HookFixture([
                "a.lua": "app.on('sync.content.before', function(items) local x = \(expression) end, { \(options) })"
            ])
            let host = try await fixture.host()
            do { _ = try await host.filter(#"{"_id":"1"}"#) } catch { return error as? TidelockError }
            return nil
        }
        let refusal = try #require(try await run("volatile = false"))
        #expect(refusal.message.contains("register the handler with { volatile = true }"))
        if !expression.contains("http") { #expect(try await run("volatile = true") == nil) }
    }

    @Test func filtersMayLogReadConfigurationAndFormatDates() async throws {
        let fixture = try HookFixture([
            "a.lua": """
            app.on("sync.content.before", function(items)
              app.log("seen " .. items[1]._id)
              items[1].year = os.date("%Y", items[1].at) .. app.config.suffix
              items[1].list = app.json.array {}
            end)
            """
        ])
        let host = try await fixture.host(config: #"{"suffix":"!"}"#)
        #expect(try await host.filter(#"{"_id":"1","at":0}"#) == #"{"_id":"1","at":0,"year":"1970!","list":[]}"#)
        #expect(fixture.log.messages == ["seen 1"])
    }
}
