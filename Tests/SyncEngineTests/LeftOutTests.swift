import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// What a mirror that was forced on a filter does with items that the filter does not take.
@Suite struct LeftOutTests: PairSuite {
    let a: TestInstance
    let b: TestInstance
    private let c: TestInstance

    init() throws { (a, b, c) = try TestInstance.trio() }

    private static let filter = #"{"v":{"$gte":3}}"#

    private func forced(
        items: [String: [String]]? = nil, models: [String]? = nil, policy: ConflictPolicy = .source, deletes: Int? = nil
    ) -> TestRun {
        TestRun(
            scope: Scope(
                models: models, mode: .mirror, filter: Self.filter, allowsMirrorWithFilter: true, items: items,
                policy: policy),
            confirmations: Confirmations(deletes: deletes))
    }

    private func put(_ values: [Int], kind: Kind = .posts) async throws {
        for (position, value) in values.enumerated() {
            try await a.put(kind, "{\"_id\":\"\(position + 1)\",\"v\":\(value)}")
        }
    }

    @Test(arguments: [Direction.push, .pull])
    func whatWasSentWithoutTheFilterAndDidNotChangeIsDeleted(_ direction: Direction) async throws {
        try await put([1, 2, 3, 4])
        _ = try await move(direction)
        #expect(try await move(direction).outcome == .inSync)
        let run = try await move(direction, forced())
        #expect(run.plan?.deletes == 2)
        #expect(run.result?.deleted == 2)
        #expect(try b.ids(.posts) == ["3", "4"])
        #expect(try a.ids(.posts) == ["1", "2", "3", "4"])
        #expect(try await move(direction, forced()).isNoOp)
        try expectNoProblems()
    }

    @Test(arguments: [Direction.push, .pull])
    func whatWasEditedOutOfTheFilterIsDeleted(_ direction: Direction) async throws {
        try await put([3, 4, 5])
        #expect(try await move(direction, forced()).result?.created == 3)
        try await a.put(.posts, #"{"_id":"2","v":1}"#)
        #expect(try await move(direction, forced()).result?.deleted == 1)
        #expect(try b.ids(.posts) == ["1", "3"])
        #expect(try await move(direction, forced()).isNoOp)
        try expectNoProblems()
    }

    /// What such a job leaves out is not to be moved, which does not say that it is to go.
    @Test(arguments: [Direction.push, .pull])
    func filesThatAreTooOldOrTooLargeStay(_ direction: Direction) async throws {
        let (key, large) = (ItemKey(.assets, "1"), ModelItem(version: 1))
        try a.takeFile(ModelFile(of: large.version).text)
        try await a.put(.assets, large.text(key))
        _ = try await move(direction)
        let small = AssetSelection(maxFileSize: 1)
        let run = TestRun(scope: Scope(mode: .mirror, allowsMirrorWithFilter: true, assets: small))
        #expect(try await move(direction, run).isNoOp)
        #expect(try b.ids(.assets) == ["1"])
    }

    /// A run without the filter, or one whose filter takes the item, finds nothing of it in the feed.
    @Test(arguments: [Direction.push, .pull])
    func whatWasLeftOutIsSentAgainByRunsThatTakeIt(_ direction: Direction) async throws {
        try await put([1, 2, 3])
        _ = try await move(direction)
        #expect(try await move(direction, forced()).result?.deleted == 2)
        let wider = TestRun(scope: Scope(filter: #"{"v":{"$gte":2}}"#))
        #expect(try await move(direction, wider).result?.created == 1)
        #expect(try await move(direction).result?.created == 1)
        #expect(try await move(direction).outcome == .inSync)
        #expect(try b.ids(.posts) == ["1", "2", "3"])
        try expectNoProblems()
    }

    @Test func aMergeWithTheFilterDeletesNothing() async throws {
        try await put([1, 3])
        try await a.push(to: b)
        #expect(try await a.push(to: b, TestRun(scope: Scope(filter: Self.filter))).isNoOp)
        #expect(try b.ids(.posts) == ["1", "2"])
    }

    @Test func nothingOutsideOfTheSelectionIsDeleted() async throws {
        try await put([1, 2, 3])
        try await put([1, 2, 3], kind: .pageItems)
        try await a.push(to: b)
        #expect(try await a.push(to: b, forced(items: ["content/posts": ["1", "3"]])).result?.deleted == 1)
        #expect(try b.ids(.posts) == ["2", "3"])
        #expect(try b.ids(.pageItems) == ["1", "2", "3"])
        #expect(try await a.push(to: b, forced(models: ["posts"])).result?.deleted == 1)
        #expect(try b.ids(.posts) == ["3"])
        #expect(try b.ids(.pageItems) == ["1", "2", "3"])
        try expectNoProblems()
    }

    @Test func rowsThatAreNotOfThisSourceAreSpared() async throws {
        try await put([1, 2, 3])
        try await a.push(to: b)
        try await c.put(.posts, #"{"_id":"2","v":0}"#)
        try await c.push(to: b)
        try await b.put(.posts, #"{"_id":"own","v":0}"#)
        #expect(try await a.push(to: b, forced()).result?.deleted == 1)
        #expect(try b.ids(.posts) == ["2", "3", "own"])
        try expectNoProblems()
    }

    @Test func anItemThatCameFromTheDestinationIsNotDeletedThere() async throws {
        try await b.put(.posts, #"{"_id":"1","v":1}"#)
        try await b.push(to: a)
        try await put([3, 3])
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","v":1}"#)
        try await b.push(to: a)
        #expect(try await a.push(to: b, forced()).result?.deleted ?? 0 == 0)
        #expect(try b.ids(.posts) == ["1", "2"])
    }

    /// What a handler holds back now stays as it was sent, as long as the filter takes the item.
    @Test func whatAHandlerSkipsStays() async throws {
        try await put([3, 4, 1])
        try await a.push(to: b)
        a.hooks.install("skips") { _, _ in .skipped(reason: "not now") }
        try await a.put(.posts, #"{"_id":"1","v":7}"#)
        #expect(try await a.push(to: b, forced()).result?.deleted == 1)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":3}"#)
        #expect(try b.ids(.posts) == ["1", "2"])
        #expect(try await a.push(to: b, forced()).isNoOp)
    }

    @Test(arguments: [ConflictPolicy.source, .park])
    func whatWasEditedThereIsDecidedByThePolicy(_ policy: ConflictPolicy) async throws {
        try await put([1, 3])
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","v":1,"own":true}"#)
        let run = try await a.push(to: b, forced(policy: policy))
        #expect(run.result?.conflictCount == 1)
        #expect(run.result?.deleted == (policy == .source ? 1 : 0))
        #expect(try await b.text(.posts, "1") == (policy == .source ? nil : #"{"_id":"1","v":1,"own":true}"#))
        #expect(try await a.push(to: b, forced(policy: policy)).isNoOp)
        try expectNoProblems()
    }

    @Test(arguments: [Direction.push, .pull])
    func guardsCountThem(_ direction: Direction) async throws {
        try await put(Array(repeating: 1, count: 6) + Array(repeating: 3, count: 30))
        _ = try await move(direction)
        do {
            _ = try await move(direction, forced())
            Issue.record("the run should have been refused")
        } catch let failure as TestRunFailure {
            #expect(failure.error.code == .deleteGuard)
        }
        #expect(try b.ids(.posts).count == 36)
        #expect(try await move(direction, forced(deletes: 6)).result?.deleted == 6)
    }

    @Test(arguments: [Direction.push, .pull])
    func thePlanTellsThemFromItemsThatAreGone(_ direction: Direction) async throws {
        try await put([1, 3, 4])
        _ = try await move(direction)
        try await a.remove(.posts, "3")
        let rows = try await forced().plannedRows { try await move(direction, $0) }
        #expect(rows.map(\.id) == ["1", "3"] && rows.map(\.isLeftOut) == [true, nil], "\(rows)")
        #expect(rows.allSatisfy { $0.operation == .delete })
    }

    /// Pages are planned before posts are looked at, and posts go through a handler.
    @Test func whatChangesWhileThePlanIsMadeIsLookedAtAgain() async throws {
        a.hooks.install("looks") { _, _ in .unchanged }
        try await put([1, 2, 3], kind: .pageItems)
        try await a.push(to: b)
        try await put([5])
        let (store, id) = (a.store, a.newID())
        try await store.beginRun(id: id, direction: "local", target: "test")
        let changes = try [#"{"_id":"1","v":1,"new":1}"#, #"{"_id":"2","v":8}"#, #"{"_id":"3","v":0}"#].map { text in
            let body = try JSONDocument(validating: text)
            return LocalChange.put(kind: .pageItems, body: body, hash: body.hash)
        }
        a.hooks.meanwhile { _ = try store.writeBlocking(changes, run: id) }
        let run = try await a.push(to: b, forced())
        try await store.markUndoable(id: id)
        #expect(run.plan?.deletes == 2 && run.result?.deleted == 2)
        #expect(try b.ids(.pageItems) == ["2"])
        #expect(try await b.text(.pageItems, "2") == #"{"_id":"2","v":8}"#)
        #expect(try await a.push(to: b, forced()).isNoOp)
        try expectNoProblems()
    }
}
