internal import ContentModel
internal import Foundation
internal import SyncEngine
internal import SyncProtocol

/// Several runs, one after another in their order: one for each job. The first failure stops the rest.
struct JobSequence: Sendable {
    /// At least one.
    let requests: [SyncRunner.Request]

    /// What came of it.
    struct Outcome: Sendable {
        /// Of every run that was started; only the last one can have failed.
        var reports: [RunReport]
        var failure: TidelockError?
        let planned: Int

        /// The sum of the runs; with the single reports where several were asked for.
        var report: RunReport {
            var sum = reports.dropFirst().reduce(reports[0]) { $0.adding($1) }
            if planned > 1 { sum.jobs = reports }
            return sum
        }

        /// Which jobs were done, where one of several failed.
        var remains: String? {
            guard failure != nil, planned > 1 else { return nil }
            let done = reports.count - 1
            let before = done == 0 ? "none was done before" : "\(done) before it \(done == 1 ? "was" : "were") done"
            return "Job \(reports.count) of \(planned) failed; \(before), \(planned - reports.count) not started."
        }
    }

    init(_ requests: [SyncRunner.Request]) throws {
        guard !requests.isEmpty else { throw TidelockError(.usage, "There is no job to run.") }
        self.requests = requests
    }

    func perform(
        _ run: @Sendable (SyncRunner.Request) async -> (report: RunReport, failure: TidelockError?)
    ) async -> Outcome {
        var outcome = Outcome(reports: [], failure: nil, planned: requests.count)
        for request in requests {
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
        try Job.runs(jobs).map { scope, batchSize in
            var request = self
            request.scope = scope
            request.scope.allowsMirrorWithFilter = self.scope.allowsMirrorWithFilter
            try request.scope.checkFilters()
            if let batchSize { request.options.batchSize = min(batchSize, Limits.batchItems) }
            return request
        }
    }
}

/// A file with a list of jobs as they are documented.
enum JobFile {
    /// Throws `usage` for a file that cannot be read or holds something else.
    static func jobs(at path: String) throws -> [Job] {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw TidelockError(.usage, "The file of jobs \(path) cannot be read.")
        }
        let document: JSONDocument
        do {
            document = try JSONDocument(validating: [UInt8](bytes))
        } catch {
            throw TidelockError(.usage, "The file of jobs \(path) is not JSON: \(error).")
        }
        guard case .array = JSONValue(document) else {
            throw TidelockError(
                .usage, "The file of jobs \(path) does not hold a list.",
                hint: "Such as [{\"name\": \"content\", \"syncSettings\": {\"models\": [\"posts\"]}}].")
        }
        return try document.elements.map { try Job($0) }
    }
}
