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
        tally = KindTally(
            plan: KindPlan(kind: selected.kind.name), isRuled: isRuled, keepsEdits: planner.scope.policy != .source)
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
    var deletesForeign: Bool { isMirror && !planner.scope.hasFilter && (state?.foreign ?? 0) > 0 }

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
        (summary.openCreates, summary.openUpdates, summary.openDeletes) = (nil, nil, nil)
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
        let unforeseen = try await unforeseenCreates()
        let meeting = createsMeetingDeletes(beside: unforeseen)
        let keepsEdits = planner.scope.policy != .source
        let open = (plan.openCreates ?? 0) + unforeseen + (keepsEdits ? meeting : 0)
        summary.openCreates = open > 0 ? open : nil
        let edits = min(tally.foreignDeletes, state?.unseen?.othersEdited ?? 0)
        lookForDeletes(into: &summary, besides: keepsEdits ? edits : 0)
        // Rows of this source alone are kept there.
        let kept = min(tally.withoutEdit, state?.unseen?.kept ?? 0)
        let possible = kept + (keepsEdits ? 0 : meeting + tally.remakes + edits)
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

    /// Rows of this source that may be deleted there: it is not told which of those that were kept there are.
    /// `edits`: deletes of others' rows that may have been edited.
    private func lookForDeletes(into summary: inout KindPlan, besides edits: Int) {
        let deletesThere = state?.unseen?.keptDeleted ?? 0
        let openUpdates = (plan.openUpdates ?? 0) + min(tally.updatesWithoutEdit, deletesThere)
        summary.openUpdates = openUpdates > 0 ? openUpdates : nil
        let openDeletes = min((plan.openDeletes ?? 0) + edits, max(0, plan.deletes))
        let doubtful = openDeletes + max(0, min(tally.withoutEdit, plan.deletes - openDeletes, deletesThere))
        summary.openDeletes = doubtful > 0 ? doubtful : nil
        let openReleases = max(0, min(plan.releases, deletesThere))
        summary.openReleases = openReleases > 0 ? openReleases : nil
    }

    /// Creates of items that are new to this stream, as far as is known.
    private var fresh: Int { plan.creates - tally.recreates - tally.remakes - (plan.openCreates ?? 0) }

    /// How many of these may have been deleted at the destination, which lists do not tell where the item was not this
    /// source's. `unforeseen` may be there.
    private func createsMeetingDeletes(beside unforeseen: Int) -> Int {
        max(0, min(fresh - unforeseen, state?.unseen?.othersDeleted ?? 0))
    }

    /// How many of the items that are new to this stream the destination may have all the same: it tells how many items
    /// it has that this source did not leave there, and those that came from there are some of them, unless they were
    /// deleted there since.
    private func unforeseenCreates() async throws -> Int {
        let isListed = planner.options.isExact || deletesForeign
        guard fresh > 0, !isListed, let others = state?.unseen?.others, others > 0 else { return 0 }
        // Of items that are named, the destination counts only those.
        let known = selected.ids == nil ? try await planner.store.items(of: kind, from: planner.peer.id) : 0
        return min(fresh, max(0, others - max(0, known - (state?.unseen?.othersDeleted ?? 0))))
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
            try EmptySourceGuard.check(kind, .unproved(unproved), isConfirmed: planner.confirmations.emptySource)
        }
        plan.unproved = unproved > 0 ? unproved : nil
    }
}
