import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Runs that break, answers that get lost, processes that start again, and runs that meet.
@Suite struct InterruptionTests: PairSuite {
    let a: TestInstance
    let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private func fill() async throws {
        for number in 1...6 { try await a.put(.posts, "{\"_id\":\"\(number)\",\"v\":1}") }
        try await b.put(.posts, #"{"_id":"1","v":"edited"}"#)
    }

    private func expectArrived() async throws {
        for number in 1...6 {
            let text = try await b.text(.posts, "\(number)")
            #expect(text == "{\"_id\":\"\(number)\",\"v\":1}")
        }
        try expectNoProblems()
    }

    private func batches(_ size: Int) async throws -> Set<String> {
        let run = try await a.push(to: b, TestRun(options: PlanOptions(batchSize: size), isDryRun: true))
        return Set(try #require(run.plan).batches.map(\.digest))
    }

    /// Batches are made in the order of buckets, so the item is the first of all.
    @Test func anItemMoreLeavesMostBatchesAsTheyWere() async throws {
        let changes = try (1...3_000).map { number in
            let body = try JSONDocument(validating: "{\"_id\":\"i\(number)\"}")
            return LocalChange.put(kind: .posts, body: body, hash: body.hash)
        }
        try await a.change(changes)
        let before = try await batches(200)
        let first = (1...100).map { "n\($0)" }.min { left, right in
            Bucket(kind: .posts, id: left).number < Bucket(kind: .posts, id: right).number
        }
        try await a.put(.posts, "{\"_id\":\"\(try #require(first))\"}")
        let after = try await batches(200)
        #expect(before.count >= 15)
        #expect(
            after.subtracting(before).count <= 5,
            "\(after.count) batches, \(after.intersection(before).count) as before")
    }

    /// Every call of a push and of a pull, broken before and after it was carried out.
    @Test(
        "T35, T50: a run that breaks anywhere is completed by the next",
        arguments: 1...12, [(true, true), (true, false), (false, true), (false, false)])
    func aRunThatBreaksAnywhereIsCompletedByTheNext(call: Int, how: (isPush: Bool, isCarriedOut: Bool)) async throws {
        try await fill()
        let fault = FaultyPeer.Fault(call: call, isCarriedOut: how.isCarriedOut)
        var run = TestRun(options: PlanOptions(batchSize: 2), fault: fault)
        let before = try StoreInspector(b.store).heads()
        do {
            try await a.move(to: b, isPush: how.isPush, run)
        } catch is TestRunFailure {
            let after = try StoreInspector(b.store).heads()
            if after != before { try await expectArrived() }
        }
        run.fault = nil
        try await a.move(to: b, isPush: how.isPush, run)
        try await expectArrived()
        let again = try await a.move(to: b, isPush: how.isPush)
        #expect(again.isNoOp)
    }

    /// Every call of the process that drives a run, to its own store and to the other instance, at first contact and when
    /// both know each other.
    @Test(arguments: [(true, true), (true, false), (false, true), (false, false)], [true, false])
    func aRunWhoseProcessDiesAnywhereIsCompletedByTheNext(
        how: (isPush: Bool, isCarriedOut: Bool), areKnown: Bool
    ) async throws {
        var calls = 0
        var hasCrashed = true
        while hasCrashed, calls < 200 {
            calls += 1
            let crash = CrashPoint(call: calls, isCarriedOut: how.isCarriedOut)
            try await InterruptionTests().expectCompletion(after: crash, isPush: how.isPush, areKnown: areKnown)
            hasCrashed = crash.hasCrashed
        }
        #expect((10..<200).contains(calls), "a run takes \(calls) calls")
    }

    private func expectCompletion(after crash: CrashPoint, isPush: Bool, areKnown: Bool) async throws {
        var run = TestRun(options: PlanOptions(batchSize: 2))
        if areKnown {
            try await a.put(.posts, #"{"_id":"1","v":0}"#)
            try await a.move(to: b, isPush: isPush, run)
        }
        try await fill()
        run.crash = crash
        do {
            try await a.move(to: b, isPush: isPush, run)
        } catch is TestRunFailure {
            #expect(crash.hasCrashed)
        }
        run.crash = nil
        try await a.move(to: b, isPush: isPush, run)
        try await expectArrived()
        let again = try await a.move(to: b, isPush: isPush)
        #expect(again.isNoOp)
    }

    /// How many batches a run staged that died in the middle, and the run after it.
    private func resumedPush(
        call: Int, scope: Scope = .everything, between: () async throws -> Void = {}
    ) async throws -> (staged: Int, next: TestRunResult) {
        for number in 1...20 { try await a.put(.posts, "{\"_id\":\"\(number)\",\"v\":1}") }
        let dying = TestRun(
            options: PlanOptions(batchSize: 2), fault: FaultyPeer.Fault(call: call, isCarriedOut: true))
        var staged = 0
        do {
            try await a.push(to: b, dying)
        } catch let failure as TestRunFailure {
            staged = try await b.store.transferState(transfer: failure.transfer).stagedBatches.count
        }
        try await between()
        return (staged, try await a.push(to: b, TestRun(scope: scope, options: PlanOptions(batchSize: 2))))
    }

    @Test(arguments: 5...11)
    func whatAPushThatDiedHadStagedIsNotSentAgain(call: Int) async throws {
        let (staged, next) = try await resumedPush(call: call)
        #expect(staged > 0 && next.result?.resumedBatches == staged, "\(staged): \(next)")
        #expect(next.calls.count { $0 == "stage" } == 10 - staged && next.result?.created == 20)
        #expect(try b.problems() == [])
        #expect(try await a.push(to: b).isNoOp)
    }

    /// The source cuts the batches of a pull, and there is one; the call that stages it is among these.
    @Test func whatAPullThatDiedHadStagedIsNotSentAgain() async throws {
        for number in 1...20 { try await a.put(.posts, "{\"_id\":\"\(number)\",\"v\":1}") }
        var resumed = 0
        for call in 1...40 where resumed == 0 {
            var dying = TestRun()
            dying.crash = CrashPoint(call: call, isCarriedOut: true)
            guard (try? await b.pull(from: a, dying)) == nil else { break }
            guard try StoreInspector(b.store).count("SELECT count(*) FROM staged_batch") > 0 else { continue }
            let next = try await b.pull(from: a)
            resumed = next.result?.resumedBatches ?? 0
            #expect(!next.calls.contains("batch") && next.result?.created == 20)
        }
        #expect(resumed == 1)
        #expect(try b.problems() == [])
    }

    @Test func aBatchThatChangedSinceIsSentAgainAndNoOther() async throws {
        let (staged, next) = try await resumedPush(call: 8) {
            try await a.put(.posts, #"{"_id":"7","v":2}"#)
        }
        let resumed = next.result?.resumedBatches ?? 0
        #expect(staged - resumed <= 1 && resumed > 1, "\(staged): \(next)")
        #expect(try await b.text(.posts, "7") == #"{"_id":"7","v":2}"#)
        #expect(try b.problems() == [])
    }

    @Test func aRunOfAnotherScopeTakesNothingOver() async throws {
        let (staged, next) = try await resumedPush(call: 8, scope: Scope(models: ["posts"]))
        #expect(staged > 0 && next.result?.resumedBatches == nil && next.result?.created == 20)
        #expect(try b.problems() == [])
    }

    @Test(arguments: [true, false])
    func everyCallMayBeRepeated(isPush: Bool) async throws {
        try await fill()
        let run = TestRun(options: PlanOptions(batchSize: 2), repeatsCalls: true)
        let result = try await a.move(to: b, isPush: isPush, run)
        #expect(result.result?.conflictCount == 1)
        try await expectArrived()
        #expect(a.hooks.pinned == 0)
    }

    @Test(arguments: 2...9)
    func aSourceThatStartsAgainInTheMiddleOfAPullCostsAtMostThatRun(call: Int) async throws {
        try await fill()
        let peer = FaultyPeer(a.responder, successor: .init(call: call, peer: a.restarted()))
        do {
            try await b.pull(from: peer, named: "a", TestRun(options: PlanOptions(batchSize: 2)))
        } catch let failure as TestRunFailure {
            #expect(failure.error.code == .unknownTransfer)
        }
        let next = a.restarted()
        try await b.pull(from: next, named: "a", TestRun())
        try await expectArrived()
        #expect(try await b.pull(from: next, named: "a", TestRun()).isNoOp)
    }

    @Test(arguments: 2...9)
    func aDestinationThatStartsAgainInTheMiddleOfAPushIsNotNoticed(call: Int) async throws {
        try await fill()
        let peer = FaultyPeer(b.responder, successor: .init(call: call, peer: b.restarted()))
        try await a.push(to: peer, named: "b", TestRun(options: PlanOptions(batchSize: 2)))
        try await expectArrived()
    }

    @Test func aPullThatCannotBeginGivesTheHandlersBack() async throws {
        try await fill()
        try await b.pull(from: a)
        #expect(a.hooks.pinned == 0)
        try await a.put(.posts, #"{"_id":"7","v":1}"#)
        try StoreVandal(a.store).execute("ALTER TABLE plan RENAME TO hidden")
        await #expect(throws: TestRunFailure.self) { try await b.pull(from: a) }
        #expect(a.hooks.pinned == 0)
    }

    @Test func aPullSupersedesThePushOfTheSameStreamAndNothingIsLost() async throws {
        try await fill()
        let lease = try await b.store.grantLease(
            transfer: a.newID(), source: a.identity, initiator: a.identity.id, direction: .push, scope: .everything)
        try await b.pull(from: a)
        try await expectArrived()
        await #expect(throws: TidelockError.self) { try await b.store.renewLease(transfer: "x", fence: lease.fence) }
    }

    @Test func aLateAcknowledgementOfASupersededPlanIsRefused() async throws {
        try await fill()
        let run = try await a.push(to: b)
        let result = try #require(run.result)
        try await a.store.acknowledge(transfer: run.transfer, result: result, events: [])
        try await a.store.beginPlan(
            transfer: "later", peer: b.identity, initiator: a.identity.id, direction: .push, scope: .everything)
        do {
            try await a.store.acknowledge(transfer: "later", result: result, events: [])
            Issue.record("a plan that is not finished was acknowledged")
        } catch let error as TidelockError {
            #expect(error.code == .unknownTransfer)
        }
        try await a.store.abandonPlan(transfer: "later")
        #expect(try await a.push(to: b).isNoOp)
    }

    @Test func aModelThatIsNamedTwiceIsSentOnce() async throws {
        try await fill()
        let run = try await a.push(to: b, TestRun(scope: Scope(models: ["posts", "posts"])))
        #expect(run.result != nil)
        try await expectArrived()
    }
}
