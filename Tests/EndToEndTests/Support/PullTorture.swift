import ContentModel
import Foundation
import Testing
import TidelockTestSupport

/// Kills one side of pulls at random moments of their work, and watches what the instance that pulls shows meanwhile.
///
/// The one that asks is written to, and the other one makes the plan: after a kill of its server the pull has to begin
/// anew. Moments are amounts of work, as in `Torture`.
struct PullTorture {
    private static let batchItems = 100
    private static let options = ["--batch-size", "\(batchItems)"]

    /// What happened, for whoever reads the output of `scripts/torture`.
    struct Tally: CustomStringConvertible {
        var rounds = 0
        var killedPulls = 0
        var killedServers = 0
        /// Pulls that were killed and yet had been committed.
        var committed = 0
        /// Pulls that went on with a server that was restarted meanwhile.
        var survived = 0
        var looks = 0
        var kills: Int { killedPulls + killedServers }

        var description: String {
            """
            \(rounds) rounds with \(kills) kills, \(killedPulls) of a pull and \(killedServers) of its server
              \(committed) killed pulls had been committed, \(survived) went on with a restarted server; the instance \
            was read \(looks) times
            """
        }
    }

    private let source: RealInstance
    private let puller: RealInstance
    private let proxy: RecordingProxy
    private let random: SeededRandom
    private let items: Int
    private let bytes: Int
    private var server: TestServer
    private var round: UInt64 = 0
    /// Of an undisturbed pull.
    private var wholeWork = Duration.zero
    private(set) var tally = Tally()

    /// Makes two instances with so many items, and pulls once.
    init(items: Int, bytes: Int) async throws {
        (self.items, self.bytes) = (items, bytes)
        source = try await RealInstance.make("production")
        puller = try await RealInstance.make("staging")
        random = SeededRandom(seed: Story.current.seed)
        try source.hook("10-documented.lua", Handlers.documented)
        server = try await TestServer(source)
        proxy = try RecordingProxy(to: server.port, keepsBytes: false)
        try await puller.target(source, at: proxy.port)
        try await changeEverything()
        try await pull()
        try await changeEverything()
        try await measure()
    }

    /// One round: everything changes, a pull is killed (perhaps two), the next one must go through.
    mutating func killOnce() async throws {
        let puller = puller
        let old = try await puller.kinds()
        try await changeEverything()
        let watch = Watch()
        async let watching = watch.follow(puller)
        repeat {
            guard try await pullAndKill() else { break }
        } while random.next() % 4 == 0
        try await pull()
        watch.end()
        let seen = try await watching
        let shown = Watch.judge(seen, old: old, new: try await puller.kinds(), "round \(round)")
        tally.looks += shown.old + shown.new
        tally.rounds += 1
    }

    /// The instance that pulled holds what the handlers of the other one let through, and both know it.
    mutating func expectEqualSides() async throws {
        #expect(try await puller.content().hashes == source.content().filtered.hashes)
        let again = try await puller.report("pull")
        #expect(again.isGood && again.sent == 0 && again.roundTrips <= 2, "\(again)")
        #expect(await server.stop() == 0)
    }

    // MARK: Steps

    /// Other texts in every item.
    private mutating func changeEverything() async throws {
        round += 1
        try await source.take(Articles.make(items, bytes: bytes, seed: round))
    }

    private func pull() async throws {
        let report = try await puller.report("pull", Self.options)
        try #require(report.isGood, "the pull of round \(round) did not go through: \(report)")
    }

    private func startPull() throws -> RunningTool {
        try puller.start(["pull", "production", "--json", "--timeout", "5"] + Self.options)
    }

    /// How much work a pull of everything is.
    private mutating func measure() async throws {
        let pulling = try startPull()
        let work = Work([pulling, server.tool])
        while !pulling.hasEnded {
            wholeWork = max(wholeWork, work.done)
            try await Task.sleep(for: .milliseconds(2))
        }
        let report = try Report(await pulling.ending())
        try #require(report.isGood, "\(report)")
    }

    /// False when the pull was through before its moment came.
    private mutating func pullAndKill() async throws -> Bool {
        let isPull = random.next() % 2 == 0
        let moment = wholeWork * (Double(random.next() % 1_000) / 1_000)
        let before = try await puller.kinds()
        let pulling = try startPull()
        let work = Work([pulling, server.tool])
        try await eventually("the pull does its work", within: .seconds(120)) {
            pulling.hasEnded || work.done >= moment
        }
        guard !pulling.hasEnded else { return false }
        if isPull {
            tally.killedPulls += 1
            pulling.send(SIGKILL)
            _ = await pulling.ending()
        } else {
            try await killServer(during: pulling)
        }
        if try await puller.kinds() != before { tally.committed += 1 }
        return true
    }

    /// The server comes back while the pull still tries, or after it has given up. The plan went with it.
    private mutating func killServer(during pulling: RunningTool) async throws {
        tally.killedServers += 1
        await server.kill()
        let isPrompt = random.next() % 3 > 0
        if isPrompt { try await restart() }
        let report = try Report(await pulling.ending())
        if report.isGood { tally.survived += 1 }
        #expect(
            report.isGood || ["target_unreachable", "timeout", "unknown_transfer"].contains(report.error?.code),
            "\(report)")
        if !isPrompt { try await restart() }
    }

    private mutating func restart() async throws {
        server = try await TestServer(source)
        proxy.lead(to: server.port)
    }
}
