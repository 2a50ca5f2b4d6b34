import ContentModel
import Foundation
import Testing
import TidelockTestSupport

/// Kills pushes around their commit, and compares what observers were told with what was committed.
///
/// Each push sends all items, so that every run that was committed has the same events to be told.
struct DeliveryTorture {
    /// What happened, for whoever reads the output of `scripts/torture`.
    struct Tally {
        var kills = 0
        var killedServers = 0
        /// Killed pushes that were committed over there.
        var committed = 0
        /// Killed pushes that were committed and whose observers had not been told everything yet.
        var untold = 0
        var runs = 0
        /// Calls that were made more than once.
        var repeated = 0
    }

    private static let items = 5

    private let source: RealInstance
    private let destination: RealInstance
    private let proxy: RecordingProxy
    private let random: SeededRandom
    private var server: TestServer
    private var round = 0
    /// Of an undisturbed push.
    private var wholeWork = Duration.zero
    private var wholeTraffic = 0
    private(set) var tally = Tally()

    init() async throws {
        source = try await RealInstance.make("staging")
        destination = try await RealInstance.make("production")
        random = SeededRandom(seed: Story.current.seed)
        try source.hook("told.lua", Self.sourceHandlers)
        try destination.hook("told.lua", Self.destinationHandlers)
        server = try await TestServer(destination)
        proxy = try RecordingProxy(to: server.port, keepsBytes: false)
        try await source.target(destination, at: proxy.port)
        for _ in 0..<2 { try await measure() }
    }

    /// One round: all items change, and the push of them is killed if its moment comes in time.
    mutating func killOnce() async throws {
        try await changeEverything()
        try await pushAndKill()
        if random.next() % 3 == 0 { try await push() }
    }

    /// Every event of every run that was committed is told in the end, and no other.
    mutating func expectEverythingTold() async throws {
        try await push()
        try await eventually("every event was told", within: .seconds(120)) {
            _ = try await source.attempt("push", "production")
            return try await missing().isEmpty
        }
        try await expectNothingElseTold()
        #expect(await server.stop() == 0)
    }

    // MARK: What was told

    /// One call of an observer.
    private struct Call: Hashable {
        var run: String
        var event: String
        var what: String
    }

    private struct LogRow: Decodable {
        var message: String
    }

    private struct RunRow: Decodable {
        var id: String
        var direction: String
        var phase: String
    }

    private static let sourceHandlers = """
        local function tell(ctx, what)
          app.log(ctx.run .. " " .. ctx.event .. " " .. ctx.delivery_id .. " " .. what, { channel = "told" })
        end

        app.on("sync.content.after", function(items, target, ctx)
          local ids = {}
          for _, item in ipairs(items) do
            ids[#ids + 1] = item._id
          end
          table.sort(ids)
          tell(ctx, table.concat(ids, ","))
        end, { name = "after" })

        app.on("sync.item.pushed", function(type, target, item, ctx)
          tell(ctx, item._id)
        end, { name = "item" })

        app.on("sync.push.finished", function(target, ctx)
          tell(ctx, target.name)
        end, { name = "finished" })

        """

    private static let destinationHandlers = """
        app.on("sync.receive.finished", function(origin, ctx)
          app.log(ctx.run .. " " .. ctx.event .. " " .. ctx.delivery_id .. " " .. origin.name, { channel = "told" })
        end, { name = "received" })

        """

    private func expected(of run: String) -> Set<Call> {
        let ids = (0..<Self.items).map(Articles.id)
        var calls = Set(ids.map { Call(run: run, event: "sync.item.pushed", what: $0) })
        calls.insert(Call(run: run, event: "sync.content.after", what: ids.sorted().joined(separator: ",")))
        calls.insert(Call(run: run, event: "sync.push.finished", what: "production"))
        return calls
    }

    private func expectedThere(of run: String) -> Set<Call> {
        [Call(run: run, event: "sync.receive.finished", what: "staging")]
    }

    /// Calls by their delivery ids, one for each time it was made.
    private func told(_ instance: RealInstance) async throws -> [String: [Call]] {
        let rows = try await instance.json([LogRow].self, "log", "--channel", "told", "--limit", "100000")
        var told: [String: [Call]] = [:]
        for row in rows {
            let words = row.message.split(separator: " ").map { String($0) }
            try #require(words.count == 4, "\(row.message)")
            told[words[2], default: []].append(Call(run: words[0], event: words[1], what: words[3]))
        }
        return told
    }

    private func committed(_ instance: RealInstance, _ direction: String) async throws -> Set<String> {
        let runs = try await instance.json([RunRow].self, "runs", "--limit", "100000")
        return Set(runs.filter { $0.direction == direction && $0.phase == "committed" }.map(\.id))
    }

    private func missing() async throws -> Set<Call> {
        let here = try await committed(source, "push").reduce(into: Set<Call>()) { $0.formUnion(expected(of: $1)) }
        let there = try await committed(destination, "receive")
            .reduce(into: Set<Call>()) { $0.formUnion(expectedThere(of: $1)) }
        let toldHere = Set(try await told(source).values.joined())
        let toldThere = Set(try await told(destination).values.joined())
        return here.subtracting(toldHere).union(there.subtracting(toldThere))
    }

    private mutating func expectNothingElseTold() async throws {
        let pushed = try await committed(source, "push")
        let received = try await committed(destination, "receive")
        #expect(pushed == received, "the two sides disagree about which runs were committed")
        let here = try await told(source)
        let there = try await told(destination)
        #expect(Set(here.values.joined()).subtracting(pushed.flatMap(expected)) == [])
        #expect(Set(there.values.joined()).subtracting(received.flatMap(expectedThere)) == [])
        for (delivery, calls) in here.merging(there, uniquingKeysWith: +) {
            #expect(Set(calls).count == 1, "delivery \(delivery) was made with different arguments: \(calls)")
            tally.repeated += calls.count - 1
        }
        #expect(here.count == pushed.count * (Self.items + 2), "a delivery id stands for more than one call")
        tally.runs = pushed.count
    }

    // MARK: Steps

    private mutating func changeEverything() async throws {
        round += 1
        try await source.take(
            Articles.make(Self.items).map { $0.setting("round", to: JSONDocument(integer: round)) })
    }

    private func push() async throws {
        let report = try await source.report("push")
        try #require(report.isGood, "the push of round \(round) did not go through: \(report)")
    }

    /// How much work and traffic a push of everything is.
    private mutating func measure() async throws {
        try await changeEverything()
        let before = proxy.passed
        let pushing = try source.start(["push", "production", "--json"])
        let work = Work([pushing, server.tool])
        while !pushing.hasEnded {
            wholeWork = max(wholeWork, work.done)
            try await Task.sleep(for: .milliseconds(2))
        }
        let report = try Report(await pushing.ending())
        try #require(report.isGood, "\(report)")
        wholeTraffic = proxy.passed - before
    }

    /// The moment lies behind most of the traffic, and then some work further on: around the commit.
    private mutating func pushAndKill() async throws {
        let traffic = Int(Double(wholeTraffic) * (0.6 + 0.4 * share()))
        let further = wholeWork * (0.4 * share())
        let before = (traffic: proxy.passed, received: try await committed(destination, "receive"))
        let pushing = try source.start(["push", "production", "--json", "--timeout", "5"])
        let work = Work([pushing, server.tool])
        try await eventually("the push sends what it has", within: .seconds(120)) {
            pushing.hasEnded || proxy.passed - before.traffic >= traffic
        }
        let done = work.done
        try await eventually("the push does its work", within: .seconds(120)) {
            pushing.hasEnded || work.done - done >= further
        }
        guard !pushing.hasEnded else { return }
        tally.kills += 1
        pushing.send(SIGKILL)
        if random.next() % 4 == 0 { try await killServer() }
        _ = await pushing.ending()
        try await note(before.received)
    }

    private func share() -> Double { Double(random.next() % 1_000) / 1_000 }

    private mutating func killServer() async throws {
        tally.killedServers += 1
        await server.kill()
        server = try await TestServer(destination)
        proxy.lead(to: server.port)
    }

    private mutating func note(_ before: Set<String>) async throws {
        guard let run = try await committed(destination, "receive").subtracting(before).first else { return }
        tally.committed += 1
        let told = Set(try await told(source).values.joined())
        if !expected(of: run).isSubset(of: told) { tally.untold += 1 }
    }
}
