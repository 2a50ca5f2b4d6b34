import Testing
import TidelockTestSupport

@Suite("Runs of real processes whose connection fails", .story)
struct BadConnectionTests {
    private static let count = 30

    /// A site whose target leads through a proxy. What is pushed lies at the source, what is pulled over there.
    private func site(isPush: Bool = true) async throws -> (site: Site, proxy: FailingProxy) {
        let site = try await Site.make()
        if isPush { try site.source.hook("10-documented.lua", Handlers.documented) }
        try await (isPush ? site.source : site.destination).take(Articles.make(Self.count))
        let proxy = try FailingProxy(to: site.server.port)
        try await site.source.target(site.destination, at: proxy.port)
        return (site, proxy)
    }

    private func run(_ site: Site, isPush: Bool) async throws -> Report {
        isPush ? try await site.push() : try await site.pull()
    }

    /// Whatever happened before, a run without help brings both sides together, and the next has nothing to do.
    private func expectNextRunIsGood(_ site: Site, isPush: Bool = true) async throws {
        let next = try await run(site, isPush: isPush)
        #expect(next.isGood, "\(next)")
        let (origin, other) = isPush ? (site.source, site.destination) : (site.destination, site.source)
        let content = try await origin.content()
        #expect(try await other.content().hashes == (isPush ? content.filtered : content).hashes)
        let last = try await run(site, isPush: isPush)
        #expect(last.isGood && last.status == "unchanged", "\(last)")
    }

    /// A connection that ends somewhere in a request or an answer.
    enum Cut: CaseIterable {
        case beforeTheRequest, inTheRequest, beforeTheAnswer, inTheHeadOfTheAnswer, atTheEndOfTheAnswer

        var fate: FailingProxy.Fate {
            switch self {
            case .beforeTheRequest: .cutsRequest(after: 0)
            case .inTheRequest: .cutsRequest(after: 150)
            case .beforeTheAnswer: .cutsAnswer(after: 0)
            case .inTheHeadOfTheAnswer: .cutsAnswer(after: 40)
            case .atTheEndOfTheAnswer: .losesEnd(of: 1)
            }
        }
    }

    @Test(arguments: ["/batches/", "/commit"], Cut.allCases)
    func aPushGoesOnByItself(request: String, cut: Cut) async throws {
        let (site, proxy) = try await site()
        proxy.once { $0.target.contains(request) ? cut.fate : nil }
        let report = try await site.push()
        #expect(proxy.hasActed)
        #expect(report.isGood && report.created == Self.count, "\(report)")
        try await expectNextRunIsGood(site)
    }

    @Test(arguments: ["/batches/", "/acknowledge"], Cut.allCases)
    func aPullGoesOnByItself(request: String, cut: Cut) async throws {
        let (site, proxy) = try await site(isPush: false)
        proxy.once { $0.target.contains(request) ? cut.fate : nil }
        let report = try await site.pull()
        #expect(proxy.hasActed)
        #expect(report.isGood && report.created == Self.count, "\(report)")
        try await expectNextRunIsGood(site, isPush: false)
    }

    /// Before anything was heard of a target, a wrong address is likelier than a bad moment.
    @Test(arguments: Cut.allCases)
    func theFirstRequestIsNotRepeatedAndTheErrorSaysSo(cut: Cut) async throws {
        let (site, proxy) = try await site()
        proxy.once { _ in cut.fate }
        let report = try await site.push()
        #expect(report.exit == 69 && report.error?.code == "target_unreachable", "\(report)")
        #expect(!report.verified && report.created == 0, "\(report)")
        #expect(try await site.destination.kinds().isEmpty)
        try await expectNextRunIsGood(site)
    }

    @Test func whatIsHeldUpArrivesInTheEndAndIsSeenAtOnce() async throws {
        let (site, proxy) = try await site()
        let gate = Gate()
        proxy.once { $0.target.hasSuffix("/commit") ? .waits(gate) : nil }
        let push = try site.source.start(["push", "production", "--json"])
        try await eventually("the push asks for its commit") { gate.isWaitedFor }
        #expect(try await site.destination.kinds().isEmpty)
        gate.open()
        let report = try Report(await push.ending())
        #expect(report.isGood && report.created == Self.count, "\(report)")
        try await expectNextRunIsGood(site)
    }

    @Test(arguments: ["/transfers", "/batches/", "/commit"])
    func aRequestThatArrivesTwiceWorksOnce(request: String) async throws {
        let (site, proxy) = try await site()
        proxy.once { $0.method != "GET" && $0.target.contains(request) ? .goesTwice : nil }
        let report = try await site.push()
        #expect(proxy.hasActed)
        #expect(report.isGood && report.created == Self.count, "\(report)")
        #expect(report.exit == 0)
        try await expectNextRunIsGood(site)
    }

    private static func refusal(_ status: String, _ headers: String = "") -> FailingProxy.Fate {
        .isAnswered("HTTP/1.1 \(status)\r\n\(headers)Content-Length: 4\r\nConnection: close\r\n\r\nbusy")
    }

    @Test(
        "T25, T95: a proxy that is busy for a moment is waited for",
        arguments: ["429 Too Many Requests", "503 Service Unavailable", "502 Bad Gateway"])
    func aProxyThatIsBusyForAMomentIsWaitedFor(status: String) async throws {
        let (site, proxy) = try await site()
        proxy.once { $0.target.contains("/batches/") ? Self.refusal(status, "Retry-After: 1\r\n") : nil }
        let report = try await site.push()
        #expect(proxy.hasActed)
        #expect(report.isGood && report.created == Self.count, "\(report)")
        try await expectNextRunIsGood(site)
    }

    /// A refusal that repetition does not help against ends the run at once, and is never taken for an empty answer.
    @Test("T21: a proxy that refuses for good ends the run with its status", arguments: ["/batches/", "/commit"])
    func aProxyThatRefusesForGoodEndsTheRunWithItsStatus(request: String) async throws {
        let (site, proxy) = try await site()
        proxy.once { $0.target.contains(request) ? Self.refusal("431 Request Header Fields Too Large") : nil }
        let report = try await site.push()
        #expect(report.exit != 0 && !report.verified, "\(report)")
        #expect(report.error?.message.contains("431") == true, "\(report)")
        #expect(try await site.destination.kinds().isEmpty)
        try await expectNextRunIsGood(site)
    }
}
