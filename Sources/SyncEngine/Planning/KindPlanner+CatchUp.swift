internal import ContentModel
internal import SyncProtocol

extension KindPlanner {
    /// Plans once more what has changed since the kind was looked at.
    mutating func catchUp(
        _ catchUp: CatchUp, into writer: inout PlanWriter, examined: inout Int
    ) async throws {
        var query = candidateQuery
        query.since = upTo
        query.upTo = catchUp.sequence
        query.ids = nil
        query.catchUp = catchUp
        if isTree { query.order = try await planner.store.treeOrder(query) }
        var isEmpty = upTo == 0
        repeat {
            let page = try await planner.store.candidates(query)
            for (row, outcome) in zip(page.rows, try await outcomes(of: page.rows[...])) {
                for step in reconsider(row, outcome) {
                    note(step.operation)
                    try await writer.add(
                        step.operation, body: step.body, isSent: step.isSent, level: row.level, kind: kind,
                        filters: filters)
                }
            }
            examined += page.rows.count
            isEmpty = isEmpty && page.rows.isEmpty
            query.after = page.next
        } while query.after != nil
        // A kind that never had an item is looked at as a whole every time.
        if !isEmpty { upTo = catchUp.sequence }
    }

    /// What is done with a row instead of what was planned.
    private mutating func reconsider(_ row: Candidate, _ outcome: FilterOutcome?) -> [Step] {
        if let planned = row.planned { tally.count(planned.action, of: row, output: planned.output, by: -1) }
        guard var step = step(row, outcome) else { return row.planned == nil ? [] : [withdrawal(of: row)] }
        guard !step.operation.action.isRemembered else {
            return row.planned == nil ? [step] : [withdrawal(of: row), step]
        }
        // Also where nothing is planned now: an earlier round may have withdrawn what was.
        step.operation.supersedes = true
        if let planned = row.planned {
            step.isSent = planned.action != step.operation.action || planned.output != step.operation.output
        }
        return [step]
    }

    private func withdrawal(of row: Candidate) -> Step {
        var operation = PlannedOperation(
            id: row.id, bucket: row.bucket, action: .withdraw, source: nil, output: nil)
        operation.supersedes = true
        return Step(operation: operation)
    }
}
