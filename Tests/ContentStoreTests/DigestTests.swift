import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// The digest trees that prove what need not be sent.
@Suite struct DigestTests {
    private let a: TestInstance
    private let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private func fill(_ range: ClosedRange<Int>, version: Int) async throws {
        try await a.change(
            try range.map { number in
                let body = try JSONDocument(validating: "{\"_id\":\"\(number)\",\"v\":\(version)}")
                return .put(kind: .posts, body: body, hash: body.hash)
            })
    }

    /// The root that was planned by laying changes over the tree is the one that the tree has afterwards.
    @Test(arguments: [(1...3, 4...5), (1...3_000, 1...3_000), (1...3_000, 2_990...3_010), (1...10, 11...2_500)])
    func theExpectedRootIsTheRootAfterwards(first: ClosedRange<Int>, second: ClosedRange<Int>) async throws {
        try await fill(first, version: 1)
        for (range, version) in [(first, 1), (second, 2)] {
            try await fill(range, version: version)
            if version == 2 { try await a.remove(.posts, "1") }
            let run = try await a.push(to: b)
            let expected = try #require(run.plan?.expectedRoots["content/posts"])
            let standing = try await a.store.standing(of: [.posts], toward: b.identity.id)
            #expect(standing.map(\.root.hex) == [expected])
            let held = try await b.store.held(of: a.identity.id, scope: .everything, sourceKinds: [], nonce: "n")
            #expect(held.kinds.map(\.root) == [standing[0].root.masked(by: "n")])
            #expect(held.kinds.map(\.held) == [standing[0].held])
        }
        #expect(try a.problems() == [])
        #expect(try b.problems() == [])
    }

    @Test func aRestoredDestinationIsNoticedAndFilledAgain() async throws {
        try await fill(1...50, version: 1)
        try await a.push(to: b)
        try StoreVandal(b.store).execute(
            """
            DELETE FROM body WHERE rid IN (SELECT rid FROM head WHERE CAST(id AS INTEGER) > 40);
            DELETE FROM head WHERE CAST(id AS INTEGER) > 40;
            \(StoreVandal.markAll)
            """)
        let run = try await a.push(to: b)
        #expect(run.result?.created == 10)
        #expect(try await a.push(to: b).outcome == .inSync)
    }

    @Test func aRestoredSourceSendsWhatItHasNow() async throws {
        try await fill(1...50, version: 1)
        try await a.push(to: b)
        try StoreVandal(a.store).execute(
            "DELETE FROM shadow; DELETE FROM checkpoint; DELETE FROM dirty_leaf; DELETE FROM node")
        let run = try await a.push(to: b)
        #expect(run.isNoOp)
        #expect(try await a.push(to: b).outcome == .inSync)
    }

    @Test func listsOfManyPagesAreComparedToTheEnd() async throws {
        try await fill(1...(Limits.listPage + 500), version: 1)
        try await a.push(to: b)
        try StoreVandal(a.store).execute(
            "DELETE FROM shadow; DELETE FROM checkpoint; DELETE FROM dirty_leaf; DELETE FROM node")
        let run = try await a.push(to: b)
        #expect(run.isNoOp)
        #expect(run.calls.count { $0 == "list" } == 2)
        #expect(try await a.push(to: b).outcome == .inSync)
    }
}

/// A comparison that no run followed up must not make the next one believe that nothing is to be done.
@Suite struct UnfinishedComparisonTests {
    private let a: TestInstance
    private let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private func loseOneRow() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#)
        try await a.push(to: b)
        try StoreVandal(b.store).execute(
            """
            DELETE FROM body WHERE rid IN (SELECT rid FROM head WHERE id = '2');
            DELETE FROM head WHERE id = '2';
            \(StoreVandal.markAll)
            """)
    }

    @Test func aPlanOnly() async throws {
        try await loseOneRow()
        let planned = try await a.push(to: b, TestRun(isDryRun: true))
        #expect(planned.plan?.operations == 1)
        #expect(try await a.push(to: b).result?.created == 1)
    }

    @Test func aRunThatBroke() async throws {
        try await loseOneRow()
        await #expect(throws: TestRunFailure.self) {
            try await a.push(to: b, TestRun(fault: .init(call: 3, isCarriedOut: false)))
        }
        #expect(try await a.push(to: b).result?.created == 1)
        #expect(try await a.push(to: b).outcome == .inSync)
    }

    @Test func anEditThatWasListedAndNotReplaced() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","v":2}"#)
        try await a.push(to: b, TestRun(isDryRun: true))
        #expect(try await a.push(to: b).result?.conflicts.count == 1)
    }
}
