internal import ContentModel
public import SyncEngine
public import SyncProtocol
internal import Synchronization

/// A peer whose connection breaks once: at a chosen call, before or after the call was carried out.
public final class FaultyPeer: Peer {
    /// When the connection breaks.
    public struct Fault: Sendable, Hashable {
        /// Counted from 1 over all calls of the run.
        public var call: Int
        /// The call is carried out, and its answer is lost.
        public var isCarriedOut: Bool

        public init(call: Int, isCarriedOut: Bool) {
            self.call = call
            self.isCarriedOut = isCarriedOut
        }
    }

    private struct Record {
        var calls: [String] = []
        var isBroken = false
    }

    private let peer: any Peer
    private let fault: Fault?
    /// Repeats every call that succeeded, to prove that nothing changes.
    private let repeatsCalls: Bool
    private let record = Mutex(Record())

    public init(_ peer: any Peer, fault: Fault?, repeatsCalls: Bool = false) {
        self.peer = peer
        self.fault = fault
        self.repeatsCalls = repeatsCalls
    }

    /// The names of all calls so far.
    public var calls: [String] { record.withLock { $0.calls } }

    /// Whether the connection has broken.
    public var hasBroken: Bool { record.withLock { $0.isBroken } }

    private func call<Answer: Sendable>(_ name: String, _ body: @Sendable () async throws -> Answer) async throws -> Answer {
        let (number, isBroken) = record.withLock { record in
            record.calls.append(name)
            return (record.calls.count, record.isBroken)
        }
        if isBroken { throw Self.unreachable }
        if let fault, number == fault.call {
            record.withLock { $0.isBroken = true }
            if fault.isCarriedOut { _ = try await body() }
            throw Self.unreachable
        }
        let answer = try await body()
        return repeatsCalls ? try await body() : answer
    }

    private static var unreachable: TidelockError {
        TidelockError(.targetUnreachable, "The connection broke, as the test asked.")
    }

    public func open(_ request: OpenTransfer) async throws -> TransferOpened {
        try await call("open") { [peer] in try await peer.open(request) }
    }

    public func plan(transfer: String, _ request: MakePlan) async throws -> PlanAnswer {
        try await call("plan") { [peer] in try await peer.plan(transfer: transfer, request) }
    }

    public func batch(transfer: String, number: Int) async throws -> EncodedBatch {
        try await call("batch") { [peer] in try await peer.batch(transfer: transfer, number: number) }
    }

    public func acknowledge(transfer: String, _ result: CommitResult) async throws {
        try await call("acknowledge") { [peer] in try await peer.acknowledge(transfer: transfer, result) }
    }

    public func list(transfer: String, _ request: ListHeld) async throws -> HeldPage {
        try await call("list") { [peer] in try await peer.list(transfer: transfer, request) }
    }

    public func stage(transfer: String, fence: Int64, _ batch: EncodedBatch) async throws -> BatchReceipt {
        try await call("stage") { [peer] in try await peer.stage(transfer: transfer, fence: fence, batch) }
    }

    public func commit(transfer: String, _ request: CommitTransfer) async throws -> CommitResult {
        try await call("commit") { [peer] in try await peer.commit(transfer: transfer, request) }
    }

    public func renew(transfer: String, fence: Int64) async throws -> LeaseGrant {
        try await call("renew") { [peer] in try await peer.renew(transfer: transfer, fence: fence) }
    }

    public func state(transfer: String) async throws -> TransferState {
        try await call("state") { [peer] in try await peer.state(transfer: transfer) }
    }

    public func rollback(transfer: String) async throws -> RollbackResult {
        try await call("rollback") { [peer] in try await peer.rollback(transfer: transfer) }
    }

    public func abandon(transfer: String) async throws {
        try await call("abandon") { [peer] in try await peer.abandon(transfer: transfer) }
    }
}
