internal import ContentModel
internal import GRDB
public import SyncEngine
public import SyncProtocol

/// The files of a plan, at its source.
extension Store: BlobSource {
    public func blobs(transfer: String, after: String?) async throws -> BlobPage {
        let position = try after.map { text in
            guard let hash = ContentHash(hex: text) else {
                throw TidelockError(.malformedMessage, "The page begins behind something that is no hash.")
            }
            return hash
        }
        return try await read { db in
            guard try PlanTables.isReady(db, transfer: transfer) else { throw TidelockError.noPlan(of: transfer) }
            let rows = try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT sha256, size, path FROM plan_blob WHERE transfer = ? AND sha256 > ? ORDER BY sha256 LIMIT ?
                        """),
                arguments: [transfer, position?.data ?? [UInt8]().data, Limits.blobPage])
            let blobs = rows.map { PlannedBlob(sha256: ($0.bytes(0) ?? []).hex, size: $0[1], path: $0[2]) }
            return BlobPage(blobs: blobs, next: blobs.count < Limits.blobPage ? nil : blobs.last?.sha256)
        }
    }

    public func bytes(transfer: String, of parts: [BlobPart]) async throws -> [UInt8] {
        _ = try parts.total()
        let wanted = try parts.map { BlobRange(hash: try $0.blob.hash, offset: $0.offset, count: $0.count) }
        try await read { db in
            let isPlanned = try db.cachedStatement(
                sql: "SELECT EXISTS (SELECT 1 FROM plan_blob WHERE transfer = ? AND sha256 = ?)")
            for range in wanted
            where try Bool.fetchOne(isPlanned, arguments: [transfer, range.hash.data]) != true {
                throw TidelockError(
                    .permissionDenied, "Transfer \(transfer.printable) brings no asset with that file.",
                    hint: "Start the run again.")
            }
        }
        return try await BlobWork.perform { [blobs] in try blobs.read(wanted) }
    }

    public func plannedFiles(transfer: String) async throws -> FileTotals? {
        try await read { db in
            let row = try Row.fetchOne(
                db.cachedStatement(sql: "SELECT count(*), coalesce(sum(size), 0) FROM plan_blob WHERE transfer = ?"),
                arguments: [transfer])
            guard let row, row[0] as Int > 0 else { return nil }
            return FileTotals(count: row[0], bytes: row[1])
        }
    }
}

extension PlanTables {
    static func isReady(_ db: Database, transfer: String) throws -> Bool {
        let sql = "SELECT summary IS NOT NULL FROM plan WHERE transfer = ?"
        return try Bool.fetchOne(db, sql: sql, arguments: [transfer]) ?? false
    }

    /// Throws `blob_missing` for a file that is not here: what cannot be sent is found out before anything is.
    static func record(_ db: Database, _ files: [AssetFile], of transfer: String, from blobs: BlobFolder) throws {
        let insert = try db.cachedStatement(sql: "INSERT OR IGNORE INTO plan_blob VALUES (?, ?, ?, ?)")
        for file in files {
            guard blobs.holds(file.blob) else {
                throw TidelockError(
                    .blobMissing, "The file \(file.path.printable) of an asset is not here; nothing was sent.",
                    hint: "Restore it from a backup, or add the asset again. 'tidelock verify' lists such assets.")
            }
            try insert.execute(arguments: [transfer, file.blob.hash.data, file.blob.size, file.path])
        }
    }
}
