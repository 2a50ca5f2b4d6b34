public import ContentModel
internal import GRDB
public import SyncEngine
public import SyncProtocol

extension Store {
    public func beginPlan(
        transfer: String, peer: InstanceIdentity, initiator: String, direction: Direction, scope: Scope
    ) async throws {
        let now = clock.seconds
        try await write { db in
            let pid = try Numbers.peer(db, peer)
            try PlanTables.forgetUnfinished(db, pid: pid)
            try PlanTables.forgetPassing(db, pid: pid)
            try PlanTables.insert(
                db, transfer: transfer, pid: pid, initiator: initiator, direction: direction, scope: scope,
                phase: "planning", now: now)
        }
    }

    public func beginPlanOnly(
        transfer: String, peer: InstanceIdentity, initiator: String, direction: Direction, scope: Scope
    ) async throws {
        let now = clock.seconds
        try await write { db in
            let pid = try Numbers.peer(db, peer)
            try PlanTables.makeRoomForPlanOnly(db, pid: pid, now: now)
            try PlanTables.forgetPassing(db, pid: pid)
            try PlanTables.insert(
                db, transfer: transfer, pid: pid, initiator: initiator, direction: direction, scope: scope,
                phase: "looking", now: now)
        }
    }

    public func record(_ portion: PlanPortion) async throws {
        try await write { [blobs] db in
            guard let pid = try Numbers.knownPeer(db, portion.peer) else {
                throw TidelockError(.internalFailure, "A plan for an unknown peer was recorded.")
            }
            let isPlanOnly = try PlanTables.requirePlanning(db, transfer: portion.transfer)
            for group in portion.operations {
                let kid = try Numbers.kind(db, group.kind)
                let fid = try HandlerSets.number(db, group.filters)
                // Beside a run that planned a row under other handlers, what one that only looks remembers would be taken
                // for what that run sent.
                let rows = group.rows.lazy.filter { !(isPlanOnly && $0.action.isRemembered) }
                try PlanTables.record(db, rows, transfer: portion.transfer, pid: pid, kid: kid, fid: fid)
            }
            try PlanTables.record(db, portion.files, of: portion.transfer, from: blobs)
            if let batch = portion.batch {
                let supersedes = portion.operations.contains { $0.rows.contains(where: \.supersedes) }
                try PlanTables.record(db, batch, transfer: portion.transfer, supersedes: supersedes)
            }
        }
    }

    public func finishPlan(transfer: String, summary: PlanSummary, checkpoints: [Checkpoint]) async throws {
        try await write { db in
            try PlanTables.requirePlanning(db, transfer: transfer)
            let stored = try checkpoints.map {
                StoredCheckpoint(
                    kid: try Numbers.kind(db, $0.kind), sequence: $0.sequence,
                    fid: try HandlerSets.number(db, $0.filters))
            }
            try db.cachedStatement(
                sql: """
                    UPDATE plan SET phase = CASE phase WHEN 'looking' THEN 'looked' ELSE 'ready' END,
                        summary = ?, checkpoints = ?
                    WHERE transfer = ?
                    """
            ).execute(arguments: [try JSONColumns.encode(summary), try JSONColumns.encode(stored), transfer])
        }
    }

    public func planSummary(transfer: String) async throws -> PlanSummary? {
        try await read { db in
            try String.fetchOne(
                db.cachedStatement(sql: "SELECT summary FROM plan WHERE transfer = ?"), arguments: [transfer]
            )
            .map { try JSONColumns.decode(PlanSummary.self, $0) }
        }
    }

    public func planInitiator(transfer: String) async throws -> String? {
        try await read { db in
            try String.fetchOne(
                db.cachedStatement(sql: "SELECT initiator FROM plan WHERE transfer = ?"), arguments: [transfer])
        }
    }

    public func planScope(transfer: String) async throws -> Scope? {
        try await read { db in try PlanTables.scope(db, transfer: transfer) }
    }

    public func plannedBatch(transfer: String, number: Int) async throws -> EncodedBatch {
        try await read { db in
            guard
                let row = try Row.fetchOne(
                    db.cachedStatement(
                        sql: "SELECT digest, operations, payload FROM plan_batch WHERE transfer = ? AND number = ?"),
                    arguments: [transfer, number]), let payload = row.bytes(2)
            else {
                throw TidelockError(.unknownTransfer, "Transfer \(transfer.printable) has no batch \(number) here.")
            }
            return EncodedBatch(
                info: BatchInfo(number: number, digest: row[0], operations: row[1], bytes: payload.count),
                payload: payload)
        }
    }

    public func expectedRoots(transfer: String, kinds: [Kind], peer: String) async throws -> [Kind: Digest] {
        try await write { db in
            guard let pid = try Numbers.knownPeer(db, peer) else { return [:] }
            var roots: [Kind: Digest] = [:]
            for kind in kinds {
                roots[kind] = try PlanTables.expectedRoot(db, transfer: transfer, pid: pid, kid: Numbers.kind(db, kind))
            }
            return roots
        }
    }

    public func abandonPlan(transfer: String) async throws {
        try await write { db in
            let phase = try String.fetchOne(
                db.cachedStatement(sql: "SELECT phase FROM plan WHERE transfer = ?"), arguments: [transfer])
            if phase != nil, phase != "acknowledged" { try PlanTables.forget(db, transfer: transfer) }
        }
    }
}
