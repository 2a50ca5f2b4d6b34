import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Leases at an instance whose clock ran ahead, and was set right.
@Suite struct LeaseClockTests {
    private let fixture: TransferFixture
    private var store: Store { fixture.store }

    private static let tenDays = Duration.seconds(10 * 86_400)

    init() throws {
        fixture = try TransferFixture()
    }

    /// A transfer that was opened ten days ahead of the time that it is now.
    private func openedAhead(_ transfer: String) async throws -> LeaseGrant {
        fixture.clock.advance(by: Self.tenDays)
        let lease = try await fixture.open(transfer)
        fixture.clock.advance(by: Duration.zero - Self.tenDays)
        return lease
    }

    @Test func aLeaseFromTheFutureKeepsNobodyOut() async throws {
        let first = try await openedAhead("t1")
        #expect(try await store.leaseHolder() == nil)
        let batch = try TransferFixture.batch(1, puts: [#"{"_id":"1"}"#])
        _ = try await store.stage(transfer: "t1", fence: first.fence, batch)
        fixture.clock.advance(by: Self.tenDays)
        _ = try await store.renewLease(transfer: "t1", fence: first.fence)
        fixture.clock.advance(by: Duration.zero - Self.tenDays)
        let second = try await fixture.open("t2", by: TransferFixture.b)
        #expect(second.fence > first.fence)
        let refused = await fixture.refusal {
            _ = try await store.commit(transfer: "t1", TransferFixture.commit([batch], fence: first.fence), events: [])
        }
        #expect(refused == .fenced)
        #expect(await fixture.refusal { _ = try await store.renewLease(transfer: "t1", fence: first.fence) } == .fenced)
        #expect(try await store.leaseHolder()?.transfer == "t2")
        #expect(try fixture.instance.problems() == [])
    }

    /// Nobody else asked meanwhile: whoever is still at work has the lease again, for no longer than any other.
    @Test func aRenewalBringsALeaseFromTheFutureIntoThePresent() async throws {
        let lease = try await openedAhead("t1")
        let renewed = try await store.renewLease(transfer: "t1", fence: lease.fence)
        #expect(renewed.expires == fixture.clock.seconds + Limits.leaseSeconds)
        #expect(try await store.leaseHolder()?.transfer == "t1")
        #expect(await fixture.refusal { _ = try await fixture.open("t2", by: TransferFixture.b) } == .leaseHeld)
        fixture.clock.advance(by: .seconds(Limits.leaseSeconds + 1))
        _ = try await fixture.open("t2", by: TransferFixture.b)
    }

    @Test func aClockThatIsSetBackALittleTakesTheLeaseFromNobody() async throws {
        _ = try await fixture.open("t1")
        fixture.clock.advance(by: .seconds(-Limits.leaseRenewalSeconds))
        #expect(try await store.leaseHolder()?.transfer == "t1")
        #expect(await fixture.refusal { _ = try await fixture.open("t2", by: TransferFixture.b) } == .leaseHeld)
    }

    @Test func aRollbackDoesNotWaitForALeaseFromTheFuture() async throws {
        try await fixture.transfer("t1", puts: [#"{"_id":"1"}"#])
        _ = try await openedAhead("t2")
        #expect(try await store.rollback("t1", only: nil, as: "r1").restored == 1)
    }
}
