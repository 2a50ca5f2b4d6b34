internal import ContentModel
internal import Foundation
internal import GRDB
public import SyncEngine
public import SyncProtocol

/// The files of staged assets, at their destination.
extension Store: BlobDestination {
    public func missing(
        transfer: String, fence: Int64, _ blobs: [PlannedBlob]
    ) async throws -> [MissingBlobs.Missing] {
        try await requireLease(transfer, fence)
        let named = try blobs.map { ($0.sha256, try $0.blob) }
        return try await BlobWork.perform { [self] in
            var missing: [MissingBlobs.Missing] = []
            var needed: Int64 = 0
            for (name, blob) in named {
                guard let offset = try arrivals.offset(of: blob) else { continue }
                missing.append(MissingBlobs.Missing(sha256: name, offset: offset))
                needed += blob.size - offset
            }
            if needed > 0 {
                try StoreFile.requireRoom(for: needed + Limits.reservedDiskBytes, times: 1, in: folder.path)
            }
            return missing
        }
    }

    public func append(
        transfer: String, fence: Int64, _ bytes: [UInt8], of parts: [BlobPart]
    ) async throws -> [Int64] {
        guard try parts.total() == bytes.count else {
            throw TidelockError(.malformedMessage, "Other bytes of files arrive than were announced.")
        }
        let blobs = try parts.map { try $0.blob }
        try await requireLease(transfer, fence)
        let reached = try await write(bytes, of: parts, to: blobs)
        guard parts.count == 1, reached[0] < parts[0].offset else { return reached }
        let (hash, offset) = (blobs[0].hash, parts[0].offset)
        await turns.wait(for: hash) { [arrivals] in arrivals.hasReached(offset, of: hash) }
        try await requireLease(transfer, fence)
        return try await write(bytes, of: parts, to: blobs)
    }

    private func write(_ bytes: [UInt8], of parts: [BlobPart], to blobs: [Blob]) async throws -> [Int64] {
        try await BlobWork.perform { [arrivals, turns] in
            var position = 0
            return try zip(parts, blobs).map { part, blob in
                let end = position + part.count
                defer { position = end }
                defer { turns.advance(blob.hash) }
                return try arrivals.append(bytes[position..<end], to: blob, at: part.offset)
            }
        }
    }

    public func settleBlobs(transfer: String) async throws {
        let (files, mayHoldArrivals) = try await read { [blobs] db in
            (try Self.stagedFiles(db, transfer: transfer), blobs.mayHoldArrivals)
        }
        try await settle(files)
        // The commit then notes few paths while it holds the lock.
        if !files.isEmpty { try await updateAssetPaths() }
        // A transfer sends its files before it is settled, so one that has brought none by now leaves none.
        if mayHoldArrivals { await freeUnnamedArrivals(endOf: transfer) }
    }

    private func settle(_ files: [AssetFile]) async throws {
        guard !files.isEmpty else { return }
        let missing = try await BlobWork.perform { [arrivals] in try arrivals.settle(files.map(\.blob)) }
        guard let first = missing.first, let file = files.first(where: { $0.blob == first }) else { return }
        throw TidelockError(
            .blobMissing,
            "\(missing.count) files that assets of the run name did not arrive, the first for \(file.path.printable); nothing was changed.",
            hint: "Start the run again.")
    }

    private func requireLease(_ transfer: String, _ fence: Int64) async throws {
        try await read { db in
            let record = try TransferTable.requireOpen(db, transfer)
            try Leases.require(db, transfer: transfer, fence: fence)
            var check = ScopeCheck(record.scope)
            try check.require(.assets)
        }
    }

    private static func stagedFiles(_ db: Database, transfer: String) throws -> [AssetFile] {
        guard let kid = try Numbers.knownKind(db, .assets) else { return [] }
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT b.bytes FROM stage s JOIN body b ON b.rid = s.rid
                WHERE s.transfer = ? AND s.kid = ? AND s.op = 1
                """, arguments: [transfer, kid])
        var files: [AssetFile] = []
        while let row = try rows.next() {
            files.append(try AssetFile(JSONDocument(validating: row.bytes(0) ?? [])))
        }
        return files
    }
}

/// Assets that are written here must have their files here.
enum AssetFiles {
    /// The file that a stored asset names; nil for one that says nothing usable of a file.
    static func file(ofStored bytes: [UInt8]?) -> AssetFile? {
        bytes.flatMap { try? JSONDocument(validating: $0) }.flatMap { try? AssetFile($0) }
    }

    /// Throws `invalid_asset`, and `blob_missing` when the file is not here. Other kinds have no files.
    static func require(_ body: JSONDocument, of kind: Kind, in blobs: BlobFolder) throws {
        guard kind == .assets else { return }
        let file = try AssetFile(body)
        guard blobs.claims(file.blob) else {
            throw TidelockError(
                .blobMissing, "The file \(file.path.printable) of the asset is not here; nothing was stored.",
                hint:
                    "'tidelock asset add' takes in a file together with its asset, 'tidelock import DIR' those that 'tidelock export DIR' wrote."
            )
        }
    }
}
