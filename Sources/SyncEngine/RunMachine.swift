public import ContentModel
public import SyncProtocol

/// The course of one run, as a pure step function: what happened goes in, what to do comes out.
///
/// Nothing here waits, reads a clock or touches a port, so that any interleaving can be replayed in a test.
public struct RunMachine: Sendable {
    public enum Event: Sendable {
        /// Both sides are equal; no transfer was made.
        case inSync
        case opened
        case needs([ListHeld])
        case supplied
        case planned(PlanSummary)
        case approved
        case staged(Int)
        case committed(CommitResult)
        case acknowledged
        case abandoned
        case failed(TidelockError)
    }

    public enum Action: Sendable, Equatable {
        case open
        case plan
        case supply([ListHeld])
        /// Guards and gates look at the plan.
        case approve(PlanSummary)
        case transfer(batch: Int)
        case commit(PlanSummary)
        case acknowledge(CommitResult)
        /// Free what the run left at both sides.
        case abandon
        case finish(Outcome)
    }

    public enum Outcome: Sendable, Equatable {
        case inSync
        /// A plan that was only looked at.
        case planned(PlanSummary)
        /// Nothing had to be sent.
        case unchanged(PlanSummary)
        case committed(PlanSummary, CommitResult)
        case failed(ErrorCode)
    }

    public enum State: Sendable, Equatable {
        case idle
        case opening
        case planning
        case approving
        case transferring(next: Int, underWay: Set<Int>)
        case committing
        case acknowledging
        case abandoning
        case finished(Outcome)
    }

    public private(set) var state: State = .idle
    /// Marks, among the details of a failure, that nobody here knows whether the destination committed.
    public static let mayHaveCommitted = "mayHaveCommitted"

    /// Marks, among the details of a failure, that the destination failed before it committed and will not.
    public static let uncommitted = "uncommitted"

    /// Why the run failed, once it has.
    public private(set) var failure: TidelockError?
    private let isDryRun: Bool
    private let window: Int
    private var plan: PlanSummary?
    private var result: CommitResult?

    public init(isDryRun: Bool, window: Int = Limits.window) {
        self.isDryRun = isDryRun
        self.window = window
    }

    public mutating func start() -> [Action] {
        state = .opening
        return [.open]
    }

    public mutating func handle(_ event: Event) -> [Action] {
        if case .failed(let error) = event { return fail(error) }
        switch (state, event) {
        case (.opening, .inSync): return finish(.inSync)
        case (.opening, .opened):
            state = .planning
            return [.plan]
        case (.planning, .needs(let lists)): return [.supply(lists)]
        case (.planning, .supplied): return [.plan]
        case (.planning, .planned(let summary)): return planned(summary)
        case (.approving, .approved): return approved()
        case (.transferring(let next, let underWay), .staged(let number)):
            return advance(next: next, underWay: underWay.subtracting([number]))
        case (.committing, .committed(let committed)):
            result = committed
            state = .acknowledging
            return [.acknowledge(committed)]
        case (.acknowledging, .acknowledged): return acknowledged()
        case (.abandoning, .abandoned): return finish(outcomeAfterAbandon())
        case (.abandoning, _), (.finished, _): return []
        default: preconditionFailure("event \(event) does not belong to state \(state)")
        }
    }

    private mutating func planned(_ summary: PlanSummary) -> [Action] {
        plan = summary
        if isDryRun {
            state = .abandoning
            return [.abandon]
        }
        state = .approving
        return [.approve(summary)]
    }

    private mutating func approved() -> [Action] {
        guard let plan else { preconditionFailure("a plan is approved after it was made") }
        guard plan.operations > 0 else {
            // The checkpoints move all the same: everything up to them was looked at.
            state = .acknowledging
            return [.acknowledge(CommitResult(isVerified: true))]
        }
        return advance(next: 1, underWay: [])
    }

    private mutating func advance(next: Int, underWay: Set<Int>) -> [Action] {
        guard let plan else { preconditionFailure("batches travel after the plan was made") }
        var next = next
        var underWay = underWay
        var actions: [Action] = []
        while underWay.count < window, next <= plan.batches.count {
            actions.append(.transfer(batch: next))
            underWay.insert(next)
            next += 1
        }
        guard !underWay.isEmpty else {
            state = .committing
            return [.commit(plan)]
        }
        state = .transferring(next: next, underWay: underWay)
        return actions
    }

    private mutating func acknowledged() -> [Action] {
        guard let plan else { preconditionFailure("a plan is acknowledged after it was made") }
        if let result { return finish(.committed(plan, result)) }
        state = .abandoning
        return [.abandon]
    }

    private mutating func fail(_ error: TidelockError) -> [Action] {
        switch state {
        case .finished: return []
        case .abandoning:
            // What could not be freed now is freed by the next run; the run itself has its outcome.
            return finish(outcomeAfterAbandon())
        case .committing where Self.refusals.contains(error.code) || error.details[Self.uncommitted] != nil:
            failure = error
            state = .abandoning
            return [.abandon]
        case .committing, .acknowledging:
            // The destination may have committed: nothing is thrown away, the next run asks.
            failure = error
            failure?.details[Self.mayHaveCommitted] = "true"
            return finish(.failed(error.code))
        case .idle, .opening, .planning, .approving, .transferring:
            failure = error
            state = .abandoning
            return [.abandon]
        }
    }

    /// Codes with which a destination says that it has not committed and will not.
    private static let refusals: Set<ErrorCode> = [
        .rootMismatch, .deleteGuard, .batchConflict, .fenced, .movedMeanwhile,
    ]

    private func outcomeAfterAbandon() -> Outcome {
        if let failure { return .failed(failure.code) }
        guard let plan else { preconditionFailure("a run without failure abandons only what it planned") }
        return isDryRun ? .planned(plan) : .unchanged(plan)
    }

    private mutating func finish(_ outcome: Outcome) -> [Action] {
        state = .finished(outcome)
        return [.finish(outcome)]
    }
}
