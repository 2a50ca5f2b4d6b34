import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Items that one source had sent and that the mirror of another deleted: for the first, a change made there.
@Suite struct DeletedByOthersTests {
    private let a: TestInstance
    private let c: TestInstance
    private let hub: TestInstance
    private static let first = #"{"_id":"1","v":1}"#
    private static let next = #"{"_id":"1","v":2}"#
    private static let keeping: [ConflictPolicy] = [.target, .park, .mergeFields]

    /// How the item was the other source's to delete.
    enum Way: CaseIterable, Sendable {
        /// It was not: mirrors delete what others left there too.
        case asItWas
        /// That source had sent its own version.
        case takenOver
        /// The same, and the first source has heard of it.
        case takenOverAsIsKnown
    }

    init() throws {
        let made = try TestInstance.make("a", "c", "hub")
        (a, c, hub) = (made[0], made[1], made[2])
    }

    private func with(_ policy: ConflictPolicy) -> TestRun { TestRun(scope: Scope(policy: policy)) }

    private func expectNoProblems() throws {
        for instance in [a, c, hub] { #expect(try instance.problems() == []) }
    }

    /// Item 1 of `c`, deleted at the hub by a mirror of `a`.
    private func deleteByMirror(_ way: Way = .asItWas) async throws {
        try await c.put(.posts, Self.first)
        try await c.push(to: hub)
        try await a.put(.posts, #"{"_id":"own"}"#)
        if way != .asItWas {
            try await a.put(.posts, #"{"_id":"1","v":"taken"}"#)
            try await a.push(to: hub)
            if way == .takenOverAsIsKnown { #expect(try await c.push(to: hub).isNoOp) }
            try await a.remove(.posts, "1")
        }
        #expect(try await a.push(to: hub, .mirror).result?.deleted == 1)
        #expect(try await hub.text(.posts, "1") == nil)
    }

    @Test(arguments: Way.allCases, keeping)
    func stayDeletedWhereThePolicyKeepsEdits(way: Way, policy: ConflictPolicy) async throws {
        try await deleteByMirror(way)
        try await c.put(.posts, Self.next)
        let run = try await c.push(to: hub, with(policy))
        #expect(run.result?.conflictCount == 1 && run.result?.created == 0, "\(run)")
        #expect(try await hub.text(.posts, "1") == nil)
        #expect(try await hub.store.conflicts().count == (policy == .target ? 0 : 1))
        #expect(try await hub.store.drift(limit: 10).items.map(\.source) == ["c"])
        #expect(try await c.push(to: hub, with(policy)).isNoOp)
        try expectNoProblems()
    }

    @Test(arguments: keeping)
    func stayDeletedAlsoWhereTheItemIsAsItWasSent(policy: ConflictPolicy) async throws {
        try await deleteByMirror()
        let run = try await c.push(to: hub, with(policy))
        #expect(run.result?.conflictCount == 1 && run.result?.created == 0, "\(run)")
        #expect(try await hub.text(.posts, "1") == nil)
        try expectNoProblems()
    }

    @Test(arguments: Way.allCases)
    func areListedWhereTheSourceWins(way: Way) async throws {
        try await deleteByMirror(way)
        try await c.put(.posts, Self.next)
        let run = try await c.push(to: hub)
        #expect(run.result?.conflicts == [Conflict(kind: "content/posts", id: "1", verdict: .replaced)], "\(run)")
        #expect(run.result?.created == 1)
        #expect(try await hub.text(.posts, "1") == Self.next)
        #expect(try await c.push(to: hub).isNoOp)
        try expectNoProblems()
    }

    /// What the first of them has found out is not forgotten with its run.
    @Test func stopRunsThatAreToFailEachTime() async throws {
        try await deleteByMirror()
        for _ in 1...2 {
            let failure = await #expect(throws: TestRunFailure.self) { try await c.push(to: hub, with(.fail)) }
            #expect(failure?.error.code == .conflicts)
            #expect(try await hub.text(.posts, "1") == nil)
        }
        try expectNoProblems()
    }

    @Test func arePlannedAsDecidedThereWhereThePolicyKeepsEdits() async throws {
        try await deleteByMirror()
        for policy in [ConflictPolicy.source, .target] {
            var look = with(policy)
            look.isDryRun = true
            let plan = try #require(try await c.push(to: hub, look).plan?.kinds.first { $0.kind == Kind.posts.name })
            #expect(plan.creates == 1 && plan.undecided == (policy == .source ? 0 : 1), "\(plan)")
            #expect(plan.possibleOverwrites == (policy == .source ? 1 : nil), "\(plan)")
        }
    }

    /// The hub tells nobody but `c` of the rows that `c` left there.
    @Test(arguments: [ConflictPolicy.source, .target], [true, false])
    func aDeleteOfWhatAnotherHadSentIsPlannedToBeMet(policy: ConflictPolicy, isListed: Bool) async throws {
        try await c.put(.posts, Self.first)
        try await c.push(to: hub)
        try await hub.remove(.posts, "1")
        try await a.put(.posts, Self.next, #"{"_id":"own"}"#)
        var look = with(policy)
        look.isDryRun = true
        look.options.isExact = isListed
        let plan = try #require(try await a.push(to: hub, look).plan?.kinds.first { $0.kind == Kind.posts.name })
        #expect(plan.creates == 2 && plan.overwrites == 0, "\(plan)")
        #expect(plan.undecided == (policy == .source ? 0 : 1), "\(plan)")
        #expect(plan.possibleOverwrites == (policy == .source ? 1 : nil), "\(plan)")
        let run = try await a.push(to: hub, with(policy))
        #expect(run.result?.conflicts.map(\.verdict) == [policy == .source ? .replaced : .keptTarget], "\(run)")
        #expect(run.result?.created == (policy == .source ? 2 : 1), "\(run)")
        try expectNoProblems()
    }

    @Test(arguments: [ConflictPolicy.source, .park])
    func anEditOfWhatAnotherHadSentIsPlannedToBeMetByAMirror(policy: ConflictPolicy) async throws {
        try await c.put(.posts, Self.first)
        try await c.push(to: hub)
        try await hub.put(.posts, Self.next)
        try await a.put(.posts, #"{"_id":"own"}"#)
        var look = TestRun.with(policy, .mirror)
        look.isDryRun = true
        let plan = try #require(try await a.push(to: hub, look).plan?.kinds.first { $0.kind == Kind.posts.name })
        #expect(plan.deletes == 1 && plan.overwrites == 0, "\(plan)")
        #expect(plan.openDeletes == (policy == .source ? nil : 1), "\(plan)")
        #expect(plan.possibleOverwrites == (policy == .source ? 1 : nil), "\(plan)")
        let run = try await a.push(to: hub, .with(policy, .mirror))
        #expect(run.result?.conflicts.map(\.verdict) == [policy == .source ? .replaced : .parked], "\(run)")
        #expect(run.result?.deleted == (policy == .source ? 1 : 0), "\(run)")
        try expectNoProblems()
    }

    @Test func aDeleteOfWhatWasOnceSentToTheSourceIsPlannedToBeMet() async throws {
        try await hub.put(.posts, Self.first)
        try await hub.push(to: a)
        try await c.put(.posts, Self.next)
        try await c.push(to: a)
        try await hub.remove(.posts, "1")
        let plan = try #require(
            try await a.push(to: hub, TestRun(isDryRun: true)).plan?.kinds.first { $0.kind == Kind.posts.name })
        #expect(plan.creates == 1 && plan.undecided == 0 && plan.possibleOverwrites == 1, "\(plan)")
        #expect(try await a.push(to: hub).result?.conflicts.map(\.verdict) == [.replaced])
        try expectNoProblems()
    }

    @Test func oneThatTheSourceItselfDeletedIsPlannedToBeMadeAnew() async throws {
        try await c.put(.posts, Self.first, #"{"_id":"own"}"#)
        try await c.push(to: hub)
        try await c.remove(.posts, "1")
        try await c.push(to: hub, .mirror)
        try await c.put(.posts, Self.next)
        let plan = try #require(
            try await c.push(to: hub, TestRun(isDryRun: true)).plan?.kinds.first { $0.kind == Kind.posts.name })
        #expect(plan.creates == 1 && plan.undecided == 0 && plan.possibleOverwrites == nil, "\(plan)")
    }

    // MARK: No edits

    @Test func anItemThatTheSourceNeverSentIsMade() async throws {
        try await a.put(.posts, Self.first, #"{"_id":"own"}"#)
        try await a.push(to: hub)
        try await a.remove(.posts, "1")
        #expect(try await a.push(to: hub, .mirror).result?.deleted == 1)
        try await c.put(.posts, Self.next)
        let run = try await c.push(to: hub, with(.fail))
        #expect(run.result?.created == 1 && run.result?.conflicts == [], "\(run)")
        try expectNoProblems()
    }

    @Test func oneThatTheSourceItselfDeletedIsMadeAnew() async throws {
        try await c.put(.posts, Self.first, #"{"_id":"own"}"#)
        try await c.push(to: hub)
        try await c.remove(.posts, "1")
        #expect(try await c.push(to: hub, .mirror).result?.deleted == 1)
        try await c.put(.posts, Self.next)
        let run = try await c.push(to: hub, with(.fail))
        #expect(run.result?.created == 1 && run.result?.conflicts == [], "\(run)")
        try expectNoProblems()
    }

    @Test func soIsOneThatTheSourceDeletedAfterTheOtherHad() async throws {
        try await deleteByMirror()
        try await c.remove(.posts, "1")
        try await c.put(.posts, Self.next)
        let run = try await c.push(to: hub, with(.fail))
        #expect(run.result?.created == 1 && run.result?.conflicts == [], "\(run)")
        try expectNoProblems()
    }

    @Test func oneThatTheDestinationLostIsMadeAnew() async throws {
        try await c.put(.posts, Self.first)
        try await c.push(to: hub)
        try StoreVandal(hub.store).execute(
            """
            DELETE FROM body WHERE rid IN (SELECT rid FROM head WHERE id = '1');
            DELETE FROM head WHERE id = '1';
            \(StoreVandal.markAll)
            """)
        let run = try await c.push(to: hub, with(.fail))
        #expect(run.result?.created == 1 && run.result?.conflicts == [], "\(run)")
    }
}
