import ContentModel
import HookCatalog
import HookHost
import LuaRuntime
import SyncEngine
import Testing

extension Observation {
    static let staging = TargetFacts(name: "staging", uri: "https://staging.example")

    static let pushFinished = Observation(
        event: .pushFinished, delivery: "d-1", run: "run-1", direction: .push, arguments: [.target(staging)])
}

@Suite struct ObserverTests {
    private func document(_ json: String) throws -> JSONDocument {
        try JSONDocument(validating: Array(json.utf8))
    }

    @Test func everyEventGetsItsArguments() async throws {
        let fixture = try HookFixture([
            "a.lua": """
            app.on("sync.content.after", function(items, target, ctx)
              app.log("after " .. #items .. items[2]._id .. target.name .. ctx.kind .. ctx.model)
            end)
            app.on("sync.item.pushed", function(type, target, item, ctx)
              app.log("pushed " .. type .. target.uri .. item._id .. ctx.direction)
            end)
            app.on("sync.push.failed", function(target, error, ctx)
              app.log("failed " .. target.name .. error.code .. error.message .. ctx.run)
            end)
            app.on("sync.receive.finished", function(origin, ctx)
              app.log("received " .. origin.id .. origin.name .. ctx.delivery_id .. ctx.event)
            end)
            """
        ])
        let host = try await fixture.host()
        let items = try ["1", "2"].map { try document(#"{"_id":"\#($0)"}"#) }
        let target = Observation.Argument.target(Observation.staging)
        func observe(_ event: EventName, _ arguments: [Observation.Argument], _ kind: Kind? = nil) async throws {
            try await host.observe(
                Observation(
                    event: event, delivery: "d", run: "r", direction: .push, arguments: arguments, kind: kind))
        }
        let posts = try Kind("content/posts")
        try await observe(.contentAfter, [.items(items), target], posts)
        try await observe(.itemPushed, [.text("content"), target, .item(items[0])], posts)
        try await observe(.pushFailed, [target, .failure(code: "timeout", message: "too late")])
        try await observe(.receiveFinished, [.origin(InstanceIdentity(id: "i", name: "dev"))])
        #expect(
            fixture.log.messages == [
                "after 22stagingcontent/postsposts", "pushed contenthttps://staging.example1push",
                "failed stagingtimeouttoo later", "received idevdsync.receive.finished",
            ])
    }

    @Test func allHandlersRunEvenIfOneFails() async throws {
        let fixture = try HookFixture([
            "a.lua": """
            app.on("sync.push.finished", function() error("mail server down") end, { name = "mail", priority = 1 })
            app.on("sync.push.finished", function() app.log("told") end, { name = "log" })
            """
        ])
        let host = try await fixture.host()
        let error = try await failure { try await host.observe(.pushFinished) }
        #expect(error.code == .hookFailed)
        #expect(error.message.hasPrefix("Handler 'mail' of sync.push.finished failed"))
        let failures = fixture.log.records.filter { $0.type == "error" }
        #expect(failures.count == 1)
        #expect(failures[0].channel == "hooks")
        #expect(failures[0].message.contains("'mail'"))
        #expect(failures[0].message.contains("hooks/a.lua:1: mail server down"))
        #expect(fixture.log.messages.last == "told")
    }

    @Test func optionsDecideWhoIsTold() async throws {
        let fixture = try HookFixture([
            "a.lua": """
            app.on("sync.item.pushed", function() app.log("posts") end, { name = "1", models = { "posts" } })
            app.on("sync.item.pushed", function() app.log("edge") end, { name = "2", targets = { "edge" } })
            app.on("sync.content.after", function(items) app.log("pull") end, { name = "3", direction = "pull" })
            app.on("sync.content.after", function(items) app.log(#items) end, { name = "4", models = { "home" } })
            """
        ])
        let host = try await fixture.host()
        let target = Observation.Argument.target(Observation.staging)
        let home = try document(#"{"_model":"home"}"#)
        let imprint = try document(#"{"_model":"imprint"}"#)
        try await host.observe(
            Observation(
                event: .itemPushed, delivery: "d", run: "r", direction: .push,
                arguments: [.text("content"), target, .item(home)], kind: try Kind("content/users")))
        try await host.observe(
            Observation(
                event: .contentAfter, delivery: "d", run: "r", direction: .push,
                arguments: [.items([home, imprint]), target], kind: .singletons))
        #expect(fixture.log.messages == ["1"])
    }

    @Test func observersTellWhetherAnybodyListens() async throws {
        let host = try await HookFixture(["a.lua": "app.on('sync.push.finished', function() end)"]).host()
        #expect(try await host.handlers(of: .pushFinished) == ["a"])
        #expect(try await host.handlers(of: .pullFinished).isEmpty)
        let fixture = try HookFixture(["a.lua": "x = = 1"])
        let broken = try await fixture.host()
        #expect(try await failure { try await broken.handlers(of: .pullFinished) }.code == .hookLoadFailed)
    }

    @Test func aKilledMachineIsNotUsedAgain() async throws {
        let fixture = try HookFixture([
            "a.lua": """
            app.on("sync.push.finished", function(target) while target.name == "staging" do end app.log("alive") end)
            """
        ])
        let host = try await fixture.host { $0.limits.observer.cpu = .milliseconds(50) }
        let error = try await failure { try await host.observe(.pushFinished) }
        #expect(error.message.contains("hooks/a.lua:1: "))
        var other = Observation.pushFinished
        other.arguments = [.target(TargetFacts(name: "edge", uri: "https://edge.example"))]
        try await host.observe(other)
        #expect(fixture.log.messages.last == "alive")
    }
}
