import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Synchronization
import Testing
import TidelockTestSupport

/// Items that the source lacks and the destination has deleted already: nothing of them is left to delete.
@Suite struct DeletedThereTests: PairSuite {
    let a: TestInstance
    let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private static let ids = (10..<30).map { "\($0)" }
    private static let mirror = TestRun(scope: Scope(mode: .mirror))

    private func send() async throws {
        for id in Self.ids { try await a.put(.posts, "{\"_id\":\"\(id)\"}") }
        try await a.push(to: b)
    }

    private func remove(_ ids: some Sequence<String>, at instance: TestInstance) async throws {
        for id in ids { try await instance.remove(.posts, id) }
    }

    /// Half of what was sent is deleted at both sides.
    private func deleteAtBoth() async throws {
        try await send()
        try await remove(Self.ids.prefix(10), at: a)
        try await remove(Self.ids.prefix(10), at: b)
    }

    private func expectNothingWasLeftToDelete(_ run: TestRunResult) async throws {
        #expect(run.plan?.deletes == 0 && run.plan?.kinds.compactMap(\.goneThere) == [10], "\(run)")
        #expect(run.result?.deleted == 0 && run.result?.released == 0 && run.result?.isVerified == true, "\(run)")
        #expect(run.result?.conflicts == [])
        #expect(try b.ids(.posts) == Set(Self.ids.suffix(10)))
        #expect(try await b.store.drift(limit: 100).count == 0)
        try expectNoProblems()
        #expect(try await a.push(to: b, Self.mirror).isOneRoundTrip)
    }

    @Test func aMirrorIsNotRefusedForDeletesThatHaveHappened() async throws {
        try await deleteAtBoth()
        try await expectNothingWasLeftToDelete(a.push(to: b, Self.mirror))
    }

    @Test func norIsOneAfterThePullThatBroughtTheDeletes() async throws {
        try await send()
        try await remove(Self.ids.prefix(10), at: b)
        var pull = Self.mirror
        pull.confirmations.deletes = 10
        #expect(try await a.pull(from: b, pull).result?.deleted == 10)
        try await expectNothingWasLeftToDelete(a.push(to: b, Self.mirror))
    }

    @Test func aPullPlansNoneEither() async throws {
        try await deleteAtBoth()
        let run = try await b.pull(from: a, Self.mirror)
        #expect(run.plan?.deletes == 0 && run.result?.deleted == 0, "\(run)")
        try expectNoProblems()
    }

    @Test func aMergeLetsNothingGoThatIsNotThere() async throws {
        try await deleteAtBoth()
        let run = try await a.push(to: b)
        #expect(run.plan?.kinds.allSatisfy { $0.releases == 0 } == true && run.result?.released == 0, "\(run)")
        #expect(try await b.store.drift(limit: 100).count == 0)
        try expectNoProblems()
        #expect(try await a.push(to: b).isOneRoundTrip)
    }

    @Test(arguments: [Mode.mirror, .merge], [true, false])
    func aRunThatLetsGoOnlyOfWhatIsGoneIsNoneToTakeBack(mode: Mode, isPush: Bool) async throws {
        try await deleteAtBoth()
        let runs = try await b.store.runs(limit: 100).map(\.id)
        let run = try await a.move(to: b, isPush: isPush, TestRun(scope: Scope(mode: mode)))
        #expect(run.result?.changedNothing == true, "\(run)")
        #expect(try await b.store.runs(limit: 100).map(\.id) == runs)
        let records = try StoreInspector(b.store).texts("SELECT id FROM document WHERE collection = 'sync/log'")
        #expect(!records.contains(run.transfer))
        #expect(try await b.store.transferState(transfer: run.transfer).result == run.result)
        try expectNoProblems()
        let again = try await a.move(to: b, isPush: isPush, TestRun(scope: Scope(mode: mode)))
        #expect(again.isOneRoundTrip, "\(again)")
    }

    @Test(arguments: [true, false])
    func aRunThatLetsGoOnlyOfWhatIsGoneTellsWhatStandsBetweenTheSides(isPush: Bool) async throws {
        try await send()
        try await a.put(.posts, #"{"_id":"29","t":"A"}"#)
        try await b.put(.posts, #"{"_id":"29","t":"B"}"#)
        #expect(try await a.push(to: b, .with(.park)).result?.conflictCount == 1)
        for instance in [a, b] { try await remove(Self.ids.prefix(10), at: instance) }
        var look = TestRun.with(.park, .mirror)
        look.isDryRun = true
        for run in [look, .with(.park, .mirror)] {
            let moved = try await a.move(to: b, isPush: isPush, run)
            #expect(moved.plan?.kinds.compactMap(\.goneThere) == [10], "\(moved)")
            #expect(moved.differences == StandingDifferences(parked: 1), "\(moved)")
        }
    }

    @Test func aRunThatDeletesAnythingBesidesIsListed() async throws {
        try await deleteAtBoth()
        try await remove(["29"], at: a)
        let run = try await a.push(to: b, Self.mirror)
        #expect(run.result?.changedNothing == false)
        #expect(try await b.store.run(run.transfer).canBeUndone)
        try expectNoProblems()
    }

    @Test func aPlanThatIsLookedAtNamesNoneOfThem() async throws {
        try await deleteAtBoth()
        try await remove(["29"], at: a)
        let rows = Mutex<[PlannedRow]>([])
        var look = Self.mirror
        look.isDryRun = true
        look.review = { review in
            let planned = try await review.rows(upTo: 100).rows
            rows.withLock { $0 = planned }
        }
        let run = try await a.push(to: b, look)
        #expect(run.plan?.deletes == 1 && run.plan?.refusal == nil, "\(run)")
        #expect(rows.withLock { $0.map(\.id) } == ["29"])
        #expect(try await a.push(to: b, Self.mirror).result?.deleted == 1)
        try expectNoProblems()
    }

    @Test func deletesOfWhatIsThereAreStillStopped() async throws {
        try await send()
        try await remove(Self.ids.prefix(3), at: b)
        try await remove(Self.ids.prefix(10), at: a)
        let failure = await #expect(throws: TestRunFailure.self) { try await a.push(to: b, Self.mirror) }
        #expect(failure?.error.code == .deleteGuard && failure?.error.details["deletes"] == "7")
        #expect(failure?.error.message == "The run would delete 7 of the 17 items of content/posts.")
        #expect(try b.ids(.posts).count == 17)
        #expect(try await b.store.leaseHolder() == nil)
        try expectNoProblems()
    }

    @Test func itemsThatWereDeletedThereAreNotSaidToBeThere() async throws {
        try await send()
        // The source has these still, and would make them again.
        try await remove(Self.ids.suffix(3), at: b)
        try await remove(Self.ids.prefix(10), at: a)
        let failure = await #expect(throws: TestRunFailure.self) { try await a.push(to: b, Self.mirror) }
        #expect(failure?.error.message == "The run would delete 10 of at most 20 items of content/posts.")
        try expectNoProblems()
    }

    @Test func aSourceWithoutItemsSaysNoMoreThanItKnows() async throws {
        try await a.put(.pageItems, #"{"_id":"1"}"#)
        for id in 1...3 { try await b.put(.posts, "{\"_id\":\"\(id)\"}") }
        let failure = await #expect(throws: TestRunFailure.self) { try await a.push(to: b, Self.mirror) }
        #expect(failure?.error.code == .emptySource)
        #expect(failure?.error.message.contains("would delete up to 3 items") == true, "\(String(describing: failure))")
        try expectNoProblems()
    }

    /// What a plan has seen holds for that plan alone.
    @Test func anItemThatIsBroughtBackAfterAPlanCountsAsOneToDelete() async throws {
        try await send()
        var removals: [String] = []
        for id in Self.ids.prefix(10) { removals.append(try await b.remove(.posts, id)) }
        try await remove(Self.ids.prefix(10), at: a)
        var look = Self.mirror
        look.isDryRun = true
        #expect(try await a.push(to: b, look).plan?.deletes == 0)
        for removal in removals { _ = try await b.store.rollback(removal, as: b.newID()) }
        let failure = await #expect(throws: TestRunFailure.self) { try await a.push(to: b, Self.mirror) }
        #expect(failure?.error.code == .deleteGuard && failure?.error.details["deletes"] == "10")
        #expect(try b.ids(.posts).count == 20)
        try expectNoProblems()
    }

    @Test func anItemThatIsMadeAnewMeetsTheDeleteAsBefore() async throws {
        try await deleteAtBoth()
        try await a.put(.posts, #"{"_id":"10","v":2}"#)
        let run = try await a.push(to: b, Self.mirror)
        #expect(run.result?.conflicts == [Conflict(kind: "content/posts", id: "10", verdict: .replaced)], "\(run)")
        #expect(run.plan?.kinds.compactMap(\.goneThere) == [9])
        try expectNoProblems()
    }
}
