internal import ContentModel
internal import SyncProtocol

/// Plans one kind.
struct KindPlanner {
    let planner: Planner
    let selected: KindScope
    let standing: KindStanding
    /// What the destination says of the kind; nil when it has none of it.
    let state: KindState?
    let filters: FilterSet
    let filter: ContentFilter?
    /// Parents are planned before their children.
    let isTree: Bool
    /// Changes up to this number have been looked at.
    var upTo: Int64
    var tally: KindTally
    /// Singletons that are sent, where those that take part are named one by one.
    private var sentSingletons: Set<ItemID> = []

    init(
        planner: Planner, selected: KindScope, standing: KindStanding, state: KindState?, filters: FilterSet,
        filter: ContentFilter?, isTree: Bool
    ) {
        self.planner = planner
        self.selected = selected
        self.standing = standing
        self.state = state
        self.filters = filters
        self.filter = filter
        self.isTree = isTree
        // A run that took edits along may have come further than the newest change of this kind.
        upTo = max(standing.latest, standing.checkpoint ?? 0)
        let isRuled = selected.kind.job == .lokalize && planner.scope.translationRule != .override
        tally = KindTally(plan: KindPlan(kind: selected.kind.name), isRuled: isRuled)
    }

    /// The counts so far.
    var plan: KindPlan {
        get { tally.plan }
        set { tally.plan = newValue }
    }
    var kind: Kind { selected.kind }
    var isMirror: Bool { planner.scope.mode == .mirror }
    /// Whether rows of somebody else are deleted. They are known only where the destination has listed them for this
    /// very run; and a filter says nothing about items that are not here, so a mirror with one spares them.
    private var deletesForeign: Bool { isMirror && !planner.scope.hasFilter && (state?.foreign ?? 0) > 0 }

    /// The feed and the open rows are enough when the last whole run used the same handlers. Items that are named are
    /// looked up by their names, and those that a filter leaves out need not have changed to be deleted. Open rows of a
    /// tree are not in the feed, and may be above rows that are.
    private var since: Int64? {
        guard !planner.options.includesReverted, !deletesForeign, !deletesLeftOut, selected.ids == nil,
            !(isTree && standing.hasOpenRows), let checkpoint = standing.checkpoint, checkpoint > 0,
            standing.filters?.fingerprint == filters.fingerprint
        else { return nil }
        return checkpoint
    }

    mutating func plan(into writer: inout PlanWriter, examined: inout Int) async throws {
        var ordered = candidateQuery
        if isTree { ordered.order = try await planner.store.treeOrder(ordered) }
        let query = ordered
        var page = try await planner.store.candidates(query)
        while true {
            // The next page is read while this one is filtered.
            let position = page.next
            async let following = Self.page(after: position, query, of: planner.store)
            try await plan(page.rows, into: &writer)
            examined += page.rows.count
            planner.report(examined)
            guard let next = try await following else { break }
            page = next
        }
        if deletesLeftOut { try await planLeftOut(into: &writer, examined: &examined) }
        if since == nil {
            try await planAbsentees(into: &writer)
        } else if standing.hasOpenRows {
            try await planOpenRows(query, into: &writer, examined: &examined)
        }
    }

    /// What the plan does with the kind, once everything has been looked at.
    func summary() async throws -> KindPlan {
        var summary = plan
        // Of a row that the peer sent anew while the plan was made, another number was taken back than was counted.
        summary.overwrites = max(0, plan.overwrites)
        (summary.openCreates, summary.openUpdates) = (nil, nil)
        let isWhole = planner.scope.coversWholeKind(selected)
        summary.takenOver = isWhole && standing.takenOver > 0 ? standing.takenOver : nil
        if planner.isPlanOnly { try await look(into: &summary) }
        summary.reverted = max(0, (state?.reverted ?? 0) + plan.reverted)
        (summary.deletes, summary.releases) = (max(0, plan.deletes), max(0, plan.releases))
        summary.goneThere = plan.goneThere.flatMap { $0 > 0 ? $0 : nil }
        summary.unchanged = max(0, standing.held - summary.sent + plan.creates - tally.recreates)
        return summary
    }

    /// What is of interest to those who only look at the plan.
    private func look(into summary: inout KindPlan) async throws {
        let open = try await (plan.openCreates ?? 0) + unforeseenCreates()
        summary.openCreates = open > 0 ? open : nil
        summary.openUpdates = plan.openUpdates
        // Rows of this source alone are kept there.
        let possible = min(tally.withoutEdit, state?.kept ?? 0)
        if possible > 0 { summary.possibleOverwrites = possible }
        summary.sourceItems = try await planner.store.liveItems(of: kind)
    }

    /// The models whose items are sent. A singleton is called as its model; where all of them take part, so do all
    /// models that are defined.
    var broughtModels: [String] {
        guard plan.creates + plan.updates > 0 else { return [] }
        return kind == .singletons ? sentSingletons.map(\.text) : kind.model.map { [$0] } ?? []
    }

    /// Takes down what becomes of a row, in the place of what was to become of it.
    mutating func note(_ operation: PlannedOperation) {
        guard kind == .singletons, selected.ids != nil else { return }
        if operation.action == .put {
            sentSingletons.insert(ItemID(operation.id))
        } else {
            sentSingletons.remove(ItemID(operation.id))
        }
    }

    /// How many of the items that are new to this stream the destination may have all the same: it tells how many items
    /// it has that this source did not leave there, and those that came from there are some of them.
    private func unforeseenCreates() async throws -> Int {
        let fresh = plan.creates - tally.recreates - (plan.openCreates ?? 0)
        let isListed = planner.options.isExact || deletesForeign
        guard fresh > 0, !isListed, let others = state?.others, others > 0 else { return 0 }
        // Of items that are named, the destination counts only those.
        let known = selected.ids == nil ? try await planner.store.items(of: kind, from: planner.peer.id) : 0
        return min(fresh, max(0, others - known))
    }

    var candidateQuery: CandidateQuery {
        CandidateQuery(
            kind: kind, peer: planner.peer.id, filters: filters, since: since, upTo: standing.latest,
            includesReverted: planner.options.includesReverted, ids: selected.ids, after: nil,
            limit: planner.options.batchSize)
    }

    /// Nil behind the last page.
    private static func page(
        after position: CandidatePosition?, _ query: CandidateQuery, of store: any SourceStore
    ) async throws -> CandidatePage? {
        guard let position else { return nil }
        var query = query
        query.after = position
        return try await store.candidates(query)
    }

    /// What the comparison with the destination brought up, whether it is here or not.
    private mutating func planOpenRows(
        _ query: CandidateQuery, into writer: inout PlanWriter, examined: inout Int
    ) async throws {
        var query = query
        var isProved = !isMirror
        repeat {
            let page = try await planner.store.openRows(query)
            if !isProved, page.rows.contains(where: { $0.body == nil }) {
                try await requireProof(absenteeQuery())
                isProved = true
            }
            try await plan(page.rows, into: &writer)
            examined += page.rows.count
            planner.report(examined)
            query.after = page.next
        } while query.after != nil
    }

    private mutating func plan(_ rows: [Candidate], into writer: inout PlanWriter) async throws {
        for part in rows.slices(of: Limits.filteredItems) {
            for (row, outcome) in zip(part, try await outcomes(of: part)) {
                // Looking at everything, tombstones are met again among the absentees.
                guard row.body != nil || since != nil else { continue }
                try await write(at: row.level, into: &writer) { $0.step(row, outcome) }
            }
        }
    }

    /// What is done with a row; nil where there is nothing to do. Those that handlers look at have an outcome.
    mutating func step(_ row: Candidate, _ outcome: FilterOutcome?) -> Step? {
        guard isSelected(row) else { return leaveOut(row) }
        if row.isTheirs { return row.shadow.isHeld ? release(row) : nil }
        if let outcome { return decide(row, outcome) }
        guard row.shadow.isHeld else { return nil }
        return letGo(row, source: nil)
    }

    func isSelected(_ row: Candidate) -> Bool {
        guard selected.includes(row.id) else { return false }
        guard let filter, let body = row.body else { return true }
        return filter.matches(body)
    }

    /// What handlers make of those rows that have an item to send; nil for the others.
    func outcomes(of rows: ArraySlice<Candidate>) async throws -> [FilterOutcome?] {
        var outcomes: [FilterOutcome?] = Array(repeating: nil, count: rows.count)
        var live: [Int] = []
        var items: [OutgoingItem] = []
        for (position, row) in rows.enumerated() {
            guard let body = row.body, !row.isTheirs, isSelected(row) else { continue }
            live.append(position)
            items.append(OutgoingItem(id: row.id, body: body))
        }
        guard !filters.isEmpty, !live.isEmpty else {
            for position in live { outcomes[position] = .unchanged }
            return outcomes
        }
        for (position, outcome) in zip(live, try await planner.hooks.filter(items, of: kind)) {
            outcomes[position] = outcome
        }
        return outcomes
    }

    private mutating func decide(_ row: Candidate, _ outcome: FilterOutcome) -> Step {
        planner.options.exclusions?.note(outcome, of: kind, row.id)
        switch outcome {
        case .unchanged: return put(row, body: row.body!, output: row.hash!)  // live rows have both
        case .changed(let body): return put(row, body: body, output: body.hash)
        case .skipped:
            plan.skips += 1
            return Step(operation: operation(row, .skip, output: nil))
        case .dropped:
            plan.drops += 1
            let isThere = row.shadow.isHeld || (deletesForeign && row.shadow.isForeign)
            guard isThere else { return Step(operation: operation(row, .drop, output: nil)) }
            if row.shadow != .deletedThere { plan.droppedThere = (plan.droppedThere ?? 0) + 1 }
            var step = letGo(row, source: row.hash)
            step.operation.life = row.life
            return step
        }
    }

    private mutating func put(_ row: Candidate, body: JSONDocument, output: ContentHash) -> Step {
        if row.shadow == .acked, row.acknowledged == output {
            return Step(operation: operation(row, .same, output: output))
        }
        tally.count(.put, of: row, output: output, by: 1)
        return Step(operation: operation(row, .put, output: output), body: body)
    }

    /// The peer's own item came back to us and was not edited here since: what the peer holds is its own again.
    private mutating func release(_ row: Candidate) -> Step {
        tally.count(.release, of: row, output: nil, by: 1)
        return Step(
            operation: PlannedOperation(id: row.id, bucket: row.bucket, action: .release, source: nil, output: nil))
    }

    mutating func letGo(_ row: Candidate, source: ContentHash?) -> Step {
        // What stayed as it was beside the peer's item is no answer to it, unless the peer holds an output since.
        let isKept = row.isUnmerged && !row.shadow.isHeld
        let action: PlannedOperation.Action = isMirror ? .delete : .release
        tally.count(action, of: row, output: nil, by: 1)
        return Step(
            operation: PlannedOperation(
                id: row.id, bucket: row.bucket, action: action, source: source, output: nil,
                isContested: (row.isContested || isKept) && isMirror))
    }

    private mutating func planAbsentees(into writer: inout PlanWriter) async throws {
        var query = absenteeQuery()
        if isMirror { try await requireProof(query) }
        repeat {
            let page = try await planner.store.absentees(query)
            for absentee in page.rows {
                try await write(into: &writer) { $0.letGo(Candidate(absentee), source: nil) }
            }
            query.after = page.next
        } while query.after != nil
    }

    private func absenteeQuery() -> AbsenteeQuery {
        AbsenteeQuery(
            kind: kind, peer: planner.peer.id, includesForeign: deletesForeign,
            includesReverted: deletesForeign && planner.options.includesReverted, ids: selected.ids,
            upTo: standing.latest, after: nil, limit: planner.options.batchSize)
    }

    /// A kind without a single item proves nothing about items it never had. What goes all the same is told to the
    /// destination, which looks for itself whether that was agreed to. A plan that is only looked at shows what would go.
    private mutating func requireProof(_ query: AbsenteeQuery) async throws {
        guard try await planner.store.liveItems(of: kind) == 0 else { return }
        let unproved = try await planner.store.unprovedAbsentees(query)
        if !planner.isPlanOnly {
            try EmptySourceGuard.check(kind, deletes: unproved, isConfirmed: planner.confirmations.emptySource)
        }
        plan.unproved = unproved > 0 ? unproved : nil
    }

    private func operation(_ row: Candidate, _ action: PlannedOperation.Action, output: ContentHash?)
        -> PlannedOperation
    {
        PlannedOperation(
            id: row.id, bucket: row.bucket, action: action, source: row.hash, output: output,
            isContested: row.isContested, isUnmerged: action == .put && row.isUnmerged, life: row.life)
    }

    mutating func write(
        at level: Int? = nil, into writer: inout PlanWriter, _ decide: (inout KindPlanner) -> Step?
    ) async throws {
        let before = tally
        guard let step = decide(&self) else { return }
        if let expected = planner.options.expected, !expected.admits(step.operation, of: kind) {
            tally = before
            return
        }
        note(step.operation)
        try await writer.add(step.operation, body: step.body, level: level, kind: kind, filters: filters)
    }
}

/// One decision: what to remember, and the item to send with it.
struct Step {
    var operation: PlannedOperation
    var body: JSONDocument?
    /// Whether the destination has not been told before.
    var isSent = true
}
