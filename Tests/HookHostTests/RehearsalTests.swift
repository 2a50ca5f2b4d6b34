import ContentModel
import Foundation
import HookCatalog
import HookHost
import LuaRuntime
import SyncEngine
import Testing

@Suite struct RehearsalTests {
    private func rehearsal(_ files: [String: String], config: String = "{}") async throws -> (HookFixture, Rehearsal) {
        let fixture = try HookFixture(files)
        var configuration = HookHostConfiguration(config: try JSONDocument(validating: config))
        configuration.allowedHosts = ["api.example.com"]
        let rehearsal = try Rehearsal(
            folder: fixture.hooks, configuration: configuration, services: RehearsalServices(),
            workers: HookFixture.workers)
        try await rehearsal.start()
        return (fixture, rehearsal)
    }

    @Test func filtersAnswerItemsDropsAndSkips() async throws {
        let (_, rehearsal) = try await rehearsal([
            "a.lua": """
            app.on("sync.content.before", function(items, ctx)
              for _, item in ipairs(items) do
                item.secret = nil
                if item.title == "drop" then ctx.drop(item, "not for " .. ctx.target.name) end
                if item.title == "skip" then ctx.skip(item, "later") end
              end
            end, { models = { "news" } })
            """
        ])
        let fixture: JSONValue = [
            "model": "news", "target": "production",
            "items": [["title": "keep", "secret": 1], ["title": "drop"], ["title": "skip"]],
        ]
        let result = try await rehearsal.fire("sync.content.before", fixture)
        #expect(result.error == nil)
        #expect(result.items?.map(\.text) == [#"{"title":"keep","_id":"item-1"}"#])
        #expect(result.dropped.map(\.reason) == ["not for production"])
        #expect(result.skipped.map(\.id) == ["item-3"])
    }

    @Test func refusalsAndFailuresAreTold() async throws {
        let (_, rehearsal) = try await rehearsal([
            "a.lua": """
            app.on("sync.content.before", function(items, ctx)
              if items[1].title == "veto" then ctx.veto("not today") else error("broken") end
            end)
            app.on("sync.push.before", function(target, jobs, ctx) ctx.deny(target.uri) end)
            app.on("sync.pull.before", function(target, jobs, ctx) end)
            """
        ])
        let vetoed = try await rehearsal.fire("sync.content.before", [["title": "veto"]])
        #expect(vetoed.vetoed == "not today" && vetoed.items == nil)
        let failed = try await rehearsal.fire("sync.content.before", [["title": "x"]])
        #expect(failed.error?.code == .hookFailed && failed.error?.message.contains("broken") == true)
        #expect(try await rehearsal.fire("sync.push.before").denied == "https://staging.example")
        #expect(try await rehearsal.fire("sync.pull.before").denied == nil)
    }

    @Test func observersSendNothingReal() async throws {
        let (_, rehearsal) = try await rehearsal([
            "a.lua": """
            app.on("sync.push.failed", function(target, error, ctx)
              local response = app.http.post("https://api.example.com/alerts", { json = { text = error.message } })
              app.storage.save("alerts", { status = response.status, time = app.time() })
              app.log("told " .. app.storage.count("alerts") .. " " .. tostring(ctx.user))
              app.async.run(function() app.log("afterwards") end)
            end)
            """
        ])
        rehearsal.services.user = "ann"
        rehearsal.services.setClock(42)
        let unprepared = try await rehearsal.fire("sync.push.failed")
        #expect(unprepared.error?.message.contains("no answer to POST https://api.example.com/alerts") == true)

        rehearsal.services.answer(
            try RehearsedAnswer(pattern: "POST https://api.example.com/*", response: ["status": 201]))
        let result = try await rehearsal.fire("sync.push.failed", ["error": ["message": "gone"]])
        #expect(result.error == nil, "\(String(describing: result.error))")
        #expect(result.records.logs.map(\.message) == ["told 1 ann", "afterwards"])
        #expect(result.records.requests.first?["json"]?["text"] == "gone")
        let stored = try await rehearsal.services.find(in: "alerts", .init())
        #expect(stored.first?.integer("status") == 201 && stored.first?.integer("time") == 42)

        rehearsal.reset()
        #expect(try await rehearsal.services.count(in: "alerts", matching: nil) == 0)
    }

    @Test func oneItemIsAskedForByItsKind() async throws {
        let (_, rehearsal) = try await rehearsal([
            "a.lua": """
            app.on("sync.push.finished", function(target, ctx)
              app.sync.item("edge", { model = "posts", item = { _id = "1" }, syncAssets = true })
              app.sync.item("edge", { type = "pages", id = "2", mode = "pull" })
              app.sync.item("edge", { model = "site", item = { _id = "3", _model = "site" } })
              app.log(tostring(select(2, pcall(app.sync.item, "edge", { type = "pages", model = "posts" }))))
              app.log(tostring(select(2, pcall(app.sync.item, "edge", { id = "1" }))))
            end)
            """
        ])
        let result = try await rehearsal.fire("sync.push.finished")
        #expect(result.error == nil, "\(String(describing: result.error))")
        #expect(
            result.records.runs == [
                [
                    "mode": "push", "target": "edge", "kind": "content/posts", "model": "posts", "id": "1",
                    "syncAssets": true,
                ],
                ["mode": "pull", "target": "edge", "kind": "pages", "id": "2"],
                ["mode": "push", "target": "edge", "kind": "singletons", "id": "site"],
            ])
        #expect(result.records.logs.first?.message.contains("'id' is missing") == true)
        #expect(result.records.logs.last?.message.contains("'model' is missing") == true)
    }

    /// The addresses that a real run may not reach are refused here too, or tests would pass that should not.
    @Test func addressesThatAreNotAllowedStayForbidden() async throws {
        let (_, rehearsal) = try await rehearsal([
            "a.lua": "app.on('sync.push.finished', function() app.http.get('https://elsewhere.example/') end)"
        ])
        rehearsal.services.answer(try RehearsedAnswer(pattern: "*", response: .object([])))
        let result = try await rehearsal.fire("sync.push.finished")
        #expect(result.error?.message.contains("elsewhere.example") == true)
        #expect(result.records.requests.isEmpty)
    }

    @Test func conflictsEditsArrivalsRoutesAndSchedulesAreFired() async throws {
        let (_, rehearsal) = try await rehearsal([
            "a.lua": """
            app.on("sync.conflict", function(conflict, ctx) ctx.resolve(ctx.origin.name == "edge" and "target" or "source") end)
            app.on("content.item.save.before", function(model, item, isUpdate, ctx) item.by = ctx.user end)
            app.on("sync.content.received", function(items, ctx) items[1].from = ctx.origin.name end)
            app.route("GET", "/hello", function(request, ctx) return { hello = request.query.name } end)
            app.every("10m", function(ctx) app.log(ctx.event) end)
            app.on("app.started", function(info) app.log(info.name) end)
            """
        ])
        let conflict: JSONValue = ["source": ["_id": "1"], "target": ["_id": "1"], "origin": "edge", "model": "posts"]
        #expect(try await rehearsal.fire("sync.conflict", conflict).resolved == "target")
        let saved = try await rehearsal.fire("content.item.save.before", ["item": ["_id": "1"], "user": "ann"])
        #expect(saved.items?.first?.string("by") == "ann")
        let received = try await rehearsal.fire("sync.content.received", ["items": [["_id": "1"]], "origin": "edge"])
        #expect(received.items?.first?.string("from") == "edge")
        let answer = try await rehearsal.fire("GET /hello", ["query": ["name": "you"]])
        #expect(answer.returned?["hello"] == "you")
        #expect(try await rehearsal.fire("every 10m").records.logs.map(\.message) == ["every 10m"])
        #expect(try await rehearsal.fire("app.started", ["name": "home"]).records.logs.map(\.message) == ["home"])
    }

    @Test func aConflictCanBeMergedByWhatBothVersionsWereMadeOf() async throws {
        let (_, rehearsal) = try await rehearsal([
            "a.lua": """
            app.on("sync.conflict", function(conflict, ctx)
              local merged, base = conflict.target, conflict.base
              if not base then return end
              for key, value in pairs(conflict.source) do
                if value ~= base[key] then merged[key] = value end
              end
              ctx.resolve(merged)
            end)
            """
        ])
        let versions: JSONValue = [
            "base": ["_id": "1", "t": 0, "n": 0], "source": ["_id": "1", "t": "A", "n": 0],
            "target": ["_id": "1", "t": 0, "n": 9], "origin": "edge", "model": "posts",
        ]
        let merged: JSONValue = ["_id": "1", "t": "A", "n": 9]
        #expect(try await rehearsal.fire("sync.conflict", versions).resolved == merged)
        let unknown: JSONValue = ["source": ["_id": "1", "t": "A"], "target": ["_id": "1"], "model": "posts"]
        #expect(try await rehearsal.fire("sync.conflict", unknown).resolved == nil)
    }

    @Test(
        arguments: EventName.allCases.filter { event in
            // Kinds of these are not known to every version.
            ![.assetsBefore, .pagesBefore, .lokalizeBefore, .layoutBefore].contains(event)
        })
    func everyEventCanBeFiredWithLittle(event: EventName) async throws {
        let skeleton = HandlerSkeleton(event)
        let (_, rehearsal) = try await rehearsal(["a.lua": skeleton.text])
        let fixture: JSONValue =
            event == .conflict
            ? ["source": ["_id": "1"]]
            : .object(
                event.declaration.arguments.compactMap { argument in
                    switch argument.name {
                    case "items": JSONMember("items", [["_id": "1"]])
                    case "item": JSONMember("item", ["_id": "1"])
                    default: nil
                    }
                })
        let result = try await rehearsal.fire(event.rawValue, fixture)
        #expect(result.error == nil && result.vetoed == nil && result.denied == nil, "\(result)")
    }

    @Test func mistakesInFixturesAreRefused() async throws {
        let (_, rehearsal) = try await rehearsal([:])
        let event = try await failure { try await rehearsal.fire("sync.contnt.before") }
        #expect(event.message.contains("Did you mean 'sync.content.before'?"))
        let name = try await failure { try await rehearsal.fire("sync.content.before", ["itmes": []]) }
        #expect(name.message.contains("Did you mean 'items'?"))
        let answer = try await failure { try RehearsedAnswer(pattern: "*", response: ["sttus": 1]) }
        #expect(answer.message.contains("Did you mean 'status'?"))
    }

    @Test func configurationIsReplacedUntilTheReset() async throws {
        let (fixture, rehearsal) = try await rehearsal(
            ["a.lua": "app.on('sync.push.finished', function() app.log(app.config.site) end)"],
            config: #"{"site":"usual"}"#)
        // The folder is read again for the other configuration.
        defer { withExtendedLifetime(fixture) {} }
        try await rehearsal.configure(try JSONDocument(validating: #"{"site":"special"}"#))
        #expect(try await rehearsal.fire("sync.push.finished").records.logs.map(\.message) == ["special"])
        rehearsal.reset()
        #expect(try await rehearsal.fire("sync.push.finished").records.logs.map(\.message) == ["usual"])
    }
}

@Suite struct LineDifferenceTests {
    @Test func showsWhatChangedAndALittleAround() {
        let before = (1...9).map { "line \($0)" }.joined(separator: "\n")
        let after = before.replacing("line 5", with: "line five")
        let shown = LineDifference(before, after).excerpt(context: 1).map { "\($0.side.rawValue)\($0.text)" }
        #expect(shown == [" …", " line 4", "-line 5", "+line five", " line 6", " …"])
        #expect(LineDifference(before, before).isEmpty)
        #expect(LineDifference(before, before).excerpt().isEmpty)
        #expect(LineDifference("", "a").excerpt() == [.init(.before, ""), .init(.after, "a")])
    }
}
