import ContentModel
import SyncEngine
import SyncProtocol
import Testing

@Suite struct RunMachineTests {
    private let plan = PlanSummary(
        kinds: [planned(puts: 3)],
        batches: (1...3).map { BatchInfo(number: $0, digest: "d\($0)", operations: 1, bytes: 1) },
        expectedRoots: [:], handlerCalls: 0)
    private let empty = PlanSummary(kinds: [], batches: [], expectedRoots: [:], handlerCalls: 0)
    private let result = CommitResult(created: 3, isVerified: true, sequence: 1)

    private static func planned(puts: Int) -> KindPlan {
        var plan = KindPlan(kind: "content/posts")
        plan.creates = puts
        return plan
    }

    /// Feeds events and collects what is to be done after the last of them.
    private func actions(_ machine: inout RunMachine, after events: [RunMachine.Event]) -> [RunMachine.Action] {
        events.reduce([]) { _, event in machine.handle(event) }
    }

    @Test func equalSidesEndTheRunAfterTheOpen() {
        var machine = RunMachine(isDryRun: false)
        #expect(machine.start() == [.open])
        #expect(machine.handle(.inSync) == [.finish(.inSync)])
    }

    @Test func batchesTravelInAWindowAndTheCommitWaitsForAll() {
        var machine = RunMachine(isDryRun: false, window: 2)
        _ = machine.start()
        let first = actions(&machine, after: [.opened, .planned(plan), .approved])
        #expect(first == [.transfer(batch: 1), .transfer(batch: 2)])
        #expect(machine.handle(.staged(2)) == [.transfer(batch: 3)])
        #expect(machine.handle(.staged(3)) == [])
        #expect(machine.handle(.staged(1)) == [.commit(plan)])
        #expect(machine.handle(.committed(result)) == [.acknowledge(result)])
        #expect(machine.handle(.acknowledged) == [.finish(.committed(plan, result))])
    }

    @Test func aBatchThatFollowsWaitsForAllBeforeIt() {
        var ordered = plan
        ordered.batches[2].follows = true
        var machine = RunMachine(isDryRun: false, window: 8)
        _ = machine.start()
        let first = actions(&machine, after: [.opened, .planned(ordered), .approved])
        #expect(first == [.transfer(batch: 1), .transfer(batch: 2)])
        #expect(machine.handle(.staged(2)) == [])
        #expect(machine.handle(.staged(1)) == [.transfer(batch: 3)])
        #expect(machine.handle(.staged(3)) == [.commit(ordered)])
    }

    @Test func batchesThatAreReadyEarlyKeepTheirOrderToo() {
        var ordered = plan
        ordered.batches[1].follows = true
        var machine = RunMachine(isDryRun: false, window: 8)
        _ = machine.start()
        #expect(actions(&machine, after: [.opened, .batchReady(1)]) == [.transfer(batch: 1)])
        #expect(machine.handle(.batchReady(2, follows: true)) == [])
        #expect(machine.handle(.batchReady(3)) == [])
        #expect(machine.handle(.staged(1)) == [.transfer(batch: 2), .transfer(batch: 3)])
        #expect(actions(&machine, after: [.planned(ordered), .staged(2), .approved]) == [])
        #expect(machine.handle(.staged(3)) == [.commit(ordered)])
    }

    @Test func listsAreSuppliedBeforeThePlanIsAskedForAgain() {
        var machine = RunMachine(isDryRun: false)
        _ = machine.start()
        let list = ListHeld(kind: "content/posts", onlyDrift: false)
        #expect(actions(&machine, after: [.opened, .needs([list])]) == [.supply([list])])
        #expect(machine.handle(.supplied) == [.plan])
    }

    @Test func aDryRunAbandonsWhatItPlanned() {
        var machine = RunMachine(isDryRun: true)
        _ = machine.start()
        #expect(actions(&machine, after: [.opened, .planned(plan)]) == [.abandon])
        #expect(machine.handle(.abandoned) == [.finish(.planned(plan))])
    }

    @Test func anEmptyPlanMovesTheCheckpointsWithoutACommit() {
        var machine = RunMachine(isDryRun: false)
        _ = machine.start()
        let actions = actions(&machine, after: [.opened, .planned(empty), .approved])
        #expect(actions == [.acknowledge(CommitResult(isVerified: true))])
        #expect(machine.handle(.acknowledged) == [.abandon])
        #expect(machine.handle(.abandoned) == [.finish(.unchanged(empty))])
    }

    @Test func aFailureBeforeTheCommitIsAbandonedOnce() {
        var machine = RunMachine(isDryRun: false, window: 2)
        _ = machine.start()
        _ = actions(&machine, after: [.opened, .planned(plan), .approved])
        let error = TidelockError(.targetUnreachable, "gone")
        #expect(machine.handle(.failed(error)) == [.abandon])
        #expect(machine.handle(.staged(1)) == [])
        // Batches that were on their way as well cut nothing short.
        #expect(machine.handle(.failed(error)) == [])
        #expect(machine.handle(.notAbandoned) == [.finish(.failed(.targetUnreachable))])
        #expect(machine.failure?.code == .targetUnreachable)
        #expect(machine.failure?.details[RunMachine.abandoned] == nil)
    }

    @Test(arguments: [ErrorCode.rootMismatch, .deleteGuard, .batchConflict, .fenced])
    func aCommitThatWasRefusedIsAbandoned(code: ErrorCode) {
        var machine = RunMachine(isDryRun: false, window: 3)
        _ = machine.start()
        _ = actions(&machine, after: [.opened, .planned(plan), .approved, .staged(1), .staged(2), .staged(3)])
        #expect(machine.handle(.failed(TidelockError(code, "no"))) == [.abandon])
        #expect(machine.handle(.abandoned) == [.finish(.failed(code))])
        #expect(machine.failure?.code == code)
    }

    @Test func aFailureDuringTheCommitThrowsNothingAway() {
        var machine = RunMachine(isDryRun: false, window: 3)
        _ = machine.start()
        _ = actions(&machine, after: [.opened, .planned(plan), .approved, .staged(1), .staged(2), .staged(3)])
        #expect(machine.state == .committing)
        #expect(machine.handle(.failed(TidelockError(.timeout, "no answer"))) == [.finish(.failed(.timeout))])
        #expect(machine.failure?.hint?.contains("may have taken effect") == true)
    }

    @Test func aFailureAfterTheCommitIsNoDoubtAboutIt() throws {
        var machine = RunMachine(isDryRun: false, window: 3)
        _ = machine.start()
        let staged = (1...3).map { RunMachine.Event.staged($0) }
        _ = actions(&machine, after: [.opened, .planned(plan), .approved] + staged + [.committed(result)])
        let error = TidelockError(.diskFull, "No room.", hint: "Make some.")
        #expect(machine.handle(.failed(error)) == [.finish(.failed(.diskFull))])
        let failure = try #require(machine.failure)
        #expect(failure.details[RunMachine.mayHaveCommitted] != nil)
        #expect(
            failure.hint?.hasPrefix("Make some. The run has taken effect at its destination;") == true, "\(failure)")
    }
}
