internal import ContentModel
internal import Hummingbird
internal import Logging
internal import ServiceLifecycle
internal import SyncEngine
internal import SyncProtocol

/// What the server writes into the audit log: opens and refusals. What they change is written by the store.
extension Reception {
    /// A refusal of somebody who may not, or who asks for what cannot be. What is merely not there is left to the log.
    func audit(_ refusal: Refusal, _ arrival: Arrival) async {
        let code = refusal.error.code
        guard ![404, 405].contains(code.traits.httpStatus) || code == .unknownTransfer else { return }
        let principal = Principal(id: refusal.issuer, address: arrival.addressText.printable)
        await write(
            refusals.note(
                code, of: principal, run: refusal.run, note: "\(arrival.method) \(arrival.endpoint.rawValue)"))
    }

    /// A transfer that was opened, or a plan that was asked for. Throws when it cannot be written down.
    func audit(_ open: OpenTransfer, _ answer: TransferOpened) async throws {
        var principal = Principal.current
        principal.name = open.initiator.name
        var what = open.isPlanOnly ? "plan of a \(open.direction.rawValue)" : open.direction.rawValue
        if open.comparesItems { what += " with a look at items" }
        if open.includesReverted { what += " including what was taken back" }
        let entry = AuditEntry(
            .open, by: principal, run: open.id, note: "\(what): \(open.scope.summary) (\(answer.status.rawValue))")
        try await dependencies.audit.append(entry)
    }

    /// A refusal stands whether or not it can be written down.
    fileprivate func write(_ entries: [AuditEntry]) async {
        guard !entries.isEmpty else { return }
        // Waited for, and a task of its own only so that a caller who hangs up cannot keep it from being written.
        await Task {
            for entry in entries {
                do {
                    try await dependencies.audit.append(entry)
                } catch {
                    dependencies.logger.error("The audit log cannot be written", metadata: ["reason": "\(error)"])
                }
            }
        }.value
    }
}

/// Writes down what was counted of refusals, also when nobody is refused any more.
struct RefusalFlush: Service {
    let reception: Reception

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // Only wakes up; whether the minute is over is told by the clock that counts it.
                try? await Task.sleep(for: .seconds(60))
                await reception.write(reception.refusals.flush())
            }
        }
        await reception.write(reception.refusals.flush(isEnd: true))
    }
}
