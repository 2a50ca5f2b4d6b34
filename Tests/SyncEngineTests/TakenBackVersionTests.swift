import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// What a rollback brings back was there before the source of the run sent its version: when that comes to the source, it
/// was not made of what the source has.
@Suite struct TakenBackVersionTests: PairSuite {
    let a: TestInstance
    let b: TestInstance
    private static let first = #"{"_id":"1","t":"first"}"#
    private static let here = #"{"_id":"1","t":"A"}"#
    private static let there = #"{"_id":"1","t":"B"}"#

    init() throws { (a, b) = try TestInstance.pair() }

    /// What `b` had before a run of `a` met it.
    enum Before: CaseIterable, Sendable {
        /// An edit that the run replaced.
        case replaced
        /// One that it left as it was.
        case kept, parked
        /// What `a` had left there.
        case sources
        /// An item of its own.
        case own

        var text: String { self == .sources ? first : there }
        var policy: ConflictPolicy {
            switch self {
            case .kept: .target
            case .parked: .park
            case .replaced, .sources, .own: .source
            }
        }
    }

    /// A push of `a` that a rollback at `b` took back; answers the rollback.
    @discardableResult
    private func takeBack(_ before: Before) async throws -> String {
        switch before {
        case .replaced, .kept, .parked: try await diverge(from: Self.first, here: Self.here, there: Self.there)
        case .sources:
            try await a.put(.posts, Self.first)
            try await a.push(to: b)
            try await a.put(.posts, Self.here)
        case .own:
            try await a.put(.posts, Self.here)
            try await b.put(.posts, Self.there)
        }
        let run = try await a.push(to: b, .with(before.policy))
        let rollback = b.newID()
        #expect(try await b.store.rollback(run.transfer, as: rollback).restored == 1)
        #expect(try await b.text(.posts, "1") == before.text)
        try expectNoProblems()
        return rollback
    }

    @Test(arguments: Before.allCases)
    func whatItReplacesIsListed(before: Before) async throws {
        try await takeBack(before)
        let run = try await a.pull(from: b)
        #expect(run.result?.conflicts == [Conflict(kind: "content/posts", id: "1", verdict: .replaced)], "\(run)")
        #expect(try await a.text(.posts, "1") == before.text)
        #expect(try await a.store.rollback(run.transfer, as: a.newID()).restored == 1)
        #expect(try await a.text(.posts, "1") == Self.here)
        try expectNoProblems()
    }

    @Test(arguments: Before.allCases, [.target, .park, .mergeFields] as [ConflictPolicy])
    func aPolicyThatKeepsEditsKeepsWhatIsHere(before: Before, policy: ConflictPolicy) async throws {
        try await takeBack(before)
        let run = try await a.pull(from: b, .with(policy))
        #expect(run.result?.conflicts.map(\.verdict) == [policy == .target ? .keptTarget : .parked], "\(run)")
        #expect(try await a.text(.posts, "1") == Self.here)
        #expect(try await a.pull(from: b, .with(policy)).isNoOp)
        try expectNoProblems()
    }

    @Test(arguments: Before.allCases)
    func anEditOfItWasNotMadeOfItEither(before: Before) async throws {
        try await takeBack(before)
        try await b.put(.posts, #"{"_id":"1","t":"B2"}"#)
        #expect(try await b.push(to: a, .with(.park)).result?.conflicts.map(\.verdict) == [.parked])
        #expect(try await a.text(.posts, "1") == Self.here)
        try expectNoProblems()
    }

    @Test func aDeleteThatComesBackMeetsTheEdit() async throws {
        try await a.put(.posts, Self.first, #"{"_id":"keep"}"#)
        try await a.push(to: b)
        try await b.remove(.posts, "1")
        try await a.put(.posts, Self.here)
        let run = try await a.push(to: b, .with(.target))
        #expect(run.result?.conflicts.map(\.verdict) == [.keptTarget])
        #expect(try await b.store.rollback(run.transfer, as: b.newID()).restored == 1)
        let mirror = try await a.pull(from: b, TestRun(scope: Scope(mode: .mirror, policy: .park)))
        #expect(mirror.result?.deleted == 0 && mirror.result?.conflicts.map(\.verdict) == [.parked], "\(mirror)")
        #expect(try await a.text(.posts, "1") == Self.here)
        try expectNoProblems()
    }

    // MARK: What is made of it

    @Test func whatIsMadeOfTheVersionThatCameOnceMoreIsAnAnswer() async throws {
        try await takeBack(.replaced)
        #expect(try remembered() == 1)
        try await a.push(to: b, TestRun(options: PlanOptions(includesReverted: true)))
        #expect(try await b.text(.posts, "1") == Self.here)
        #expect(try remembered() == 0)
        try await expectAnswer()
    }

    @Test func soIsWhatIsMadeOfItOnceTheRollbackIsTakenBack() async throws {
        let rollback = try await takeBack(.replaced)
        #expect(try await b.store.rollback(rollback, as: b.newID()).restored == 1)
        #expect(try await b.text(.posts, "1") == Self.here)
        #expect(try remembered() == 0)
        try await expectAnswer()
    }

    private func remembered() throws -> Int {
        try StoreInspector(b.store).count("SELECT count(*) FROM unmerged_version")
    }

    private func expectAnswer() async throws {
        try await b.put(.posts, #"{"_id":"1","t":"made of A"}"#)
        let run = try await a.pull(from: b, .with(.park))
        #expect(run.result?.updated == 1 && run.result?.conflicts == [], "\(run)")
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","t":"made of A"}"#)
        try expectNoProblems()
    }

    @Test func whatIsTheSameComesBackAsThat() async throws {
        try await a.put(.posts, Self.here)
        try await b.put(.posts, Self.here)
        let run = try await a.push(to: b)
        #expect(run.result?.adopted == 1)
        #expect(try await b.store.rollback(run.transfer, as: b.newID()).restored == 1)
        try await expectAnswer()
    }
}
