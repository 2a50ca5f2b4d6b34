internal import CFiles
public import ContentModel
internal import Foundation
internal import Glibc

/// The bytes of assets at one instance: one file for each blob, whatever number of assets share it.
///
/// A file stands at its place only when it is whole, its hash is its name, and it survives a loss of power. Everything
/// here blocks the thread.
public struct BlobFolder: Sendable {
    let root: URL
    let rootPath: String
    private static let arrivalsName = "arriving"

    /// Bytes that are in memory at once.
    static let chunk = 1 << 20

    init(in storage: URL) { self.init(root: storage.appending(path: "blobs", directoryHint: .isDirectory)) }

    init(root: URL) {
        self.root = root
        rootPath = root.path
    }

    /// Where arriving bytes wait until they are whole.
    var arrivals: URL { root.appending(path: Self.arrivalsName, directoryHint: .isDirectory) }

    var arrivalsPath: String { "\(rootPath)/\(Self.arrivalsName)" }

    func shard(of hash: ContentHash) -> URL {
        root.appending(path: Self.shardName(hash.hex), directoryHint: .isDirectory)
    }

    /// The file of a blob, whether it is there or not. As text: addresses of files take longer to make than to open.
    public func path(of hash: ContentHash) -> String {
        let name = hash.hex
        return "\(rootPath)/\(Self.shardName(name))/\(name)"
    }

    private static func shardName(_ name: String) -> String { String(name.prefix(2)) }

    /// Where the bytes of a blob wait until they are whole.
    func arrivalPath(of hash: ContentHash) -> String { "\(arrivalsPath)/\(hash.hex)" }

    /// Whether a blob is here. What happened to its bytes since it arrived only `check` finds out.
    public func holds(_ blob: Blob) -> Bool {
        BlobFile.size(at: path(of: blob.hash)) == blob.size
    }

    /// Like `holds`, and keeps the blob from being freed as garbage until whoever asks has named it.
    func claims(_ blob: Blob) -> Bool {
        guard holds(blob) else { return false }
        // A file that cannot be touched is as good, only not for as long.
        _ = utimensat(AT_FDCWD, path(of: blob.hash), nil, 0)
        return true
    }

    /// Copies a file in. Answers what it is, with the MD5 of its bytes in hex, as Cockpit names files.
    ///
    /// Throws `not_found` for a file that is not there, `disk_full` and `storage_failed`.
    public func take(file: String) throws -> (blob: Blob, md5: String) {
        let temporary = try newArrival()
        defer { unlink(temporary) }
        let (sha, md5) = (BlobDigest(.sha256), BlobDigest(.md5))
        let target = try BlobFile(writing: temporary)
        var size: Int64 = 0
        try BlobFile(reading: file).forEachChunk { bytes in
            sha.update(bytes)
            md5.update(bytes)
            try target.append(bytes)
            size += Int64(bytes.count)
        }
        try target.sync()
        let blob = Blob(hash: ContentHash(bytes: sha.finish()), size: size)
        try keep(temporary, as: blob)
        return (blob, md5.finish().hex)
    }

    /// Bytes of a blob from an offset on; fewer than asked for only at its end.
    ///
    /// Throws `blob_missing`.
    public func read(_ hash: ContentHash, from offset: Int64, count: Int) throws -> [UInt8] {
        try read([BlobRange(hash: hash, offset: offset, count: count)])
    }

    /// Bytes of blobs, those of one right behind those of the one before it; fewer than asked for only where one ends.
    ///
    /// Throws `blob_missing`.
    func read(_ ranges: [BlobRange]) throws -> [UInt8] {
        let total = ranges.reduce(0) { $0 + $1.count }
        return try [UInt8](unsafeUninitializedCapacity: total) { buffer, filled in
            for range in ranges {
                guard BlobFile.size(at: path(of: range.hash)) != nil else { throw Self.missing(range.hash) }
                let room = UnsafeMutableBufferPointer(rebasing: buffer[filled..<filled + range.count])
                filled += try BlobFile(reading: path(of: range.hash))
                    .fill(UnsafeMutableRawBufferPointer(room), from: range.offset)
            }
        }
    }

    /// Reads a whole blob and compares. Throws `blob_missing` and `blob_damaged`.
    public func check(_ blob: Blob) throws {
        guard holds(blob) else { throw Self.missing(blob.hash) }
        guard try Self.hash(ofFile: path(of: blob.hash)) == blob.hash else {
            throw TidelockError(
                .blobDamaged, "The bytes of blob \(blob.hash) have changed since they arrived.",
                hint: "Restore the file from a backup, or add the asset again.")
        }
    }

    static func hash(ofFile path: String) throws -> ContentHash {
        let sha = BlobDigest()
        try BlobFile(reading: path).forEachChunk { sha.update($0) }
        return ContentHash(bytes: sha.finish())
    }

    /// Puts a file that is whole, checked and synced at the place of its blob, for good.
    ///
    /// One that lies there stays, since links lead to it; only a damaged one gives way.
    func keep(_ temporary: String, as blob: Blob) throws {
        let isThere = try claims(blob) && Self.hash(ofFile: path(of: blob.hash)) == blob.hash
        if !isThere { try move(temporary, to: blob.hash) }
        // Also of one that lies there: who put it there may not have come so far yet.
        try BlobFile.syncFolder(shard(of: blob.hash))
        try BlobFile.syncFolder(root)
    }

    /// Puts a file at the place of its blob, whatever lies there.
    func move(_ temporary: String, to hash: ContentHash) throws {
        try withPlace(of: hash) { place in rename(temporary, place) }
    }

    /// Puts a file at the place of its blob if nothing lies there. Answers false where something does.
    func moveIfFree(_ temporary: String, to hash: ContentHash) throws -> Bool {
        var isFree = true
        try withPlace(of: hash) { place in
            let status = cfiles_rename_new(temporary, place)
            guard status != 0, errno != ENOENT else { return status }
            let cannotTell = errno == EINVAL || errno == ENOSYS
            guard errno == EEXIST || cannotTell else { return status }
            isFree = cannotTell && DiskFacts(at: place) == nil
            return isFree ? rename(temporary, place) : 0
        }
        return isFree
    }

    /// Makes the folder only where it turns out not to be there, which of many files is true for few.
    private func withPlace(of hash: ContentHash, _ put: (_ place: String) -> Int32) throws {
        let place = path(of: hash)
        if put(place) == 0 { return }
        if errno == ENOENT {
            try BlobFile.makeFolder(shard(of: hash))
            if put(place) == 0 { return }
        }
        throw BlobFile.failure("The blob \(hash) could not be put at its place")
    }

    func newArrival() throws -> String {
        try BlobFile.makeFolder(arrivals)
        return arrivals.appending(path: "new-\(UUID().uuidString)").path
    }

    static func missing(_ hash: ContentHash) -> TidelockError {
        TidelockError(
            .blobMissing, "The bytes of blob \(hash) are not here.",
            hint: "Restore the file from a backup, or add the asset again.")
    }
}

/// Some of the bytes of a blob.
struct BlobRange: Sendable {
    var hash: ContentHash
    var offset: Int64
    var count: Int
}

extension Store {
    /// The bytes of this instance's assets.
    public var blobs: BlobFolder { BlobFolder(in: folder) }
}
