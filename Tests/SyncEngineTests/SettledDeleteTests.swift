import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Deletes that wait at the destination, whose source gets the item back from there.
@Suite struct SettledDeleteTests {
    private let a: TestInstance
    private let b: TestInstance
    private let c: TestInstance
    private static let edited = #"{"_id":"1","t":"there"}"#

    init() throws {
        let made = try TestInstance.make("a", "b", "c")
        (a, b, c) = (made[0], made[1], made[2])
    }

    private func mirror(_ policy: ConflictPolicy) -> TestRun { TestRun(scope: Scope(mode: .mirror, policy: policy)) }

    private func expectNoProblems() throws {
        for instance in [a, b, c] { #expect(try instance.problems() == []) }
    }

    /// `a` has deleted an item that was edited at `b`, where that was kept.
    private func keepEdit(_ policy: ConflictPolicy = .park) async throws {
        try await a.put(.posts, #"{"_id":"1","t":"first"}"#, #"{"_id":"keep"}"#)
        try await a.push(to: b)
        try await a.remove(.posts, "1")
        try await b.put(.posts, Self.edited)
        #expect(try await a.push(to: b, mirror(policy)).result?.kept == 1)
        #expect(try await b.store.conflicts().map(\.isDelete) == (policy == .park ? [true] : []))
    }

    private func deletes(at instance: TestInstance) throws -> Int {
        try StoreInspector(instance.store).count("SELECT count(*) FROM conflict WHERE rid IS NULL")
    }

    @Test(arguments: [.park, .target] as [ConflictPolicy], [true, false])
    func nothingWaitsOnceTheSourceHasTheItemAgain(policy: ConflictPolicy, isPush: Bool) async throws {
        try await keepEdit(policy)
        if isPush { try await b.push(to: a) } else { try await a.pull(from: b) }
        #expect(try await a.text(.posts, "1") == Self.edited)
        #expect(try await b.store.conflicts() == [])
        #expect(try deletes(at: b) == 0)
        for run in [TestRun(), mirror(.park)] {
            #expect(try await a.push(to: b, run).isNoOp)
            #expect(try await b.pull(from: a, run).isNoOp)
        }
        #expect(try b.ids(.posts) == ["1", "keep"])
        try expectNoProblems()
    }

    /// What was decided about the first delete says nothing about another.
    @Test(arguments: [.park, .target] as [ConflictPolicy])
    func aDeleteOfWhatTheSourceGotBackIsCarriedOut(policy: ConflictPolicy) async throws {
        try await keepEdit(policy)
        try await a.pull(from: b)
        try await a.remove(.posts, "1")
        let run = try await a.push(to: b, mirror(policy))
        #expect(run.result?.deleted == 1 && run.result?.conflicts == [], "\(run)")
        #expect(try b.ids(.posts) == ["keep"])
        try expectNoProblems()
    }

    @Test func nothingWaitsEitherWhenTheAnswerWasLost() async throws {
        try await keepEdit()
        var hasArrived = false
        for call in 1...12 where !hasArrived {
            do {
                try await b.push(to: a, TestRun(fault: .init(call: call, isCarriedOut: true)))
            } catch is TestRunFailure {}
            hasArrived = try await a.text(.posts, "1") != nil
            b.clock.advance(by: .seconds(2 * Limits.leaseSeconds))
        }
        #expect(try await a.text(.posts, "1") == Self.edited)
        try await b.push(to: a)
        #expect(try await b.store.conflicts() == [])
        try expectNoProblems()
    }

    /// The item is not the source's again, so a mirror of it meets the edit once more.
    @Test func aSourceThatKeepsItsDeleteMeetsTheEditAgain() async throws {
        try await b.put(.posts, #"{"_id":"1","t":"first"}"#, #"{"_id":"keep"}"#)
        try await b.push(to: a)
        try await a.remove(.posts, "1")
        try await b.put(.posts, Self.edited)
        #expect(try await a.push(to: b, mirror(.park)).result?.conflicts.map(\.verdict) == [.parked])
        #expect(try await a.pull(from: b, TestRun(scope: Scope(policy: .target))).result?.kept == 1)
        #expect(try await a.text(.posts, "1") == nil)
        #expect(try await b.store.conflicts() == [])
        #expect(try await a.push(to: b, mirror(.park)).result?.conflicts.map(\.verdict) == [.parked])
        #expect(try await b.text(.posts, "1") == Self.edited)
        #expect(try await a.push(to: b, mirror(.park)).isNoOp)
        try expectNoProblems()
    }

    @Test func aDeleteOfAnotherSourceWaitsOn() async throws {
        try await keepEdit()
        let open = try await b.store.conflicts()
        try await b.push(to: c)
        #expect(try await c.text(.posts, "1") == Self.edited)
        #expect(try await b.store.conflicts() == open)
        try expectNoProblems()
    }
}
