internal import ContentModel
public import SyncProtocol

/// The side of a run that has the data.
///
/// Every call may be repeated after a failure or a restart; the answer is the same.
public protocol SourcePort: Sendable {
    /// Makes the plan of a transfer, or says what it must see of the destination first.
    ///
    /// Called until it answers `ready`; a plan that is ready stays as it is.
    func plan(transfer: String, _ request: MakePlan) async throws -> PlanAnswer

    /// One batch of a plan that is ready.
    func batch(transfer: String, number: Int) async throws -> EncodedBatch

    /// Notes that the destination committed, and moves the checkpoints, never backwards.
    func acknowledge(transfer: String, _ result: CommitResult) async throws
}

/// The side of a run that receives the data.
public protocol DestinationPort: Sendable {
    /// One page of what the destination holds. An error is never an empty page.
    func list(transfer: String, _ request: ListHeld) async throws -> HeldPage

    /// What definitions of models would break among the items here. Changes nothing.
    func survey(transfer: String, _ request: SurveySchema) async throws -> SchemaPage

    /// Stages a batch invisibly. The same number with the same digest changes nothing.
    func stage(transfer: String, fence: Int64, _ batch: EncodedBatch) async throws -> BatchReceipt

    /// Makes everything staged visible in one transaction, or nothing. Answers the first result when repeated.
    func commit(transfer: String, _ request: CommitTransfer) async throws -> CommitResult

    /// Keeps the lease. Throws `fenced` when somebody else was given it.
    func renew(transfer: String, fence: Int64) async throws -> LeaseGrant

    /// Where the transfer stands; throws `unknown_transfer` when nobody opened it here.
    func state(transfer: String) async throws -> TransferState

    /// Restores the rows that still hold what a committed transfer wrote; all of them, or one item. A second call
    /// restores nothing more: one with the same id is answered as the first, another one is told when that was.
    func rollback(transfer: String, _ request: RollBackTransfer) async throws -> RollbackResult

    /// Forgets a transfer that did not commit, with everything it staged. May be called twice.
    func abandon(transfer: String) async throws
}

extension DestinationPort {
    public func rollback(transfer: String, only item: ItemReference? = nil) async throws -> RollbackResult {
        try await rollback(transfer: transfer, RollBackTransfer(item: item))
    }
}

/// The far side of a run: it answers, and never drives.
public protocol Peer: SourcePort, DestinationPort {
    /// Opens a transfer. Idempotent on the id the initiator chose.
    func open(_ request: OpenTransfer) async throws -> TransferOpened
}

/// A side of a plan that shows items as its filter handlers let the other side have them.
public protocol OutputPort: Sendable {
    /// The outputs of the first of the items, in their order: as many as fit into an answer, one at least.
    func outputs(transfer: String, _ request: ReadOutputs) async throws -> OutputPage
}

/// The source of a plan that is looked at.
public protocol PlanPort: OutputPort {
    /// One page of the rows of a plan that is ready.
    func planned(transfer: String, _ request: ListPlanned) async throws -> PlannedPage
}

/// The source of a plan that carries out rows of one made before.
public protocol ExpectationPort: PlanPort {
    /// Limits the plan of a transfer to some rows, of which this is a page. A page may be repeated.
    ///
    /// Throws `fenced` once the plan has been asked for, and `too_large` for more rows than are remembered.
    func expect(transfer: String, _ page: ExpectRows) async throws
}
