internal import JSONKernel

/// Where an item's head lives: the first 16 bits of SHA-256(kind ‖ id).
///
/// Computed from the name alone, it spreads items evenly whatever their ids look like, on both sides alike.
public struct Bucket: Sendable, Hashable, Comparable {
    public let number: UInt16

    public init(number: UInt16) {
        self.number = number
    }

    public init(kind: Kind, id: String) {
        let digest = sha256(Array(kind.name.utf8) + Array(id.utf8))
        number = UInt16(digest[0]) << 8 | UInt16(digest[1])
    }

    public static func < (left: Bucket, right: Bucket) -> Bool { left.number < right.number }
}

/// SHA-256 of bytes, 32 bytes.
public func sha256(_ bytes: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 32) { digest, count in
        bytes.withUnsafeBufferPointer { jk_sha256($0.baseAddress, $0.count, digest.baseAddress) }
        count = 32
    }
}
