import SyncEngine
import SyncProtocol
import Synchronization
import TidelockTestSupport

extension TestRun {
    /// What the plan says of its rows, ten at most, in the order of their ids. `make` makes the run, which is only looked
    /// at.
    func plannedRows(_ make: (TestRun) async throws -> TestRunResult) async throws -> [PlannedRow] {
        let seen = Mutex<[PlannedRow]>([])
        var run = self
        run.isDryRun = true
        run.review = { review in
            let rows = try await review.rows(upTo: 10).rows
            seen.withLock { $0 = rows }
        }
        _ = try await make(run)
        return seen.withLock { $0 }.sorted { $0.id < $1.id }
    }
}
