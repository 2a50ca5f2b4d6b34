import ContentModel
import HookHost
import SyncEngine
import Testing

@Suite struct FilterTests {
    @Test func documentedHandlerStripsAndForcesFields() async throws {
        let fixture = try HookFixture([
            "10-strip.lua": """
            app.on("sync.content.before", function(items, ctx)
              for _, item in ipairs(items) do
                item._internalNotes = nil
                if item.debugMode ~= nil then item.debugMode = false end
              end
            end, { name = "strip-internal", priority = 50, models = { "posts" } })
            """
        ])
        let host = try await fixture.host()
        let stripped = try await host.filter(#"{"_id":"1","_internalNotes":"secret","debugMode":true,"price":1.0}"#)
        #expect(stripped == #"{"_id":"1","debugMode":false,"price":1.0}"#)
    }

    @Test func handlersRunByPriorityThenPathThenRegistration() async throws {
        let trace = """
            local function trace(letter, options)
              app.on("sync.content.before", function(items)
                for _, item in ipairs(items) do item.trace = (item.trace or "") .. letter end
              end, options)
            end

            """
        let fixture = try HookFixture([
            "b.lua": trace
                + #"trace("c", {name = "1"}) trace("d", {name = "2"}) trace("a", {name = "3", priority = 9})"#,
            "a/x.lua": trace + #"trace("b", {name = "4"}) trace("e", {name = "5", priority = -1})"#,
        ])
        let host = try await fixture.host()
        #expect(try await host.filter(#"{"_id":"1"}"#) == #"{"_id":"1","trace":"abcde"}"#)
        let run = try await host.pin(for: .push())
        #expect(run.filters(for: try Kind("content/posts")).handlers == ["3", "4", "1", "2", "5"])
    }

    @Test func modelsTargetsAndDirectionDecideWhichItemsAHandlerSees() async throws {
        let fixture = try HookFixture([
            "a.lua": """
            local function mark(name, options)
              options.name = name
              app.on("sync.content.before", function(items)
                for _, item in ipairs(items) do item[name] = true end
              end, options)
            end
            mark("posts", { models = { "posts", "pages" } })
            mark("staging", { targets = { "staging" } })
            mark("pull", { direction = "pull" })
            """
        ])
        let host = try await fixture.host()
        #expect(try await host.filter(#"{"_id":"1"}"#) == #"{"_id":"1","posts":true,"staging":true}"#)
        #expect(try await host.filter(#"{"_id":"1"}"#, of: "content/users") == #"{"_id":"1","staging":true}"#)
        let other = RunContext.push(to: "edge", direction: .pull)
        #expect(try await host.filter(#"{"_id":"1"}"#, of: "content/users", other) == #"{"_id":"1","pull":true}"#)
    }

    @Test func singletonsAreToldApartByTheirModel() async throws {
        let fixture = try HookFixture([
            "a.lua": """
            app.on("sync.content.before", function(items)
              for _, item in ipairs(items) do item.seen = #items end
            end, { models = { "imprint" } })
            """
        ])
        let host = try await fixture.host()
        let items = try ["imprint", "home"].map { try OutgoingItem(#"{"_model":"\#($0)"}"#, of: "singletons") }
        let outcomes = try await host.filter(items, of: "singletons")
        #expect(outcomes[0].text(of: items[0]) == #"{"_model":"imprint","seen":1}"#)
        #expect(outcomes[1] == .unchanged)
    }

    @Test func kindsThatAreNotContentPassNoHandler() async throws {
        let fixture = try HookFixture(["a.lua": #"app.on("sync.content.before", function(items) error("seen") end)"#])
        let host = try await fixture.host()
        let run = try await host.pin(for: .push())
        #expect(run.filters(for: .models) == .none)
        #expect(try await host.filter(#"{"name":"posts"}"#, of: "models") == #"{"name":"posts"}"#)
    }

    @Test func droppedAndSkippedItemsAreNotShownToLaterHandlers() async throws {
        let fixture = try HookFixture([
            "a.lua": """
            app.on("sync.content.before", function(items, ctx)
              for _, item in ipairs(items) do
                if item._id == "1" then ctx.drop(item, "draft") end
                if item._id == "2" then ctx.skip(item); item.n = 0 end
              end
            end, { name = "first" })
            app.on("sync.content.before", function(items)
              for _, item in ipairs(items) do item.n = item.n * 10; item.count = #items end
            end, { name = "second", volatile = true })
            """
        ])
        let items = try OutgoingItem.numbered(4)
        let outcomes = try await fixture.host().filter(items)
        #expect(outcomes[0] == .dropped(reason: "draft"))
        #expect(outcomes[1] == .skipped(reason: "handler 'first'"))
        #expect(outcomes[2].text(of: items[2]) == #"{"_id":"3","n":30,"count":2}"#)
        #expect(outcomes[3].text(of: items[3]) == #"{"_id":"4","n":40,"count":2}"#)
    }

    @Test func aFilterThatDependsOnMoreThanTheItemIsFound() async throws {
        let fixture = try HookFixture([
            "a.lua": """
            local seen = 0
            app.on("sync.content.before", function(items)
              for _, item in ipairs(items) do
                seen = seen + 1
                item.n = seen + 100
              end
            end, { name = "counter" })
            """
        ])
        let items = try OutgoingItem.numbered(7)
        let host = try await fixture.host()
        let error = try await failure { try await host.filter(Array(items.dropFirst(1))) }
        #expect(
            error.message.contains("'counter' of sync.content.before gave another result when it saw the item alone"))
        #expect(error.hint?.contains("volatile = true") == true)
    }

    @Test func theRepetitionOfACallLeavesNoTraces() async throws {
        let fixture = try HookFixture([
            "a.lua": "app.on('sync.content.before', function(items) app.log('seen ' .. #items) end)"
        ])
        let host = try await fixture.host()
        _ = try await host.filter(try OutgoingItem.numbered(3))
        #expect(fixture.log.messages == ["seen 3"])
    }

    @Test func vetoStopsTheRunWithItsReason() async throws {
        let fixture = try HookFixture([
            "freeze.lua": #"app.on("sync.content.before", function(items, ctx) ctx.veto("release freeze") end)"#
        ])
        let host = try await fixture.host()
        let error = try await failure { try await host.filter(#"{"_id":"1"}"#) }
        #expect(error.code == .hookRefused)
        #expect(error.message.contains("'freeze'"))
        #expect(
            error.message.hasSuffix("vetoed the run on item 1 of content/posts (hooks/freeze.lua:1): release freeze"))
    }

    @Test(arguments: ["return items", "return false", "return nil, 'x'"])
    func returningAValueIsAnError(statement: String) async throws {
        let fixture = try HookFixture(["a.lua": "app.on('sync.content.before', function(items) \(statement) end)"])
        let host = try await fixture.host()
        let error = try await failure { try await host.filter(#"{"_id":"1"}"#) }
        #expect(error.code == .hookFailed)
        #expect(error.message.contains("returned a value"))
    }

    @Test func changingTheListSuggestsDrop() async throws {
        let fixture = try HookFixture([
            "a.lua": "app.on('sync.content.before', function(items) table.remove(items, 1) end)"
        ])
        let host = try await fixture.host()
        let error = try await failure { try await host.filter(try OutgoingItem.numbered(2)) }
        #expect(error.code == .hookFailed)
        #expect(error.hint?.contains("ctx.drop") == true)
    }

    @Test(arguments: ["items[1]._id = 'other'", "items[1]._id = nil", "items[1]._id = 1"])
    func changingTheIdIsAnError(statement: String) async throws {
        let fixture = try HookFixture(["a.lua": "app.on('sync.content.before', function(items) \(statement) end)"])
        let host = try await fixture.host()
        let error = try await failure { try await host.filter(#"{"_id":"1"}"#) }
        #expect(error.code == .hookFailed)
        #expect(error.message.contains("changed '_id' of item 1 of content/posts"))
    }

    @Test func contextTellsWhatIsGoingOn() async throws {
        let fixture = try HookFixture([
            "a.lua": """
            app.on("sync.content.before", function(items, ctx)
              items[1].seen = { ctx.event, ctx.kind, ctx.model, ctx.direction, ctx.target.name, ctx.target.uri,
                ctx.mode, tostring(ctx.run) }
            end)
            """
        ])
        let seen = try await fixture.host().filter(#"{"_id":"1"}"#)
        #expect(
            seen == #"{"_id":"1","seen":["sync.content.before","content/posts","posts","push","staging","#
                + #""https://staging.example","merge","nil"]}"#)
    }

    @Test func anErrorNamesHandlerPlaceLineAndItem() async throws {
        let fixture = try HookFixture([
            "10-strip.lua": """
            app.on("sync.content.before", function(items)
              for _, item in ipairs(items) do
                item.seo.x = nil
              end
            end, { name = "strip" })
            """
        ])
        let host = try await fixture.host()
        let items = try [#"{"_id":"1","seo":{"x":1}}"#, #"{"_id":"2"}"#].map { try OutgoingItem($0) }
        let error = try await failure { try await host.filter(items) }
        #expect(error.code == .hookFailed)
        #expect(
            error.message == """
                Handler 'strip' of sync.content.before failed on item 2 of content/posts: hooks/10-strip.lua:3: \
                attempt to index a nil value (field 'seo')
                    3 | item.seo.x = nil
                """)
        #expect(error.details["file"] == "hooks/10-strip.lua")
        #expect(error.details["line"] == "3")
        #expect(error.details["item"] == "2")
    }

    @Test func skipItemLeavesOutJustTheItemThatFails() async throws {
        let fixture = try HookFixture([
            "a.lua": """
            app.on("sync.content.before", function(items)
              for _, item in ipairs(items) do
                item.done = true
                if item.n == 2 then error("cannot do " .. item.n) end
              end
            end, { on_error = "skip_item" })
            """
        ])
        let items = try OutgoingItem.numbered(3)
        let outcomes = try await fixture.host().filter(items)
        #expect(outcomes[0].text(of: items[0]) == #"{"_id":"1","n":1,"done":true}"#)
        guard case .skipped(let reason) = outcomes[1] else {
            Issue.record("item 2 should be skipped")
            return
        }
        #expect(reason.contains("cannot do 2"))
        #expect(outcomes[2].text(of: items[2]) == #"{"_id":"3","n":3,"done":true}"#)
    }

    @Test func handlerCallsCountOncePerHandlerAndPage() async throws {
        let fixture = try HookFixture([
            "a.lua": """
            app.on("sync.content.before", function(items) end, { name = "one" })
            app.on("sync.content.before", function(items) end, { name = "two", models = { "posts" } })
            """
        ])
        let run = try await fixture.host().pin(for: .push())
        let posts = try Kind("content/posts")
        let users = try Kind("content/users")
        _ = try await run.filter(try OutgoingItem.numbered(10), of: posts)
        _ = try await run.filter(try OutgoingItem.numbered(10), of: posts)
        _ = try await run.filter(try OutgoingItem.numbered(10), of: users)
        _ = try await run.filter([], of: users)
        #expect(run.handlerCalls == 5)
        await run.release()
        await run.release()
    }

    @Test func whatAHandlerDoesNotTouchKeepsItsBytes() async throws {
        let fixture = try HookFixture(["a.lua": "app.on('sync.content.before', function(items) items[1].x = 1 end)"])
        let body = #""n":1.0,"big":12345678901234567890123,"e":[],"o":{},"z":null,"u":"\u00e9\/""#
        #expect(try await fixture.host().filter("{\"_id\":\"1\",\(body)}") == "{\"_id\":\"1\",\(body),\"x\":1}")
    }

    @Test func modulesAreSharedByTheFilesThatRequireThem() async throws {
        let fixture = try HookFixture([
            "lib/util.lua": "local M = {} function M.double(n) return n * 2 end return M",
            "notify/_own.lua": "return { add = 1 }",
            "a.lua": """
            local util, own = require "lib.util", require("notify._own")
            app.on("sync.content.before", function(items) items[1].n = util.double(items[1].n) + own.add end)
            """,
        ])
        #expect(try await fixture.host().filter(#"{"_id":"1","n":3}"#) == #"{"_id":"1","n":7}"#)
    }
}
