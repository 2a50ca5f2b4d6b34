public import ContentModel
internal import GRDB
public import SyncEngine
public import SyncProtocol

extension Store {
    public func stage(
        transfer: String, fence: Int64, _ batch: EncodedBatch, received: ReceivedItems
    ) async throws -> BatchReceipt {
        let number = batch.info.number
        if let known = try await stagedDigest(transfer: transfer, number: number) {
            return try repeated(known, batch)
        }
        return try await stagingSeats.withSeat { try await decodeAndStage(transfer: transfer, fence, batch, received) }
    }

    private func decodeAndStage(
        transfer: String, _ fence: Int64, _ batch: EncodedBatch, _ received: ReceivedItems
    ) async throws -> BatchReceipt {
        // Decoding is the expensive part and needs no lock.
        let rows = try decode(batch, received.items)
        do {
            return try await tellingGivenUp(transfer) {
                try await write(rows, transfer: transfer, fence, batch, received)
            }
        } catch let error as TidelockError where error.code == .diskFull {
            await giveUp(transfer: transfer, fence: fence)
            throw error
        }
    }

    private func write(
        _ rows: [StagedRow], transfer: String, _ fence: Int64, _ batch: EncodedBatch, _ received: ReceivedItems
    ) async throws -> BatchReceipt {
        let (number, now) = (batch.info.number, clock.seconds)
        let bytes = rows.reduce(Int64(0)) { $0 + $1.bytes }
        return try await writeLeavingRoom(for: bytes) { [self] db, hasRoom in
            let record = try TransferTable.requireOpen(db, transfer)
            try Leases.require(db, transfer: transfer, fence: fence)
            guard hasRoom else { throw TidelockError.noRoom(for: bytes, in: self) }
            if let known = try Self.stagedDigest(db, transfer: transfer, number: number) {
                return try repeated(known, batch)
            }
            var check = ScopeCheck(record.scope)
            let bid = try StagedBatches.add(
                db, transfer: transfer, batch.info, receivers: received.receivers,
                isPartial: rows.contains { $0.entry.supersedes })
            var stager = try Stager(db: db, transfer: transfer, batch: bid, number: number)
            for row in rows {
                try check.require(row.entry)
                try stager.add(row)
            }
            try Leases.extend(db, transfer: transfer, fence: record.fence, now: now)
            return BatchReceipt(number: number, state: .stored)
        }
    }

    public func transferState(transfer: String) async throws -> TransferState {
        try await read { db in
            let record = try TransferTable.require(db, transfer)
            let staged = try Int.fetchAll(
                db.cachedStatement(sql: "SELECT number FROM staged_batch WHERE transfer = ? ORDER BY number"),
                arguments: [transfer])
            return TransferState(id: transfer, phase: record.phase, stagedBatches: staged, result: record.result)
        }
    }

    public func abandonTransfer(transfer: String) async throws {
        await freeUnnamedArrivals(endOf: transfer)
        try await write { db in
            guard let record = try TransferTable.fetch(db, transfer) else { return }
            if record.phase == .planOnly { try PlanOnlyTransfers.forget(db, transfer) }
            guard record.phase == .open else { return }
            try db.cachedStatement(sql: "UPDATE transfer SET phase = 'abandoned' WHERE id = ?").execute(arguments: [
                transfer
            ])
            try Leases.release(db, transfer: transfer)
        }
    }

    public func transferInitiator(transfer: String) async throws -> String? {
        try await read { db in try TransferTable.fetch(db, transfer)?.initiator }
    }

    public func transferScope(transfer: String) async throws -> Scope? {
        try await read { db in try TransferTable.fetch(db, transfer)?.scope }
    }

    public func transferSource(transfer: String) async throws -> InstanceIdentity {
        try await read { db in
            let record = try TransferTable.require(db, transfer)
            guard let source = try Numbers.identity(db, ofPeer: record.pid) else {
                throw TidelockError(.damagedStore, "Transfer \(transfer.printable) belongs to no known instance.")
            }
            return source
        }
    }

    private func stagedDigest(transfer: String, number: Int) async throws -> String? {
        try await read { db in try Self.stagedDigest(db, transfer: transfer, number: number) }
    }

    private static func stagedDigest(_ db: Database, transfer: String, number: Int) throws -> String? {
        try String.fetchOne(
            db.cachedStatement(sql: "SELECT digest FROM staged_batch WHERE transfer = ? AND number = ?"),
            arguments: [transfer, number])
    }

    private func repeated(_ known: String, _ batch: EncodedBatch) throws -> BatchReceipt {
        guard known == batch.info.digest else {
            throw TidelockError(
                .batchConflict, "Batch \(batch.info.number) was staged before with other contents.",
                hint: "Start the run again.")
        }
        return BatchReceipt(number: batch.info.number, state: .duplicate)
    }

    private func decode(_ batch: EncodedBatch, _ received: [ItemKey: JSONDocument]) throws -> [StagedRow] {
        guard batch.info.number > 0 else {
            throw TidelockError(.malformedMessage, "Batches are numbered from 1.")
        }
        guard sha256(batch.payload).hex == batch.info.digest else {
            throw TidelockError(.hashMismatch, "Batch \(batch.info.number) arrived damaged.", hint: "Send it again.")
        }
        var decoder = try BatchDecoder(payload: batch.payload)
        var rows: [StagedRow] = []
        var content: StagedContent?
        while let entry = try decoder.next(reading: { content = StagedContent($0, of: $1) }) {
            guard rows.count < Limits.batchItems else {
                throw TidelockError(
                    .tooLarge, "Batch \(batch.info.number) holds more than \(Limits.batchItems) operations.")
            }
            let received = received.isEmpty ? nil : received[ItemKey(entry.kind, entry.id)]
            rows.append(try StagedRow(entry, content, received))
            content = nil
        }
        return rows
    }
}

/// What an item says that stands beside it.
private struct StagedContent: Sendable {
    var facts: ItemFacts
    var links: [ItemLink]

    init(_ item: JSONReading, of kind: Kind) {
        facts = ItemFacts(item, of: kind)
        links = item.linksToItems(of: kind)
    }
}

/// One operation of a batch, ready to be written.
///
/// A class, because it is handed on as a whole and never changes: as a value its many parts would be counted each time.
private final class StagedRow: Sendable {
    let entry: BatchEntry
    let bucket: Bucket
    /// What is stored instead of the body that arrived.
    let received: JSONDocument?
    let facts: ItemFacts?
    /// ``PackedLinks``.
    let links: [UInt8]?

    /// About what is written: what travelled was compressed.
    var bytes: Int64 {
        guard case .put(let body, _) = entry.operation else { return Self.overhead }
        return Self.overhead + Int64((received ?? body).bytes.count)
    }
    private static let overhead: Int64 = 512

    /// `content` is of the body that arrived. Ids of peers are held to the rules for those of people: SQLite would end
    /// a text at a NUL.
    init(_ entry: BatchEntry, _ content: StagedContent?, _ received: JSONDocument?) throws {
        try requireValidID(entry.id)
        var content = content
        if case .put(let body, _) = entry.operation {
            if entry.kind == .assets { _ = try AssetFile(received ?? body) }
            if let received { content = received.withReading { StagedContent($0, of: entry.kind) } }
        }
        self.entry = entry
        self.received = received
        bucket = Bucket(kind: entry.kind, id: entry.id)
        facts = content?.facts
        links = content.flatMap { PackedLinks.pack($0.links) }
    }
}

/// Writes staged rows inside one transaction.
private struct Stager {
    let db: Database
    let transfer: String
    let batch: Int64
    let number: Int
    private let insertBody: RowStatement
    private let insertRow: RowStatement
    private var kids: KindNumbers

    init(db: Database, transfer: String, batch: Int64, number: Int) throws {
        self.db = db
        self.transfer = transfer
        self.batch = batch
        self.number = number
        kids = KindNumbers(db)
        insertBody = try Bodies.insertion(db)
        insertRow = try RowStatement(
            db,
            sql: """
                INSERT INTO stage (transfer, kid, bucket, id, op, rid, hash, modified, state, parent, stored, contested, batch,
                    supersedes, links)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
    }

    mutating func add(_ row: StagedRow) throws {
        let place = try Place(kid: kids.number(of: row.entry.kind), bucket: row.bucket, id: row.entry.id)
        switch row.entry.operation {
        case .put(let body, let output):
            let rid = try Bodies.insert(db, row.received ?? body, by: insertBody)
            guard try write(place, operation: 1, rid: rid, hash: output, row) else {
                return try Bodies.drop(db, rid)
            }
        case .delete: try write(place, operation: 2, row)
        case .release: try write(place, operation: 3, row)
        case .withdraw: try write(place, operation: SupersedingRows.withdrawn, row)
        }
    }

    /// Whether the row counts: a later batch may have come first and said something else of its item.
    @discardableResult
    private func write(
        _ place: Place, operation: Int64, rid: Int64? = nil, hash: ContentHash? = nil, _ row: StagedRow
    ) throws -> Bool {
        do {
            try insert(place, operation: operation, rid: rid, hash: hash, row)
        } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_PRIMARYKEY {
            let entry = (supersedes: row.entry.supersedes, batch: batch, number: number)
            guard try SupersedingRows.makeRoom(db, transfer: transfer, at: place, for: entry) else { return false }
            try insert(place, operation: operation, rid: rid, hash: hash, row)
        }
        return true
    }

    private func insert(
        _ place: Place, operation: Int64, rid: Int64?, hash: ContentHash?, _ row: StagedRow
    ) throws {
        try insertRow.run { values in
            values.add(transfer)
            values.add(place)
            values.add(operation)
            values.add(rid)
            values.add(hash)
            values.add(row.facts?.modified)
            values.add(row.facts?.state)
            values.add(row.facts?.parent)
            values.add(row.received?.hash)
            values.add(StagedMark.of(row.entry) | KnownVersion.mark(of: row.entry))
            values.add(batch)
            values.add(row.entry.supersedes ? 1 : 0)
            values.add(row.links)
        }
    }
}
