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
    /// What happened, for whoever reads the output of `scripts/torture`.
    struct Tally {
        var killedSources = 0
        var killedDestinations = 0
        /// Kills before the first batch was on its way, meanwhile, and after the last one.
        var moments = [0, 0, 0]
        /// Pushes that were killed and yet had been committed.
        var committed = 0
        /// Pushes that found their restarted server by themselves.
        var survived = 0
        /// Batches that later pushes took over instead of sending them again.
        var resumed = 0
        /// Pushes that gave up, most of them before their server was back.
        var gaveUp = 0
        var observations = 0
        var kills: Int { killedSources + killedDestinations }
    }

    private static let batchItems = 100

    private let source: RealInstance
    private let destination: RealInstance
    private let proxy: RecordingProxy
    private let random: SeededRandom
    private var server: TestServer
    private let batches: Int
    private var round = 0
    /// Of an undisturbed push.
    private var wholeWork = Duration.zero
    private var wholeTraffic = 0
    private(set) var tally = Tally()

    /// Makes two instances with so many items, and pushes once.
    init(items: Int, bytes: Int) async throws {
        batches = (items + items / 10) / Self.batchItems
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
        let old = try await destination.kinds()
        try await changeEverything()
        let watch = Watch()
        async let watching = watch.follow(destination)
        let before = (traffic: proxy.passed, kills: tally.kills)
        repeat {
            guard try await pushAndKill() else { break }
        } while random.next() % 4 == 0
        try await push()
        expectLittleRepeated(proxy.passed - before.traffic, kills: tally.kills - before.kills)
        watch.end()
        let seen = try await watching
        let new = try await destination.kinds()
        judge(seen, old: old, new: new)
        tally.observations += seen.count
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
    private func expectLittleRepeated(_ traffic: Int, kills: Int) {
        let window = Limits.window * wholeTraffic / batches
        // Asking how things stand costs something too, also when nothing is left to send.
        let most = wholeTraffic + (kills + 1) * (16 << 10) + kills * window
        #expect(
            traffic <= most, "round \(round): \(traffic) bytes in all with \(kills) kills, at most \(most) expected")
    }

    /// How much work and traffic a push of everything is.
    private mutating func measure() async throws {
        let before = proxy.passed
        let pushing = try source.start(["push", "production", "--json", "--batch-size", "\(Self.batchItems)"])
        let work = Work([pushing, server.tool])
        while !pushing.hasEnded {
            wholeWork = max(wholeWork, work.done)
            try await Task.sleep(for: .milliseconds(2))
        }
        let report = try Report(await pushing.ending())
        try #require(report.isGood, "\(report)")
        wholeTraffic = proxy.passed - before
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
        let part = traffic < 4_096 ? 0 : traffic < wholeTraffic * 95 / 100 ? 1 : 2
        tally.moments[part] += 1
    }

    private func judge(_ seen: [[KindRow]], old: [KindRow], new: [KindRow]) {
        #expect(old != new)
        var isNew = false
        for state in seen {
            #expect(
                state == old || state == new, "round \(round): the destination showed neither the old nor the new state"
            )
            #expect(!isNew || state == new, "round \(round): the destination fell back to the old state")
            isNew = isNew || state == new
        }
    }
}

/// Reads the state of an instance over and over until it is told to end.
private final class Watch: Sendable {
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
