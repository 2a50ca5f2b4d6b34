internal import ContentModel
public import SyncEngine
internal import SyncProtocol
internal import Synchronization

/// Where the process that drives a run dies: at one of its calls, to the peer or to its own store.
///
/// From then on nothing it does has an effect, least of all what it would do to clean up.
public final class CrashPoint: Sendable {
    private let call: Int
    private let isCarriedOut: Bool
    private let state = Mutex((calls: 0, hasCrashed: false))

    /// - Parameters:
    ///   - call: counted from 1 over all calls of the run, on both sides
    ///   - isCarriedOut: the process dies after the call has had its effect, not before
    public init(call: Int, isCarriedOut: Bool) {
        self.call = call
        self.isCarriedOut = isCarriedOut
    }

    public var hasCrashed: Bool { state.withLock(\.hasCrashed) }

    /// The parts of a run whose process dies here.
    public func wrap(_ parts: Run.Parts) -> Run.Parts {
        var parts = parts
        parts.opening = DyingOpening(opening: parts.opening, point: self)
        parts.source = DyingSource(source: parts.source, point: self)
        parts.destination = DyingDestination(destination: parts.destination, point: self)
        return parts
    }

    fileprivate func pass<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        let (isHere, isOver) = state.withLock { state in
            state.calls += 1
            let isOver = state.hasCrashed
            if state.calls == call { state.hasCrashed = true }
            return (state.calls == call, isOver)
        }
        if isOver || isHere && !isCarriedOut { throw CancellationError() }
        let answer = try await body()
        if isHere { throw CancellationError() }
        return answer
    }
}

private struct DyingOpening: RunOpening {
    let opening: any RunOpening
    let point: CrashPoint

    func open(approve: @Sendable (PlanSummary, DestinationState) async throws -> Void) async throws -> RunStart {
        try await point.pass { try await opening.open(approve: approve) }
    }

    func result() async -> RunOpened? { await opening.result() }

    func abandon(transfer: String) async throws {
        try await point.pass { try await opening.abandon(transfer: transfer) }
    }
}

private struct DyingSource: SourcePort {
    let source: any SourcePort
    let point: CrashPoint

    func plan(transfer: String, _ request: MakePlan) async throws -> PlanAnswer {
        try await point.pass { try await source.plan(transfer: transfer, request) }
    }

    func batch(transfer: String, number: Int) async throws -> EncodedBatch {
        try await point.pass { try await source.batch(transfer: transfer, number: number) }
    }

    func acknowledge(transfer: String, _ result: CommitResult) async throws {
        try await point.pass { try await source.acknowledge(transfer: transfer, result) }
    }
}

private struct DyingDestination: DestinationPort {
    let destination: any DestinationPort
    let point: CrashPoint

    func list(transfer: String, _ request: ListHeld) async throws -> HeldPage {
        try await point.pass { try await destination.list(transfer: transfer, request) }
    }

    func survey(transfer: String, _ request: SurveySchema) async throws -> SchemaPage {
        try await point.pass { try await destination.survey(transfer: transfer, request) }
    }

    func stage(transfer: String, fence: Int64, _ batch: EncodedBatch) async throws -> BatchReceipt {
        try await point.pass { try await destination.stage(transfer: transfer, fence: fence, batch) }
    }

    func commit(transfer: String, _ request: CommitTransfer) async throws -> CommitResult {
        try await point.pass { try await destination.commit(transfer: transfer, request) }
    }

    func renew(transfer: String, fence: Int64) async throws -> LeaseGrant {
        try await point.pass { try await destination.renew(transfer: transfer, fence: fence) }
    }

    func state(transfer: String) async throws -> TransferState {
        try await point.pass { try await destination.state(transfer: transfer) }
    }

    func rollback(transfer: String, only item: ItemReference?) async throws -> RollbackResult {
        try await point.pass { try await destination.rollback(transfer: transfer, only: item) }
    }

    func abandon(transfer: String) async throws {
        try await point.pass { try await destination.abandon(transfer: transfer) }
    }
}
