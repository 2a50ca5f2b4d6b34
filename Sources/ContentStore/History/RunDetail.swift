public import ContentModel
internal import GRDB
internal import SyncEngine
public import SyncProtocol

/// Everything the store knows about one run.
public struct RunDetail: Sendable, Codable {
    /// The destination's view of a transfer.
    public struct Received: Sendable, Codable {
        /// Whose items came, and by whom the run was started.
        public var source: InstanceIdentity
        public var initiator: String
        public var phase: TransferState.Phase
        /// Unix seconds.
        public var opened: Int64
        public var touched: Int64
        public var result: CommitResult?
    }

    /// The source's view of a transfer.
    public struct Planned: Sendable, Codable {
        public var destination: InstanceIdentity
        /// planning, ready or acknowledged.
        public var phase: String
        public var summary: PlanSummary?
    }

    /// What the run did to items of one kind, as far as it can still be undone.
    public struct Change: Sendable, Codable, Equatable {
        public var kind: String
        public var created = 0
        public var updated = 0
        public var deleted = 0
        public var released = 0
        /// The item stayed, and counts as the source's now.
        public var adopted = 0
        /// Changes of these that replaced an edit made here, or left one.
        public var conflicts = 0
    }

    public struct Undo: Sendable, Codable {
        /// Rows that a rollback would look at.
        public var rows: Int
        /// Unix seconds.
        public var until: Int64
        /// It also ends when there are so many newer changes: runs between instances for one of those, others for others.
        public var newerChangesLeft: Int
        /// Of changes that are no run between instances: only when newer ones have more rows than that as well.
        public var newerRowsLeft: Int?
    }

    /// A rollback of the run was taken back.
    public struct Redone: Sendable, Codable {
        public var rollback: String
        /// The rollback of that rollback.
        public var by: String
        /// Something of the run is taken back all the same.
        public var isPartial: Bool
        /// Rolling back `by` takes it back once more.
        public var canBeUndone: Bool
    }

    public struct Event: Sendable, Codable {
        public var event: String
        /// Handlers that were told, by name, and those that failed so far or for good.
        public var told: [String]
        public var failing: [String]
        public var dead: [String]
        public var failure: String?
    }

    public var run: RunRecord
    public var received: Received?
    public var planned: Planned?
    public var changes: [Change]
    public var conflicts: [Conflict]
    /// Nil when it can be undone no more, or only where it went.
    public var undo: Undo?
    /// Runs that took it back, or parts of it, oldest first.
    public var rollbacks: [String]
    /// Nil unless it is in force again, or parts of it are, although it was taken back.
    public var redone: Redone?
    /// What observers have still to be told.
    public var events: [Event]
}

extension Store {
    /// What is known about a run, by its id or an unambiguous beginning of it. Throws `unknown_run`.
    public func runDetail(_ id: String) async throws -> RunDetail {
        let record = try await run(id)
        return try await read { db in try RunInspection(db: db, record: record).detail() }
    }
}

private struct RunInspection {
    let db: Database
    let record: RunRecord

    private var run: String { record.id }

    func detail() throws -> RunDetail {
        RunDetail(
            run: record, received: try received(), planned: try planned(), changes: try changes(),
            conflicts: try conflicts(), undo: record.canBeUndone ? try undo() : nil, rollbacks: try rollbacks(),
            redone: try RolledBack.inForceAgain(db, run), events: try events())
    }

    private func peer(_ pid: Int64) throws -> InstanceIdentity {
        try Numbers.identity(db, ofPeer: pid) ?? InstanceIdentity(id: "", name: "")
    }

    private func received() throws -> RunDetail.Received? {
        guard let transfer = try TransferTable.fetch(db, run),
            let times = try Row.fetchOne(
                db.cachedStatement(sql: "SELECT opened, touched FROM transfer WHERE id = ?"), arguments: [run])
        else { return nil }
        return RunDetail.Received(
            source: try peer(transfer.pid), initiator: transfer.initiator, phase: transfer.phase, opened: times[0],
            touched: times[1], result: transfer.result)
    }

    private func planned() throws -> RunDetail.Planned? {
        try Row.fetchOne(
            db.cachedStatement(sql: "SELECT pid, phase, summary FROM plan WHERE transfer = ?"), arguments: [run]
        ).map {
            row in
            RunDetail.Planned(
                destination: try peer(row[0]), phase: row[1],
                summary: try (row[2] as String?).map { try JSONColumns.decode(PlanSummary.self, $0) })
        }
    }

    private func changes() throws -> [RunDetail.Change] {
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT kind.name, verdict, count(*) FROM undo JOIN kind USING (kid)
                    WHERE run = ?
                    GROUP BY kid, verdict
                    """),
            arguments: [run])
        var changes: [String: RunDetail.Change] = [:]
        for row in rows {
            guard let verdict = Verdict(rawValue: row[1]) else { continue }
            changes[row[0], default: RunDetail.Change(kind: row[0])].count(verdict, by: row[2])
        }
        return changes.values.sorted { $0.kind < $1.kind }
    }

    private func conflicts() throws -> [Conflict] {
        try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT kind.name, undo.id, verdict, EXISTS (
                        SELECT 1 FROM conflict c
                        WHERE c.kid = undo.kid AND c.bucket = undo.bucket AND c.id = undo.id AND c.transfer = run)
                    FROM undo JOIN kind USING (kid)
                    WHERE run = ? AND verdict IN (\(Verdict.list(Verdict.conflicts)))
                    ORDER BY kind.name, undo.id
                    LIMIT \(Limits.listedConflicts)
                    """),
            arguments: [run]
        ).map { Conflict(kind: $0[0], id: $0[1], verdict: told(Verdict(rawValue: $0[2]) ?? .nothing, waits: $0[3])) }
    }

    /// Why an item stayed is known only to the run's own report, and whether what arrived still waits to the list.
    private func told(_ verdict: Verdict, waits: Bool) -> Conflict.Verdict {
        guard verdict == .keepOriginal else { return .replaced }
        return waits ? .parked : .keptTarget
    }

    private func undo() throws -> RunDetail.Undo {
        let room = try UndoOrder.room(db, behind: run)
        return RunDetail.Undo(
            rows: try ContentStore.Undo.count(db, run: run), until: record.started + Retention.undoSeconds,
            newerChangesLeft: room.changes, newerRowsLeft: room.rows)
    }

    private func rollbacks() throws -> [String] {
        try String.fetchAll(
            db.cachedStatement(
                sql: "SELECT id FROM run WHERE direction = 'rollback' AND target = ? ORDER BY started, id"),
            arguments: [run])
    }

    private func events() throws -> [RunDetail.Event] {
        try Row.fetchAll(
            db.cachedStatement(sql: "SELECT oid, event, failure FROM outbox WHERE run = ? ORDER BY oid"),
            arguments: [run]
        ).map { row in
            let oid: Int64 = row[0]
            func handlers(_ state: DeliveryState) throws -> [String] {
                try String.fetchAll(
                    db.cachedStatement(
                        sql: "SELECT handler FROM delivery WHERE oid = ? AND state = ? ORDER BY handler"),
                    arguments: [oid, state.rawValue])
            }
            return RunDetail.Event(
                event: row[1], told: try handlers(.done), failing: try handlers(.waiting), dead: try handlers(.dead),
                failure: row[2])
        }
    }
}

extension RunDetail.Change {
    fileprivate mutating func count(_ verdict: Verdict, by number: Int) {
        if Verdict.conflicts.contains(verdict) { conflicts += number }
        switch verdict {
        case .create: created += number
        case .update, .replace: updated += number
        case .delete, .deleteEdited: deleted += number
        case .release: released += number
        case .adopt, .keepOriginal: adopted += number
        default: break
        }
    }
}
