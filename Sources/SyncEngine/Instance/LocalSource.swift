public import ContentModel
public import SyncProtocol

/// This instance as the source of one transfer.
///
/// An actor because planning is asked for again and again while it goes on, and must happen once.
public actor LocalSource: SourcePort {
    private let store: any SourceStore
    private let hooks: any RunHooks
    let request: OpenTransfer
    let peer: InstanceIdentity
    private var options: PlanOptions
    private let events: [QueuedEvent]
    private let progress: @Sendable (Int) -> Void
    private let onBatch: @Sendable (BatchInfo) -> Void
    /// Lists that were asked for and have not been supplied to the end.
    private var outstanding: [ListHeld] = []
    private var hasCompared = false
    private var isAskedFor = false
    /// Rows of a plan made before, while they arrive; nil where the plan is not limited to any.
    private var arriving: [ItemKey: PlannedRow]?

    /// `events` are queued when the transfer is acknowledged; `onBatch` is told of each batch as soon as it may be read,
    /// while the plan goes on.
    public init(
        store: any SourceStore, hooks: any RunHooks, request: OpenTransfer, peer: InstanceIdentity,
        options: PlanOptions = PlanOptions(), events: [QueuedEvent] = [],
        progress: @escaping @Sendable (Int) -> Void = { _ in },
        onBatch: @escaping @Sendable (BatchInfo) -> Void = { _ in }
    ) {
        self.store = store
        self.hooks = hooks
        self.request = request
        self.peer = peer
        self.options = options
        self.events = events
        self.progress = progress
        self.onBatch = onBatch
    }

    public func plan(transfer: String, _ request: MakePlan) async throws -> PlanAnswer {
        limit()
        if let ready = try await store.planSummary(transfer: transfer) { return .ready(ready) }
        let kinds = try await selection(held: request.held)
        if let list = request.supplied { try await accept(list, transfer) }
        if !hasCompared { try await compare(kinds: kinds.map(\.kind), held: request.held) }
        if !outstanding.isEmpty { return .needs(outstanding) }
        let planner = Planner(
            store: store, hooks: hooks, transfer: transfer, peer: peer, scope: self.request.scope,
            confirmations: request.confirmations, options: options,
            catchesUp: !self.request.isPlanOnly && options.expected == nil, isPlanOnly: self.request.isPlanOnly,
            report: progress, onBatch: onBatch)
        return .ready(try await planner.makePlan(kinds: kinds, held: request.held))
    }

    public func batch(transfer: String, number: Int) async throws -> EncodedBatch {
        try await store.plannedBatch(transfer: transfer, number: number)
    }

    public func acknowledge(transfer: String, _ result: CommitResult) async throws {
        try await store.acknowledge(transfer: transfer, result: result, events: result.sequence > 0 ? events : [])
        await hooks.release()
    }

    /// Forgets a plan that will not be carried out. May be called twice.
    public func abandon(transfer: String) async throws {
        try await store.abandonPlan(transfer: transfer)
        await hooks.release()
    }

    /// Takes in rows to which the plan is limited: a page of them, before the plan is asked for.
    func expect(_ page: ExpectRows) throws {
        guard !isAskedFor, !request.isPlanOnly else {
            throw TidelockError(
                .fenced, "Transfer \(request.id.printable) is planned already, or only looked at.",
                hint: "Start the run again.")
        }
        let rows = try page.rows.map { (item: ItemKey(try Kind($0.kind), $0.id), row: PlannedRow($0)) }
        let known = arriving?.count ?? 0
        guard known + rows.count(where: { arriving?[$0.item] == nil }) <= Limits.expectedRows else {
            throw TidelockError(.tooLarge, "A pull may be limited to \(Limits.expectedRows) rows of a plan at most.")
        }
        if arriving == nil { arriving = [:] }
        for (item, row) in rows { arriving?[item] = row }
    }

    /// From now on the rows that arrived are all that there are.
    private func limit() {
        isAskedFor = true
        guard let rows = arriving else { return }
        options.expected = ExpectedRows(rows, keptBy: .destination)
        arriving = nil
    }

    private func selection(held: DestinationState) async throws -> [KindScope] {
        let kinds = try await store.kinds(in: request.scope, beside: held)
        return options.expected?.narrowed(kinds) ?? kinds
    }

    private var comparison: ShadowComparison {
        let descent = Descent(
            nonce: request.nonce, mode: request.scope.mode, isExact: options.isExact,
            forgotten: options.returnsForgotten)
        return ShadowComparison(store: store, peer: peer.id, descent: descent)
    }

    private func compare(kinds: [Kind], held: DestinationState) async throws {
        outstanding += try await comparison.begin(kinds, held)
        hasCompared = true
    }

    private func accept(_ list: SuppliedList, _ transfer: String) async throws {
        guard outstanding.contains(list.request) else { return }
        let next = try await comparison.take(list, transfer: transfer)
        // A repetition may have got here first.
        guard let position = outstanding.firstIndex(of: list.request) else { return }
        outstanding.replaceSubrange(position...position, with: next.map { [$0] } ?? [])
    }
}

extension LocalSource: PlanPort {
    public func planned(transfer: String, _ request: ListPlanned) async throws -> PlannedPage {
        var page = try await store.plannedRows(transfer: transfer, request)
        if request.after == nil { page.excluded = options.exclusions?.items }
        return page
    }

    public func outputs(transfer: String, _ request: ReadOutputs) async throws -> OutputPage {
        guard self.request.comparesItems else { throw LocalOutputs.notOpened(transfer) }
        // A plan that is ready has passed the guards.
        guard try await store.planSummary(transfer: transfer) != nil else { throw TidelockError.noPlan(of: transfer) }
        return try await LocalOutputs(store: store, hooks: hooks, scope: self.request.scope, peer: peer, of: .plan)
            .outputs(transfer: transfer, request)
    }
}

extension TidelockError {
    /// Nothing is said about a plan that is not there: no rows would look like a plan that changes nothing.
    public static func noPlan(of transfer: String) -> TidelockError {
        TidelockError(
            .fenced, "The plan of transfer \(transfer.printable) is not ready, or was given up or superseded.",
            hint: "Make it again.")
    }
}
