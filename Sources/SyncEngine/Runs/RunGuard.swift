internal import ContentModel
internal import SyncProtocol

/// What the initiator checks of a plan before anything is sent.
enum RunGuard {
    /// What `approve` would throw, or the destination for what the source knows of its trees; nil where both would let the
    /// plan pass.
    static func refusal(
        of plan: PlanSummary, held: DestinationState, confirmations: Confirmations
    ) -> PlanRefusal? {
        do {
            try approve(plan, held: held, confirmations: confirmations)
            if let circle = plan.circle { throw circle.refusal }
            return nil
        } catch {
            let error = TidelockError(wrapping: error)
            return PlanRefusal(code: error.code.rawValue, message: error.message, hint: error.hint)
        }
    }

    static func approve(_ plan: PlanSummary, held: DestinationState, confirmations: Confirmations) throws {
        let deletes = plan.kinds.filter { $0.deletes > 0 }.map { kind in
            let state = held.kinds.first { $0.kind == kind.kind }
            return DeleteGuard.Kind(
                name: kind.kind, deletes: kind.deletes, present: (state?.held ?? 0) + (state?.foreign ?? 0))
        }
        try DeleteGuard.check(deletes, allowed: confirmations.deletes)
    }
}
