import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Items of the destination that were edited since the source of a mirror had them, and that the source has deleted.
@Suite struct UnseenEditTests: PairSuite {
    let a: TestInstance
    let b: TestInstance
    private static let first = #"{"_id":"1","t":"first"}"#
    private static let edited = #"{"_id":"1","t":"edited"}"#

    init() throws { (a, b) = try TestInstance.pair() }

    private func mirror(_ policy: ConflictPolicy) -> TestRun { TestRun(scope: Scope(mode: .mirror, policy: policy)) }

    /// How an item of the destination came to be at the source as well.
    enum Way: CaseIterable {
        case sent, fetched, comeBack
    }

    /// Leaves at `a` an item that `b` has in the same version, and that is `a`'s own.
    private func share(_ way: Way = .sent) async throws {
        try await a.put(.posts, #"{"_id":"keep"}"#)
        switch way {
        case .sent:
            try await a.put(.posts, Self.first)
            try await a.push(to: b)
        case .fetched:
            try await a.put(.posts, Self.first)
            try await b.pull(from: a)
        case .comeBack:
            try await b.put(.posts, #"{"_id":"1","t":"made there"}"#)
            try await b.push(to: a)
            try await a.put(.posts, Self.first)
            try await b.pull(from: a)
            #expect(try await b.push(to: a).result?.released == 1)
        }
        try await b.pull(from: a)
        #expect(try a.head(.posts, "1")?.origin == nil)
        #expect(try await b.text(.posts, "1") == Self.first)
    }

    /// `a` edits it and `b` deletes it.
    private func collide(_ way: Way = .sent) async throws {
        try await share(way)
        try await a.put(.posts, Self.edited)
        try await b.remove(.posts, "1")
    }

    private func run(_ policy: ConflictPolicy, isPush: Bool) async throws -> TestRunResult {
        try await b.move(to: a, isPush: isPush, mirror(policy))
    }

    @Test(arguments: Way.allCases, [true, false])
    func aPolicyThatFailsFails(way: Way, isPush: Bool) async throws {
        try await collide(way)
        let failure = await #expect(throws: TestRunFailure.self) { try await run(.fail, isPush: isPush) }
        #expect(failure?.error.code == .conflicts)
        #expect(try await a.text(.posts, "1") == Self.edited)
        try expectNoProblems()
    }

    @Test(arguments: [.target, .park, .mergeFields] as [ConflictPolicy], [true, false])
    func aPolicyThatKeepsEditsKeepsThemAlsoInLaterMirrors(policy: ConflictPolicy, isPush: Bool) async throws {
        try await collide()
        let kept = try await run(policy, isPush: isPush).result
        #expect(kept?.conflicts.map(\.verdict) == [policy == .target ? .keptTarget : .parked])
        #expect(kept?.deleted == 0 && kept?.isVerified == true)
        for _ in 0..<2 {
            #expect(try await a.text(.posts, "1") == Self.edited)
            // What a policy has decided nobody has to look at.
            let open = try await a.store.conflicts()
            let waiting = policy == .target ? [] : ["1"]
            #expect(open.map(\.item) == waiting && open.allSatisfy { $0.isDelete && $0.source == "b" })
            #expect(try await self.run(policy, isPush: isPush).isNoOp)
            try expectNoProblems()
        }
    }

    @Test(arguments: Way.allCases)
    func whereTheSourceWinsTheEditIsListedAndCanBeBroughtBack(way: Way) async throws {
        try await collide(way)
        let run = try await a.pull(from: b, mirror(.source))
        #expect(run.result?.conflicts == [Conflict(kind: "content/posts", id: "1", verdict: .replaced)])
        #expect(run.result?.deleted == 1 && run.result?.conflictCount == 1)
        #expect(try await a.text(.posts, "1") == nil)
        #expect(try await a.store.rollback(run.transfer, as: a.newID()).restored == 1)
        #expect(try await a.text(.posts, "1") == Self.edited)
        try expectNoProblems()
    }

    @Test(arguments: Way.allCases, ConflictPolicy.allCases)
    func whatTheSourceHadIsDeleted(way: Way, policy: ConflictPolicy) async throws {
        try await share(way)
        try await b.remove(.posts, "1")
        let run = try await a.pull(from: b, mirror(policy))
        #expect(run.result?.deleted == 1 && run.result?.conflicts == [])
        #expect(try a.ids(.posts) == ["keep"])
        try expectNoProblems()
    }

    @Test(arguments: [true, false])
    func anEditThatTheSourceHasTakenInIsDeletedWithTheItem(isPush: Bool) async throws {
        try await share()
        try await a.put(.posts, Self.edited)
        try await a.move(to: b, isPush: isPush)
        try await b.remove(.posts, "1")
        let run = try await a.pull(from: b, mirror(.fail))
        #expect(run.result?.deleted == 1 && run.result?.conflicts == [])
        try expectNoProblems()
    }

    @Test func anEditThatWasTakenBackIsNone() async throws {
        try await share()
        let edit = try await a.put(.posts, Self.edited)
        #expect(try await a.store.rollback(edit, as: a.newID()).restored == 1)
        try await b.remove(.posts, "1")
        #expect(try await a.pull(from: b, mirror(.fail)).result?.deleted == 1)
        try expectNoProblems()
    }

    @Test func oneThatIsMadeAnewHereIsAnEditToWhoeverHasTheOldOne() async throws {
        try await share()
        try await a.remove(.posts, "1")
        try await a.put(.posts, Self.edited)
        try await b.remove(.posts, "1")
        let run = try await a.pull(from: b, mirror(.park))
        #expect(run.result?.conflicts.map(\.verdict) == [.parked])
        #expect(try await a.text(.posts, "1") == Self.edited)
        try expectNoProblems()
    }

    @Test func whatTheSourceNeverHadIsDeletedWhateverThePolicy() async throws {
        try await share()
        try await a.put(.posts, #"{"_id":"own","t":"first"}"#)
        try await a.put(.posts, #"{"_id":"own","t":"second"}"#)
        let run = try await a.pull(from: b, mirror(.fail))
        #expect(run.result?.deleted == 1 && run.result?.conflicts == [])
        #expect(try a.ids(.posts) == ["1", "keep"])
        try expectNoProblems()
    }

    /// What never leaves is nothing that the source could have had.
    @Test func aVersionOfWhichTheSourceHasAllThatLeavesIsNoEdit() async throws {
        a.hooks.install("strips") { _, item in .changed(item.body.removing("secret")) }
        try await a.put(.posts, #"{"_id":"1","secret":1}"#, #"{"_id":"keep"}"#)
        try await a.push(to: b)
        try await a.put(.posts, #"{"_id":"1","secret":2}"#)
        try await a.push(to: b)
        try await b.remove(.posts, "1")
        let run = try await a.pull(from: b, mirror(.fail))
        #expect(run.result?.deleted == 1 && run.result?.conflicts == [])
        try expectNoProblems()
    }

    // MARK: Deletes that were kept

    /// `b` has deleted the item, and keeps that when `a` sends its edit.
    private func keepDelete(_ policy: ConflictPolicy = .park) async throws {
        try await collide()
        #expect(try await a.push(to: b, .with(policy)).result?.kept == 1)
        #expect(try await b.text(.posts, "1") == nil)
    }

    @Test(arguments: [.target, .park, .mergeFields] as [ConflictPolicy], [true, false])
    func aDeleteThatWasKeptBesideAnEditMeetsItWhenItComesBack(policy: ConflictPolicy, isPush: Bool) async throws {
        try await keepDelete(policy)
        let failure = await #expect(throws: TestRunFailure.self) { try await run(.fail, isPush: isPush) }
        #expect(failure?.error.code == .conflicts)
        let kept = try await run(policy, isPush: isPush).result
        #expect(kept?.conflicts.map(\.verdict) == [policy == .target ? .keptTarget : .parked])
        #expect(try await a.text(.posts, "1") == Self.edited)
        #expect(try await self.run(policy, isPush: isPush).isNoOp)
        try expectNoProblems()
    }

    @Test func whereTheSourceWinsItIsListedAsWell() async throws {
        try await keepDelete()
        let run = try await a.pull(from: b, mirror(.source))
        #expect(run.result?.conflicts == [Conflict(kind: "content/posts", id: "1", verdict: .replaced)])
        #expect(try await a.text(.posts, "1") == nil)
        try expectNoProblems()
    }

    /// `b` keeps its own version when `a` sends an edit.
    private func keepVersion() async throws {
        try await share()
        try await a.put(.posts, Self.edited)
        try await b.put(.posts, #"{"_id":"1","t":"there"}"#)
        #expect(try await a.push(to: b, .with(.target)).result?.kept == 1)
    }

    @Test func soDoesTheDeleteOfWhatWasKept() async throws {
        try await keepVersion()
        try await b.remove(.posts, "1")
        let run = try await a.pull(from: b, mirror(.park))
        #expect(run.result?.conflicts.map(\.verdict) == [.parked])
        #expect(try await a.text(.posts, "1") == Self.edited)
        try expectNoProblems()
    }

    @Test func soDoesAHandlerThatDropsWhatWasKept() async throws {
        try await keepVersion()
        b.hooks.install("drops") { _, item in item.id == "1" ? .dropped(reason: "not for there") : .unchanged }
        let run = try await a.pull(from: b, mirror(.park))
        #expect(run.result?.conflicts.map(\.verdict) == [.parked])
        #expect(try await a.text(.posts, "1") == Self.edited)
        try expectNoProblems()
    }

    @Test func onceWhatWasKeptWasTakenInItsDeleteIsNoConflict() async throws {
        try await keepVersion()
        #expect(try await b.push(to: a).result?.updated == 1)
        try await b.remove(.posts, "1")
        let run = try await b.push(to: a, mirror(.fail))
        #expect(run.result?.deleted == 1 && run.result?.conflicts == [])
        #expect(try a.ids(.posts) == ["keep"])
        try expectNoProblems()
    }
}
