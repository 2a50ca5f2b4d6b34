public import SyncProtocol

/// How a run of one direction begins, and how it is given up.
public protocol RunOpening: Sendable {
    /// Opens the transfer at both sides.
    ///
    /// A plan that is carried out by the open is shown to `approve` first. Errors after which nobody knows whether that
    /// happened are marked with `RunMachine.mayHaveCommitted`.
    func open(approve: @Sendable (PlanSummary, DestinationState) async throws -> Void) async throws -> RunStart

    /// What the opening found. Only after `open` answered that the transfer is open.
    func result() async -> RunOpened?

    /// Frees what the transfer left at both sides. May be called twice, and before `open`.
    func abandon(transfer: String) async throws
}

/// What opening a run led to.
public enum RunStart: Sendable {
    /// There is nothing to do.
    case inSync
    case opened
    /// The plan was small enough to travel with the open, and has been applied.
    case committed(PlanSummary, CommitResult)
}

/// What both sides said when a transfer was opened.
public struct RunOpened: Sendable {
    public var held: DestinationState
    public var lease: LeaseGrant?
    /// Digests of batches that an interrupted run has left at the destination: they need not be sent again.
    public var staged: Set<String>

    public init(held: DestinationState, lease: LeaseGrant?, staged: Set<String> = []) {
        self.held = held
        self.lease = lease
        self.staged = staged
    }
}

/// Where a run is.
public enum RunProgress: Sendable, Equatable {
    case opening
    case comparing
    case planning(examined: Int)
    case transferring(done: Int, of: Int)
    /// In bytes.
    case bringingFiles(done: Int64, of: Int64)
    case committing
}
