import ContentModel
import HookHost
import SyncEngine
import Testing

/// `app.kv`, `app.cache` and `app.search` as handlers see them.
@Suite struct KeptValueTests {
    /// Runs a handler with this body, in a file of this name.
    private func run(_ body: String, in file: String = "a.lua", _ fixture: HookFixture) async throws {
        try fixture.write(file, "app.on('sync.push.finished', function(target, ctx)\n\(body)\nend)")
        let host = try await fixture.host()
        try await host.observe(.pushFinished)
        try fixture.remove(file)
    }

    @Test func valuesOfEveryKindComeBackAsTheyWere() async throws {
        let fixture = try HookFixture()
        try await run(
            """
            app.kv.set("table", { list = { 1, 2.5, "x" }, on = true })
            local t = app.kv.get("table")
            app.log(table.concat({ t.list[1], t.list[2], t.list[3], tostring(t.on) }, " "))
            app.kv.set("text", "x")
            app.kv.set("text", nil)
            app.kv.delete("never there")
            app.log(tostring(app.kv.get("text")) .. " " .. tostring(app.kv.get("never there")))
            app.log(app.kv.increment("n") .. " " .. app.kv.increment("n", 4) .. " " .. app.kv.increment("n", -5))
            """, fixture)
        #expect(fixture.log.messages == ["1 2.5 x true", "nil nil", "1 5 0"])
    }

    @Test func handlersOfOtherFilesSeeOtherValuesAndTheSameCache() async throws {
        let fixture = try HookFixture()
        try await run("app.kv.set('k', 1) app.cache.write('k', 2, 60)", in: "a.lua", fixture)
        try await run("app.log(tostring(app.kv.get('k')) .. tostring(app.cache.read('k')))", in: "b.lua", fixture)
        try await run("app.log(tostring(app.kv.get('k')) .. tostring(app.cache.read('k')))", in: "a.lua", fixture)
        try await run("app.cache.delete('k') app.log(tostring(app.cache.read('k')))", in: "b.lua", fixture)
        #expect(fixture.log.messages == ["nil2", "12", "nil"])
    }

    @Test func aSearchNamesWhatItFound() async throws {
        let fixture = try HookFixture()
        fixture.search.find([.init(model: "posts", id: "1", score: 2.5), .init(model: "site", id: "site", score: 1)])
        try await run(
            """
            local found = app.search.query("copper bri", { model = "posts", fields = { "title" }, limit = 5, offset = 2 })
            app.log(found.total .. " " .. found.hits[1].model .. found.hits[1].id .. " " .. found.hits[1].score)
            app.search.query("plain")
            app.search.index()
            app.search.index("posts")
            """, fixture)
        #expect(fixture.log.messages == ["2 posts1 2.5"])
        let queries = fixture.search.queries
        #expect(queries[0].words == "copper bri" && queries[0].model == "posts" && queries[0].fields == ["title"])
        #expect(queries[0].limit == 5 && queries[0].offset == 2)
        #expect(queries[1].model == nil && queries[1].fields == nil && queries[1].limit == 20)
        #expect(fixture.search.models == [nil, "posts"])
    }

    @Test(arguments: [
        ("app.kv.get('')", "app.kv.get: the key must be a string of 1 to 255 bytes"),
        ("app.kv.set(('x'):rep(256), 1)", "app.kv.set: the key must be a string of 1 to 255 bytes"),
        ("app.kv.set('k', print)", "app.kv.set"),
        ("app.kv.set('k', 1, 0)", "app.kv.set: the seconds must be a number above 0"),
        ("app.kv.increment('k', 1.5)", "app.kv.increment: the amount must be a whole number"),
        ("app.cache.write('k', 1, -1)", "app.cache.write: the seconds must be a number above 0"),
        ("app.cache.read(1)", "app.cache.read: the key must be a string"),
        ("app.search.query()", "app.search.query: the first argument must be a string"),
        ("app.search.query('x', { model = 1 })", "app.search.query"),
        ("app.search.query('x', { limit = 1001 })", "app.search.query"),
        ("app.search.query('x', { modle = 'posts' })", "Did you mean 'model'?"),
        ("app.search.index(1)", "app.search.index: the model must be a string"),
    ])
    func mistakesAreNamedAtTheirLine(statement: String, words: String) async throws {
        let fixture = try HookFixture()
        let error = try await failure { try await run(statement, fixture) }
        #expect(error.message.contains(words), "\(error.message)")
        #expect(error.message.contains("hooks/a.lua:2: "))
    }
}
