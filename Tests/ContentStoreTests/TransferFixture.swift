import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import TidelockTestSupport

/// A destination's store, and sources that speak to it without an engine.
struct TransferFixture {
    let instance: TestInstance
    let clock: TestClock

    init() throws {
        instance = try TestInstance.make("destination")[0]
        clock = instance.clock
    }

    var store: Store { instance.store }

    static let a = InstanceIdentity(id: String(repeating: "a", count: 32), name: "a")
    static let b = InstanceIdentity(id: String(repeating: "b", count: 32), name: "b")

    func open(
        _ transfer: String, by source: InstanceIdentity = TransferFixture.a, scope: Scope = .everything
    ) async throws -> LeaseGrant {
        try await store.grantLease(
            transfer: transfer, source: source, initiator: source.id, direction: .push, scope: scope)
    }

    /// A batch of puts, and of whatever else is asked for.
    static func batch(
        _ number: Int, puts: [String] = [], deletes: [String] = [], releases: [String] = [],
        withdrawals: [String] = [], kind: Kind = .posts, supersedes: Bool = false
    ) throws -> EncodedBatch {
        var encoder = BatchEncoder()
        for text in puts {
            let body = try JSONDocument(validating: text)
            let id = body.string(kind.keyMember) ?? ""
            encoder.add(
                BatchEntry(
                    kind: kind, id: id, operation: .put(body: body, output: body.hash), supersedes: supersedes))
        }
        for id in deletes {
            encoder.add(BatchEntry(kind: kind, id: id, operation: .delete, supersedes: supersedes))
        }
        for id in releases {
            encoder.add(BatchEntry(kind: kind, id: id, operation: .release, supersedes: supersedes))
        }
        for id in withdrawals {
            encoder.add(BatchEntry(kind: kind, id: id, operation: .withdraw, supersedes: true))
        }
        return try encoder.finish(number: number)
    }

    static func commit(
        _ batches: [EncodedBatch], fence: Int64, roots: [String: String] = [:], deletes: Int? = nil
    ) -> CommitTransfer {
        CommitTransfer(
            fence: fence, batches: batches.map(\.info), expectedRoots: roots,
            confirmations: Confirmations(deletes: deletes))
    }

    /// Opens, stages and commits in one go.
    @discardableResult
    func transfer(
        _ transfer: String, by source: InstanceIdentity = TransferFixture.a, scope: Scope = .everything,
        puts: [String] = [],
        deletes: [String] = [], releases: [String] = []
    ) async throws -> CommitResult {
        let lease = try await open(transfer, by: source, scope: scope)
        let batch = try Self.batch(1, puts: puts, deletes: deletes, releases: releases)
        _ = try await store.stage(transfer: transfer, fence: lease.fence, batch)
        return try await store.commit(
            transfer: transfer, Self.commit([batch], fence: lease.fence, deletes: 1_000), events: [])
    }

    /// The code a call is refused with; nil when it got through.
    func refusal(_ body: () async throws -> Void) async -> ErrorCode? {
        do {
            try await body()
            return nil
        } catch {
            return TidelockError(wrapping: error).code
        }
    }
}
