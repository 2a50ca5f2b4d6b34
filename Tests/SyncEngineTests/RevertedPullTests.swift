import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Pulls of what a rollback here took back: left alone, until somebody asks for it.
@Suite struct RevertedPullTests: PairSuite {
    /// Has the items.
    let a: TestInstance
    /// Pulls them.
    let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    /// Item 1 came new and was gone again, item 2 was changed and is what it was.
    private func takeBackAPull() async throws {
        try await b.put(.posts, #"{"_id":"2","v":"before"}"#)
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#)
        let run = try await b.pull(from: a)
        #expect(try await b.store.rollback(run.transfer, as: b.newID()).restored == 2)
    }

    private func including(_ scope: Scope = .everything, isDryRun: Bool = false) -> TestRun {
        TestRun(
            scope: scope, options: PlanOptions(includesReverted: true), confirmations: Confirmations(deletes: 1_000),
            isDryRun: isDryRun)
    }

    private func texts() async throws -> [String?] {
        [try await b.text(.posts, "1"), try await b.text(.posts, "2")]
    }

    private let before: [String?] = [nil, #"{"_id":"2","v":"before"}"#]
    private let pulled: [String?] = [#"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#]

    /// The source may have learnt of the rollback before, or learn of it now.
    @Test(arguments: [Mode.merge, .mirror], [true, false])
    func comesWhenItIsAskedFor(mode: Mode, isKnown: Bool) async throws {
        try await takeBackAPull()
        if isKnown {
            let plain = try await b.pull(from: a)
            #expect(plain.isNoOp && plain.plan?.kinds.map(\.reverted) == [2], "\(plain)")
        }
        #expect(try await texts() == before)
        let asked = try await b.pull(from: a, including(Scope(mode: mode)))
        #expect(asked.result?.created == 1 && asked.result?.updated == 1, "\(asked)")
        #expect(asked.plan?.kinds.map(\.reverted) == [0])
        #expect(try await texts() == pulled)
        #expect(try await b.pull(from: a).isNoOp)
        try expectNoProblems()
    }

    @Test(arguments: [nil, ItemRule.existing])
    func oneItemComesWhenItIsNamed(rule: ItemRule?) async throws {
        try await takeBackAPull()
        #expect(try await b.pull(from: a).isNoOp)
        let scope = Scope(items: ["content/posts": ["1"]], itemRule: rule)
        let asked = try await b.pull(from: a, including(scope))
        #expect(asked.result?.created == 1 && asked.result?.updated == 0, "\(asked)")
        #expect(asked.plan?.kinds.first { $0.kind == Kind.posts.name }?.reverted == 1, "\(asked)")
        #expect(try await texts() == [pulled[0], before[1]])
        try expectNoProblems()
    }

    @Test func aSourceThatDoesNotKnowTheQuestionIsNamed() async throws {
        try await takeBackAPull()
        #expect(try await b.pull(from: a).isNoOp)
        let elder = Elder(peer: a.responder)
        await #expect {
            _ = try await b.pull(from: elder, named: a.name, including())
        } throws: { ($0 as? TestRunFailure)?.error.code == .versionMismatch }
        #expect(try await b.pull(from: elder, named: a.name, TestRun()).isNoOp)
        #expect(try await b.store.leaseHolder() == nil)
    }

    @Test func aPlanShowsIt() async throws {
        try await takeBackAPull()
        let plan = try await b.pull(from: a, including(isDryRun: true)).plan
        #expect(plan?.operations == 2 && plan?.kinds.map(\.reverted) == [0], "\(String(describing: plan))")
        #expect(try await texts() == before)
        #expect(try await b.pull(from: a).isNoOp)
    }
}

/// Leaves unread whether what was taken back is asked for.
private struct Elder: PeerInBetween {
    let peer: any Peer

    func open(_ request: OpenTransfer) async throws -> TransferOpened {
        var request = request
        request.includesReverted = false
        return try await peer.open(request)
    }
}
