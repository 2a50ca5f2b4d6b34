import ContentModel
import Testing
import TidelockTestSupport

@Suite("A push of what was pushed before", .story)
struct RepeatedPushTests {
    private static let count = 40

    private func pushed() async throws -> Site {
        let site = try await Site.make(articles: Self.count)
        let first = try await site.push()
        try #require(first.isGood && first.created == Self.count, "\(first)")
        return site
    }

    private func expectEqualSides(_ site: Site) async throws {
        let (source, destination) = try await (site.source.content(), site.destination.content())
        #expect(destination.hashes == source.filtered.hashes)
    }

    @Test("T70: sends nothing and calls nobody")
    func sendsNothingAndCallsNobody() async throws {
        let site = try await pushed()
        let again = try await site.push()
        #expect(again.isGood && again.status == "unchanged", "\(again)")
        #expect(again.sent == 0)
        #expect(again.unchanged == Self.count)
        #expect(again.handlerCalls == 0)
        #expect((1...2).contains(again.roundTrips))
    }

    @Test func saysWhatStandsBetweenTheSidesInsteadOfCallingThemEqual() async throws {
        let site = try await pushed()
        let equal = try await site.source.attempt("push", "production")
        #expect(equal.output.contains("all that goes there is there ("), "\(equal)")
        for (number, policy) in [(1, "park"), (2, "target")] {
            let id = [Articles.id(number)]
            try await site.destination.edit("content/articles", id, "title", "there")
            try await site.source.edit("content/articles", id, "title", "here")
            #expect(try await site.push("--policy", policy).exit == 0)
        }
        let other = try await RealInstance.make("other")
        try await other.target(site.destination, at: site.server.port)
        try await other.take(Articles.make(1))
        #expect(try await other.report("push").isGood)
        #expect(try await site.push().status == "unchanged")
        let again = try await site.push()
        #expect(again.isGood && again.roundTrips == 1 && again.bytesSent + again.bytesReceived <= 4_096, "\(again)")
        #expect(again.differing == .init(items: 3, parked: 1, kept: 1, takenOver: 1, reverted: 0), "\(again)")
        let words = "3 items differ by decision: 1 parked, 1 kept or merged there, 1 taken over by another source"
        for command in ["push", "plan"] {
            let told = try await site.source.attempt(command, "production")
            #expect(told.status == 0 && told.output.contains("nothing to push to production; \(words)"), "\(told)")
            #expect(!told.output.contains("equal"), "\(told)")
        }
    }

    @Test func sendsExactlyWhatWasEdited() async throws {
        let site = try await pushed()
        try await site.source.edit("content/articles", [3, 17, 29].map(Articles.id), "title", "edited")
        let again = try await site.push()
        #expect(again.isGood && again.updated == 3 && again.sent == 3, "\(again)")
        try await expectEqualSides(site)
    }

    @Test func sendsNothingWhenAnEditTouchesOnlyWhatIsStripped() async throws {
        let site = try await pushed()
        try await site.source.edit("content/articles", [Articles.id(5)], "_internalNotes", "other notes")
        let again = try await site.push()
        #expect(again.isGood && again.sent == 0, "\(again)")
        try await expectEqualSides(site)
    }

    @Test func sendsWhatIsNewAndLeavesAloneWhatIsGone() async throws {
        let site = try await pushed()
        try await site.source.take(Articles.make(2, from: 100))
        try await site.source.run("rm", "content/articles", Articles.id(0))
        let again = try await site.push()
        #expect(again.isGood && again.created == 2 && again.sent == 2 && again.released == 1, "\(again)")
        #expect(try await site.destination.content().count == Self.count + 2)
        let third = try await site.push()
        #expect(third.isGood && third.sent == 0 && third.handlerCalls == 0, "\(third)")
    }

    @Test func sendsNothingWhenAHandlerChangedButNotItsResults() async throws {
        let site = try await pushed()
        try site.source.hook("10-documented.lua", "-- The same, written differently.\n" + Handlers.documented)
        let again = try await site.push()
        #expect(again.isGood && again.sent == 0, "\(again)")
        let third = try await site.push()
        #expect(third.isGood && third.sent == 0 && third.handlerCalls == 0 && third.roundTrips <= 2, "\(third)")
    }

    @Test func sendsExactlyWhatAChangedHandlerMakesOtherwise() async throws {
        let site = try await pushed()
        try site.source.hook(
            "10-documented.lua",
            Handlers.documented
                + Handlers.filter("if item.rank < 10 then item.title = item.title .. \"!\" end", name: "shout"))
        let again = try await site.push()
        #expect(again.isGood && again.updated == 10 && again.sent == 10, "\(again)")
        #expect(try await site.destination.item("content/articles", Articles.id(9)).string("title") == "Article 9!")
        #expect(try await site.destination.item("content/articles", Articles.id(10)).string("title") == "Article 10")
        let third = try await site.push()
        #expect(third.isGood && third.sent == 0 && third.handlerCalls == 0, "\(third)")
    }

    @Test func sendsEveryItemOfAModelThatFillsManyBatches() async throws {
        let site = try await Site.make(articles: 5_000)
        let first = try await site.push("--batch-size", "700")
        #expect(first.isGood && first.created == 5_000, "\(first)")
        #expect(try await site.destination.kinds().first?.items == 5_000)
        try site.source.hook(
            "10-documented.lua", Handlers.documented + Handlers.filter("item.round = 2", name: "round"))
        let second = try await site.push()
        #expect(second.isGood && second.updated == 5_000, "\(second)")
        try await expectEqualSidesWithRound(site)
    }

    private func expectEqualSidesWithRound(_ site: Site) async throws {
        let expected = try await site.source.content().filtered.mapValues {
            $0.setting("round", to: JSONDocument(integer: 2))
        }
        #expect(try await site.destination.content().hashes == expected.hashes)
    }
}
