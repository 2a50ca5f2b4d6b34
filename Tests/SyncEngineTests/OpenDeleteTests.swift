import ContentModel
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Deletes of which only the destination knows whether they meet an edit: a plan says so, and the run does no more.
@Suite struct OpenDeleteTests {
    private let a: TestInstance
    private let b: TestInstance

    init() throws {
        let made = try TestInstance.make("a", "b")
        (a, b) = (made[0], made[1])
    }

    private func mirror(isDryRun: Bool = false) -> TestRun {
        TestRun(scope: Scope(mode: .mirror, policy: .park), isDryRun: isDryRun)
    }

    private func move(_ direction: Direction, _ run: TestRun) async throws -> TestRunResult {
        direction == .push ? try await a.push(to: b, run) : try await b.pull(from: a, run)
    }

    private func plan(_ direction: Direction = .push) async throws -> KindPlan {
        let run = try await move(direction, mirror(isDryRun: true))
        return try #require(run.plan?.kinds.first { $0.kind == Kind.posts.name }, "\(run)")
    }

    /// Both have an item of `b` that `a` deletes.
    private func share() async throws {
        try await b.put(.posts, #"{"_id":"1","t":"first"}"#)
        try await b.push(to: a)
        try await a.put(.posts, #"{"_id":"keep"}"#)
        try await a.push(to: b)
        try await a.remove(.posts, "1")
    }

    @Test(arguments: [Direction.push, .pull])
    func anEditOfWhatTheDestinationHadSentIsDecidedThere(direction: Direction) async throws {
        try await share()
        try await b.put(.posts, #"{"_id":"1","t":"edited"}"#)
        let plan = try await plan(direction)
        #expect(plan.deletes == 1 && plan.openDeletes == 1 && plan.overwrites == 0, "\(plan)")
        let run = try await move(direction, mirror())
        #expect(run.result?.deleted == 0 && run.result?.kept == 1 && run.result?.released == 0, "\(run)")
        #expect(run.result?.conflicts.map(\.verdict) == [.parked])
        #expect(try a.problems() + b.problems() == [])
    }

    @Test(arguments: [Direction.push, .pull])
    func soIsWhatNobodyEdited(direction: Direction) async throws {
        try await share()
        #expect(try await plan(direction).openDeletes == 1)
        let run = try await move(direction, mirror())
        #expect(run.result?.deleted == 1 && run.result?.conflicts == [], "\(run)")
    }

    @Test func soIsWhatTheSourceHadLetGo() async throws {
        try await a.put(.posts, #"{"_id":"1","t":"first"}"#, #"{"_id":"keep"}"#)
        try await a.push(to: b)
        try await a.remove(.posts, "1")
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","t":"edited"}"#)
        let plan = try await plan()
        #expect(plan.deletes == 1 && plan.openDeletes == 1, "\(plan)")
        #expect(try await move(.push, mirror()).result?.conflicts.map(\.verdict) == [.parked])
    }

    @Test func whatTheSourceNeverHadIsSaidToGo() async throws {
        try await a.put(.posts, #"{"_id":"keep"}"#)
        try await b.put(.posts, #"{"_id":"own"}"#)
        let plan = try await plan()
        #expect(plan.deletes == 1 && plan.openDeletes == nil, "\(plan)")
        #expect(try await move(.push, mirror()).result?.deleted == 1)
    }

    @Test func whatTheSourceStillHoldsThereIsSaidToGo() async throws {
        try await a.put(.posts, #"{"_id":"1"}"#, #"{"_id":"keep"}"#)
        try await a.push(to: b)
        try await a.remove(.posts, "1")
        let plan = try await plan()
        #expect(plan.deletes == 1 && plan.openDeletes == nil, "\(plan)")
    }
}
