import ContentModel
import SyncProtocol
import Testing

@testable import SyncServer

@Suite("Long work", .timeLimit(.minutes(1)))
struct LongWorkTests {
    @Test func whoeverAsksForTheSameJoins() async throws {
        let gate = Gate()
        let starts = Shared(0)
        let impatient = LongWork(clock: TestClock(), patience: .seconds(5))
        for _ in 1...3 {
            let outcome = await impatient.outcome(of: "commit a") {
                starts.value += 1
                await gate.wait()
                return []
            }
            #expect(outcome == nil)
        }
        await gate.open()
        await impatient.drain()
        #expect(starts.value == 1)
    }

    @Test func whatEndsInTimeIsAnswered() async throws {
        let work = LongWork(clock: TestClock(sleep: .endless), patience: .seconds(5))
        #expect(try await work.outcome(of: "commit a") { [1] }?.get() == [1])
        #expect(try await work.outcome(of: "commit a") { [2] }?.get() == [2])
    }

    @Test("T5, T73: impatience leaves the work going")
    func impatienceLeavesTheWorkGoing() async throws {
        let work = LongWork(clock: TestClock(), patience: .seconds(5))
        let gate = Gate()
        let isDone = Shared(false)
        let outcome = await work.outcome(of: "commit a") {
            await gate.wait()
            isDone.value = true
            return []
        }
        #expect(outcome == nil)
        #expect(!isDone.value)
        await gate.open()
        await work.drain()
        #expect(isDone.value)
    }

    @Test func failuresReachWhoeverWaits() async {
        let work = LongWork(clock: TestClock(sleep: .endless), patience: .seconds(5))
        let outcome = await work.outcome(of: "a") { throw TidelockError(.fenced, "Late.") }
        #expect(throws: TidelockError.self) { try outcome?.get() }
    }

    @Test func whatFollowsAnAnswerIsCancelledWhenTheServerStops() async throws {
        let clock = TestClock(sleep: .endless)
        let work = LongWork(clock: clock, patience: .seconds(5))
        let isStopped = Shared(false)
        let afterwards = { @Sendable in
            try? await clock.sleep(for: .seconds(1))
            isStopped.value = Task.isCancelled
        }
        let outcome = await work.outcome(of: "commit a", afterwards: afterwards) { [1] }
        #expect(try outcome?.get() == [1])
        await work.drain()
        #expect(isStopped.value)
    }

    @Test func nothingFollowsWorkThatEndsWhileTheServerStops() async throws {
        let work = LongWork(clock: TestClock(sleep: .endless), patience: .seconds(5))
        let hasFollowed = Shared(false)
        await work.drain()
        let afterwards = { @Sendable in hasFollowed.value = true }
        let outcome = await work.outcome(of: "commit a", afterwards: afterwards) { [1] }
        #expect(try outcome?.get() == [1])
        await work.drain()
        #expect(!hasFollowed.value)
    }

    @Test func workThatSomebodyAskedForIsNeverCancelled() async throws {
        let work = LongWork(clock: TestClock(), patience: .seconds(5))
        let gate = Gate()
        let wasCancelled = Shared<Bool?>(nil)
        let outcome = await work.outcome(of: "commit a") {
            await gate.wait()
            wasCancelled.value = Task.isCancelled
            return []
        }
        #expect(outcome == nil)
        async let drained: Void = work.drain()
        await gate.open()
        await drained
        #expect(wasCancelled.value == false)
    }

    @Test(arguments: [true, false])
    func workThatIsWithdrawnIsUndoneWhenItEnds(fails: Bool) async throws {
        let work = LongWork(clock: TestClock(), patience: .seconds(5))
        let gate = Gate()
        let undone = Shared<[String]>([])
        for name in ["open a", "open b"] {
            let withdrawal = LongWork.Withdrawal(name: name) { undone.value.append(name) }
            let outcome = await work.outcome(of: name, withdrawal: withdrawal) {
                await gate.wait()
                if fails { throw TidelockError(.diskFull, "No room.") }
                return []
            }
            #expect(outcome == nil)
        }
        for _ in 1...2 { await work.withdraw("open a") }
        #expect(undone.value.isEmpty)
        await gate.open()
        await work.drain()
        #expect(undone.value == ["open a"])
    }

    @Test func nothingToDoDrainsAtOnce() async {
        await LongWork(clock: TestClock(), patience: .seconds(5)).drain()
    }
}

@Suite("Addresses of callers")
struct CallerAddressTests {
    @Test(arguments: [
        ("10.0.0.1", "", "10.0.0.1"), ("203.0.113.9", "192.0.2.1", "203.0.113.9"),
        ("10.0.0.1", "192.0.2.1", "192.0.2.1"), ("10.0.0.1", "6.6.6.6, 192.0.2.1", "192.0.2.1"),
        ("10.0.0.1", "192.0.2.1, 10.0.0.2", "192.0.2.1"), ("10.0.0.1", "junk", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.1, junk", "10.0.0.1"),
    ])
    func onlyTrustedProxiesAreBelieved(connection: String, forwarded: String, caller: String) throws {
        let proxies = [try CIDR("10.0.0.0/8")]
        #expect(callerAddress(connection: connection, forwarded: forwarded, trusting: proxies) == caller)
    }
}
