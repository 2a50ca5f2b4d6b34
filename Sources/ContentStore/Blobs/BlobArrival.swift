internal import ContentModel
internal import Glibc
internal import Synchronization

/// The bytes of one blob that have come so far.
final class BlobArrival: Sendable {
    private let path: String
    private let hash: ContentHash
    private let state = Mutex(State())

    /// Bytes from which files go to the disk at once: they have to be there in the end, and nobody reads them soon.
    private static let directFile: Int64 = 64 << 10

    fileprivate struct State {
        /// Over the first `hashed` bytes.
        var sha = BlobDigest()
        var hashed: Int64 = 0
        /// The file is complete and has been compared with its hash.
        var isChecked = false
        /// The file as it was when all that was true.
        var stamp: FileStamp?
        /// Open since before the first of its bytes, so that it is told whenever the disk could not take one, whoever
        /// else is told: see `BlobDisk`.
        var file: BlobFile?
    }

    init(path: String, hash: ContentHash) {
        self.path = path
        self.hash = hash
    }

    func append(_ bytes: ArraySlice<UInt8>, to blob: Blob, at offset: Int64) throws -> Int64 {
        try state.withLock { state in
            let present = state.size(at: path) ?? 0
            guard !state.isChecked || present == blob.size else { throw Self.otherSize }
            guard !state.isChecked, offset == present else { return present }
            guard offset + Int64(bytes.count) <= blob.size else { throw Self.otherSize }
            // What is not in one piece with what was hashed is hashed when the file is complete.
            let digest = state.hashed == offset ? state.sha : nil
            do {
                let file = try state.file ?? BlobFile(writing: path)
                if offset == 0 { state.file = file }
                state.stamp = try bytes.withUnsafeBytes {
                    try write($0, of: blob, to: file, at: offset, hashing: digest)
                }
            } catch {
                // The digest may be ahead of the file now.
                state = State()
                throw error
            }
            if digest != nil { state.hashed += Int64(bytes.count) }
            return offset + Int64(bytes.count)
        }
    }

    /// Keeps what is here from being freed as garbage for a while. Answers its size.
    func touch() -> Int64 {
        state.withLock { state in
            guard let present = state.size(at: path) else { return 0 }
            _ = utimensat(AT_FDCWD, path, nil, 0)
            state.stamp = FileStamp(ofFile: path)
            return present
        }
    }

    /// Makes what has come survive a loss of power. Answers false, and does nothing, where its file is not open any
    /// more, or was not from the first byte on.
    func sync() throws -> Bool {
        try state.withLock { state in
            guard let file = state.file else { return false }
            try file.sync()
            return true
        }
    }

    func close() {
        state.withLock { $0.file = nil }
    }

    /// Answers the file as it is then.
    private func write(
        _ bytes: UnsafeRawBufferPointer, of blob: Blob, to file: BlobFile, at offset: Int64, hashing digest: BlobDigest?
    ) throws -> FileStamp? {
        if blob.size < Self.directFile {
            try file.append(bytes)
            digest?.update(bytes)
            // While other files arrive: what waits for all of them in the end waits for little.
            file.beginSync(from: offset, count: bytes.count)
        } else {
            // Each belongs to one of the two alone until both have ended; the bytes are only read.
            nonisolated(unsafe) let (bytes, file, digest) = (bytes, file, digest)
            try BlobWork.together(
                { try file.appendDirectly(bytes, at: offset) }, { digest?.update(bytes) })
        }
        return file.stamp
    }

    /// Whether the file is complete and what its hash says. One that is as large or larger, and something else, is
    /// removed.
    func isWhole(_ blob: Blob) throws -> Bool {
        try state.withLock { state in
            guard let present = state.size(at: path), present >= blob.size else { return false }
            if state.isChecked { return present == blob.size }
            if present == blob.size {
                let isHashed = state.hashed == present
                let found = isHashed ? ContentHash(bytes: state.sha.finish()) : try BlobFolder.hash(ofFile: path)
                state.isChecked = found == hash
            }
            if state.isChecked {
                state.hashed = present
                return true
            }
            unlink(path)
            state = State()
            return false
        }
    }

    private static var otherSize: TidelockError {
        TidelockError(
            .malformedMessage, "The bytes of a file that arrive do not belong to one of the size that is announced.")
    }
}

extension BlobArrival.State {
    /// Bytes of the file as it is now. Where another process has written, replaced or settled it, nothing that was known
    /// of its bytes is true any more.
    fileprivate mutating func size(at path: String) -> Int64? {
        let facts = DiskFacts(at: path)
        let found = facts?.stamp
        if found != stamp { self = BlobArrival.State(stamp: found) }
        return facts.flatMap { $0.isFile ? $0.size : nil }
    }
}
