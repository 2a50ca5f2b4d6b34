import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Edits that a run had replaced and that its rollback brought back: they are edits again.
@Suite struct RevertedEditTests {
    private let a: TestInstance
    private let b: TestInstance
    private let c: TestInstance
    private static let edited = #"{"_id":"1","v":"edited"}"#
    private static let newest = #"{"_id":"1","v":2}"#
    private static let keeping: [ConflictPolicy] = [.target, .park, .mergeFields]

    init() throws {
        let made = try TestInstance.make("a", "b", "c")
        (a, b, c) = (made[0], made[1], made[2])
    }

    private func expectNoProblems() throws {
        for instance in [a, b, c] { #expect(try instance.problems() == []) }
    }

    private func including(_ policy: ConflictPolicy, mode: Mode = .merge) -> TestRun {
        TestRun(
            scope: Scope(mode: mode, policy: policy), options: PlanOptions(includesReverted: true),
            confirmations: Confirmations(deletes: 1_000, emptySource: true))
    }

    @discardableResult
    private func rollBack(_ run: TestRunResult) async throws -> String {
        let id = b.newID()
        #expect(try await b.store.rollback(run.transfer, as: id).restored == 1)
        return id
    }

    private func drift() async throws -> [String] {
        try await b.store.drift(limit: 10).items.map { "\($0.id) of \($0.source) \($0.state)" }
    }

    /// An edit of B, replaced by A and brought back.
    private func bringBack() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await a.push(to: b)
        try await b.put(.posts, Self.edited)
        try await a.put(.posts, Self.newest)
        let run = try await a.push(to: b)
        #expect(run.result?.conflicts.map(\.verdict) == [.replaced])
        try await rollBack(run)
        #expect(try await b.text(.posts, "1") == Self.edited)
    }

    // MARK: Edits

    @Test func areListedAsDrift() async throws {
        try await bringBack()
        #expect(try await drift() == ["1 of a edited"])
        #expect(try await b.store.drift(source: a.identity.id, limit: 10).count == 1)
        #expect(try await b.store.drift(source: c.identity.id, limit: 10).count == 0)
        try expectNoProblems()
    }

    @Test func areLeftAloneAsLongAsNobodyAsks() async throws {
        try await bringBack()
        for _ in 1...2 {
            let run = try await a.push(to: b)
            #expect(run.isNoOp, "\(run)")
        }
        #expect(try await b.text(.posts, "1") == Self.edited)
        #expect(try await drift() == ["1 of a edited"])
        try expectNoProblems()
    }

    @Test(arguments: keeping)
    func areKeptByThePolicyWhenWhatWasTakenBackIsAskedFor(policy: ConflictPolicy) async throws {
        try await bringBack()
        let run = try await a.push(to: b, including(policy))
        #expect(run.result?.conflictCount == 1 && run.result?.kept == 1, "\(run)")
        #expect(try await b.text(.posts, "1") == Self.edited)
        #expect(try await drift() == ["1 of a kept"])
        #expect(try await b.store.conflicts().count == (policy == .target ? 0 : 1))
        #expect(try await a.push(to: b).isNoOp)
        try expectNoProblems()
    }

    @Test func stopARunThatIsToFail() async throws {
        try await bringBack()
        let failure = await #expect(throws: TestRunFailure.self) { try await a.push(to: b, including(.fail)) }
        #expect(failure?.error.code == .conflicts)
        #expect(try await b.text(.posts, "1") == Self.edited)
        try expectNoProblems()
    }

    @Test func areListedWhereTheyAreReplacedOnceMore() async throws {
        try await bringBack()
        let run = try await a.push(to: b, including(.source))
        #expect(run.result?.conflicts == [Conflict(kind: "content/posts", id: "1", verdict: .replaced)], "\(run)")
        #expect(try await b.text(.posts, "1") == Self.newest)
        #expect(try await drift() == [])
        try expectNoProblems()
        try await rollBack(run)
        #expect(try await drift() == ["1 of a edited"])
        try expectNoProblems()
    }

    @Test func becomeTheSourcesWhereItHasTheSame() async throws {
        try await bringBack()
        try await a.put(.posts, Self.edited)
        let run = try await a.push(to: b, including(.fail))
        #expect(run.result?.adopted == 1 && run.result?.conflictCount == 0, "\(run)")
        #expect(try await drift() == [])
        try expectNoProblems()
    }

    @Test(arguments: keeping)
    func areKeptFromAMirrorToo(policy: ConflictPolicy) async throws {
        try await bringBack()
        try await a.remove(.posts, "1")
        let run = try await a.push(to: b, including(policy, mode: .mirror))
        #expect(run.result?.deleted == 0 && run.result?.conflictCount == 1, "\(run)")
        #expect(try await b.text(.posts, "1") == Self.edited)
        #expect(try await drift() == ["1 of a edited"])
        let again = try await a.push(to: b, including(policy, mode: .mirror))
        #expect(again.result?.deleted ?? 0 == 0, "\(again)")
        #expect(try await b.text(.posts, "1") == Self.edited)
        try expectNoProblems()
    }

    @Test(arguments: keeping)
    func areKeptAlsoWhereTheItemWasDeleted(policy: ConflictPolicy) async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await a.push(to: b)
        try await b.remove(.posts, "1")
        try await a.put(.posts, Self.newest)
        let run = try await a.push(to: b)
        #expect(run.result?.conflicts.map(\.verdict) == [.replaced])
        try await rollBack(run)
        #expect(try await drift() == ["1 of a edited"])
        let asked = try await a.push(to: b, including(policy))
        #expect(asked.result?.conflictCount == 1 && asked.result?.created == 0, "\(asked)")
        #expect(try await b.text(.posts, "1") == nil)
        try expectNoProblems()
    }

    @Test func comeBackWhereTheRollbackIsTakenBackAndMadeAgain() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await a.push(to: b)
        try await b.put(.posts, Self.edited)
        try await a.put(.posts, Self.newest)
        let first = try await rollBack(try await a.push(to: b))
        let second = b.newID()
        #expect(try await b.store.rollback(first, as: second).restored == 1)
        #expect(try await drift() == [])
        #expect(try await b.store.rollback(second, as: b.newID()).restored == 1)
        #expect(try await b.text(.posts, "1") == Self.edited)
        #expect(try await drift() == ["1 of a edited"])
        #expect(try await a.push(to: b, including(.target)).result?.kept == 1)
        try expectNoProblems()
    }

    // MARK: Edits made since

    /// A version that the source had left at B, brought back, and edited there since.
    private func editWhatCameBack(_ edit: () async throws -> Void) async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await a.push(to: b)
        try await a.put(.posts, Self.newest)
        try await rollBack(try await a.push(to: b))
        try await edit()
    }

    @Test func ofWhatCameBackAreListedAsDrift() async throws {
        try await editWhatCameBack { try await b.put(.posts, Self.edited) }
        #expect(try await drift() == ["1 of a edited"])
        try await b.put(.posts, #"{"_id":"1","v":"again"}"#)
        #expect(try await drift() == ["1 of a edited"])
        try expectNoProblems()
    }

    @Test(arguments: keeping, [false, true])
    func ofWhatCameBackMeetThePolicy(policy: ConflictPolicy, isAsked: Bool) async throws {
        try await editWhatCameBack { try await b.put(.posts, Self.edited) }
        try await a.put(.posts, #"{"_id":"1","v":3}"#)
        var run = including(policy)
        run.options.includesReverted = isAsked
        let result = try await a.push(to: b, run)
        #expect(result.result?.conflictCount == 1 && result.result?.kept == 1, "\(result)")
        #expect(try await b.text(.posts, "1") == Self.edited)
        #expect(try await drift() == ["1 of a kept"])
        try expectNoProblems()
    }

    @Test(arguments: keeping, [false, true])
    func ofWhatCameBackAreKeptFromAMirror(policy: ConflictPolicy, isAsked: Bool) async throws {
        try await editWhatCameBack { try await b.put(.posts, Self.edited) }
        try await a.remove(.posts, "1")
        var run = including(policy, mode: .mirror)
        run.options.includesReverted = isAsked
        let result = try await a.push(to: b, run)
        #expect(result.result?.deleted == 0 && result.result?.conflictCount == 1, "\(result)")
        #expect(try await b.text(.posts, "1") == Self.edited)
        try expectNoProblems()
    }

    @Test(arguments: keeping)
    func deletesOfWhatCameBackAreEditsAsWell(policy: ConflictPolicy) async throws {
        try await editWhatCameBack { try await b.remove(.posts, "1") }
        #expect(try await drift() == ["1 of a edited"])
        try await a.put(.posts, #"{"_id":"1","v":3}"#)
        var run = including(policy)
        run.options.includesReverted = false
        let result = try await a.push(to: b, run)
        #expect(result.result?.conflictCount == 1 && result.result?.created == 0, "\(result)")
        #expect(try await b.text(.posts, "1") == nil)
        try expectNoProblems()
    }

    @Test func ofWhatCameBackAreListedWhereTheyAreReplaced() async throws {
        try await editWhatCameBack { try await b.put(.posts, Self.edited) }
        try await a.put(.posts, #"{"_id":"1","v":3}"#)
        let run = try await a.push(to: b)
        #expect(run.result?.conflicts.map(\.verdict) == [.replaced])
        #expect(try await drift() == [])
        try await rollBack(run)
        #expect(try await b.text(.posts, "1") == Self.edited)
        #expect(try await drift() == ["1 of a edited"])
        // It is left alone now, as everything that was taken back.
        #expect(try await a.push(to: b).isNoOp)
        #expect(try await a.push(to: b, including(.target)).result?.kept == 1)
        try expectNoProblems()
    }

    @Test func ofWhatCameBackCanBeTakenBack() async throws {
        var edit = ""
        try await editWhatCameBack { edit = try await b.put(.posts, Self.edited) }
        #expect(try await b.store.rollback(edit, as: b.newID()).restored == 1)
        #expect(try await drift() == [])
        let run = try await a.push(to: b, including(.target))
        #expect(run.result?.updated == 1 && run.result?.conflictCount == 0, "\(run)")
        try expectNoProblems()
    }

    @Test func anItemThatIsMadeWhereNothingCameBackIsNoDrift() async throws {
        try await a.put(.posts, Self.newest)
        try await rollBack(try await a.push(to: b))
        try await b.put(.posts, Self.edited)
        #expect(try await drift() == [])
        try await a.put(.posts, #"{"_id":"1","v":3}"#)
        #expect(try await a.push(to: b, TestRun(scope: Scope(policy: .target))).result?.kept == 1)
        try expectNoProblems()
    }

    /// Also where the source knew before that the item was taken back: it does not take the sides for equal then.
    @Test(arguments: [false, true])
    func ofWhatCameBackAreToldOfOnce(isKnown: Bool) async throws {
        try await editWhatCameBack {
            if isKnown { #expect(try await a.push(to: b).isNoOp) }
            try await b.put(.posts, Self.edited)
        }
        let told = try await a.push(to: b)
        #expect(told.isNoOp && told.plan?.kinds.compactMap(\.takenOver) == [1], "\(told)")
        for _ in 1...2 {
            let quiet = try await a.push(to: b)
            #expect(quiet.isOneRoundTrip && quiet.reverted == 0, "\(quiet)")
        }
        try expectNoProblems()
    }

    // MARK: Rows of this instance and of others

    @Test(arguments: keeping)
    func soDoesWhatWasThisInstancesOwn(policy: ConflictPolicy) async throws {
        try await b.put(.posts, Self.edited)
        try await expectToBeMetByWhatComesBack(policy)
    }

    @Test(arguments: keeping)
    func soDoesWhatAnotherSourceHadSent(policy: ConflictPolicy) async throws {
        try await c.put(.posts, Self.edited)
        try await c.push(to: b)
        try await expectToBeMetByWhatComesBack(policy)
    }

    /// What `b` has is nothing that `a` had sent, before a run of `a` replaces it and after that is taken back.
    private func expectToBeMetByWhatComesBack(_ policy: ConflictPolicy) async throws {
        try await a.put(.posts, Self.newest)
        try await rollBack(try await a.push(to: b))
        #expect(try await drift() == [])
        let run = try await a.push(to: b, including(policy))
        #expect(run.result?.conflictCount == 1 && run.result?.kept == 1, "\(run)")
        #expect(try await b.text(.posts, "1") == Self.edited)
        try expectNoProblems()
    }

    // MARK: What was no edit

    @Test(arguments: keeping)
    func whatTheSourceHadLeftIsReplacedUnderEveryPolicy(policy: ConflictPolicy) async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await a.push(to: b)
        try await a.put(.posts, Self.newest)
        try await rollBack(try await a.push(to: b))
        #expect(try await drift() == [])
        let run = try await a.push(to: b, including(policy))
        #expect(run.result?.updated == 1 && run.result?.conflictCount == 0, "\(run)")
        #expect(try await b.text(.posts, "1") == Self.newest)
        try expectNoProblems()
        // Once more, the row being what an earlier rollback brought back.
        try await rollBack(run)
        #expect(try await a.push(to: b, including(policy)).result?.conflictCount == 0)
        #expect(try await b.text(.posts, "1") == Self.newest)
        try expectNoProblems()
    }

    @Test(arguments: keeping)
    func soIsNothing(policy: ConflictPolicy) async throws {
        try await a.put(.posts, Self.newest)
        try await rollBack(try await a.push(to: b))
        let run = try await a.push(to: b, including(policy))
        #expect(run.result?.created == 1 && run.result?.conflictCount == 0, "\(run)")
        #expect(try await b.text(.posts, "1") == Self.newest)
        try expectNoProblems()
    }
}
