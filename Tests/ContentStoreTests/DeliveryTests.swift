import ContentModel
import ContentStore
import HookCatalog
import SyncEngine
import Testing
import TidelockTestSupport

/// How an event gets from the outbox to each of its handlers.
@Suite struct DeliveryTests {
    private let a: TestInstance

    init() throws {
        a = try TestInstance.make("a")[0]
    }

    private var store: Store { a.store }

    private func queue(_ runs: String...) async throws {
        try await store.queue(runs.map { QueuedEvent(event: .pushFailed, run: $0, direction: .push) })
    }

    /// The store as another process has it.
    private func otherProcess() throws -> Store {
        try Store.open(in: a.folder.url, name: "a", clock: a.clock, random: SeededRandom(seed: 77))
    }

    private func claim() async throws -> ClaimedEvent {
        try #require(try await store.claimEvent())
    }

    // MARK: Claims

    @Test func twoProcessesNeverHoldTheSameEvent() async throws {
        try await queue("1", "2")
        let other = try otherProcess()
        let mine = try await claim()
        let theirs = try #require(try await other.claimEvent())
        #expect([mine, theirs].map(\.event.run) == ["1", "2"])
        #expect(try await store.claimEvent() == nil)
        #expect(try await other.claimEvent() == nil)
        try await store.releaseClaim(on: mine)
        #expect(try await other.claimEvent()?.event.run == "1")
    }

    @Test func theClaimOfAKilledProcessLapses() async throws {
        try await queue("1")
        let other = try otherProcess()
        let dead = try #require(try await other.claimEvent())
        a.clock.advance(by: .seconds(Store.claimSeconds - 1))
        #expect(try await store.claimEvent() == nil)
        a.clock.advance(by: .seconds(1))
        let mine = try await claim()
        #expect(mine.number == dead.number)
        // It was not killed after all, only stopped for a while: whatever it does now changes nothing.
        #expect(try await other.renewClaim(on: dead) == false)
        await #expect(throws: TidelockError.self) { try await other.delivered(dead, to: "h") }
        await #expect(throws: TidelockError.self) { try await other.failed(dead, by: "h", reason: "no") }
        await #expect(throws: TidelockError.self) { try await other.conclude(dead, registered: []) }
        try await other.releaseClaim(on: dead)
        #expect(try await store.renewClaim(on: mine))
    }

    @Test func aRenewedClaimDoesNotLapse() async throws {
        try await queue("1")
        let mine = try await claim()
        for _ in 0..<5 {
            a.clock.advance(by: .seconds(Store.claimSeconds - 1))
            #expect(try await store.renewClaim(on: mine))
        }
        #expect(try await otherProcess().claimEvent() == nil)
    }

    @Test func anEventThatIsGivenBackCountsNoAttempt() async throws {
        try await queue("1")
        for _ in 0..<20 { try await store.releaseClaim(on: try await claim()) }
        let event = try await claim()
        #expect(event.settled == [])
        #expect(try await store.deadDeliveries() == [])
    }

    @Test func anEventThatCannotBeReadHoldsUpNoOther() async throws {
        try await queue("1", "2")
        try StoreVandal(store).execute("UPDATE outbox SET payload = '{' WHERE run = '1'")
        await #expect(throws: TidelockError.self) { try await store.claimEvent() }
        #expect(try await claim().event.run == "2")
    }

    // MARK: Handlers

    @Test func aHandlerThatFailsHoldsUpNoOtherAndIsToldAloneLater() async throws {
        try await queue("1")
        let event = try await claim()
        try await store.failed(event, by: "mail", reason: "no server")
        try await store.delivered(event, to: "purge")
        try await store.conclude(event, registered: ["mail", "purge"])
        #expect(try await store.claimEvent() == nil)
        a.clock.advance(by: .seconds(1))
        let again = try await claim()
        #expect(again.settled == ["purge"])
        try await store.delivered(again, to: "mail")
        try await store.conclude(again, registered: ["mail", "purge"])
        a.clock.advance(by: .seconds(100_000))
        #expect(try await store.claimEvent() == nil)
        #expect(
            try StoreInspector(store).count("SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM delivery)")
                == 0)
    }

    @Test func pausesDoubleUpToAnHourAndThenAPersonDecides() async throws {
        try await queue("1")
        var pauses: [Int] = []
        while try await store.deadDeliveries().isEmpty {
            let event = try await claim()
            let isDead = try await store.failed(event, by: "mail", reason: "no server")
            try await store.conclude(event, registered: ["mail"])
            if isDead { break }
            pauses.append(try await pause())
        }
        #expect(pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024])
        a.clock.advance(by: .seconds(1_000_000))
        #expect(try await store.claimEvent() == nil)
        let dead = try #require(try await store.deadDeliveries().first)
        #expect(dead.handler == "mail" && dead.attempts == Store.deliveryAttempts && dead.failure == "no server")
        #expect(dead.run == "1" && dead.event == "sync.push.failed" && dead.since == 1_800_000_000)
    }

    /// Moves the clock until an event is due, and answers by how many seconds.
    private func pause() async throws -> Int {
        var seconds = 0
        while try await store.dueEvents(limit: 1).isEmpty {
            try #require(seconds < 5_000)
            seconds += 1
            a.clock.advance(by: .seconds(1))
        }
        return seconds
    }

    @Test func aHandlerThatIsGoneIsNotWaitedFor() async throws {
        try await queue("1")
        let event = try await claim()
        try await store.failed(event, by: "mail", reason: "no server")
        try await store.conclude(event, registered: ["mail"])
        a.clock.advance(by: .seconds(1))
        try await store.conclude(try await claim(), registered: [])
        #expect(try StoreInspector(store).count("SELECT count(*) FROM outbox") == 0)
    }

    // MARK: The dead

    private func killMail(_ run: String = "1", told others: [String] = []) async throws -> [DeadDelivery] {
        try await queue(run)
        while true {
            let event = try await claim()
            let isDead = try await store.failed(event, by: "mail", reason: "no server")
            for other in others where !event.settled.contains(other) { try await store.delivered(event, to: other) }
            try await store.conclude(event, registered: ["mail"] + others)
            if isDead { return try await store.deadDeliveries() }
            a.clock.advance(by: .seconds(5_000))
        }
    }

    @Test func aReplayTellsOnlyTheHandlerThatGaveUp() async throws {
        let dead = try await killMail(told: ["purge"])
        try await store.replay(dead)
        let event = try await claim()
        #expect(event.settled == ["purge"])
        #expect(try await store.deadDeliveries() == [])
        #expect(try await store.unsettled(dead) == [dead[0].number: nil])
        try await store.failed(event, by: "mail", reason: "still no server")
        try await store.conclude(event, registered: ["mail", "purge"])
        #expect(try await store.unsettled(dead) == [dead[0].number: "still no server"])
        a.clock.advance(by: .seconds(1))
        let again = try await claim()
        try await store.delivered(again, to: "mail")
        try await store.conclude(again, registered: ["mail", "purge"])
        #expect(try await store.unsettled(dead) == [:])
        #expect(try StoreInspector(store).count("SELECT count(*) FROM outbox") == 0)
    }

    @Test func whatIsForgottenIsGone() async throws {
        let dead = try await killMail()
        await #expect(throws: TidelockError.self) { try await store.deadDeliveries(number: dead[0].number + 1) }
        try await store.forget(try await store.deadDeliveries(number: dead[0].number))
        #expect(try await store.deadDeliveries() == [])
        #expect(try StoreInspector(store).count("SELECT count(*) FROM outbox") == 0)
    }

    @Test func numbersOfDeadEventsAreNeverGivenTwice() async throws {
        let first = try await killMail("1")
        try await store.forget(first)
        let second = try await killMail("2")
        #expect(second.map(\.number) != first.map(\.number))
    }
}
