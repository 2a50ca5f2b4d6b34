internal import ContentModel
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
    let report: @Sendable (Int) -> Void
    let onBatch: @Sendable (BatchInfo) -> Void

    /// `held` is what the destination says of each kind.
    func makePlan(kinds: [KindScope], held: DestinationState) async throws -> PlanSummary {
        let filter = try scope.contentFilter()
        var writer = PlanWriter(
            store: store, transfer: transfer, peer: peer.id, batchSize: options.batchSize, onBatch: onBatch)
        let standings = try await store.standing(of: kinds.map(\.kind), toward: peer.id)
        var plans: [KindPlan] = []
        var checkpoints: [Checkpoint] = []
        var examined = 0
        for (selected, standing) in zip(kinds, standings) {
            if let expected = options.expected {
                expected.compare(try await store.standingRows(expected.keys(of: selected.kind), toward: peer.id))
            }
            let filters = hooks.filters(for: selected.kind)
            try requireFilters(standing, filters)
            let state = held.kinds.first { $0.kind == selected.kind.name }
            var kindPlanner = KindPlanner(
                planner: self, selected: selected, standing: standing, state: state, filters: filters, filter: filter)
            let plan = try await kindPlanner.plan(into: &writer, examined: &examined)
            plans.append(plan)
            let sequence = scope.coversWholeKind(selected) ? standing.latest : 0
            checkpoints.append(Checkpoint(kind: selected.kind, sequence: sequence, filters: filters))
        }
        let batches = try await writer.finish()
        return try await close(kinds: kinds, plans: plans, batches: batches, checkpoints: checkpoints)
    }

    private func close(
        kinds: [KindScope], plans: [KindPlan], batches: [BatchInfo], checkpoints: [Checkpoint]
    ) async throws -> PlanSummary {
        let roots = try await store.expectedRoots(transfer: transfer, kinds: kinds.map(\.kind), peer: peer.id)
        var summary = PlanSummary(
            kinds: plans, batches: batches,
            expectedRoots: Dictionary(uniqueKeysWithValues: roots.map { ($0.key.name, $0.value.hex) }),
            handlerCalls: hooks.handlerCalls)
        summary.requiredModels = try await requiredModels(kinds, plans)
        try await store.finishPlan(transfer: transfer, summary: summary, checkpoints: checkpoints)
        return summary
    }

    /// Only models that are defined here: items without a definition are nobody's mistake.
    private func requiredModels(_ kinds: [KindScope], _ plans: [KindPlan]) async throws -> [String]? {
        let definitions = kinds.first { $0.kind == .models }
        let brought = plans.filter { $0.puts > 0 }.compactMap { try? Kind($0.kind).model }
        let needed = brought.filter { definitions?.includes($0) != true }.map { ItemKey(.models, $0) }
        guard !needed.isEmpty else { return nil }
        return try await store.bodies(of: needed).keys.map(\.id).sorted()
    }

    /// Content is never sent unfiltered because a file or a folder disappeared.
    private func requireFilters(_ standing: KindStanding, _ filters: FilterSet) throws {
        guard let previous = standing.filters, !confirmations.missingFilters else { return }
        let gone = previous.handlers.filter { !filters.handlers.contains($0) }
        guard !gone.isEmpty else { return }
        let names = gone.map { "'\($0)'" }.joined(separator: ", ")
        throw TidelockError(
            .filterMissing,
            "The last run to \(peer.name) filtered \(standing.kind) with \(names), which is not loaded any more.",
            hint: "Bring the handler back, or repeat with --confirm-missing-filters if it was removed on purpose.",
            details: ["kind": standing.kind.name, "handlers": gone.joined(separator: ", ")])
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
    /// The run is limited to these rows, and to what was planned for them.
    public var expected: ExpectedRows?
    /// Takes down what handlers leave out.
    public var exclusions: Exclusions?

    public init(batchSize: Int = Limits.batchItems, includesReverted: Bool = false) {
        self.batchSize = min(max(batchSize, 1), Limits.batchItems)
        self.includesReverted = includesReverted
    }
}
