public import ContentModel

/// A file that a plan needs at its destination.
public struct PlannedBlob: Codable, Sendable, Hashable {
    /// Names the bytes, in hex.
    public var sha256: String
    /// In bytes.
    public var size: Int64
    /// Where an asset has it below `uploads`; of several assets with the same bytes one.
    public var path: String

    public init(sha256: String, size: Int64, path: String) {
        self.sha256 = sha256
        self.size = size
        self.path = path
    }

    /// What it names. Throws `malformed_message` for a hash that is none and for a size that no file has.
    public var blob: Blob {
        get throws {
            guard let hash = ContentHash(hex: sha256), (0...Limits.blobBytes).contains(size) else {
                throw TidelockError(.malformedMessage, "A blob is named by 64 hex digits and a size.")
            }
            return Blob(hash: hash, size: size)
        }
    }
}

/// The files of a plan in the order of their hashes, a page of them.
public struct BlobPage: Codable, Sendable {
    public var blobs: [PlannedBlob]
    /// Hash behind which the next page begins; nil when there is none.
    public var next: String?

    public init(blobs: [PlannedBlob], next: String?) {
        self.blobs = blobs
        self.next = next
    }
}

/// Asks the destination of a transfer which of some files are not whole there.
public struct FindMissingBlobs: Codable, Sendable {
    public var transfer: String
    public var fence: Int64
    public var blobs: [PlannedBlob]

    public init(transfer: String, fence: Int64, blobs: [PlannedBlob]) {
        self.transfer = transfer
        self.fence = fence
        self.blobs = blobs
    }
}

public struct MissingBlobs: Codable, Sendable {
    public struct Missing: Codable, Sendable, Hashable {
        public var sha256: String
        /// How many of its bytes are there already.
        public var offset: Int64

        public init(sha256: String, offset: Int64) {
            self.sha256 = sha256
            self.offset = offset
        }
    }

    public var missing: [Missing]

    public init(missing: [Missing]) {
        self.missing = missing
    }
}

/// How far the bytes of a file have arrived.
public struct BlobProgress: Codable, Sendable {
    public var offset: Int64

    public init(offset: Int64) {
        self.offset = offset
    }
}

/// Files of a plan, each counted once.
public struct FileTotals: Codable, Sendable, Hashable {
    public var count: Int
    public var bytes: Int64

    public init(count: Int, bytes: Int64) {
        self.count = count
        self.bytes = bytes
    }
}
