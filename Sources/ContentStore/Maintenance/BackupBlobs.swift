internal import ContentModel
internal import Foundation
internal import Glibc

/// The files of assets that belong to a copy of a store.
public struct BackupFiles: Sendable, Codable, Equatable {
    /// Laid out as `storage/blobs`, where a restore puts what is in it.
    public var folder: String
    public var count = 0
    public var bytes: Int64 = 0
    /// How many of them an earlier backup of that name had not brought already.
    public var copied = 0
    /// Files of assets that are not in the store, or not as they arrived, and so not in its copy.
    public var missing = 0
}

/// The folder beside a copy of a store that takes the files of its assets.
///
/// They are copied and never linked: what damages one must not damage the other. Of an earlier backup what is right
/// stays, and nothing is taken away before the new copy has its name. Everything here blocks the thread.
struct BackupBlobs: Sendable {
    private let source: BlobFolder
    private let target: BlobFolder
    private let isNew: Bool

    /// Throws `usage` for something that is in the way and may not be replaced.
    init(beside file: URL, of source: BlobFolder, replacing: Bool) throws {
        let folder = URL(filePath: "\(file.path).blobs", directoryHint: .isDirectory)
        let found = DiskFacts(at: folder.path)
        guard found.map({ replacing && $0.isFolder }) ?? true else { throw Self.inTheWay(folder.path) }
        (self.source, target, isNew) = (source, BlobFolder(root: folder), found == nil)
    }

    /// Brings there what is not there yet, each file compared with its hash on its way, and has all of it on the disk.
    ///
    /// Nil where there is nothing to bring. Throws `disk_full` and `storage_failed`.
    func fill(_ named: NamedBlobs) throws -> BackupFiles? {
        guard try !named.isEmpty else { return nil }
        var new: Int64 = 0
        // Named by nobody any more meanwhile, one could be freed as garbage before its turn comes.
        try named.forEach { entry in
            if source.claims(entry.blob), !target.holds(entry.blob) { new += entry.blob.size }
        }
        try makeFolder()
        do {
            return try fill(named, new: new)
        } catch {
            discard()
            throw error
        }
    }

    private func fill(_ named: NamedBlobs, new bytes: Int64) throws -> BackupFiles {
        let disk = BlobDisk(of: target.rootPath)
        try disk.watch()
        try StoreFile.requireRoom(for: bytes, times: 1, in: target.rootPath)
        var files = BackupFiles(folder: target.rootPath)
        try named.forEach { try bring($0, counting: &files) }
        try disk.sync()
        return files
    }

    private func bring(_ entry: NamedBlobs.Entry, counting files: inout BackupFiles) throws {
        let blob = entry.blob
        let isHere = source.holds(blob)
        let isThere = isHere && target.isWhole(blob)
        guard try isThere || isHere && target.copy(blob, from: source) else {
            files.missing += entry.isCurrent ? 1 : 0
            return
        }
        files.count += 1
        files.bytes += blob.size
        files.copied += isThere ? 0 : 1
    }

    /// Frees what only an earlier backup of that name needed. What cannot be freed takes space and no more.
    func free(allBut named: NamedBlobs) {
        for shard in Self.names(in: target.rootPath) where shard.utf8.count == 2 {
            let folder = "\(target.rootPath)/\(shard)"
            for name in Self.names(in: folder) {
                guard let hash = ContentHash(hex: name), (try? named.contains(hash)) == false else { continue }
                unlink("\(folder)/\(name)")
            }
            // A folder that is not empty is refused.
            rmdir(folder)
        }
        rmdir(target.rootPath)
    }

    /// Takes back what `fill` has brought, for a copy that came to nothing.
    func discard() {
        if isNew { try? FileManager.default.removeItem(at: target.root) }
    }

    /// Of two backups that take the same name at once, one is told here.
    private func makeFolder() throws {
        guard isNew else { return }
        guard mkdir(target.rootPath, 0o700) == 0 else {
            throw errno == EEXIST
                ? Self.inTheWay(target.rootPath) : BlobFile.failure("The folder \(target.rootPath) cannot be made")
        }
    }

    private static func names(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }

    private static func inTheWay(_ path: String) -> TidelockError {
        TidelockError(
            .usage, "\(path) is where the files of assets would go, and exists already; it was not touched.",
            hint: "Choose another name for the backup, or add --force if that is an earlier one.")
    }
}

extension BlobFolder {
    /// Whether a blob is here and has the bytes that it should have. False also where that cannot be told.
    fileprivate func isWhole(_ blob: Blob) -> Bool {
        holds(blob) && (try? Self.hash(ofFile: path(of: blob.hash))) == blob.hash
    }

    /// Copies a blob of another folder. Answers false, and keeps nothing, where its bytes cannot be read there or are
    /// others than they should be.
    fileprivate func copy(_ blob: Blob, from other: BlobFolder) throws -> Bool {
        let place = path(of: blob.hash)
        try BlobFile.makeFolder(shard(of: blob.hash))
        unlink(place)
        var isWhole = false
        defer { if !isWhole { unlink(place) } }
        isWhole = try BlobFile(writing: place).hash(ofCopied: other.path(of: blob.hash)) == blob.hash
        return isWhole
    }
}

extension BlobFile {
    /// Appends all bytes of another file. Answers their hash; nil where that file cannot be read to its end.
    fileprivate func hash(ofCopied path: String) throws -> ContentHash? {
        let digest = BlobDigest()
        var failure: (any Error)?
        do {
            try BlobFile(reading: path).forEachChunk { bytes in
                digest.update(bytes)
                do {
                    try append(bytes)
                } catch {
                    failure = error
                    throw error
                }
            }
        } catch {
            if let failure { throw failure }
            return nil
        }
        return ContentHash(bytes: digest.finish())
    }
}
