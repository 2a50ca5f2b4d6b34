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

/// Some bytes of a file. Of small files several travel together, one behind the other.
public struct BlobPart: Codable, Sendable, Hashable {
    public var sha256: String
    /// Bytes of the whole file.
    public var size: Int64
    public var offset: Int64
    public var count: Int

    public init(sha256: String, size: Int64, offset: Int64, count: Int) {
        self.sha256 = sha256
        self.size = size
        self.offset = offset
        self.count = count
    }

    /// What it is a part of. Throws `malformed_message` for a part that no file has.
    public var blob: Blob {
        get throws {
            let blob = try PlannedBlob(sha256: sha256, size: size, path: "").blob
            guard (0...size).contains(offset), (0...Limits.largestBlobPartBytes).contains(count), count <= size - offset
            else { throw TidelockError(.malformedMessage, "A part of a file lies outside of it.") }
            return blob
        }
    }
}

/// Asks for bytes of files of a plan.
public struct ReadBlobs: Codable, Sendable {
    public var transfer: String
    public var parts: [BlobPart]

    public init(transfer: String, parts: [BlobPart]) {
        self.transfer = transfer
        self.parts = parts
    }
}

/// Brings bytes of files to the destination of a transfer: these words in JSON are the first line of the request's
/// body, and the bytes follow.
public struct AppendBlobs: Codable, Sendable {
    public var transfer: String
    public var fence: Int64
    public var parts: [BlobPart]

    public init(transfer: String, fence: Int64, parts: [BlobPart]) {
        self.transfer = transfer
        self.fence = fence
        self.parts = parts
    }

    /// With the line feed that ends it.
    public var line: [UInt8] {
        get throws { try WireBody.encode(self) + [UInt8(ascii: "\n")] }
    }
}

/// How many bytes of each of some files have arrived, in their order.
public struct BlobProgress: Codable, Sendable {
    public var offsets: [Int64]

    public init(offsets: [Int64]) {
        self.offsets = offsets
    }
}

extension [BlobPart] {
    /// Bytes of all of them. Throws `malformed_message` for one that no file has, `too_large` for more than travel at
    /// once.
    public func total() throws -> Int {
        guard (1...Limits.blobParts).contains(count) else {
            throw TidelockError(.tooLarge, "1 to \(Limits.blobParts) files travel together.")
        }
        var total = 0
        for part in self {
            _ = try part.blob
            total += part.count
        }
        guard total <= Limits.largestBlobPartBytes else {
            throw TidelockError(.tooLarge, "At most \(Limits.largestBlobPartBytes) bytes of files travel at once.")
        }
        return total
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
