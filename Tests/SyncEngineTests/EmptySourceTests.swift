import ContentModel
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// The guard for a source without items, at the side that does not make the plan.
@Suite struct EmptySourceTests: PairSuite {
    let a: TestInstance
    let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private static let confirmed = TestRun(
        scope: Scope(mode: .mirror), confirmations: Confirmations(emptySource: true))

    /// A source that keeps to itself what was agreed to.
    private struct Forgetful: PeerInBetween {
        let peer: any Peer

        func open(_ request: OpenTransfer) async throws -> TransferOpened {
            var request = request
            request.inline?.commit.confirmations.emptySource = nil
            return try await peer.open(request)
        }

        func commit(transfer: String, _ request: CommitTransfer) async throws -> CommitResult {
            var request = request
            request.confirmations.emptySource = nil
            return try await peer.commit(transfer: transfer, request)
        }
    }

    @Test func theDestinationOfAPushLooksForItself() async throws {
        try await b.put(.posts, #"{"_id":"1"}"#)
        try await a.put(.pageItems, #"{"_id":"1"}"#)
        try await refusal(.emptySource) {
            try await a.push(to: Forgetful(peer: b.responder), named: "b", Self.confirmed)
        }
        #expect(try b.ids(.posts) == ["1"])
        #expect(try await a.push(to: b, Self.confirmed).result?.deleted == 1)
        try expectNoProblems()
    }

    /// A source that plans whatever it is asked for.
    private struct Careless: PeerInBetween {
        let peer: any Peer

        func plan(transfer: String, _ request: MakePlan) async throws -> PlanAnswer {
            var request = request
            request.confirmations.emptySource = true
            return try await peer.plan(transfer: transfer, request)
        }
    }

    @Test func theDestinationOfAPullLooksForItself() async throws {
        try await a.put(.posts, #"{"_id":"1"}"#)
        try await b.put(.pageItems, #"{"_id":"1"}"#)
        try await refusal(.emptySource) {
            try await a.pull(from: Careless(peer: b.responder), named: "b", TestRun(scope: Scope(mode: .mirror)))
        }
        #expect(try a.ids(.posts) == ["1"])
        #expect(try await a.pull(from: b, Self.confirmed).result?.deleted == 1)
    }

    @Test func itemsThatTheSourceDeletedNeedNoWord() async throws {
        try await a.put(.posts, #"{"_id":"1"}"#)
        try await a.push(to: b)
        try await a.remove(.posts, "1")
        let run = try await a.push(to: b, TestRun(scope: Scope(mode: .mirror)))
        #expect(run.result?.deleted == 1 && run.plan?.kinds.allSatisfy { $0.unproved == nil } == true)
    }

    @Test(arguments: [Direction.push, .pull])
    func aPlanSaysWhatWouldGoAndThatItWouldBeRefused(direction: Direction) async throws {
        let (source, destination) = direction == .push ? (a, b) : (b, a)
        try await destination.put(.posts, #"{"_id":"1"}"#, #"{"_id":"2"}"#)
        try await source.put(.pageItems, #"{"_id":"1"}"#)
        var look = TestRun(scope: Scope(mode: .mirror), isDryRun: true)
        let plan = try #require(try await start(direction, look).plan)
        let posts = try #require(plan.kinds.first { $0.kind == Kind.posts.name }, "\(plan)")
        #expect(posts.deletes == 2 && posts.unproved == 2, "\(posts)")
        #expect(plan.refusal?.code == ErrorCode.emptySource.rawValue, "\(plan)")
        #expect(plan.refusal?.hint?.contains("--allow-empty-source") == true, "\(plan)")
        try await refusal(.emptySource) { try await start(direction, .mirror) }
        #expect(try destination.ids(.posts) == ["1", "2"])
        look.confirmations.emptySource = true
        #expect(try await start(direction, look).plan?.refusal == nil)
        #expect(try await start(direction, Self.confirmed).result?.deleted == 2)
        try expectNoProblems()
    }
}
