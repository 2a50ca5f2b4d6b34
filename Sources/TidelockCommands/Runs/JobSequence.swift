internal import ContentModel
internal import SyncEngine
internal import SyncProtocol

/// Several runs, one after another in their order: one for each job. The first failure stops the rest.
struct JobSequence: Sendable {
    /// At least one; all go the same way.
    let requests: [SyncRunner.Request]
    /// Waits between one run and the next.
    private let pause: @Sendable () async throws -> Void

    /// What came of it.
    struct Outcome: Sendable {
        /// Of every run that was started; only the last one can have failed.
        var reports: [RunReport]
        /// Of the last run, or of the pause after it.
        var failure: TidelockError?
        let planned: Int

        /// The sum of the runs; with the single reports where several were asked for.
        var report: RunReport {
            var sum = reports.dropFirst().reduce(reports[0]) { $0.adding($1) }
            if planned > 1 { sum.jobs = reports }
            if let failure, sum.error == nil { sum.note(failure) }
            return sum
        }

        /// Which jobs were done, where not all of several were.
        var remains: String? {
            guard failure != nil, planned > 1 else { return nil }
            let done = reports.count { $0.error == nil }
            guard done < reports.count else { return "\(done) of \(planned) jobs were done, the others not started." }
            let before = done == 0 ? "none was done before" : "\(done) before it \(done == 1 ? "was" : "were") done"
            return "Job \(reports.count) of \(planned) failed; \(before), \(planned - reports.count) not started."
        }
    }

    init(_ requests: [SyncRunner.Request], pause: @escaping @Sendable () async throws -> Void = {}) throws {
        guard !requests.isEmpty else { throw TidelockError(.usage, "There is no job to run.") }
        self.requests = requests
        self.pause = pause
    }

    var first: SyncRunner.Request { requests[0] }

    func perform(
        _ run: @Sendable (SyncRunner.Request) async -> (report: RunReport, failure: TidelockError?)
    ) async -> Outcome {
        var outcome = Outcome(reports: [], failure: nil, planned: requests.count)
        for request in requests {
            do {
                if !outcome.reports.isEmpty { try await pause() }
            } catch {
                outcome.failure = TidelockError(wrapping: error)
                break
            }
            let (report, failure) = await run(request)
            outcome.reports.append(report)
            outcome.failure = failure
            if failure != nil { break }
        }
        return outcome
    }
}

extension SyncRunner.Request {
    /// The same run for what the jobs move: once where that is possible, else as often as needed. Throws what the
    /// settings of the jobs deserve.
    func moving(_ jobs: [Job]) throws -> [SyncRunner.Request] {
        for job in jobs { try job.requireFittingBatches() }
        return try Job.runs(jobs).map { scope, batchSize in
            var request = self
            request.scope = scope
            request.scope.allowsMirrorWithFilter = self.scope.allowsMirrorWithFilter
            try request.scope.checkFilters()
            if let batchSize { request.options.batchSize = batchSize }
            return request
        }
    }
}

extension Job {
    /// Throws `usage` for batches that are larger than any may be, as the option of commands does.
    func requireFittingBatches() throws {
        guard let size = try batchSize(), size > Limits.batchItems else { return }
        throw TidelockError(
            .usage,
            "The setting 'batchSize' of the job '\(name.rawValue)' is \(size), and a batch holds 1 to \(Limits.batchItems) items."
        )
    }
}
