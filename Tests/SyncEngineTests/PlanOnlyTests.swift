import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Plans that are only looked at: they disturb nobody, and nothing can be done with them.
@Suite struct PlanOnlyTests: PairSuite {
    let a: TestInstance
    let b: TestInstance
    private let c: TestInstance

    init() throws { (a, b, c) = try TestInstance.trio() }

    /// One row that both sides changed, so that a handler is asked in the middle of a push, and one row that is new.
    private func prepareConflict() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#)
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","v":"there"}"#)
        try await a.put(.posts, #"{"_id":"1","v":2}"#, #"{"_id":"3","v":1}"#)
    }

    private func expectDone(_ run: TestRunResult) async throws {
        #expect(run.result?.created == 1 && run.result?.isVerified == true, "\(run)")
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":2}"#)
        try expectNoProblems()
        #expect(a.hooks.pinned == 0)
    }

    @Test func aPlanBesideAPushThatIsAboutToCommitDisturbsNothing() async throws {
        try await prepareConflict()
        let (a, b) = (a, b)
        b.hooks.decide { _ in
            let plan = try await a.push(to: b, TestRun(isDryRun: true)).plan
            #expect(plan?.operations == 2)
            return .source
        }
        try await expectDone(try await a.push(to: b))
        b.hooks.decide(nil)
        #expect(try await a.push(to: b).isNoOp)
        #expect(try await a.push(to: b).outcome == .inSync)
    }

    @Test func aPlanBesideAPullThatIsAboutToCommitDisturbsNothing() async throws {
        try await prepareConflict()
        let (a, b) = (a, b)
        b.hooks.decide { _ in
            let plan = try await b.pull(from: a, TestRun(isDryRun: true)).plan
            #expect(plan?.operations == 2)
            return .source
        }
        try await expectDone(try await b.pull(from: a))
        b.hooks.decide(nil)
        #expect(try await b.pull(from: a).isNoOp)
        #expect(try await b.pull(from: a).outcome == .inSync)
    }

    @Test func whatAPlanFoundMissingIsSentAlthoughARunWasAtWork() async throws {
        try await prepareConflict()
        let (a, b) = (a, b)
        b.hooks.decide { _ in
            // Gone without a trace, as after a restored backup.
            try StoreVandal(b.store).execute(
                """
                DELETE FROM body WHERE rid IN (SELECT rid FROM head WHERE id = '2');
                DELETE FROM head WHERE id = '2';
                \(StoreVandal.markAll)
                """)
            _ = try await a.push(to: b, TestRun(isDryRun: true))
            return .source
        }
        _ = try? await a.push(to: b)
        b.hooks.decide(nil)
        try await a.push(to: b)
        #expect(try await b.text(.posts, "2") == #"{"_id":"2","v":1}"#)
        #expect(try await a.push(to: b).isNoOp)
    }

    @Test func aPlanIsMadeWhileSomebodyElseHoldsTheLease() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        _ = try await b.store.grantLease(
            transfer: "t", source: c.identity, initiator: c.identity.id, direction: .push, scope: .everything)
        let run = try await a.push(to: b, TestRun(isDryRun: true))
        #expect(run.plan?.kinds.map(\.creates) == [1])
        #expect(try await b.store.leaseHolder()?.transfer == "t")
    }

    @Test func aTransferThatIsOnlyPlannedCanNeitherStageNorCommit() async throws {
        var open = OpenTransfer(
            id: a.newID(), direction: .push, initiator: a.identity, scope: .everything, nonce: "n",
            offer: SourceOffer(kinds: [Kind.posts.name], root: "", isQuiet: false, reverted: 0), isPlanOnly: true)
        let answer = try await b.responder.open(open)
        #expect(answer.status == .open && answer.lease == nil)
        _ = try await b.responder.open(open)
        let page = try await b.responder.list(
            transfer: open.id, ListHeld(kind: Kind.posts.name, onlyDrift: false))
        #expect(page.items.isEmpty)
        var encoder = BatchEncoder()
        let body = try JSONDocument(validating: #"{"_id":"1"}"#)
        encoder.add(BatchEntry(kind: .posts, id: "1", operation: .put(body: body, output: body.hash)))
        let batch = try encoder.finish(number: 1)
        let id = open.id
        await #expect(throws: TidelockError.self) { try await b.responder.stage(transfer: id, fence: 0, batch) }
        await #expect(throws: TidelockError.self) { try await b.responder.renew(transfer: id, fence: 0) }
        await #expect(throws: TidelockError.self) {
            try await b.responder.commit(
                transfer: id,
                CommitTransfer(fence: 0, batches: [], expectedRoots: [:], confirmations: Confirmations()))
        }
        open.isPlanOnly = false
        let real = open
        await #expect(throws: TidelockError.self) { try await b.responder.open(real) }
        #expect(try StoreInspector(b.store).heads().isEmpty)
        try await b.responder.abandon(transfer: id)
        #expect(try StoreInspector(b.store).count("SELECT count(*) FROM transfer") == 0)
    }

    @Test func aRunEndsPlansThatAreOnlyLookedAtAndNotTheOtherWayRound() async throws {
        func begin(_ transfer: String, isPlanOnly: Bool) async throws {
            let begin = isPlanOnly ? a.store.beginPlanOnly : a.store.beginPlan
            try await begin(transfer, b.identity, a.identity.id, .push, .everything)
        }
        func list(_ transfer: String) async throws {
            try await a.store.reconcile(
                transfer: transfer, HeldPage(items: [], next: nil),
                request: ListHeld(kind: Kind.posts.name, onlyDrift: false), kind: .posts, peer: b.identity.id)
        }
        try await begin("looked at", isPlanOnly: true)
        try await begin("run", isPlanOnly: false)
        await #expect(throws: TidelockError.self) { try await list("looked at") }
        try await begin("looked at later", isPlanOnly: true)
        try await list("looked at later")
        try await list("run")
    }

    @Test func whatAPlanLearntAboutHandlersIsNotRemembered() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        a.hooks.install("drops") { _, _ in .dropped(reason: "no") }
        try await a.push(to: b, TestRun(isDryRun: true))
        #expect(try StoreInspector(a.store).count("SELECT count(*) FROM shadow") == 0)
    }

    @Test func plansThatNobodyCameBackForDoNotAddUp() async throws {
        for _ in 1...(3 * Limits.plansOnly) {
            try await b.store.openPlanOnly(
                transfer: a.newID(), source: a.identity, initiator: a.identity.id, direction: .push, scope: .everything)
            try await a.store.beginPlanOnly(
                transfer: a.newID(), peer: b.identity, initiator: a.identity.id, direction: .push, scope: .everything)
        }
        #expect(try StoreInspector(b.store).count("SELECT count(*) FROM transfer") == Limits.plansOnly)
        #expect(try StoreInspector(a.store).count("SELECT count(*) FROM plan") == Limits.plansOnly)
    }
}
