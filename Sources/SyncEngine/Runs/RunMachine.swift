public import ContentModel
public import SyncProtocol

/// The course of one run, as a pure step function: what happened goes in, what to do comes out.
///
/// Nothing here waits, reads a clock or touches a port, so that any interleaving can be replayed in a test.
public struct RunMachine: Sendable {
    public enum Event: Sendable {
        /// Both sides are equal; no transfer was made.
        case inSync
        /// The open brought a small plan along, and it was applied.
        case committedAtOnce(PlanSummary, CommitResult)
        case opened
        case needs([ListHeld])
        case supplied
        /// The batches up to this number are ready, while the plan goes on. `follows`: see `BatchInfo.follows`.
        case batchReady(Int, follows: Bool = false)
        case planned(PlanSummary)
        case approved
        case filesBrought
        case staged(Int)
        case committed(CommitResult)
        case acknowledged
        case abandoned
        /// Somebody may hold things that the run left until its lease or its transfer runs out.
        case notAbandoned
        case failed(TidelockError)
    }

    public enum Action: Sendable, Equatable {
        case open
        case plan
        case supply([ListHeld])
        /// Guards and gates look at the plan.
        case approve(PlanSummary)
        /// Files that are missing at the destination go there, beside the batches.
        case bringFiles
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
        case transferring
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

    /// Marks, among the details of a failure, that an attempt of the request may have been carried out although it got no
    /// answer.
    public static let unanswered = "unanswered"

    /// Marks, among the details of a failure, that both sides have let the run go.
    public static let abandoned = "abandoned"

    /// Why the run failed, once it has.
    public private(set) var failure: TidelockError?
    private let isDryRun: Bool
    private var traffic: BatchTraffic
    private var isBringingFiles = false
    private var plan: PlanSummary?
    private var result: CommitResult?

    public init(isDryRun: Bool, window: Int = Limits.window) {
        self.isDryRun = isDryRun
        traffic = BatchTraffic(window: window)
    }

    public mutating func start() -> [Action] {
        state = .opening
        return [.open]
    }

    public mutating func handle(_ event: Event) -> [Action] {
        if case .failed(let error) = event { return fail(error) }
        switch (state, event) {
        case (.opening, .inSync): return finish(.inSync)
        case (.opening, .committedAtOnce(let summary, let committed)):
            plan = summary
            return acknowledge(committed)
        case (.opening, .opened):
            state = .planning
            return [.plan]
        case (.planning, .needs(let lists)): return [.supply(lists)]
        case (.planning, .supplied): return [.plan]
        case (.planning, .batchReady(let number, let follows)):
            return isDryRun ? [] : transfers(upTo: number, follows: follows)
        case (.planning, .planned(let summary)): return planned(summary)
        case (.planning, .staged(let number)), (.approving, .staged(let number)):
            return traffic.arrived(number).map(Action.transfer)
        case (.approving, .approved): return approved()
        case (.transferring, .staged(let number)): return advance(traffic.arrived(number))
        case (.transferring, .filesBrought):
            isBringingFiles = false
            return advance([])
        case (_, .batchReady): return []
        case (.committing, .committed(let committed)): return acknowledge(committed)
        case (.acknowledging, .acknowledged): return acknowledged()
        case (.abandoning, .abandoned):
            failure?.details[Self.abandoned] = "true"
            return finish(outcomeAfterAbandon())
        // What could not be freed now is freed by the next run; the run itself has its outcome.
        case (.abandoning, .notAbandoned): return finish(outcomeAfterAbandon())
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
        // Where everything was withdrawn, its batches may be on their way: they are committed like any other.
        guard plan.operations > 0 || !plan.batches.isEmpty else {
            // The checkpoints move all the same: everything up to them was looked at.
            state = .acknowledging
            return [.acknowledge(CommitResult(isVerified: true))]
        }
        isBringingFiles = plan.files != nil
        return (isBringingFiles ? [.bringFiles] : []) + advance(traffic.ready(plan.batches))
    }

    /// Batches are only staged there, where nobody sees them: that need not wait for the rest of the plan.
    private mutating func transfers(upTo number: Int, follows: Bool) -> [Action] {
        traffic.ready(upTo: number, follows: follows).map(Action.transfer)
    }

    private mutating func advance(_ next: [Int]) -> [Action] {
        guard let plan else { preconditionFailure("everything is approved after the plan was made") }
        guard !traffic.isQuiet || isBringingFiles else {
            state = .committing
            return [.commit(plan)]
        }
        state = .transferring
        return next.map(Action.transfer)
    }

    private mutating func acknowledge(_ committed: CommitResult) -> [Action] {
        result = committed
        state = .acknowledging
        return [.acknowledge(committed)]
    }

    private mutating func acknowledged() -> [Action] {
        guard let plan else { preconditionFailure("a plan is acknowledged after it was made") }
        if let result { return finish(.committed(plan, result)) }
        state = .abandoning
        return [.abandon]
    }

    private mutating func fail(_ error: TidelockError) -> [Action] {
        switch state {
        // Whatever else was on its way fails as well.
        case .finished, .abandoning: return []
        case .committing where Self.refusals.contains(error.code) || error.details[Self.uncommitted] != nil:
            failure = error
            state = .abandoning
            return [.abandon]
        case .opening where error.details[Self.mayHaveCommitted] != nil, .committing, .acknowledging:
            // The destination may have committed: nothing is thrown away, the next run asks.
            failure = error.markedInDoubt(tookEffect: result != nil)
            guard state == .opening, error.code == .cancelled else { return finish(.failed(error.code)) }
            // Where it did not commit, nobody may be kept from writing there by a run that was stopped.
            state = .abandoning
            return [.abandon]
        case .idle, .opening, .planning, .approving, .transferring:
            failure = error
            state = .abandoning
            return [.abandon]
        }
    }

    /// Codes with which a destination says that it has not committed and will not.
    static let refusals: Set<ErrorCode> = [
        .rootMismatch, .deleteGuard, .batchConflict, .fenced, .movedMeanwhile, .conflicts, .danglingLinks, .treeCycle,
        .modelMissing, .breakingSchema, .blobMissing, .pathTaken,
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

extension TidelockError {
    /// The same, from somebody who knows that the destination has not committed and will not.
    public var markedUncommitted: TidelockError {
        var error = self
        error.details[RunMachine.uncommitted] = "true"
        return error
    }

    /// The same, of a request that may have been carried out all the same.
    public var markedUnanswered: TidelockError {
        var error = self
        error.details[RunMachine.unanswered] = "true"
        return error
    }

    /// The same, of a run of which nobody here knows whether it took effect, or only that it did and not how it ended at
    /// its source. Says so to whoever started it.
    fileprivate func markedInDoubt(tookEffect: Bool) -> TidelockError {
        var error = self
        error.details[RunMachine.mayHaveCommitted] = "true"
        let advice =
            tookEffect
            ? "The run has taken effect at its destination; the next run with this target ends it at its source first."
            : "The run may have taken effect all the same; the next run with this target finds out first."
        error.hint = error.hint.map { "\($0) \(advice)" } ?? advice
        return error
    }
}

extension ErrorCode {
    /// Whether it tells what handlers did, or that there are none.
    var isOfHandlers: Bool { [.hookFailed, .hookLimit, .hookRefused, .hookLoadFailed].contains(self) }
}
