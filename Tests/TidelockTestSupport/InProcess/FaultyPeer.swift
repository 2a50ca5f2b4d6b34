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
    /// Who answers from some call on, as after a restart.
    private let successor: Successor?
    private let record = Mutex(Record())

    public struct Successor: Sendable {
        public var call: Int
        public var peer: any Peer

        public init(call: Int, peer: any Peer) {
            self.call = call
            self.peer = peer
        }
    }

    public init(_ peer: any Peer, fault: Fault? = nil, repeatsCalls: Bool = false, successor: Successor? = nil) {
        self.peer = peer
        self.fault = fault
        self.repeatsCalls = repeatsCalls
        self.successor = successor
    }

    /// The names of all calls so far.
    public var calls: [String] { record.withLock { $0.calls } }

    /// Whether the connection has broken.
    public var hasBroken: Bool { record.withLock { $0.isBroken } }

    private func call<Answer: Sendable>(
        _ name: String, _ body: @Sendable (any Peer) async throws -> Answer
    ) async throws -> Answer {
        let (number, isBroken) = record.withLock { record in
            record.calls.append(name)
            return (record.calls.count, record.isBroken)
        }
        if isBroken { throw Self.unreachable }
        let peer = if let successor, number >= successor.call { successor.peer } else { peer }
        if let fault, number == fault.call {
            // A call that comes meanwhile must not fail, and end the run, before this one was carried out.
            defer { record.withLock { $0.isBroken = true } }
            if fault.isCarriedOut { _ = try await body(peer) }
            throw Self.unreachable
        }
        let answer = try await body(peer)
        return repeatsCalls ? try await body(peer) : answer
    }

    private static var unreachable: TidelockError {
        TidelockError(.targetUnreachable, "The connection broke, as the test asked.")
    }

    public func open(_ request: OpenTransfer) async throws -> TransferOpened {
        try await call("open") { try await $0.open(request) }
    }

    public func plan(transfer: String, _ request: MakePlan) async throws -> PlanAnswer {
        try await call("plan") { try await $0.plan(transfer: transfer, request) }
    }

    public func batch(transfer: String, number: Int) async throws -> EncodedBatch {
        try await call("batch") { try await $0.batch(transfer: transfer, number: number) }
    }

    public func acknowledge(transfer: String, _ result: CommitResult) async throws {
        try await call("acknowledge") { try await $0.acknowledge(transfer: transfer, result) }
    }

    public func list(transfer: String, _ request: ListHeld) async throws -> HeldPage {
        try await call("list") { try await $0.list(transfer: transfer, request) }
    }

    public func survey(transfer: String, _ request: SurveySchema) async throws -> SchemaPage {
        try await call("survey") { try await $0.survey(transfer: transfer, request) }
    }

    public func stage(transfer: String, fence: Int64, _ batch: EncodedBatch) async throws -> BatchReceipt {
        try await call("stage") { try await $0.stage(transfer: transfer, fence: fence, batch) }
    }

    public func commit(transfer: String, _ request: CommitTransfer) async throws -> CommitResult {
        try await call("commit") { try await $0.commit(transfer: transfer, request) }
    }

    public func renew(transfer: String, fence: Int64) async throws -> LeaseGrant {
        try await call("renew") { try await $0.renew(transfer: transfer, fence: fence) }
    }

    public func state(transfer: String) async throws -> TransferState {
        try await call("state") { try await $0.state(transfer: transfer) }
    }

    public func rollback(transfer: String, _ request: RollBackTransfer) async throws -> RollbackResult {
        try await call("rollback") { try await $0.rollback(transfer: transfer, request) }
    }

    public func abandon(transfer: String) async throws {
        try await call("abandon") { try await $0.abandon(transfer: transfer) }
    }
}
