import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Rows that a large commit leaves in the stage: whoever frees them and whenever, no item is touched.
@Suite struct CommittedStageTests {
    private let fixture: TransferFixture
    private var store: Store { fixture.store }
    private let transfer = "0190-1"
    private static let items = 2_500

    init() throws {
        fixture = try TransferFixture()
    }

    /// Items in batches of 1,250, each linked to one that is not there.
    private func commit(items: Int = Self.items) async throws {
        let lease = try await fixture.open(transfer)
        var batches: [EncodedBatch] = []
        for (number, ids) in Array(0..<items).pages(of: 1_250).enumerated() {
            let texts = ids.map { "{\"_id\":\"\($0)\",\"to\":{\"_model\":\"tags\",\"_id\":\"x\"}}" }
            batches.append(try TransferFixture.batch(number + 1, puts: texts))
        }
        for batch in batches {
            _ = try await store.stage(transfer: transfer, fence: lease.fence, batch, received: .unchanged)
        }
        let request = TransferFixture.commit(batches, fence: lease.fence)
        let result = try await store.commit(transfer: transfer, request, events: [], Preparation(isDecided: false))
        #expect(result.created == items)
        #expect(result.dangling?.count == items)
    }

    private func rows(_ table: String) throws -> Int {
        try StoreInspector(store).count("SELECT count(*) FROM \(table)")
    }

    private func expectAllItemsAndNothingStaged() throws {
        #expect(try rows("stage") == 0)
        #expect(try rows("head WHERE deleted = 0") == Self.items)
        #expect(try rows("body") == Self.items)
        #expect(try fixture.instance.problems() == [])
    }

    @Test func aSmallCommitFreesItsStageItself() async throws {
        try await commit(items: 2_000)
        #expect(try rows("stage") == 0)
    }

    @Test func whatALargeCommitLeavesIsFreedAfterItAndTakesNoItem() async throws {
        try await commit()
        #expect(try rows("stage") == Self.items)
        #expect(try fixture.instance.problems() == [])
        try await store.freeStage(ofCommitted: transfer)
        try expectAllItemsAndNothingStaged()
        try await store.freeStage(ofCommitted: transfer)
        try expectAllItemsAndNothingStaged()
    }

    @Test func theGarbageTakesWhatNobodyFreed() async throws {
        try await commit()
        let expected = try await store.collectGarbage(isDryRun: true, looksForOrphans: true)
        #expect(expected.stagedRows == Self.items && expected.orphanedBodies == 0)
        var freed = try await store.collectGarbage(looksForOrphans: true)
        freed.isDryRun = true
        #expect(freed == expected)
        try expectAllItemsAndNothingStaged()
    }

    @Test func freeingThatIsCancelledLeavesTheRestToTheGarbage() async throws {
        try await commit()
        let freeing = Task { [store, transfer] in try await store.freeStage(ofCommitted: transfer) }
        freeing.cancel()
        _ = await freeing.result
        #expect(try fixture.instance.problems() == [])
        _ = try await store.collectGarbage(looksForOrphans: false)
        try expectAllItemsAndNothingStaged()
    }

    @Test func aRollbackBeforeItIsFreedTakesItsItemsAndFreeingTakesNothingMore() async throws {
        try await commit()
        let result = try await store.rollback(transfer, only: nil, as: "0190-2")
        #expect(result.restored == Self.items)
        #expect(try fixture.instance.problems() == [])
        let bodies = try rows("body")
        try await store.freeStage(ofCommitted: transfer)
        #expect(try rows("stage") == 0)
        #expect(try rows("body") == bodies)
        #expect(try fixture.instance.problems() == [])
    }

    @Test func theNextTransferAndAResetOfTheLockTouchNothingOfIt() async throws {
        try await commit()
        try await store.resetLease()
        _ = try await fixture.open("0190-2")
        #expect(try rows("stage") == Self.items)
        try await store.freeStage(ofCommitted: transfer)
        try expectAllItemsAndNothingStaged()
    }

    @Test func theStageOfATransferThatIsNotCommittedStays() async throws {
        let lease = try await fixture.open(transfer)
        let batch = try TransferFixture.batch(1, puts: [#"{"_id":"1"}"#])
        _ = try await store.stage(transfer: transfer, fence: lease.fence, batch, received: .unchanged)
        try await store.freeStage(ofCommitted: transfer)
        #expect(try rows("stage") == 1)
        try await store.freeStage(ofCommitted: "0190-9")
    }
}
