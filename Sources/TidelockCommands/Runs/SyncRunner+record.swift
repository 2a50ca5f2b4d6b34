internal import ContentModel
internal import ContentStore
internal import Foundation
internal import HookCatalog
internal import HookHost
internal import SyncEngine
internal import SyncProtocol

// MARK: What is written down of a run

extension SyncRunner {
    /// The record of the run, in the list of runs, the log and the collection that scripts read.
    func close(_ report: RunReport, _ failure: TidelockError?) async {
        await instance.audit(report.auditEntry(request, failure))
        guard !request.isDryRun else { return }
        do {
            let text = String(decoding: try JSONEncoder().encode(report), as: UTF8.self)
            let phase = failure.map { self.phase(after: $0) } ?? report.status.rawValue
            try await instance.store.endRun(id: report.run, phase: phase, report: text)
            try await instance.store.keep(SyncRecord(report, to: facts, status: phase))
            if let error = report.error {
                var failed = event(request.direction == .push ? .pushFailed : .pullFailed, run: report.run)
                failed.errorCode = error.code
                failed.errorMessage = error.message
                try await instance.store.queue([failed])
            }
        } catch {
            Complaint.warn("the record of run \(report.run) could not be written: \(error)")
        }
        instance.log(report.error == nil ? "info" : "error", report.sentence)
    }

    private func phase(after failure: TidelockError) -> String {
        if isUnsettled(failure) { return "unsettled" }
        return failure.code == .cancelled ? "interrupted" : "failed"
    }

    /// A run that lost contact may have been committed over there; the next one finds out.
    private func isUnsettled(_ failure: TidelockError) -> Bool {
        if failure.details[RunMachine.mayHaveCommitted] != nil { return true }
        if failure.code == .cancelled { return failure.details[RunMachine.abandoned] == nil }
        return [.targetUnreachable, .timeout, .databaseBusy].contains(failure.code)
    }
}

extension RunReport {
    /// One line for the log.
    var sentence: String {
        let what = direction == .push ? "Push to \(target)" : "Pull from \(target)"
        if let error { return "\(what) failed (\(error.code)): \(error.message)" }
        return
            "\(what): \(created) created, \(updated) updated, \(deleted) deleted, \(unchanged) unchanged, \(conflicts) conflicts."
    }
}

extension SyncRecord {
    fileprivate init(_ report: RunReport, to target: TargetFacts, status: String) {
        self.init(run: report.run, direction: report.direction.rawValue, status: status)
        self.target = (name: target.name, uri: target.uri)
        (created, updated, deleted) = (report.created, report.updated, report.deleted)
        (unchanged, conflicts, milliseconds) = (report.unchanged, report.conflicts, report.milliseconds)
        error = report.error.map { (code: $0.code, message: $0.message) }
    }
}
