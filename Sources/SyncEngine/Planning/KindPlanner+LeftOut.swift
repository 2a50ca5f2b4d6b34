internal import ContentModel

/// A mirror that was forced on a filter deletes what the destination holds of this source and the filter does not take:
/// what was edited since so that it does not match, and what was sent under a wider filter, or under none.
extension KindPlanner {
    /// Whether items go that are here.
    var deletesLeftOut: Bool { planner.scope.deletesLeftOut(kind) }

    /// What the feed and the open rows do not have: rows that are at both sides as they were when they were sent.
    mutating func planLeftOut(into writer: inout PlanWriter, examined: inout Int) async throws {
        var query = candidateQuery
        query.isSettled = true
        repeat {
            let page = try await planner.store.candidates(query)
            for row in page.rows where !isSelected(row) {
                try await write(into: &writer) { $0.leaveOut(row) }
            }
            examined += page.rows.count
            planner.report(examined)
            query.after = page.next
        } while query.after != nil
    }

    /// What is done with a row that takes no part. The filter alone is asked: handlers say nothing about items that
    /// they are not given, and an item that came from the destination itself is not this source's to delete.
    mutating func leaveOut(_ row: Candidate) -> Step? {
        guard deletesLeftOut, selected.includes(row.id), row.shadow.isHeld, !row.isTheirs else { return nil }
        return letGo(row, source: nil)
    }
}
