import ContentModel
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

@testable import ContentStore

/// What a reset of the lock says that it did.
@Suite struct LeaseResetTests {
    private let fixture: TransferFixture
    private var store: Store { fixture.store }

    init() throws {
        fixture = try TransferFixture()
    }

    @Test func aResetAnswersWhoseRightToWriteItTookAway() async throws {
        let grant = try await fixture.open("t1")
        let reset = try await store.resetLease()
        #expect(reset.isComplete)
        #expect(reset.lease?.transfer == "t1" && reset.lease?.holder == "a" && reset.lease?.fence == grant.fence)
        #expect(try await store.resetLease() == LeaseReset(lease: nil, isComplete: true))
    }

    /// Nobody took the lease, so its holder could still have committed.
    @Test func aResetAnswersALeaseThatHadExpired() async throws {
        _ = try await fixture.open("t1")
        fixture.clock.advance(by: .seconds(Limits.leaseSeconds + 1))
        #expect(try await store.resetLease().lease?.transfer == "t1")
    }

    @Test func aResetAfterACommitTookNothingAway() async throws {
        try await fixture.transfer("t1", puts: [#"{"_id":"1"}"#])
        #expect(try await store.resetLease() == LeaseReset(lease: nil, isComplete: true))
    }

    /// The lease can be read until the commit ends, for which the reset has to wait.
    @Test func aResetDuringACommitTookNothingAway() async throws {
        _ = try await fixture.open("t1")
        let store = store
        let reset = try await store.write { db in
            let reset = Task { try await store.resetLease() }
            try Leases.release(db, transfer: "t1")
            return reset
        }
        #expect(try await reset.value == LeaseReset(lease: nil, isComplete: true))
    }
}
