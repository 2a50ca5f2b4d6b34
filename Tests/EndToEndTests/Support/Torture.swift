import ContentModel
import CoreFoundation  // The compiler takes the members of timespec for its own.
import Foundation
import SyncProtocol
import Synchronization
import Testing
import TidelockTestSupport

/// Kills one side of pushes at random moments of their work, and watches what the destination shows meanwhile.
///
/// Moments are amounts of work (processor time of both processes) and not of time: they fall everywhere in a push
/// however busy the machine is.
struct Torture {
    private static let batchItems = 100
    /// Rounds in which the files may grow: by then the undo that is kept is there, and much that kills left as well.
    private static let growingRounds = 15
    /// What a round adds to the records of runs, of the log and of the audit log at both sides, at most.
    private static let recordBytes = 32 << 10

    private let source: RealInstance
    private let destination: RealInstance
    private let proxy: RecordingProxy
    private let random: SeededRandom
    private var server: TestServer
    private var round = 0
    /// Of an undisturbed push.
    private var wholeWork = Duration.zero
    private var wholeTraffic = PushTraffic()
    private(set) var tally = Tally()

    /// Makes two instances with so many items, and pushes once.
    init(items: Int, bytes: Int) async throws {
        source = try await RealInstance.make("staging")
        destination = try await RealInstance.make("production")
        random = SeededRandom(seed: Story.current.seed)
        try await source.take(Articles.make(items, bytes: bytes))
        try await source.take(Articles.make(items / 10, from: items, bytes: bytes), model: "authors")
        server = try await TestServer(destination)
        proxy = try RecordingProxy(to: server.port, keepsBytes: false)
        try await source.target(destination, at: proxy.port)
        try await changeEverything()
        try await push()
        try await changeEverything()
        try await measure()
    }

    /// One round: everything changes, a push is killed (perhaps two), the next one must go through.
    mutating func killOnce() async throws {
        let (begin, before) = (ContinuousClock.now, tally)
        let old = try await destination.kinds()
        try await changeEverything()
        let watch = Watch()
        async let watching = watch.follow(destination)
        _ = proxy.takeRequests()
        repeat {
            guard try await pushAndKill() else { break }
        } while random.next() % 4 == 0
        try await push()
        let costs = proxy.takeRequests()
        let time = begin.duration(to: .now)
        try expectLittleRepeated(costs, since: before, within: time)
        watch.end()
        let seen = try await watching
        let new = try await destination.kinds()
        let shown = Watch.judge(seen, old: old, new: new, "round \(round)")
        tally.sawOld += shown.old
        tally.sawNew += shown.new
        tally.rounds += 1
        tally.times.append(time)
        try expectLittleLeft()
    }

    /// Both sides are equal but for what the handlers do, and know it.
    mutating func expectEqualSides() async throws {
        let expected = try await source.content().filtered.map { key, item in
            (key, key.hasPrefix("content/") ? item.setting("round", to: JSONDocument(integer: round)) : item)
        }
        let content = try await destination.content()
        #expect(content.hashes == Dictionary(uniqueKeysWithValues: expected).hashes)
        let again = try await source.report("push")
        #expect(again.isGood && again.sent == 0 && again.roundTrips <= 2, "\(again)")
        #expect(await server.stop() == 0)
        for instance in [source, destination] { try await expectNothingOrphaned(instance) }
    }

    // MARK: Steps

    /// Another handler gives every content item another form; a model is edited beside.
    private mutating func changeEverything() async throws {
        round += 1
        try source.hook(
            "10-documented.lua", Handlers.documented + Handlers.filter("item.round = \(round)", name: "round"))
        try await source.put(
            "models",
            .object([("name", JSONDocument(string: "articles")), ("label", JSONDocument(string: "Round \(round)"))]))
    }

    private mutating func push() async throws {
        let report = try await source.report("push", ["--batch-size", "\(Self.batchItems)"])
        try #require(report.isGood, "the push of round \(round) did not go through: \(report)")
        tally.resumed += report.resumedBatches ?? 0
    }

    /// What was on its way when a process died is sent again, and what asks how things stand; nothing else is.
    private mutating func expectLittleRepeated(
        _ costs: [RequestCost], since before: Tally, within time: Duration
    ) throws {
        let traffic = PushTraffic(costs)
        let (kills, gaveUp) = (tally.kills - before.kills, tally.gaveUp - before.gaveUp)
        let destinations = tally.killedDestinations - before.killedDestinations
        let most = try traffic.most(breaks: kills + destinations + gaveUp, whole: wholeTraffic)
        let told = RoundTraffic(
            round: round, kills: kills, gaveUp: gaveUp, bytes: traffic.bytes, most: most,
            repeated: traffic.repeated)
        tally.note(told)
        #expect(traffic.bytes <= most, "\(told): \(costs.repetitions)")
        #expect(
            traffic.isAlike(wholeTraffic),
            "round \(round): the batches alone had \(traffic.needed) bytes, undisturbed \(wholeTraffic.needed)")
        #expect(
            traffic.waits <= Int(time / .seconds(Limits.patienceSeconds)),
            "round \(round): \(traffic.waits) times a server said within \(time) that its work goes on")
    }

    /// Items and the undo of the last ten runs are kept, and a few records of each run; what else earlier rounds left
    /// is freed.
    private mutating func expectLittleLeft() throws {
        tally.disk.append(try source.bytesOnDisk + destination.bytesOnDisk)
        guard let usual = tally.disk.prefix(Self.growingRounds).max(), let now = tally.disk.last else { return }
        let most = 2 * usual + tally.rounds * Self.recordBytes
        #expect(
            now <= most, "round \(round): the files of both sides have \(now) bytes, at first at most \(usual)")
    }

    private struct Collected: Decodable {
        struct Freed: Decodable { var orphanedBodies: Int }

        var freed: Freed
    }

    private func expectNothingOrphaned(_ instance: RealInstance) async throws {
        let freed = try await instance.json(Collected.self, "gc").freed
        #expect(freed.orphanedBodies == 0, "kills left bodies in \(instance.name) that belong to nothing")
    }

    /// How much work and traffic a push of everything is.
    private mutating func measure() async throws {
        _ = proxy.takeRequests()
        let pushing = try source.start(["push", "production", "--json", "--batch-size", "\(Self.batchItems)"])
        let work = Work([pushing, server.tool])
        while !pushing.hasEnded {
            wholeWork = max(wholeWork, work.done)
            try await Task.sleep(for: .milliseconds(2))
        }
        let report = try Report(await pushing.ending())
        try #require(report.isGood, "\(report)")
        wholeTraffic = PushTraffic(proxy.takeRequests())
    }

    /// False when the push was through before its moment came.
    private mutating func pushAndKill() async throws -> Bool {
        let isSource = random.next() % 2 == 0
        let moment = wholeWork * (Double(random.next() % 1_000) / 1_000)
        let before = (traffic: proxy.passed, state: try await destination.kinds())
        let pushing = try source.start([
            "push", "production", "--json", "--timeout", "5", "--batch-size", "\(Self.batchItems)",
        ])
        let work = Work([pushing, server.tool])
        try await eventually("the push does its work", within: .seconds(120)) {
            pushing.hasEnded || work.done >= moment
        }
        guard !pushing.hasEnded else { return false }
        note(traffic: proxy.passed - before.traffic)
        if isSource { await killSource(pushing) } else { try await killDestination(pushing) }
        if try await destination.kinds() != before.state { tally.committed += 1 }
        return true
    }

    private mutating func killSource(_ pushing: RunningTool) async {
        tally.killedSources += 1
        pushing.send(SIGKILL)
        _ = await pushing.ending()
    }

    /// The server comes back while the push still tries, or after it has given up.
    private mutating func killDestination(_ pushing: RunningTool) async throws {
        tally.killedDestinations += 1
        await server.kill()
        let isPrompt = random.next() % 3 > 0
        if isPrompt { try await restart() }
        let report = try Report(await pushing.ending())
        if report.isGood { tally.survived += 1 } else { tally.gaveUp += 1 }
        if !isPrompt {
            #expect(report.isGood || ["target_unreachable", "timeout"].contains(report.error?.code), "\(report)")
            try await restart()
        }
    }

    private mutating func restart() async throws {
        server = try await TestServer(destination)
        proxy.lead(to: server.port)
    }

    private mutating func note(traffic: Int) {
        let part = traffic < 4_096 ? 0 : traffic < wholeTraffic.bytes * 95 / 100 ? 1 : 2
        tally.moments[part] += 1
    }
}

/// Reads the state of an instance over and over until it is told to end.
final class Watch: Sendable {
    private struct Known {
        var isOver = false
        var seen: [[KindRow]] = []
    }

    private let known = Mutex(Known())

    func follow(_ instance: RealInstance) async throws -> [[KindRow]] {
        while !known.withLock(\.isOver), !Task.isCancelled {
            let state = try await instance.kinds()
            known.withLock { $0.seen.append(state) }
        }
        return known.withLock(\.seen)
    }

    func end() {
        known.withLock { $0.isOver = true }
    }

    /// Expects the old state, then the new one, and nothing else. Answers how often each was seen.
    static func judge(
        _ seen: [[KindRow]], old: [KindRow], new: [KindRow], _ place: String
    ) -> (old: Int, new: Int) {
        #expect(old != new)
        var shown = (old: 0, new: 0)
        for state in seen {
            #expect(state == old || state == new, "\(place): neither the old nor the new state was shown")
            #expect(shown.new == 0 || state == new, "\(place): the old state came back")
            if shown.new > 0 || state == new { shown.new += 1 } else { shown.old += 1 }
        }
        return shown
    }
}

/// Processor time that processes have used since it was made.
struct Work: Sendable {
    private let clocks: [(clock: clockid_t, start: Duration)]

    init(_ tools: [RunningTool]) {
        clocks = tools.map { tool in
            var clock = clockid_t()
            clock_getcpuclockid(tool.process, &clock)
            return (clock, Self.time(clock))
        }
    }

    /// A process that has ended counts no more.
    var done: Duration { clocks.reduce(.zero) { $0 + max(.zero, Self.time($1.clock) - $1.start) } }

    private static func time(_ clock: clockid_t) -> Duration {
        var time = timespec()
        guard clock_gettime(clock, &time) == 0 else { return .zero }
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
