internal import ContentModel
internal import Foundation
internal import Glibc
internal import SyncProtocol
internal import Synchronization

/// Blobs on their way in.
///
/// Their bytes wait in files until a commit settles them. A class, because it remembers what it has hashed: only what
/// this process did not see arrive has to be read again. Everything here blocks the thread.
final class BlobArrivals: Sendable {
    private let folder: BlobFolder
    private let disk: BlobDisk
    private let known = Mutex<[ContentHash: BlobArrival]>([:])
    private let settling = Mutex(())
    /// Arrivals whose files stay open, the one that began first in front.
    private let open = Mutex<[ContentHash]>([])
    private let ahead: ArrivalSync

    /// Files after which the disk is written out while others still come.
    private static let filesAhead = 256

    /// Blobs of which the state of hashing is kept; the others are read again when they are complete.
    private static let limit = 10_000

    convenience init(_ folder: BlobFolder) {
        let disk = BlobDisk(of: folder.rootPath)
        self.init(folder, on: disk, ahead: ArrivalSync(every: Self.filesAhead) { try disk.sync() })
    }

    init(_ folder: BlobFolder, on disk: BlobDisk, ahead: ArrivalSync) {
        self.folder = folder
        self.disk = disk
        self.ahead = ahead
    }

    /// How many bytes of a blob are here; nil when it is whole.
    ///
    /// Keeps what is whole from being freed as garbage for a while.
    func offset(of blob: Blob) throws -> Int64? {
        if folder.claims(blob) { return nil }
        let arrival = arrival(of: blob.hash)
        return try arrival.isWhole(blob) ? nil : arrival.touch()
    }

    /// Whether so many bytes of a blob are here.
    func hasReached(_ offset: Int64, of hash: ContentHash) -> Bool {
        let size = BlobFile.size(at: path(of: hash)) ?? BlobFile.size(at: folder.path(of: hash))
        return size ?? 0 >= offset
    }

    /// Writes bytes behind those that are here, if that is where they belong. Answers how many there are then.
    func append(_ bytes: ArraySlice<UInt8>, to blob: Blob, at offset: Int64) throws -> Int64 {
        if folder.holds(blob) { return blob.size }
        try BlobFile.makeFolder(at: folder.arrivalsPath)
        try disk.watch()
        try StoreFile.requireRoom(for: Int64(bytes.count) + Limits.reservedDiskBytes, times: 1, in: folder.rootPath)
        let arrival = arrival(of: blob.hash)
        let reached = try arrival.append(bytes, to: blob, at: offset)
        keepOpen(blob.hash)
        if reached < blob.size { return reached }
        guard try arrival.isWhole(blob) else {
            forget(blob.hash)
            throw TidelockError(
                .blobDamaged, "The bytes that arrived are not those of blob \(blob.hash).",
                hint: "The file has changed at its source.")
        }
        ahead.note()
        return reached
    }

    /// Puts blobs at their places, where they survive a loss of power. Answers those that are not here.
    ///
    /// One call at a time, and another process may be faster, or may have died on its way: what it put at its place is
    /// whole, but that it stays there is sure only when the folders are synced here.
    func settle(_ blobs: [Blob]) throws -> [Blob] {
        let blobs = Set(blobs)
        return try settling.withLock { _ in
            let (waiting, missing) = try sorted(blobs)
            guard missing.isEmpty, !blobs.isEmpty else { return missing }
            if !waiting.isEmpty {
                try believingNothingAfterFailure {
                    try sync(waiting)
                    try ahead.finish()
                }
            }
            let lost = try waiting.filter { try !place($0) }
            guard lost.isEmpty else { return lost }
            try believingNothingAfterFailure { try syncFolders(of: Array(blobs)) }
            return []
        }
    }

    /// The disk tells only once that it could not take bytes, and not whose: a sync that follows would succeed, and
    /// files would be settled of which nothing is on the disk. So all that waits has to come again.
    private func believingNothingAfterFailure(_ sync: () throws -> Void) throws {
        do {
            try sync()
        } catch {
            known.withLock { $0.removeAll() }
            let waiting = (try? FileManager.default.contentsOfDirectory(atPath: folder.arrivalsPath)) ?? []
            for name in waiting { if let hash = ContentHash(hex: name) { unlink(path(of: hash)) } }
            throw error
        }
    }

    /// Frees what has come of a blob that nobody waits for. May be called twice.
    func drop(_ hash: ContentHash) throws {
        defer { forget(hash) }
        guard unlink(path(of: hash)) == 0 || errno == ENOENT else {
            throw BlobFile.failure("What arrived of blob \(hash) stays")
        }
    }

    /// Leaves out those that are settled already.
    private func sorted(_ blobs: Set<Blob>) throws -> (waiting: [Blob], missing: [Blob]) {
        var (waiting, missing): ([Blob], [Blob]) = ([], [])
        for blob in blobs {
            // What this process saw arrive waits, most likely, and the others are settled: one look at each.
            if try knownArrival(of: blob.hash)?.isWhole(blob) == true {
                waiting.append(blob)
            } else if !folder.claims(blob) {
                if try arrival(of: blob.hash).isWhole(blob) { waiting.append(blob) } else { missing.append(blob) }
            }
        }
        return (waiting, missing)
    }

    /// Puts a blob that is whole and synced at its place. Answers false when it is neither here nor there any more.
    ///
    /// One that lies there stays, since links lead to it; only one of another size gives way.
    private func place(_ blob: Blob) throws -> Bool {
        let arrived = path(of: blob.hash)
        defer { forget(blob.hash) }
        do {
            if try folder.moveIfFree(arrived, to: blob.hash) { return true }
            guard folder.claims(blob) else {
                try folder.move(arrived, to: blob.hash)
                return true
            }
            // What stays only takes space.
            unlink(arrived)
            return true
        } catch  where BlobFile.size(at: arrived) == nil {
            return folder.claims(blob)
        }
    }

    /// Above this number of files the whole disk is written out at once. So many stay open until they are settled.
    private static let fewFiles = 16

    private func syncFolders(of blobs: [Blob]) throws {
        guard blobs.count <= Self.fewFiles else { return try disk.sync() }
        for shard in Set(blobs.map { folder.shard(of: $0.hash) }) { try BlobFile.syncFolder(shard) }
        try BlobFile.syncFolder(folder.root)
    }

    private func sync(_ blobs: [Blob]) throws {
        guard blobs.count <= Self.fewFiles else { return try disk.sync() }
        // Whatever is not there any more has been settled by somebody else, or is found missing.
        let present = blobs.filter { BlobFile.size(at: path(of: $0.hash)) != nil }
        let areSynced = try present.map { try knownArrival(of: $0.hash)?.sync() ?? false }
        // A file that is opened only now is not told what others were told of it. The disk has been open for longer.
        if areSynced.contains(false) { try disk.sync() }
    }

    private func keepOpen(_ hash: ContentHash) {
        let closing = open.withLock { open -> ContentHash? in
            guard !open.contains(hash) else { return nil }
            open.append(hash)
            return open.count > Self.fewFiles ? open.removeFirst() : nil
        }
        if let closing { knownArrival(of: closing)?.close() }
    }

    private func path(of hash: ContentHash) -> String { folder.arrivalPath(of: hash) }

    private func arrival(of hash: ContentHash) -> BlobArrival {
        known.withLock { known in
            if let arrival = known[hash] { return arrival }
            if known.count >= Self.limit { known.removeAll() }
            let arrival = BlobArrival(path: path(of: hash), hash: hash)
            known[hash] = arrival
            return arrival
        }
    }

    private func knownArrival(of hash: ContentHash) -> BlobArrival? { known.withLock { $0[hash] } }

    private func forget(_ hash: ContentHash) {
        known.withLock { _ = $0.removeValue(forKey: hash) }
    }
}
