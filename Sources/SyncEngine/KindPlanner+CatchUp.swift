internal import ContentModel
internal import SyncProtocol

extension KindPlanner {
    /// Plans once more what has changed since the kind was looked at, as it is at one moment.
    mutating func catchUp(
        _ catchUp: CatchUp, into writer: inout PlanWriter, examined: inout Int
    ) async throws {
        var query = candidateQuery
        query.since = upTo
        query.upTo = catchUp.moment.sequence
        query.ids = nil
        query.catchUp = catchUp
        var isEmpty = upTo == 0
        repeat {
            let page = try await planner.store.candidates(query)
            let outcomes = try await outcomes(of: page.rows)
            for row in page.rows {
                for step in reconsider(row, outcomes[row.id]) {
                    try await writer.add(
                        step.operation, body: step.body, isSent: step.isSent, kind: kind, filters: filters)
                }
            }
            examined += page.rows.count
            isEmpty = isEmpty && page.rows.isEmpty
            query.after = page.next
        } while query.after != nil
        // A kind that never had an item is looked at as a whole every time.
        if !isEmpty { upTo = catchUp.moment.sequence }
    }

    /// What is done with a row instead of what was planned.
    private mutating func reconsider(_ row: Candidate, _ outcome: FilterOutcome?) -> [Step] {
        if let planned = row.planned { plan.count(planned.action, of: row, by: -1) }
        let step = step(row, outcome)
        guard let planned = row.planned else { return step.map { [$0] } ?? [] }
        guard var step, !step.operation.action.isRemembered else {
            return [withdrawal(of: row)] + (step.map { [$0] } ?? [])
        }
        step.operation.supersedes = true
        step.isSent = planned.action != step.operation.action || planned.output != step.operation.output
        return [step]
    }

    private func withdrawal(of row: Candidate) -> Step {
        var operation = PlannedOperation(
            id: row.id, bucket: row.bucket, action: .withdraw, source: nil, output: nil)
        operation.supersedes = true
        return Step(operation: operation)
    }
}
