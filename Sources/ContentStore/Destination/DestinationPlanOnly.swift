public import ContentModel
internal import GRDB
internal import SyncEngine
internal import SyncProtocol

extension Store {
    public func openPlanOnly(
        transfer: String, source: InstanceIdentity, initiator: String, direction: Direction, scope: Scope
    ) async throws {
        let now = clock.seconds
        let own = identity
        try await write { db in
            guard source.id != own.id else { throw TidelockError.sameInstance(own) }
            let pid = try Numbers.peer(db, source)
            if let known = try TransferTable.fetch(db, transfer) {
                guard known.pid == pid, known.phase == .planOnly else {
                    throw PlanOnlyTransfers.cannotBecomeOther(transfer)
                }
                return
            }
            try PlanOnlyTransfers.makeRoom(db, pid: pid, now: now)
            try TransferTable.insert(
                db,
                TransferTable.Record(
                    id: transfer, pid: pid, phase: .planOnly, fence: 0, direction: direction, initiator: initiator,
                    scope: scope), now: now)
        }
    }
}

/// Transfers at their destination that can be asked for lists and for nothing else.
///
/// They stand outside the order of leases and fences: none of them supersedes anybody, and no fence fits them.
enum PlanOnlyTransfers {
    /// Those whose initiator never came back must not add up.
    static func makeRoom(_ db: Database, pid: Int64, now: Int64) throws {
        try db.cachedStatement(
            sql: """
                DELETE FROM transfer WHERE phase = 'plan_only' AND (touched < ?1 OR id IN (
                    SELECT id FROM transfer WHERE phase = 'plan_only' AND pid = ?2
                    ORDER BY opened DESC, id DESC LIMIT -1 OFFSET ?3))
                """
        ).execute(arguments: [now - Limits.transferSeconds, pid, Limits.plansOnly - 1])
    }

    static func forget(_ db: Database, _ transfer: String) throws {
        try db.cachedStatement(sql: "DELETE FROM transfer WHERE id = ? AND phase = 'plan_only'").execute(arguments: [
            transfer
        ])
    }

    static func cannotBecomeOther(_ transfer: String) -> TidelockError {
        TidelockError(
            .fenced, "Transfer \(transfer.printable) was opened for something else.", hint: "Start the run again.")
    }
}
