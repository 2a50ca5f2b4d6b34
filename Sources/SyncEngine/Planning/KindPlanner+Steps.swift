internal import ContentModel
internal import SyncProtocol

// What is done with one row.
extension KindPlanner {
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
        var operation = PlannedOperation(
            id: row.id, bucket: row.bucket, action: action, source: source, output: nil,
            isContested: (row.isContested || isKept) && isMirror)
        // Of an item that came from there, the peer knows which version that was.
        if isMirror, !row.shadow.isHeld, row.received == nil { operation.known = row.acknowledged }
        return Step(operation: operation)
    }

    private func operation(_ row: Candidate, _ action: PlannedOperation.Action, output: ContentHash?)
        -> PlannedOperation
    {
        PlannedOperation(
            id: row.id, bucket: row.bucket, action: action, source: row.hash, output: output,
            isContested: row.isContested || (action == .put && row.shadow.isReplaced),
            isUnmerged: action == .put && row.isUnmerged, life: row.life)
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
