import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Synchronization
import Testing
import TidelockTestSupport

/// Runs that somebody stops: their task is cancelled, and they give back what they hold elsewhere.
@Suite struct StoppedRunTests {
    /// Instances `a`, `b` and `c`. A clock that passes lets nobody wait; the other one never lets time run out.
    private func instances(_ sleep: TestClock.Sleep) async throws -> [TestInstance] {
        let clock = TestClock(sleep: sleep)
        let random = SeededRandom(seed: 1)
        let made = try ["a", "b", "c"].map { try TestInstance($0, clock: clock, random: random) }
        for number in 1...10 { try await made[0].put(.posts, "{\"_id\":\"\(number)\"}") }
        try await made[2].put(.posts, #"{"_id":"other"}"#)
        return made
    }

    /// A push from `a` that is stopped when a call is held.
    @discardableResult
    private func stop(_ a: TestInstance, at peer: HoldingPeer) async throws -> TidelockError? {
        let push = Task {
            try await a.push(to: peer, named: "b", TestRun(options: PlanOptions(batchSize: 2)))
        }
        try await eventually("the push waits at its call") { peer.isHolding }
        push.cancel()
        do {
            _ = try await push.value
            Issue.record("a run that was stopped ended well")
            return nil
        } catch let failure as TestRunFailure {
            #expect(failure.error.code == .cancelled)
            return failure.error
        }
    }

    @Test(arguments: [HoldingPeer.Call.open, .stage])
    fileprivate func theRightToWriteIsGivenBack(call: HoldingPeer.Call) async throws {
        let made = try await instances(.lastsUntilCancelled)
        let (a, b, c) = (made[0], made[1], made[2])
        let error = try await stop(a, at: HoldingPeer(b.responder, holding: call))
        #expect(error?.details[RunMachine.abandoned] != nil)
        #expect(try await b.store.leaseHolder() == nil)
        #expect(a.hooks.pinned == 0)
        #expect(try await c.push(to: b).result?.created == 1)
        #expect(try await a.push(to: b).result?.created == 10)
        #expect(try b.problems() == [])
    }

    /// The destination has changed, so the plan that came along with the open is not applied.
    @Test func theRightToWriteIsGivenBackByAnOpenThatMightHaveCommitted() async throws {
        let made = try await instances(.lastsUntilCancelled)
        let (a, b) = (made[0], made[1])
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","v":"edited"}"#)
        try await a.put(.posts, #"{"_id":"11"}"#)
        let error = try await stop(a, at: HoldingPeer(b.responder, holding: .open))
        #expect(error?.details[RunMachine.mayHaveCommitted] != nil)
        #expect(try await b.store.leaseHolder() == nil)
        #expect(a.hooks.pinned == 0)
        #expect(try await a.push(to: b).result?.created == 1)
        #expect(try b.problems() == [])
    }

    @Test func whatATooLateStopMeetsIsAcknowledgedLater() async throws {
        let made = try await instances(.lastsUntilCancelled)
        let (a, b) = (made[0], made[1])
        try await a.push(to: b)
        try await a.put(.posts, #"{"_id":"11"}"#)
        let peer = HoldingPeer(b.responder, holding: .open)
        let push = Task { try await a.push(to: peer, named: "b", TestRun()) }
        try await eventually("the push waits at its call") { peer.isHolding }
        push.cancel()
        let failure = try #require(await #expect(throws: TestRunFailure.self) { try await push.value })
        #expect(failure.error.details[RunMachine.mayHaveCommitted] != nil)
        #expect(try b.ids(.posts).contains("11"))
        #expect(try await a.recover(failure.transfer, .push, at: b.responder, named: "b"))
        #expect(try await a.push(to: b).isNoOp)
        #expect(try b.problems() == [])
    }

    @Test func whatHadArrivedIsNotSentAgain() async throws {
        let made = try await instances(.lastsUntilCancelled)
        try await stop(made[0], at: HoldingPeer(made[1].responder, holding: .stage, after: 2))
        let next = try await made[0].push(to: made[1], TestRun(options: PlanOptions(batchSize: 2)))
        #expect(next.result?.resumedBatches == 2 && next.result?.created == 10, "\(next)")
    }

    @Test func aSideThatDoesNotAnswerIsNotWaitedForLong() async throws {
        let made = try await instances(.passes)
        let peer = HoldingPeer(made[1].responder, holding: .stage, hangsUp: false)
        let error = try await stop(made[0], at: peer)
        #expect(error?.details[RunMachine.abandoned] == nil)
    }
}

/// A peer that carries a call out and never answers it, until whoever waits is cancelled.
private final class HoldingPeer: PeerInBetween {
    enum Call: Sendable {
        case open, stage
    }

    private struct Seen {
        var stages = 0
        var arrived = 0
        var isHolding = false
    }

    let peer: any Peer
    private let held: Call
    private let free: Int
    private let hangsUp: Bool
    private let seen = Mutex(Seen())

    /// - Parameters:
    ///   - free: so many batches are answered before one is held
    ///   - hangsUp: whether the end of the run is answered
    init(_ peer: any Peer, holding held: Call, after free: Int = 0, hangsUp: Bool = true) {
        self.peer = peer
        self.held = held
        self.free = free
        self.hangsUp = hangsUp
    }

    /// Whether a call is held, and everything that is answered has been.
    var isHolding: Bool { seen.withLock { $0.isHolding && $0.arrived >= free } }

    private func hold() async throws -> Never {
        seen.withLock { $0.isHolding = true }
        try await TestClock(sleep: .lastsUntilCancelled).sleep(for: .zero)
        preconditionFailure("such a sleep ends with an error")
    }

    func open(_ request: OpenTransfer) async throws -> TransferOpened {
        let answer = try await peer.open(request)
        if held == .open { try await hold() }
        return answer
    }

    func stage(transfer: String, fence: Int64, _ batch: EncodedBatch) async throws -> BatchReceipt {
        let number = seen.withLock { seen in
            seen.stages += 1
            return seen.stages
        }
        if held == .stage, number > free { try await hold() }
        let receipt = try await peer.stage(transfer: transfer, fence: fence, batch)
        seen.withLock { $0.arrived += 1 }
        return receipt
    }

    func abandon(transfer: String) async throws {
        guard hangsUp else { try await hold() }
        try await peer.abandon(transfer: transfer)
    }
}
