import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Who may write, and that nobody else can.
@Suite struct LeaseTests {
    private let fixture: TransferFixture
    private var store: Store { fixture.store }

    init() throws {
        fixture = try TransferFixture()
    }

    @Test func anotherSourceIsToldWhoHoldsTheLease() async throws {
        _ = try await fixture.open("t1")
        do {
            _ = try await fixture.open("t2", by: TransferFixture.b)
            Issue.record("two sources may not write at once")
        } catch let error as TidelockError {
            #expect(error.code == .leaseHeld)
            #expect(error.details["holder"] == "a")
            #expect(error.message.contains("since 2027-01-15T08:00:00Z and until 2027-01-15T08:01:00Z"), "\(error)")
        }
        #expect(try await store.leaseHolder()?.transfer == "t1")
    }

    @Test func anExpiredLeaseGoesToWhoeverAsks() async throws {
        let first = try await fixture.open("t1")
        fixture.clock.advance(by: .seconds(Limits.leaseSeconds + 1))
        #expect(try await store.leaseHolder() == nil)
        let second = try await fixture.open("t2", by: TransferFixture.b)
        #expect(second.fence > first.fence)
        let batch = try TransferFixture.batch(1, puts: [#"{"_id":"1"}"#])
        let code = await fixture.refusal { _ = try await store.stage(transfer: "t1", fence: first.fence, batch) }
        #expect(code == .fenced)
    }

    @Test func anExpiredLeaseThatNobodyTookIsStillGood() async throws {
        let lease = try await fixture.open("t1")
        fixture.clock.advance(by: .seconds(Limits.leaseSeconds * 10))
        let batch = try TransferFixture.batch(1, puts: [#"{"_id":"1"}"#])
        _ = try await store.stage(transfer: "t1", fence: lease.fence, batch)
        #expect(try await store.leaseHolder()?.transfer == "t1")
    }

    @Test func renewingKeepsTheLease() async throws {
        let lease = try await fixture.open("t1")
        for _ in 1...5 {
            fixture.clock.advance(by: .seconds(Limits.leaseRenewalSeconds))
            _ = try await store.renewLease(transfer: "t1", fence: lease.fence)
        }
        #expect(await fixture.refusal { _ = try await fixture.open("t2", by: TransferFixture.b) } == .leaseHeld)
    }

    @Test func aSupersededTransferCannotCommit() async throws {
        let first = try await fixture.open("t1")
        let batch = try TransferFixture.batch(1, puts: [#"{"_id":"1"}"#])
        _ = try await store.stage(transfer: "t1", fence: first.fence, batch)
        let second = try await fixture.open("t2")
        #expect(second.fence > first.fence)
        for fence in [first.fence, second.fence] {
            let code = await fixture.refusal {
                _ = try await store.commit(transfer: "t1", TransferFixture.commit([batch], fence: fence), events: [])
            }
            #expect(code == .fenced)
        }
        #expect(await fixture.refusal { _ = try await store.renewLease(transfer: "t1", fence: first.fence) } == .fenced)
        #expect(try fixture.instance.problems() == [])
    }

    @Test func openingTheSameTransferAgainGivesTheSameFence() async throws {
        let first = try await fixture.open("t1")
        #expect(try await fixture.open("t1").fence == first.fence)
    }

    @Test func theTransferOfAnotherSourceIsNotHandedOut() async throws {
        _ = try await fixture.open("t1")
        #expect(await fixture.refusal { _ = try await fixture.open("t1", by: TransferFixture.b) } == .permissionDenied)
    }

    @Test func theLateReopeningOfASupersededTransferDoesNotTakeTheLeaseBack() async throws {
        let first = try await fixture.open("t1")
        let second = try await fixture.open("t2")
        #expect(try await fixture.open("t1").fence == first.fence)
        #expect(try await store.leaseHolder()?.transfer == "t2")
        _ = try await store.renewLease(transfer: "t2", fence: second.fence)
    }

    @Test func aResetTakesTheRightToWriteAway() async throws {
        let lease = try await fixture.open("t1")
        let batch = try TransferFixture.batch(1, puts: [#"{"_id":"1"}"#])
        _ = try await store.stage(transfer: "t1", fence: lease.fence, batch)
        try await store.resetLease()
        let code = await fixture.refusal {
            _ = try await store.commit(transfer: "t1", TransferFixture.commit([batch], fence: lease.fence), events: [])
        }
        #expect(code == .fenced)
        #expect(try await fixture.open("t2", by: TransferFixture.b).fence > lease.fence)
        #expect(try fixture.instance.problems() == [])
    }

    @Test func whatASourceThatNeverCameBackStagedIsFreedAfterADay() async throws {
        let lease = try await fixture.open("t1")
        _ = try await store.stage(
            transfer: "t1", fence: lease.fence, try TransferFixture.batch(1, puts: [#"{"_id":"1"}"#]))
        fixture.clock.advance(by: .seconds(Limits.transferSeconds + 1))
        _ = try await fixture.open("t2", by: TransferFixture.b)
        #expect(try StoreInspector(store).count("SELECT count(*) FROM body") == 0)
        #expect(try await store.transferState(transfer: "t1").phase == .abandoned)
    }

    @Test func abandoningFreesTheLeaseAndMayBeRepeated() async throws {
        let lease = try await fixture.open("t1")
        _ = try await store.stage(
            transfer: "t1", fence: lease.fence, try TransferFixture.batch(1, puts: [#"{"_id":"1"}"#]))
        for _ in 1...2 { try await store.abandonTransfer(transfer: "t1") }
        #expect(try await store.leaseHolder() == nil)
        #expect(try fixture.instance.problems() == [])
        try await store.abandonTransfer(transfer: "never opened")
    }

    @Test func aResetOfTheLockFreesWhatWasStaged() async throws {
        let lease = try await fixture.open("t1")
        _ = try await store.stage(
            transfer: "t1", fence: lease.fence, try TransferFixture.batch(1, puts: [#"{"_id":"1"}"#]))
        try await store.abandonTransfer(transfer: "t1")
        try await store.resetLease()
        #expect(try StoreInspector(store).count("SELECT count(*) FROM body") == 0)
    }

    /// Two batches of a transfer that was given up, of which the next one names one.
    @Test func aTransferTakesOverTheBatchesThatItNamesAndTheOthersAreFreed() async throws {
        let first = try await fixture.open("t1")
        let batches = [
            try TransferFixture.batch(1, puts: [#"{"_id":"1"}"#, #"{"_id":"2"}"#]),
            try TransferFixture.batch(2, puts: [#"{"_id":"3"}"#]),
        ]
        for batch in batches { _ = try await store.stage(transfer: "t1", fence: first.fence, batch) }
        let second = try await fixture.open("t2")
        let none = ReceivedItems.unchanged.receivers
        let offered = try await store.resumableBatches(transfer: "t2", receivers: none)
        #expect(Set(offered) == Set(batches.map(\.info.digest)))
        let other = Digest(over: Array("other handlers".utf8))
        #expect(try await store.resumableBatches(transfer: "t2", receivers: other) == [])
        for _ in 1...2 {
            try await store.takeOver(
                transfer: "t2", fence: second.fence, batches: [batches[0].info], receivers: none)
        }
        #expect(try StoreInspector(store).count("SELECT count(*) FROM stage") == 2)
        let result = try await store.commit(
            transfer: "t2", TransferFixture.commit([batches[0]], fence: second.fence), events: [])
        #expect(result.created == 2 && result.resumedBatches == 1)
        #expect(try StoreInspector(store).count("SELECT count(*) FROM body") == 2)
        #expect(try fixture.instance.problems() == [])
    }

    /// Batches 2 and 3, of 2,500 items.
    private func manyBatches() throws -> [EncodedBatch] {
        try (2...3).map { number in
            try TransferFixture.batch(number, puts: (0..<1_250).map { "{\"_id\":\"\(number)-\($0)\"}" })
        }
    }

    /// A source waits for its commit, and need not wait for the freeing of much that it does not need any more.
    @Test func muchThatIsNotTakenOverIsFreedAfterTheCommit() async throws {
        let first = try await fixture.open("t1")
        let wanted = try TransferFixture.batch(1, puts: [#"{"_id":"1"}"#])
        for batch in try [wanted] + manyBatches() {
            _ = try await store.stage(transfer: "t1", fence: first.fence, batch)
        }
        let second = try await fixture.open("t2")
        try await store.takeOver(
            transfer: "t2", fence: second.fence, batches: [wanted.info], receivers: ReceivedItems.unchanged.receivers)
        let result = try await store.commit(
            transfer: "t2", TransferFixture.commit([wanted], fence: second.fence), events: [])
        #expect(result.created == 1 && result.resumedBatches == 1)
        let inspector = try StoreInspector(store)
        #expect(try inspector.count("SELECT count(*) FROM stage") == 2_500)
        for _ in 1...2 {
            try await store.freeStage(ofCommitted: "t2")
            for table in ["stage", "staged_batch"] {
                #expect(try inspector.count("SELECT count(*) FROM \(table)") == 0)
            }
            #expect(try inspector.count("SELECT count(*) FROM body") == 1)
            #expect(try fixture.instance.problems() == [])
        }
    }

    @Test(arguments: [0, Limits.transferSeconds + 1])
    func muchThatNobodyMayTakeOverIsNotFreedWhileATransferOpens(after seconds: Int64) async throws {
        let first = try await fixture.open("t1")
        for batch in try manyBatches() { _ = try await store.stage(transfer: "t1", fence: first.fence, batch) }
        fixture.clock.advance(by: .seconds(seconds))
        let scope = seconds == 0 ? Scope(models: ["posts"]) : .everything
        let second = try await fixture.open("t2", scope: scope)
        let inspector = try StoreInspector(store)
        #expect(try inspector.count("SELECT count(*) FROM stage") == 2_500)
        let none = ReceivedItems.unchanged.receivers
        #expect(try await store.resumableBatches(transfer: "t2", receivers: none) == [])
        let batch = try TransferFixture.batch(1, puts: [#"{"_id":"1"}"#])
        _ = try await store.stage(transfer: "t2", fence: second.fence, batch)
        _ = try await store.commit(
            transfer: "t2", TransferFixture.commit([batch], fence: second.fence), events: [])
        try await store.freeStage(ofCommitted: "t2")
        #expect(try inspector.count("SELECT count(*) FROM body") == 1)
        #expect(try fixture.instance.problems() == [])
    }

    @Test func nobodyTakesOverWhatAnotherSourceStaged() async throws {
        let first = try await fixture.open("t1")
        _ = try await store.stage(
            transfer: "t1", fence: first.fence, try TransferFixture.batch(1, puts: [#"{"_id":"1"}"#]))
        try await store.abandonTransfer(transfer: "t1")
        _ = try await fixture.open("t2", by: TransferFixture.b)
        #expect(try await store.resumableBatches(transfer: "t2", receivers: ReceivedItems.unchanged.receivers) == [])
        try await store.abandonTransfer(transfer: "t2")
        _ = try await fixture.open("t3")
        #expect(
            try await store.resumableBatches(transfer: "t3", receivers: ReceivedItems.unchanged.receivers).count == 1)
    }

    @Test func abandoningWhatWasCommittedChangesNothing() async throws {
        let result = try await fixture.transfer("t1", puts: [#"{"_id":"1"}"#])
        try await store.abandonTransfer(transfer: "t1")
        let state = try await store.transferState(transfer: "t1")
        #expect(state.phase == .committed)
        #expect(state.result == result)
    }

    @Test func noInstanceReceivesFromItself() async throws {
        let own = store.identity
        #expect(await fixture.refusal { _ = try await fixture.open("t1", by: own) } == .sameInstance)
    }
}
