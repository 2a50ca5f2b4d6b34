import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Deletes that a policy did not let happen: for whom they wait, and what settles them.
@Suite struct DeleteConflictTests: TrioSuite {
    let a: TestInstance
    let b: TestInstance
    let c: TestInstance

    init() throws { (a, b, c) = try TestInstance.trio() }

    private static let parking = TestRun(
        scope: Scope(mode: .mirror, policy: .park), confirmations: Confirmations(deletes: 1_000))

    /// An item of `a` that was edited at `b`, where the delete of it waits.
    private func parkDelete() async throws {
        try await a.put(.posts, #"{"_id":"1","t":"first"}"#, #"{"_id":"2"}"#)
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","t":"there"}"#)
        try await a.remove(.posts, "1")
        try await expectParked(a.push(to: b, Self.parking))
    }

    private func expectParked(_ run: TestRunResult) async throws {
        #expect(run.result?.conflicts.map(\.verdict) == [.parked])
        #expect(try await b.text(.posts, "1") != nil)
        let open = try await b.store.conflicts()
        #expect(open.map(\.isDelete) == [true] && open.map(\.item) == ["1"] && open.map(\.source) == ["a"])
        try expectNoProblems()
    }

    @Test func aDeleteThatWaitsForOneSourceDoesNotShieldFromAnother() async throws {
        try await parkDelete()
        try await c.put(.posts, #"{"_id":"2"}"#)
        let run = try await c.push(to: b, Self.parking)
        #expect(run.result?.deleted == 1 && run.result?.conflicts == [])
        #expect(try await b.text(.posts, "1") == nil)
        #expect(try await b.store.conflicts() == [])
        try expectNoProblems()
        _ = try await b.store.rollback(run.transfer, as: b.newID())
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"there"}"#)
        #expect(try await b.store.conflicts() == [])
        try expectNoProblems()
    }

    @Test func aRunOfAnotherSourceThatLeavesTheItemAloneLeavesTheConflictToo() async throws {
        try await parkDelete()
        try await c.put(.posts, #"{"_id":"3"}"#)
        #expect(try await c.push(to: b).result?.created == 1)
        #expect(try await b.store.conflicts().map(\.source) == ["a"])
        // The third item is nobody's that the first source knows, so its mirror deletes that one.
        let open = try await b.store.conflicts()
        let run = try await a.push(to: b, Self.parking)
        #expect(run.plan?.deletes == 1 && run.result?.deleted == 1 && run.result?.conflicts == [])
        #expect(try b.ids(.posts) == ["1", "2"])
        #expect(try await b.store.conflicts() == open)
        try expectNoProblems()
    }

    /// Numbers of the deletes that wait.
    private func waitingDeletes() async throws -> [Int64] {
        try await b.store.conflicts().filter(\.isDelete).map(\.id)
    }

    @Test(arguments: [.source, .target, .park] as [ConflictPolicy])
    func aVersionOfAnotherSourceLeavesTheDeleteWaiting(policy: ConflictPolicy) async throws {
        try await parkDelete()
        let waiting = try await waitingDeletes()
        #expect(try await b.store.drift(limit: 10).items.map(\.source) == ["a"])
        try await c.put(.posts, #"{"_id":"1","t":"of c"}"#)
        #expect(try await c.push(to: b, .with(policy)).result?.conflictCount == 1)
        #expect(try await waitingDeletes() == waiting)
        #expect(try await b.store.drift(limit: 10).items.map(\.source) == (policy == .source ? [] : ["c"]))
        try expectNoProblems()
        let idle = try await a.push(to: b, Self.parking)
        #expect(idle.isNoOp && idle.differences == StandingDifferences(parked: 1), "\(idle)")
        #expect(try await waitingDeletes() == waiting)
        let run = try await a.push(to: b, .mirror)
        #expect(run.result?.deleted == 1 && run.result?.conflicts.map(\.verdict) == [.replaced], "\(run)")
        #expect(try await b.text(.posts, "1") == nil)
        #expect(try await waitingDeletes() == [])
        try expectNoProblems()
    }

    /// A mirror of a filter does not bring it again.
    @Test func itCanStillBeDecidedFor() async throws {
        var run = Self.parking
        run.scope.filter = #"{"n":1}"#
        run.scope.allowsMirrorWithFilter = true
        try await a.put(.posts, #"{"_id":"1","n":1}"#, #"{"_id":"2","n":1}"#)
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","n":1,"t":"there"}"#)
        try await a.remove(.posts, "1")
        try await expectParked(a.push(to: b, run))
        try await c.put(.posts, #"{"_id":"1","n":1,"t":"of c"}"#)
        let other = try await c.push(to: b)
        let waiting = try await waitingDeletes()
        #expect(waiting.count == 1)
        #expect(try await a.push(to: b, run).isNoOp)
        let decision = try await b.applyParked(waiting)
        #expect(try await b.text(.posts, "1") == nil)
        #expect(try await waitingDeletes() == [])
        try expectNoProblems()
        #expect(try await b.store.rollback(decision, as: b.newID()).restored == 1)
        #expect(try await b.store.rollback(other.transfer, as: b.newID()).restored == 1)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","n":1,"t":"there"}"#)
        #expect(try await waitingDeletes() == waiting)
        try expectNoProblems()
    }

    @Test(arguments: [true, false])
    func aMirrorThatLetsTheSourceWinListsTheEditThatItDeletes(isEditedAgain: Bool) async throws {
        try await parkDelete()
        let text = isEditedAgain ? #"{"_id":"1","t":"again"}"# : #"{"_id":"1","t":"there"}"#
        try await b.put(.posts, text)
        let run = try await a.push(to: b, .mirror)
        #expect(run.result?.deleted == 1 && run.result?.conflictCount == 1)
        #expect(run.result?.conflicts == [Conflict(kind: "content/posts", id: "1", verdict: .replaced)])
        #expect(try await b.text(.posts, "1") == nil)
        #expect(try await b.store.conflicts() == [])
        try expectNoProblems()
        #expect(try await b.store.rollback(run.transfer, as: b.newID()).restored == 1)
        #expect(try await b.text(.posts, "1") == text)
        try expectNoProblems()
    }

    /// What waits is taken off the list in favour of the item here.
    private func keepItem(as text: String?) async throws {
        let open = try #require(try await b.store.conflicts().first)
        if let text {
            let body = try JSONDocument(validating: text)
            let run = b.newID()
            try await b.store.beginRun(id: run, direction: "local", target: "test")
            _ = try b.store.writeBlocking(
                [.put(kind: .posts, body: body, hash: body.hash)], run: run, deciding: open.id)
            try await b.store.markUndoable(id: run)
        } else {
            try await b.store.dropConflicts([open.id])
        }
        #expect(try await b.store.conflicts() == [])
        await #expect(throws: TidelockError.self) { try await b.store.dropConflicts([open.id]) }
        await #expect(throws: TidelockError.self) { try await b.store.conflict(open.id) }
        try expectNoProblems()
    }

    @Test(arguments: [nil, #"{"_id":"1","t":"own"}"#] as [String?])
    func aMirrorListsTheItemThatItDeletesAlsoWhenItWasDecidedToStay(own: String?) async throws {
        try await parkDelete()
        try await keepItem(as: own)
        let run = try await a.push(to: b, .mirror)
        #expect(run.result?.deleted == 1 && run.result?.conflictCount == 1)
        #expect(run.result?.conflicts == [Conflict(kind: "content/posts", id: "1", verdict: .replaced)])
        #expect(try await b.text(.posts, "1") == nil)
        #expect(try await b.store.drift(limit: 10).count == 0)
        try expectNoProblems()
        #expect(try await b.store.rollback(run.transfer, as: b.newID()).restored == 1)
        #expect(try await b.text(.posts, "1") == own ?? #"{"_id":"1","t":"there"}"#)
        try expectNoProblems()
    }

    @Test(
        arguments: [.target, .park, .mergeFields] as [ConflictPolicy], [nil, #"{"_id":"1","t":"own"}"#] as [String?])
    func whatWasDecidedToStayStaysUnderPoliciesThatKeepEdits(policy: ConflictPolicy, own: String?) async throws {
        try await parkDelete()
        try await keepItem(as: own)
        for _ in 0..<2 {
            #expect(try await a.push(to: b, TestRun(scope: Scope(mode: .mirror, policy: policy))).outcome == .inSync)
            #expect(try await b.store.conflicts() == [])
            #expect(try await b.store.drift(limit: 10).items.map(\.state) == [.kept])
            #expect(try await b.text(.posts, "1") == own ?? #"{"_id":"1","t":"there"}"#)
            try expectNoProblems()
        }
        let failing = TestRun(scope: Scope(mode: .mirror, policy: .fail))
        let failure = await #expect(throws: TestRunFailure.self) { try await a.push(to: b, failing) }
        #expect(failure?.error.code == .conflicts)
    }

    @Test func aDeleteHereSettlesWhatWasDecidedToStay() async throws {
        try await parkDelete()
        try await keepItem(as: nil)
        try await b.remove(.posts, "1")
        #expect(try StoreInspector(b.store).count("SELECT count(*) FROM conflict") == 0)
        #expect(try await a.push(to: b, .mirror).isNoOp)
        try expectNoProblems()
    }

    @Test func aMirrorThatFailsOnConflictsStillDoes() async throws {
        try await parkDelete()
        let run = TestRun(scope: Scope(mode: .mirror, policy: .fail))
        let failure = await #expect(throws: TestRunFailure.self) { try await a.push(to: b, run) }
        #expect(failure?.error.code == .conflicts)
        #expect(try await b.store.conflicts().count == 1)
        try expectNoProblems()
    }

    @Test(arguments: [.target, .park, .mergeFields] as [ConflictPolicy])
    func aPullThatKeptItHasNothingLeftToDo(policy: ConflictPolicy) async throws {
        try await a.put(.posts, #"{"_id":"1","t":"first"}"#, #"{"_id":"2"}"#)
        try await b.pull(from: a)
        try await b.put(.posts, #"{"_id":"1","t":"there"}"#)
        try await a.remove(.posts, "1")
        let mirror = TestRun(scope: Scope(mode: .mirror, policy: policy))
        #expect(try await b.pull(from: a, mirror).result?.kept == 1)
        #expect(try await b.store.drift(limit: 10).items.map(\.state) == [.kept])
        for _ in 0..<2 { #expect(try await b.pull(from: a, mirror).outcome == .inSync) }
        try expectNoProblems()
    }

    @Test func anItemThatIsMadeAnewAtItsSourceMeetsTheOneThatWasKept() async throws {
        try await parkDelete()
        // Made anew at its source, the item is one that both sides have.
        try await a.put(.posts, #"{"_id":"1","t":"anew"}"#)
        let run = try await a.push(to: b, Self.parking)
        #expect(run.result?.conflicts.map(\.verdict) == [.parked])
        #expect(try await b.store.conflicts().map(\.isDelete) == [false])
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"there"}"#)
        #expect(try await b.store.drift(limit: 10).count == 1)
        try expectNoProblems()
    }

    @Test func anItemDeletedHereSettlesTheDeleteThatWaited() async throws {
        try await parkDelete()
        try await b.remove(.posts, "1")
        #expect(try await b.store.conflicts() == [])
        #expect(try await a.push(to: b, Self.parking).isNoOp)
        try expectNoProblems()
    }

    @Test(arguments: [.target, .park, .mergeFields] as [ConflictPolicy])
    func aDeleteHereThatIsTakenBackLeavesTheItemOneThatWasKept(policy: ConflictPolicy) async throws {
        try await parkDelete()
        let open = try await b.store.conflicts()
        let removal = try await b.remove(.posts, "1")
        let first = b.newID()
        #expect(try await b.store.rollback(removal, as: first).restored == 1)
        #expect(try await b.store.conflicts() == open)
        #expect(try await b.store.drift(limit: 10).items.map(\.state) == [.kept])
        let mirror = TestRun(scope: Scope(mode: .mirror, policy: policy))
        #expect(try await a.push(to: b, mirror).outcome == .inSync)
        try expectNoProblems()
        // So it is when the rollback is taken back, and that again.
        let second = b.newID()
        #expect(try await b.store.rollback(first, as: second).restored == 1)
        #expect(try await b.text(.posts, "1") == nil)
        #expect(try await b.store.conflicts() == [])
        try expectNoProblems()
        #expect(try await b.store.rollback(second, as: b.newID()).restored == 1)
        #expect(try await b.store.conflicts() == open)
        #expect(try await a.push(to: b, mirror).outcome == .inSync)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"there"}"#)
        try expectNoProblems()
    }

    @Test func whatWasDecidedToStayIsNotAskedAboutAgainWhenItComesBack() async throws {
        try await parkDelete()
        try await keepItem(as: nil)
        var run = try await b.remove(.posts, "1")
        for isThere in [true, false, true] {
            let rollback = b.newID()
            #expect(try await b.store.rollback(run, as: rollback).restored == 1)
            run = rollback
            #expect(try await b.store.conflicts() == [])
            #expect(try await b.store.drift(limit: 10).items.map(\.state) == (isThere ? [.kept] : []))
            try expectNoProblems()
        }
        #expect(try await a.push(to: b, TestRun(scope: Scope(mode: .mirror, policy: .target))).outcome == .inSync)
        let last = try await a.push(to: b, .mirror)
        #expect(last.result?.conflicts == [Conflict(kind: "content/posts", id: "1", verdict: .replaced)])
        try expectNoProblems()
    }

    @Test func aRollbackThatTakesTheItemAwaySettlesTheDeleteThatWaited() async throws {
        try await a.put(.posts, #"{"_id":"1","t":"here"}"#, #"{"_id":"2"}"#)
        let making = try await b.put(.posts, #"{"_id":"1","t":"there"}"#)
        #expect(try await a.push(to: b, .with(.target)).result?.kept == 1)
        try await a.remove(.posts, "1")
        try await expectParked(a.push(to: b, Self.parking))
        let open = try await b.store.conflicts()
        let rollback = b.newID()
        #expect(try await b.store.rollback(making, as: rollback).restored == 1)
        #expect(try await b.text(.posts, "1") == nil)
        #expect(try await b.store.conflicts() == [])
        try expectNoProblems()
        // One that is taken back itself leaves the item, and what was to be decided about it.
        #expect(try await b.store.rollback(rollback, as: b.newID()).restored == 1)
        #expect(try await b.store.conflicts() == open)
        try expectNoProblems()
    }

    @Test func aVersionThatWaitsOutlivesADeleteHere() async throws {
        try await a.put(.posts, #"{"_id":"1","t":"first"}"#)
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","t":"there"}"#)
        try await a.put(.posts, #"{"_id":"1","t":"here"}"#)
        try await a.push(to: b, .with(.park))
        try await b.remove(.posts, "1")
        let open = try await b.store.conflicts()
        #expect(open.map(\.isDelete) == [false] && open.map(\.hasMoved) == [true])
        try expectNoProblems()
    }
}
