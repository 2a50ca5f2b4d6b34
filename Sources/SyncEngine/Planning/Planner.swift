public import ContentModel
public import SyncProtocol

/// Makes the plan of one transfer at its source.
///
/// Reads what may have changed, runs the filter handlers on just that, and compares with the shadow. The plan and
/// its batches are stored piece by piece, so memory does not grow with the number of items.
struct Planner {
    let store: any SourceStore
    let hooks: any RunHooks
    let transfer: String
    let peer: InstanceIdentity
    let scope: Scope
    let confirmations: Confirmations
    let options: PlanOptions
    /// Whether what is changed meanwhile belongs to the plan. Not where one is only looked at, nor where one that was
    /// written down is carried out as it was then, row by row.
    let catchesUp: Bool
    /// Nobody carries the plan out.
    let isPlanOnly: Bool
    let report: @Sendable (Int) -> Void
    let onBatch: @Sendable (BatchInfo) -> Void

    /// `held` is what the destination says of each kind.
    func makePlan(kinds: [KindScope], held: DestinationState) async throws -> PlanSummary {
        try scope.checkRule()
        let before = try await store.sequence()
        var writer = PlanWriter(
            store: store, transfer: transfer, peer: peer.id, batchSize: options.batchSize, onBatch: onBatch)
        var examined = 0
        var planners = try await plan(kinds, held, into: &writer, examined: &examined)
        if catchesUp {
            try await catchUp(&planners, since: before, held, into: &writer, examined: &examined)
        }
        return try await close(planners, batches: try await writer.finish())
    }

    private func plan(
        _ kinds: [KindScope], _ held: DestinationState, into writer: inout PlanWriter, examined: inout Int
    ) async throws -> [KindPlanner] {
        var planners: [KindPlanner] = []
        let standings = try await store.standing(of: kinds.map(\.kind), toward: peer.id)
        for (selected, standing) in zip(kinds, standings) {
            if let expected = options.expected, expected.keeper == .source {
                expected.compare(try await store.standingRows(expected.keys(of: selected.kind), toward: peer.id))
            }
            let filters = hooks.filters(for: selected.kind)
            if !confirmations.missingFilters { try standing.requireFilters(filters, toward: peer) }
            var planner = KindPlanner(
                planner: self, selected: selected, standing: standing, state: held.state(of: selected.kind),
                filters: filters, filter: try scope.itemFilter(of: selected.kind),
                isTree: try await store.isTree(selected.kind))
            try await planner.plan(into: &writer, examined: &examined)
            planners.append(planner)
        }
        return planners
    }

    /// What was changed while the plan was made belongs to it, so that the destination gets what is here at one moment,
    /// and not of one item what was here before an edit and of another what was here after it.
    ///
    /// Each round is shorter than the one before. A round during which nothing changes is the last; if there is none,
    /// the last allowed one reads the store as it was at its beginning.
    private func catchUp(
        _ planners: inout [KindPlanner], since before: Int64, _ held: DestinationState, into writer: inout PlanWriter,
        examined: inout Int
    ) async throws {
        var planned = before
        for round in 1...Limits.catchUpRounds {
            guard try await store.sequence() > planned else { return }
            planners += try await plan(newKinds(beside: planners, held), held, into: &writer, examined: &examined)
            try await writer.settle()
            let catchUp = try await look(isLast: round == Limits.catchUpRounds)
            for position in planners.indices {
                try await planners[position].catchUp(catchUp, into: &writer, examined: &examined)
                report(examined)
            }
            // A kind that has appeared since is not in the plan at all.
            if try await newKinds(beside: planners, held).isEmpty { planned = catchUp.sequence }
        }
    }

    private func look(isLast: Bool) async throws -> CatchUp {
        guard isLast else { return CatchUp(transfer: transfer, sequence: try await store.sequence()) }
        let moment = try await store.moment()
        return CatchUp(transfer: transfer, sequence: moment.sequence, moment: moment)
    }

    private func newKinds(beside planners: [KindPlanner], _ held: DestinationState) async throws -> [KindScope] {
        let known = Set(planners.map(\.kind))
        return try await store.kinds(in: scope, beside: held).filter { !known.contains($0.kind) }
    }

    private func close(_ planners: [KindPlanner], batches: [BatchInfo]) async throws -> PlanSummary {
        var plans: [KindPlan] = []
        for planner in planners { plans.append(try await planner.summary()) }
        let checkpoints = planners.map { planner in
            Checkpoint(
                kind: planner.kind, sequence: scope.coversWholeKind(planner.selected) ? planner.upTo : 0,
                filters: planner.filters)
        }
        let roots = try await store.expectedRoots(transfer: transfer, kinds: planners.map(\.kind), peer: peer.id)
        var summary = PlanSummary(
            kinds: plans, batches: batches,
            expectedRoots: Dictionary(uniqueKeysWithValues: roots.map { ($0.key.name, $0.value.hex) }),
            handlerCalls: hooks.handlerCalls)
        summary.requiredModels = try await requiredModels(planners)
        summary.files = try await store.plannedFiles(transfer: transfer)
        if plans.allSatisfy(\.changesNothing) {
            let others = try await store.takenOverRows(in: planners.map(\.selected), toward: peer.id)
            if others > 0 { summary.leftToOthers = others }
        }
        if isPlanOnly { summary.circle = try await store.plannedCircle(transfer: transfer) }
        try await store.finishPlan(transfer: transfer, summary: summary, checkpoints: checkpoints)
        return summary
    }

    /// Only models that are defined here: items without a definition are nobody's mistake.
    private func requiredModels(_ planners: [KindPlanner]) async throws -> [String]? {
        let definitions = planners.first { $0.kind == .models }?.selected
        let needed = planners.flatMap(\.broughtModels)
            .filter { definitions?.includes($0) != true }
            .map { ItemKey(.models, $0) }
        guard !needed.isEmpty else { return nil }
        return try await store.bodies(of: needed).keys.map(\.id).sorted()
    }
}

extension SourceStore {
    /// The kinds that a run is about: those that are here and those that the destination holds, as far as its scope goes.
    func kinds(in scope: Scope, beside held: DestinationState) async throws -> [KindScope] {
        let there = try held.kinds.map { try Kind($0.kind) }
        return try scope.kinds(among: try await kinds() + there)
    }
}

/// How a plan is made, beyond what the scope says.
public struct PlanOptions: Sendable {
    /// Operations in a batch.
    public var batchSize: Int
    /// Rows that a rollback at the destination took back are sent again.
    public var includesReverted: Bool
    /// The destination lists every kind in scope, so that what is known of its rows is what they are.
    public var isExact = false
    /// Kinds of which the destination forgot what it has sent here: they are listed, and it gets back what it does not
    /// hold.
    public var returnsForgotten: Set<Kind> = []
    /// The run is limited to these rows, and to what was planned for them.
    public var expected: ExpectedRows?
    /// Takes down what handlers leave out.
    public var exclusions: Exclusions?

    public init(batchSize: Int = Limits.batchItems, includesReverted: Bool = false) {
        self.batchSize = min(max(batchSize, 1), Limits.batchItems)
        self.includesReverted = includesReverted
    }
}
