import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Items that were deleted here after they had been sent, and that come back.
@Suite struct DeletedHereTests: PairSuite {
    let a: TestInstance
    let b: TestInstance
    private static let edited = #"{"_id":"1","t":"there"}"#

    init() throws { (a, b) = try TestInstance.pair() }

    private func send() async throws {
        try await a.put(.posts, #"{"_id":"1","t":"first"}"#, #"{"_id":"keep"}"#)
        try await a.push(to: b)
    }

    private func sendDeleteAndEdit() async throws {
        try await send()
        try await a.remove(.posts, "1")
        try await b.put(.posts, Self.edited)
    }

    private func run(_ policy: ConflictPolicy, isPush: Bool) async throws -> TestRunResult {
        try await b.move(to: a, isPush: isPush, .with(policy))
    }

    @Test(arguments: [.park, .mergeFields] as [ConflictPolicy], [true, false])
    func anEditThereWaits(policy: ConflictPolicy, isPush: Bool) async throws {
        try await sendDeleteAndEdit()
        let run = try await run(policy, isPush: isPush)
        #expect(run.result?.conflicts.map(\.verdict) == [.parked] && run.result?.created == 0)
        #expect(try await a.text(.posts, "1") == nil)
        let open = try await a.store.conflicts()
        #expect(open.map(\.item) == ["1"] && open.map(\.isDelete) == [false] && open.map(\.source) == ["b"])
        #expect(try await self.run(policy, isPush: isPush).isNoOp)
        try expectNoProblems()
    }

    @Test func theTargetKeepsItDeletedAndListsThat() async throws {
        try await sendDeleteAndEdit()
        #expect(try await a.pull(from: b, .with(.target)).result?.conflicts.map(\.verdict) == [.keptTarget])
        #expect(try await a.text(.posts, "1") == nil)
        let drift = try await a.store.drift(limit: 10)
        #expect(drift.items.map(\.id) == ["1"] && drift.items.map(\.isDeleted) == [true])
        try expectNoProblems()
    }

    @Test func aPolicyThatFailsFails() async throws {
        try await sendDeleteAndEdit()
        let failure = await #expect(throws: TestRunFailure.self) { try await a.pull(from: b, .with(.fail)) }
        #expect(failure?.error.code == .conflicts)
        #expect(try await a.text(.posts, "1") == nil)
        try expectNoProblems()
    }

    @Test func whereTheSourceWinsTheDeleteIsListedAndCanBeBroughtBack() async throws {
        try await sendDeleteAndEdit()
        let run = try await a.pull(from: b)
        #expect(run.result?.conflicts == [Conflict(kind: "content/posts", id: "1", verdict: .replaced)])
        #expect(run.result?.created == 1 && run.result?.conflictCount == 1)
        #expect(try await a.text(.posts, "1") == Self.edited)
        #expect(try await a.store.rollback(run.transfer, as: a.newID()).restored == 1)
        #expect(try await a.text(.posts, "1") == nil)
        try expectNoProblems()
    }

    @Test(arguments: ConflictPolicy.allCases)
    func whatNobodyEditedThereDoesNotComeBack(policy: ConflictPolicy) async throws {
        try await send()
        try await a.remove(.posts, "1")
        #expect(try await a.pull(from: b, .with(policy)).isNoOp)
        #expect(try await a.text(.posts, "1") == nil)
        try expectNoProblems()
    }

    @Test func oneThatTheOtherSideDeletedHereIsNoEditWhenItIsMadeAnewThere() async throws {
        try await send()
        try await b.remove(.posts, "1")
        #expect(try await a.pull(from: b, .mirror).result?.deleted == 1)
        try await b.put(.posts, #"{"_id":"1","t":"anew"}"#)
        let run = try await a.pull(from: b, .with(.park))
        #expect(run.result?.created == 1 && run.result?.conflicts == [])
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","t":"anew"}"#)
        try expectNoProblems()
    }

    @Test func onceTheDeleteWasSentWhatIsMadeThereIsNew() async throws {
        try await send()
        try await a.remove(.posts, "1")
        try await a.push(to: b, .mirror)
        try await b.put(.posts, Self.edited)
        let run = try await a.pull(from: b, .with(.park))
        #expect(run.result?.created == 1 && run.result?.conflicts == [])
        try expectNoProblems()
    }
}
