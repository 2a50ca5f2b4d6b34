public import ContentModel
internal import GRDB
internal import SyncEngine
public import SyncProtocol

/// Who may write here at the moment.
public struct LeaseHolder: Sendable, Codable, Equatable {
    public var transfer: String
    public var source: String
    public var holder: String
    public var fence: Int64
    /// Unix seconds.
    public var since: Int64
    public var expires: Int64

    /// Whether others have to wait for it.
    ///
    /// A lease that ends later than any that is granted now is of a clock that ran ahead, and nobody could say for how
    /// long: it counts as free, which is safe, since only the fence decides who may write. Clocks are set back a little
    /// now and then, so that much is granted to whoever is at work; it renews the lease before that is over.
    func isHeld(at now: Int64) -> Bool {
        expires > now && expires <= now + Limits.leaseSeconds + Limits.leaseRenewalSeconds
    }
}

/// What a reset of the lock did.
public struct LeaseReset: Sendable, Equatable {
    /// Whose right to write was taken away; nil where nobody had it, also because a run committed just before.
    public var lease: LeaseHolder?
    /// False where the disk is too full for all of it: the right to write is taken away, but the audit log does not
    /// tell of it, and what was staged may stay.
    public var isComplete: Bool
}

extension Store {
    public func grantLease(
        transfer: String, source: InstanceIdentity, initiator: String, direction: Direction, scope: Scope
    ) async throws -> LeaseGrant {
        let (clock, own) = (clock, identity)
        return try await write { db in
            // What was granted while this waited for its turn did not begin in the future.
            let now = clock.seconds
            guard source.id != own.id else { throw TidelockError.sameInstance(own) }
            let pid = try Numbers.peer(db, source)
            if let grant = try Leases.existing(db, transfer: transfer, pid: pid, now: now) { return grant }
            try Leases.requireFree(db, for: source, now: now)
            try TransferTable.abandonUnfinished(db, pid: pid, scope: scope, now: now)
            let fence = try Settings.nextFence(db)
            try TransferTable.insert(
                db,
                TransferTable.Record(
                    id: transfer, pid: pid, phase: .open, fence: fence, direction: direction, initiator: initiator,
                    scope: scope), now: now)
            let expires = now + Limits.leaseSeconds
            try db.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO lease (one, transfer, source, holder, fence, since, expires)
                    VALUES (1, ?, ?, ?, ?, ?, ?)
                    """
            ).execute(arguments: [transfer, source.id, source.name, fence, now, expires])
            return LeaseGrant(fence: fence, expires: expires)
        }
    }

    public func renewLease(transfer: String, fence: Int64) async throws -> LeaseGrant {
        let now = clock.seconds
        return try await tellingGivenUp(transfer) {
            try await write { db in
                // A renewal may cross the answer to the commit that gave the lease back.
                if try TransferTable.fetch(db, transfer)?.phase == .committed {
                    return LeaseGrant(fence: fence, expires: now)
                }
                try Leases.require(db, transfer: transfer, fence: fence)
                return try Leases.extend(db, transfer: transfer, fence: fence, now: now)
            }
        }
    }

    /// Who holds the lease; nil when nobody does.
    public func leaseHolder() async throws -> LeaseHolder? {
        let clock = clock
        return try await read { db in try Leases.held(db, at: clock.seconds) }
    }

    /// Takes the right to write away from whoever holds it. Safe at any moment: only the fence decides.
    @discardableResult
    public func resetLease() async throws -> LeaseReset {
        if let reset = try await resetIfRoom() { return reset }
        // The fence writes least, and everything else follows from it.
        let lease = try await fromReserve { _ in try await write(Leases.reset) }
        try? await giveUpStages()
        return try await resetIfRoom(of: lease) ?? LeaseReset(lease: lease, isComplete: false)
    }

    /// All of it at once. Answers nil, and changes nothing, where the disk is full.
    private func resetIfRoom(of taken: LeaseHolder? = nil) async throws -> LeaseReset? {
        let auditor = auditor
        do {
            return try await write { db in
                let lease = try Leases.reset(db) ?? taken
                try auditor.note(db, .lockReset, target: lease?.holder, run: lease?.transfer)
                try TransferTable.abandonAll(db)
                return LeaseReset(lease: lease, isComplete: true)
            }
        } catch let error as TidelockError where error.code == .diskFull {
            return nil
        }
    }
}

enum Leases {
    static func current(_ db: Database) throws -> LeaseHolder? {
        try Row.fetchOne(db.cachedStatement(sql: "SELECT transfer, source, holder, fence, since, expires FROM lease"))
            .map { row in
                LeaseHolder(
                    transfer: row[0], source: row[1], holder: row[2], fence: row[3], since: row[4], expires: row[5])
            }
    }

    /// The lease that others have to wait for; nil where they need not.
    static func held(_ db: Database, at now: Int64) throws -> LeaseHolder? {
        try current(db).flatMap { $0.isHeld(at: now) ? $0 : nil }
    }

    /// The grant of a transfer that was opened before, for a repeated open.
    static func existing(_ db: Database, transfer: String, pid: Int64, now: Int64) throws -> LeaseGrant? {
        guard let known = try TransferTable.fetch(db, transfer) else { return nil }
        guard known.pid == pid else {
            throw TidelockError(
                .permissionDenied, "Transfer \(transfer.printable) brings the items of another instance.")
        }
        guard known.phase != .planOnly else { throw PlanOnlyTransfers.cannotBecomeOther(transfer) }
        guard known.phase == .open else {
            return LeaseGrant(fence: known.fence, expires: now)
        }
        try require(db, transfer: transfer, fence: known.fence)
        return try extend(db, transfer: transfer, fence: known.fence, now: now)
    }

    static func requireFree(_ db: Database, for source: InstanceIdentity, now: Int64) throws {
        guard let lease = try held(db, at: now), lease.source != source.id else { return }
        throw TidelockError(
            .leaseHeld,
            "\(lease.holder) is writing there, since \(utc(lease.since)) and until \(utc(lease.expires)) unless it goes on.",
            hint: "Wait until its run has ended, or reset the lock there with 'tidelock lock reset'.",
            details: ["holder": lease.holder, "expires": String(lease.expires)])
    }

    /// After a fence was issued, nothing with an older one changes state.
    static func require(_ db: Database, transfer: String, fence: Int64) throws {
        guard let lease = try current(db), lease.transfer == transfer, lease.fence == fence else {
            throw TidelockError(
                .fenced, "Another run was given the right to write since this one began; this one was abandoned there.",
                hint: "Start the run again.")
        }
    }

    @discardableResult
    static func extend(_ db: Database, transfer: String, fence: Int64, now: Int64) throws -> LeaseGrant {
        let expires = now + Limits.leaseSeconds
        try db.cachedStatement(sql: "UPDATE lease SET expires = ? WHERE transfer = ?").execute(arguments: [
            expires, transfer,
        ])
        try db.cachedStatement(sql: "UPDATE transfer SET touched = ? WHERE id = ?").execute(arguments: [now, transfer])
        return LeaseGrant(fence: fence, expires: expires)
    }

    /// Nobody asks for the lease of a transfer that was forgotten, which ran out before.
    static func dropOutlived(_ db: Database) throws {
        try db.execute(sql: "DELETE FROM lease WHERE transfer NOT IN (SELECT id FROM transfer WHERE phase = 'open')")
    }

    /// Whoever had the lease can do nothing with it any more. Answers who that was.
    static func reset(_ db: Database) throws -> LeaseHolder? {
        let lease = try current(db)
        _ = try Settings.nextFence(db)
        try db.cachedStatement(sql: "DELETE FROM lease").execute()
        return lease
    }

    static func release(_ db: Database, transfer: String) throws {
        try db.cachedStatement(sql: "DELETE FROM lease WHERE transfer = ?").execute(arguments: [transfer])
    }
}
