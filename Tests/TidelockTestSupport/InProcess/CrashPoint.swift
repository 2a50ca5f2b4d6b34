internal import ContentModel
internal import SyncEngine
internal import SyncProtocol
internal import Synchronization

/// Where a process dies: at one of its calls, to another instance or to its own store.
///
/// From then on nothing it does has an effect, least of all what it would do to clean up.
public final class CrashPoint: Sendable {
    private struct State {
        var calls = 0
        /// Nil while the process is safe.
        var last: Int?
        var isCarriedOut = false
        var hasCrashed = false
    }

    private let state: Mutex<State>

    /// - Parameters:
    ///   - call: counted from 1 over all calls of the process
    ///   - isCarriedOut: the process dies after the call has had its effect, not before
    public init(call: Int, isCarriedOut: Bool) {
        state = Mutex(State(last: call, isCarriedOut: isCarriedOut))
    }

    /// A process that is safe until `arm` is called.
    init() {
        state = Mutex(State())
    }

    public var hasCrashed: Bool { state.withLock(\.hasCrashed) }

    /// The process dies at its `call`th call from now on.
    func arm(call: Int, isCarriedOut: Bool) {
        state.withLock {
            $0.last = $0.calls + call
            $0.isCarriedOut = isCarriedOut
        }
    }

    /// The process is safe again, unless it is dead.
    func disarm() {
        state.withLock { $0.last = nil }
    }

    /// Makes a call to the process's own store, or to another instance.
    func pass<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        try StoreFault.current?.pass()
        let (isHere, isOver, isCarriedOut) = state.withLock { state in
            state.calls += 1
            let isOver = state.hasCrashed
            let isHere = !isOver && state.calls == state.last
            if isHere { state.hasCrashed = true }
            return (isHere, isOver, state.isCarriedOut)
        }
        if isOver || isHere && !isCarriedOut { throw CancellationError() }
        let answer = try await body()
        if isHere { throw CancellationError() }
        return answer
    }
}

/// Something that one call to another instance meets there: the store fails once, and the process goes on.
final class StoreFault: Sendable {
    /// Set for that call and all that is done for it.
    @TaskLocal static var current: StoreFault?

    private let left: Mutex<Int>
    private let error: TidelockError

    /// - Parameter call: the call to the store that fails, before it has any effect, counted from 1
    init(call: Int, error: TidelockError) {
        left = Mutex(call)
        self.error = error
    }

    /// Whether the store has failed.
    var isOver: Bool { left.withLock { $0 <= 0 } }

    func pass() throws {
        let isHere = left.withLock { left in
            left -= 1
            return left == 0
        }
        if isHere { throw error }
    }
}

/// The way to another instance for a process that dies.
struct DyingPeer: Sendable {
    let peer: any Peer
    let point: CrashPoint
}

extension DyingPeer: Peer {
    func open(_ request: OpenTransfer) async throws -> TransferOpened {
        try await point.pass { try await peer.open(request) }
    }

    func plan(transfer: String, _ request: MakePlan) async throws -> PlanAnswer {
        try await point.pass { try await peer.plan(transfer: transfer, request) }
    }

    func batch(transfer: String, number: Int) async throws -> EncodedBatch {
        try await point.pass { try await peer.batch(transfer: transfer, number: number) }
    }

    func acknowledge(transfer: String, _ result: CommitResult) async throws {
        try await point.pass { try await peer.acknowledge(transfer: transfer, result) }
    }

    func list(transfer: String, _ request: ListHeld) async throws -> HeldPage {
        try await point.pass { try await peer.list(transfer: transfer, request) }
    }

    func survey(transfer: String, _ request: SurveySchema) async throws -> SchemaPage {
        try await point.pass { try await peer.survey(transfer: transfer, request) }
    }

    func stage(transfer: String, fence: Int64, _ batch: EncodedBatch) async throws -> BatchReceipt {
        try await point.pass { try await peer.stage(transfer: transfer, fence: fence, batch) }
    }

    func commit(transfer: String, _ request: CommitTransfer) async throws -> CommitResult {
        try await point.pass { try await peer.commit(transfer: transfer, request) }
    }

    func renew(transfer: String, fence: Int64) async throws -> LeaseGrant {
        try await point.pass { try await peer.renew(transfer: transfer, fence: fence) }
    }

    func state(transfer: String) async throws -> TransferState {
        try await point.pass { try await peer.state(transfer: transfer) }
    }

    func rollback(transfer: String, _ request: RollBackTransfer) async throws -> RollbackResult {
        try await point.pass { try await peer.rollback(transfer: transfer, request) }
    }

    func abandon(transfer: String) async throws {
        try await point.pass { try await peer.abandon(transfer: transfer) }
    }
}

/// The way that files take from or to another instance, for a process that dies.
struct DyingFiles: BlobSource, BlobDestination {
    let source: any BlobSource
    let destination: any BlobDestination
    let point: CrashPoint

    func blobs(transfer: String, after: String?) async throws -> BlobPage {
        try await point.pass { try await source.blobs(transfer: transfer, after: after) }
    }

    func bytes(transfer: String, of parts: [BlobPart]) async throws -> [UInt8] {
        try await point.pass { try await source.bytes(transfer: transfer, of: parts) }
    }

    func missing(transfer: String, fence: Int64, _ blobs: [PlannedBlob]) async throws -> [MissingBlobs.Missing] {
        try await point.pass { try await destination.missing(transfer: transfer, fence: fence, blobs) }
    }

    func append(transfer: String, fence: Int64, _ bytes: [UInt8], of parts: [BlobPart]) async throws -> [Int64] {
        try await point.pass { try await destination.append(transfer: transfer, fence: fence, bytes, of: parts) }
    }
}
