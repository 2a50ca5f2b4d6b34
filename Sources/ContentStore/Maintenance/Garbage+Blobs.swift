internal import ContentModel
internal import Foundation
internal import GRDB
internal import Glibc

extension GarbageCollection {
    /// Frees files that no asset names, and what arrived of files and was never completed.
    ///
    /// A file stays for a while all the same: a run may be about to name it, and touches it before. What is on its way
    /// for no asset that is staged goes as soon as whoever brought it has gone.
    func blobs() async throws -> (files: Int, bytes: Int64) {
        let (now, folder) = (now, store.blobs)
        let old = try await BlobWork.perform { try OldBlobs(in: folder, at: now) }
        guard !old.isEmpty else { return (0, 0) }
        let unneeded = try await store.read { db in try old.withoutThoseNeeded(db, now: now) }
        return try await BlobWork.perform { [isDryRun] in
            isDryRun ? unneeded.total : try unneeded.free()
        }
    }
}

/// Files of blobs that nobody has touched for a while.
private struct OldBlobs: Sendable {
    /// By their hashes.
    private(set) var blobs: [ContentHash: Int64] = [:]
    /// Arrivals by their paths, which belong to nobody.
    private var arrivals: [String: OldFile] = [:]
    private let folder: BlobFolder
    /// Blobs that were touched since are not old.
    private let oldest: Int64

    private struct OldFile {
        var size: Int64
        /// Touched since then, it is not old.
        var oldest: Int64
    }

    init(in folder: BlobFolder, at now: Int64) throws {
        self.folder = folder
        oldest = now - Retention.blobSeconds
        for shard in try Self.names(in: folder.root) where shard.utf8.count == 2 {
            for name in try Self.names(in: folder.root.appending(path: shard)) {
                guard let hash = ContentHash(hex: name),
                    let size = Self.size(of: folder.path(of: hash), untouchedSince: oldest)
                else { continue }
                blobs[hash] = size
            }
        }
        for name in try Self.names(in: folder.arrivals) {
            let path = folder.arrivals.appending(path: name).path
            // A file of another name is being taken in by somebody who has no lease.
            let limit = ContentHash(hex: name) == nil ? oldest : now - Retention.arrivalSeconds
            arrivals[path] = Self.size(of: path, untouchedSince: limit).map { OldFile(size: $0, oldest: limit) }
        }
    }

    var isEmpty: Bool { blobs.isEmpty && arrivals.isEmpty }

    var total: (files: Int, bytes: Int64) {
        let bytes = blobs.values.reduce(0, +) + arrivals.values.reduce(0) { $0 + $1.size }
        return (blobs.count + arrivals.count, bytes)
    }

    /// Every asset counts, whether it is current, kept for undo or a conflict, or staged; and while a run is at work,
    /// everything that arrives.
    func withoutThoseNeeded(_ db: Database, now: Int64) throws -> OldBlobs {
        var rest = self
        if try Leases.held(db, at: now) != nil { rest.arrivals = [:] }
        guard let kid = try Numbers.knownKind(db, .assets) else { return rest }
        for owner in try BodyAccount.owners(db) {
            let bodies = try Row.fetchCursor(
                db,
                sql: """
                    SELECT b.bytes FROM \(owner.table) AS o JOIN body b ON b.rid = o.\(owner.column) WHERE o.kid = ?
                    """, arguments: [kid])
            while let row = try bodies.next() {
                guard let bytes = row.bytes(0), let asset = try? JSONDocument(validating: bytes),
                    let hash = asset.string(AssetFile.hashMember).flatMap(ContentHash.init(hex:))
                else { continue }
                rest.blobs[hash] = nil
                rest.arrivals[folder.arrivals.appending(path: hash.hex).path] = nil
            }
        }
        return rest
    }

    func free() throws -> (files: Int, bytes: Int64) {
        var freed: (files: Int, bytes: Int64) = (0, 0)
        let settled = blobs.map { (folder.path(of: $0.key), OldFile(size: $0.value, oldest: oldest)) }
        // Somebody may have touched one since.
        for (path, file) in settled + arrivals.map({ ($0.key, $0.value) })
        where Self.size(of: path, untouchedSince: file.oldest) != nil {
            guard unlink(path) == 0 || errno == ENOENT else { throw BlobFile.failure("\(path) cannot be freed") }
            freed.files += 1
            freed.bytes += file.size
        }
        return freed
    }

    private static func names(in folder: URL) throws -> [String] {
        guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder.path)
    }

    /// Nil for one that was touched since, and for what is no file.
    private static func size(of path: String, untouchedSince moment: Int64) -> Int64? {
        guard let facts = DiskFacts(at: path), facts.isFile, facts.modified < moment else { return nil }
        return facts.size
    }
}
