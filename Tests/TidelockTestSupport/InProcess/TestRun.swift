public import ContentModel
public import SyncEngine
public import SyncProtocol

/// How a run is made.
public struct TestRun: Sendable {
    public var scope: Scope
    public var options: PlanOptions
    public var confirmations: Confirmations
    public var isDryRun = false
    public var fault: FaultyPeer.Fault?
    public var repeatsCalls = false
    /// A pull asks whether the source knows what the selection names.
    public var asksAboutNames = false
    /// Where the process that drives the run dies.
    public var crash: CrashPoint?
    /// Instance id of the source that the rows of `options.expected` were planned with; nil takes any.
    public var expectedSource: String?
    /// Looks at the plan of a dry run, items included.
    public var review: (@Sendable (PlanReview) async throws -> Void)?

    public init(
        scope: Scope = .everything, options: PlanOptions = PlanOptions(),
        confirmations: Confirmations = Confirmations(),
        isDryRun: Bool = false, fault: FaultyPeer.Fault? = nil, repeatsCalls: Bool = false
    ) {
        self.scope = scope
        self.options = options
        self.confirmations = confirmations
        self.isDryRun = isDryRun
        self.fault = fault
        self.repeatsCalls = repeatsCalls
    }

    public static let mirror = with(.source, .mirror)

    /// A run that decides conflicts so. A mirror may delete as much as it wants.
    public static func with(_ policy: ConflictPolicy, _ mode: Mode = .merge) -> TestRun {
        let confirmations = mode == .mirror ? Confirmations(deletes: 1_000_000) : Confirmations()
        return TestRun(scope: Scope(mode: mode, policy: policy), confirmations: confirmations)
    }
}

/// What a run did.
public struct TestRunResult: Sendable {
    public var transfer: String
    public var outcome: RunMachine.Outcome
    public var calls: [String]
    public var unchanged: Int
    /// Rows that were taken back at the destination, where both sides are in sync otherwise.
    public var reverted: Int
    /// In what the sides differ where nothing was sent, or would be.
    public var differences: StandingDifferences?

    public var plan: PlanSummary? {
        switch outcome {
        case .planned(let plan), .unchanged(let plan), .committed(let plan, _): plan
        case .inSync, .failed: nil
        }
    }

    public var result: CommitResult? {
        if case .committed(_, let result) = outcome { result } else { nil }
    }

    /// Whether nothing was sent.
    public var isNoOp: Bool { result == nil }
}

/// Why a run failed, with what is known of it.
public struct TestRunFailure: Error, Sendable {
    public var transfer: String
    public var error: TidelockError
    public var calls: [String]
    public var hasBroken: Bool
}
