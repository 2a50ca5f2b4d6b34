import ContentModel
import Testing
import TidelockTestSupport

@Suite("Items that arrive", .story)
struct ArrivalTests {
    private static let marking = """
        app.on("sync.content.received", function(items, ctx)
          for _, item in ipairs(items) do
            item.receivedFrom = ctx.origin.name
            item.body = nil
          end
        end, { name = "mark" })

        """

    private func field(_ name: String, of number: Int, at instance: RealInstance) async throws -> String? {
        try await instance.item("content/articles", Articles.id(number)).string(name)
    }

    @Test func areChangedByTheDestinationsHandlersAndStillVerify() async throws {
        let site = try await Site.make(articles: 10)
        try site.destination.hook("mark.lua", Self.marking)
        try await eventuallyLoaded(site, 1)
        let first = try await site.push()
        #expect(first.isGood && first.created == 10, "\(first)")
        #expect(try await field("receivedFrom", of: 3, at: site.destination) == "staging")
        #expect(try await field("body", of: 3, at: site.destination) == nil)
        #expect(try await field("body", of: 3, at: site.source) != nil)
        let second = try await site.push()
        #expect(second.isGood && second.sent == 0 && second.roundTrips == 1, "\(second)")
        try await site.source.edit("content/articles", [Articles.id(3)], "title", "new")
        let third = try await site.push()
        #expect(third.isGood && third.updated == 1 && third.conflicts == 0, "\(third)")
        #expect(try await field("title", of: 3, at: site.destination) == "new")
        #expect(try await field("receivedFrom", of: 3, at: site.destination) == "staging")
    }

    @Test func areChangedOnAPullByTheHandlersOfTheOneWhoPulls() async throws {
        let source = try await RealInstance.make("origin")
        try await source.take(Articles.make(5))
        let server = try await TestServer(source)
        let here = try await RealInstance.make("here")
        try await here.target(source, at: server.port)
        try here.hook("mark.lua", Self.marking)
        let report = try await here.report("pull")
        #expect(report.isGood && report.created == 5, "\(report)")
        #expect(try await field("receivedFrom", of: 1, at: here) == "origin")
    }

    private static let noting = """
        app.on("sync.content.received", function(items, ctx)
          for _, item in ipairs(items) do app.log(item._id, { channel = "arrivals" }) end
        end, { name = "note", volatile = true, models = { "sections" } })

        """

    /// Each item is below the one of half its number.
    @Test func ofATreeComeBehindWhatIsAboveThem() async throws {
        let site = try await Site.make()
        try site.destination.hook("note.lua", Self.noting)
        try await eventuallyLoaded(site, 1)
        try await site.source.put(
            "models", try JSONDocument(validating: #"{"name":"sections","type":"tree","fields":[]}"#))
        let items = try (1...120).map { number in
            try JSONDocument(
                validating: #"{"_id":"\#(number)","_pid":\#(number > 1 ? "\"\(number / 2)\"" : "null"),"_o":0}"#)
        }
        try await site.source.take(items.reversed(), model: "sections")
        let report = try await site.push("--batch-size", "10")
        #expect(report.isGood && report.created == 121, "\(report)")
        let arrived = try await site.destination.log("arrivals").compactMap { Int($0.message) }
        #expect(arrived.count == 120)
        for (place, number) in arrived.enumerated() where number > 1 {
            #expect(arrived[..<place].contains(number / 2), "\(number) came before what is above it: \(arrived)")
        }
    }

    @Test(arguments: [("ctx.veto('not today')", "hook_refused"), ("error('broken')", "hook_failed")])
    func stopTheRunWhenAHandlerVetoesOrFails(text: String, code: String) async throws {
        let site = try await Site.make(articles: 4)
        try site.destination.hook(
            "stop.lua", "app.on('sync.content.received', function(items, ctx) \(text) end, { name = 'stop' })")
        try await eventuallyLoaded(site, 1)
        let report = try await site.push()
        #expect(report.exit != 0 && report.error?.code == code, "\(report)")
        #expect(try await site.destination.content().isEmpty)
    }

    /// The server has seen the handlers that were saved since it started.
    private func eventuallyLoaded(_ site: Site, _ count: Int) async throws {
        try await eventually("the server loads the handlers") {
            let log = try await site.destination.run("log", "--json")
            return log.contains("Loaded \(count) handlers")
        }
    }
}

@Suite("Conflicts that handlers decide", .story)
struct ConflictHandlerTests {
    private func editedThere(_ verdict: String) async throws -> Site {
        let site = try await Site.make(articles: 6)
        try #require(try await site.push().isGood)
        try await site.destination.edit("content/articles", [Articles.id(2)], "title", "edited there")
        try await site.source.edit("content/articles", [Articles.id(2), Articles.id(3)], "title", "edited here")
        try site.destination.hook(
            "decide.lua",
            """
            app.on("sync.conflict", function(conflict, ctx)
              assert(conflict.kind == "content/articles" and conflict.id == conflict.source._id)
              assert(conflict.target.title == "edited there" and ctx.origin.name == "staging")
              \(verdict)
            end, { name = "decide", models = { "articles" } })
            """)
        try await eventually("the server loads the handler") {
            try await site.destination.run("log", "--json").contains("Loaded 1 handlers")
        }
        return site
    }

    private func title(_ number: Int, _ site: Site) async throws -> String? {
        try await site.destination.item("content/articles", Articles.id(number)).string("title")
    }

    @Test func keepTheVersionOfTheDestination() async throws {
        let site = try await editedThere(#"ctx.resolve("target")"#)
        let report = try await site.push()
        #expect(report.isGood && report.conflicts == 1, "\(report)")
        #expect(report.conflictList.map(\.verdict) == ["kept_target"])
        #expect(try await title(2, site) == "edited there")
        #expect(try await title(3, site) == "edited here")
        let second = try await site.push()
        #expect(second.isGood && second.sent == 0, "\(second)")
        #expect(try await title(2, site) == "edited there")
    }

    @Test func takeTheVersionOfTheSource() async throws {
        let site = try await editedThere(#"ctx.resolve("source")"#)
        let report = try await site.push()
        #expect(report.isGood && report.conflicts == 1, "\(report)")
        #expect(try await title(2, site) == "edited here")
    }

    @Test func storeAnItemOfTheirOwn() async throws {
        let site = try await editedThere(
            """
            local merged = conflict.source
            merged.title = conflict.source.title .. " and " .. conflict.target.title
            ctx.resolve(merged)
            """)
        let report = try await site.push()
        #expect(report.isGood && report.conflicts == 1, "\(report)")
        #expect(try await title(2, site) == "edited here and edited there")
        let second = try await site.push()
        #expect(second.isGood && second.sent == 0, "\(second)")
        #expect(try await title(2, site) == "edited here and edited there")
    }

    @Test func fallBackToThePolicyWithoutAVerdict() async throws {
        let site = try await editedThere("local nothing = 1")
        let report = try await site.push()
        #expect(report.isGood && report.conflictList.map(\.verdict) == ["replaced"], "\(report)")
        #expect(try await title(2, site) == "edited here")
    }

    @Test func stopTheRunWhenTheHandlerFails() async throws {
        let site = try await editedThere("error('cannot decide')")
        let report = try await site.push()
        #expect(report.exit != 0 && report.error?.code == "hook_failed", "\(report)")
        #expect(try await title(2, site) == "edited there")
        #expect(try await title(3, site) == "Article 3")
    }
}

@Suite("Gates of whoever starts a run", .story)
struct RunGateTests {
    @Test func stopARunBeforeItBegins() async throws {
        let site = try await Site.make(articles: 3)
        try site.source.hook(
            "gate.lua",
            """
            app.on("sync.push.before", function(target, jobs, ctx)
              assert(jobs[1].name == "content" and jobs[1].syncSettings.syncAll)
              if target.name == "production" then ctx.deny("not on a Friday") end
            end, { name = "friday" })
            """)
        let report = try await site.push()
        #expect(report.exit == 77 && report.error?.code == "hook_refused" && report.roundTrips == 0, "\(report)")
        #expect(report.error?.message.contains("not on a Friday") == true)
        #expect(try await site.destination.content().isEmpty)
    }

    @Test func stopAPlanBeforeAnythingIsApplied() async throws {
        let site = try await Site.make(articles: 3)
        try site.source.hook(
            "gate.lua",
            """
            app.on("sync.plan.ready", function(plan, target, ctx)
              if plan.creates > 2 then ctx.deny("that is " .. plan.creates .. " of " .. plan.kinds[1].kind) end
            end, { name = "few" })
            """)
        let report = try await site.push()
        #expect(report.error?.code == "hook_refused", "\(report)")
        #expect(report.error?.message.contains("that is 3 of content/articles") == true, "\(report)")
        #expect(try await site.destination.content().isEmpty)
        let plan = try await site.source.report("plan")
        #expect(plan.exit == 0 && plan.created == 3, "\(plan)")
        try site.source.hook("gate.lua", nil)
        #expect(try await site.push().isGood)
    }
}
