internal import ContentModel
internal import SyncProtocol

/// What the initiator checks of a plan before anything is sent.
enum RunGuard {
    /// What would stop a run that does what was planned: the source for deletes that it does not prove, `approve`, or the
    /// destination for what the source knows of its trees. Nil where all would let the plan pass.
    static func refusal(
        of plan: PlanSummary, held: DestinationState, confirmations: Confirmations
    ) -> PlanRefusal? {
        do {
            try requireProof(of: plan, confirmations)
            try approve(plan, held: held, confirmations: confirmations)
            if let circle = plan.circle { throw circle.refusal }
            return nil
        } catch {
            let error = TidelockError(wrapping: error)
            return PlanRefusal(code: error.code.rawValue, message: error.message, hint: error.hint)
        }
    }

    /// A plan that is carried out is not made without.
    private static func requireProof(of plan: PlanSummary, _ confirmations: Confirmations) throws {
        for kind in plan.kinds {
            guard let unproved = kind.unproved else { continue }
            try EmptySourceGuard.check(
                Kind(kind.kind), .unproved(unproved), isConfirmed: confirmations.emptySource)
        }
    }

    static func approve(_ plan: PlanSummary, held: DestinationState, confirmations: Confirmations) throws {
        let deletes = plan.kinds.filter { $0.deletes > 0 }.map { kind in
            let state = held.kinds.first { $0.kind == kind.kind }
            // What the destination has deleted itself of what the source left there is held as an edit of it.
            let gone = kind.goneThere ?? 0
            return DeleteGuard.Kind(
                name: kind.kind, deletes: kind.deletes,
                present: max(kind.deletes, (state?.held ?? 0) + (state?.foreign ?? 0) - gone),
                mayBeFewer: (state?.edited ?? 0) > gone)
        }
        try DeleteGuard.check(deletes, allowed: confirmations.deletes)
    }
}
