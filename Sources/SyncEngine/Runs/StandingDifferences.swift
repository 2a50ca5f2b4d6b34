internal import SyncProtocol

/// What is otherwise at the destination than at the source although there is nothing to send: somebody or a policy has
/// decided so. Known without looking at an item.
public struct StandingDifferences: Sendable, Equatable {
    /// What the source sent waits in the destination's list of conflicts.
    public var parked = 0
    /// Kept or merged at the destination when the source sent something else.
    public var kept = 0
    /// Another source's by now.
    public var takenOver = 0
    /// Taken back at the destination by a rollback.
    public var reverted = 0

    public var total: Int { parked + kept + takenOver + reverted }

    public init(parked: Int = 0, kept: Int = 0, takenOver: Int = 0, reverted: Int = 0) {
        self.parked = parked
        self.kept = kept
        self.takenOver = takenOver
        self.reverted = reverted
    }
}

extension StandingDifferences {
    /// Of a run that has changed nothing, or of a plan that would not; nil for others. `held` is what the destination
    /// says; `takenOver` and `reverted` count where no plan was made that does.
    init?(beside outcome: RunMachine.Outcome, held: DestinationState?, takenOver: Int, reverted: Int) {
        switch outcome {
        case .inSync: self.init(takenOver: takenOver, reverted: reverted)
        case .unchanged(let plan), .planned(let plan):
            guard plan.kinds.allSatisfy(\.changesNothing) else { return nil }
            self.init(beside: plan)
        case .committed(let plan, let result):
            guard plan.kinds.allSatisfy(\.changesNothing), result.changedNothing else { return nil }
            self.init(beside: plan)
        case .failed: return nil
        }
        for kind in held?.kinds ?? [] {
            parked += kind.decided?.parked ?? 0
            kept += kind.decided?.kept ?? 0
        }
    }

    private init(beside plan: PlanSummary) {
        self.init(takenOver: plan.leftToOthers ?? 0, reverted: plan.kinds.reduce(0) { $0 + $1.reverted })
    }
}
