import ContentModel
import SyncEngine
import SyncProtocol
import Synchronization
import Testing
import TidelockTestSupport

/// Long work under a lease.
@Suite struct LeaseRenewalTests {
    @Test func aRenewalThatDoesNotGetThroughIsNotTheLast() async throws {
        let clock = TestClock()
        let a = try TestInstance("a", clock: clock, random: SeededRandom(seed: 1))
        let b = try TestInstance("b", clock: clock, random: SeededRandom(seed: 2))
        try await a.put(.posts, #"{"_id":"1"}"#)
        let peer = SlowlyStagingPeer(b.responder, renewals: 3)
        try await a.push(to: peer, named: "b", TestRun())
        #expect(try await b.text(.posts, "1") == #"{"_id":"1"}"#)
        #expect(peer.attempts >= 4)
    }
}

/// A peer that does not answer the first renewal, and takes in a batch only after some that it answered.
private final class SlowlyStagingPeer: PeerInBetween {
    let peer: any Peer
    private let renewals: Int
    private let seen = Mutex((attempts: 0, renewals: 0))

    init(_ peer: any Peer, renewals: Int) {
        self.peer = peer
        self.renewals = renewals
    }

    var attempts: Int { seen.withLock { $0.attempts } }

    func renew(transfer: String, fence: Int64) async throws -> LeaseGrant {
        let isFirst = seen.withLock { seen in
            seen.attempts += 1
            return seen.attempts == 1
        }
        if isFirst { throw TidelockError(.targetUnreachable, "The connection broke, as the test asked.") }
        let grant = try await peer.renew(transfer: transfer, fence: fence)
        seen.withLock { $0.renewals += 1 }
        return grant
    }

    func stage(transfer: String, fence: Int64, _ batch: EncodedBatch) async throws -> BatchReceipt {
        try await eventually("the lease was renewed \(renewals) times") { seen.withLock { $0.renewals >= renewals } }
        return try await peer.stage(transfer: transfer, fence: fence, batch)
    }
}
