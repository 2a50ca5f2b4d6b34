public import ContentModel
internal import GRDB
internal import SyncEngine
public import SyncProtocol

extension Store {
    public func resumableBatches(transfer: String, receivers: Digest) async throws -> [String] {
        try await read { db in
            try StagedBatches.left(db, for: transfer, receivers: receivers).map(\.digest)
        }
    }

    public func takeOver(transfer: String, fence: Int64, batches: [BatchInfo], receivers: Digest) async throws {
        let hasLeftovers = try await read { db in try StagedBatches.hasLeftovers(db, for: transfer) }
        guard hasLeftovers else { return }
        try await write { db in
            _ = try TransferTable.requireOpen(db, transfer)
            try Leases.require(db, transfer: transfer, fence: fence)
            try StagedBatches.takeOver(db, transfer: transfer, batches, receivers: receivers)
            try StagedBatches.freeFew(db, besides: transfer)
        }
    }
}

/// The batches that transfers have staged.
enum StagedBatches {
    /// A batch of a transfer that was given up.
    struct Left {
        var transfer: String
        var bid: Int64
        var digest: String
        var operations: Int
    }

    /// Notes a batch, and answers the number under which its rows are kept.
    static func add(
        _ db: Database, transfer: String, _ batch: BatchInfo, receivers: Digest, isPartial: Bool
    ) throws -> Int64 {
        let bid = try Int64.fetchOne(db.cachedStatement(sql: "SELECT coalesce(max(bid), 0) + 1 FROM staged_batch")) ?? 1
        try db.cachedStatement(
            sql: """
                INSERT INTO staged_batch (transfer, number, digest, operations, bid, receivers, partial)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            transfer, batch.number, batch.digest, batch.operations, bid, receivers.data, isPartial,
        ])
        return bid
    }

    static func resumed(_ db: Database, transfer: String) throws -> Int {
        try Int.fetchOne(
            db.cachedStatement(sql: "SELECT count(*) FROM staged_batch WHERE transfer = ? AND resumed = 1"),
            arguments: [transfer]) ?? 0
    }

    /// Transfers that were given up and from which `transfer` may go on: the scope says what was allowed to be staged.
    private static let leftTransfers = """
        SELECT t.id FROM transfer t JOIN transfer own ON own.id = :transfer
        WHERE t.pid = own.pid AND t.phase = 'abandoned' AND t.touched > 0 AND t.scope = own.scope
            AND t.direction = own.direction
        """

    static func hasLeftovers(_ db: Database, for transfer: String) throws -> Bool {
        try Bool.fetchOne(
            db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM staged_batch WHERE transfer IN (\(leftTransfers)))"),
            arguments: ["transfer": transfer]) == true
    }

    static func left(_ db: Database, for transfer: String, receivers: Digest) throws -> [Left] {
        try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT transfer, bid, digest, operations FROM staged_batch
                    WHERE transfer IN (\(leftTransfers)) AND bid IS NOT NULL AND receivers IS :receivers
                        AND partial = 0
                    GROUP BY digest
                    """),
            arguments: ["transfer": transfer, "receivers": receivers.data]
        ).map { Left(transfer: $0[0], bid: $0[1], digest: $0[2], operations: $0[3]) }
    }

    static func takeOver(_ db: Database, transfer: String, _ batches: [BatchInfo], receivers: Digest) throws {
        let own = try Set(
            Int.fetchAll(
                db.cachedStatement(sql: "SELECT number FROM staged_batch WHERE transfer = ?"), arguments: [transfer]))
        let numbers = Dictionary(
            batches.filter { !own.contains($0.number) }.map { ($0.digest, $0.number) },
            uniquingKeysWith: { first, _ in first })
        let wanted = try left(db, for: transfer, receivers: receivers).filter { numbers[$0.digest] != nil }
        for (from, part) in Dictionary(grouping: wanted, by: \.transfer) {
            try move(db, part, from: from, to: transfer)
        }
        for batch in wanted {
            try db.cachedStatement(
                sql: "UPDATE staged_batch SET transfer = ?, number = ?, resumed = 1 WHERE transfer = ? AND bid = ?"
            ).execute(arguments: [transfer, numbers[batch.digest], batch.transfer, batch.bid])
        }
        // A decision was about the rows of then.
        try Collision.reopen(db, transfer: transfer, where: "seen IS NOT NULL")
        try db.cachedStatement(sql: "UPDATE transfer SET touched = 0 WHERE id IN (\(leftTransfers))").execute(
            arguments: ["transfer": transfer])
    }

    /// Transfers of the source of `transfer` that were given up and staged what nobody may take over any more.
    static func outdated(_ db: Database, besides transfer: String) throws -> [String] {
        try String.fetchAll(db.cachedStatement(sql: "SELECT DISTINCT transfer \(outdated)"), arguments: [transfer])
    }

    /// Frees what was not taken over where that is little. Much of it would keep the source waiting for the commit, so
    /// it is freed after that.
    static func freeFew(_ db: Database, besides transfer: String) throws {
        let rows = try Int.fetchOne(
            db.cachedStatement(sql: "SELECT coalesce(sum(operations), 0) \(outdated)"), arguments: [transfer])
        guard rows ?? 0 <= CommittedStage.most else { return }
        for left in try outdated(db, besides: transfer) { try TransferTable.dropStage(db, transfer: left) }
    }

    private static let outdated = """
        FROM staged_batch WHERE transfer IN (
            SELECT t.id FROM transfer t JOIN transfer own ON own.id = ?
            WHERE t.pid = own.pid AND t.phase = 'abandoned' AND t.touched = 0)
        """

    private static func move(_ db: Database, _ batches: [Left], from: String, to transfer: String) throws {
        let bids = try JSONColumns.encode(batches.map(\.bid))
        let superseded = try SupersedingRows.dropOlder(db, bids, from: from, than: transfer)
        try db.cachedStatement(
            sql: "UPDATE stage SET transfer = ? WHERE transfer = ? AND batch IN (SELECT value FROM json_each(?))"
        ).execute(arguments: [transfer, from, bids])
        guard db.changesCount + superseded == batches.reduce(0, { $0 + $1.operations }) else {
            throw TidelockError(
                .damagedStore, "What transfer \(from.printable) left here is not what its batches say.",
                hint: "Reset the lock with 'tidelock lock reset', which frees it, and run again.")
        }
    }
}
