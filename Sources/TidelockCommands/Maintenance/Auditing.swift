internal import ContentModel
internal import ContentStore
internal import Foundation
internal import SyncEngine

extension Principal {
    /// The user who started this process, and the machine.
    static let here: Principal = {
        let user = NSUserName()
        return Principal(
            id: user.isEmpty ? "user \(getuid())" : user, name: ProcessInfo.processInfo.environment["SUDO_USER"],
            address: ProcessInfo.processInfo.hostName)
    }()
}

extension Instance {
    /// Does something that the store writes down when it is done, and writes down here why it was not.
    func auditing<Value>(
        _ action: AuditAction, target: String? = nil, run: String? = nil, _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch {
            let failure = TidelockError(wrapping: error)
            await audit(AuditEntry(action, target: target, run: run, failure: failure.code))
            throw error
        }
    }

    /// Adds a record about what has happened anyway; complains when that fails.
    func audit(_ entry: AuditEntry) async {
        do {
            try await store.append(entry)
        } catch {
            Complaint.warn("the audit log could not be written: \(error)")
        }
    }
}

extension RunReport {
    /// What the audit log says of a run that ended here.
    func auditEntry(_ request: SyncRunner.Request, _ failure: TidelockError?) -> AuditEntry {
        let action: AuditAction = request.isDryRun ? .plan : direction == .push ? .push : .pull
        var notes = [request.scope.summary]
        if request.isDryRun { notes.insert("\(direction.rawValue):", at: 0) }
        if request.detail?.comparesItems == true { notes.append("with a look at items") }
        if request.applied != nil { notes.append("written plan") }
        if request.depth > 0 { notes.append("started by a handler") }
        return AuditEntry(
            action, target: target, run: run.isEmpty ? nil : run, failure: failure?.code,
            note: notes.joined(separator: " "),
            counts: [
                "created": created, "updated": updated, "deleted": deleted, "unchanged": unchanged,
                "conflicts": conflicts,
            ])
    }
}
