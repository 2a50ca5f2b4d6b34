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
        var (kind, id) = (kind.name, id)
        number = kind.withUTF8 { kind in id.withUTF8 { id in Bucket.number(of: kind, id) } }
    }

    /// Computed for every item and every reference that passes through, so it takes no memory of its own.
    private static func number(of kind: UnsafeBufferPointer<UInt8>, _ id: UnsafeBufferPointer<UInt8>) -> UInt16 {
        let digestLength = 32
        let length = kind.count + id.count
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: digestLength + length) { room in
            let text = UnsafeMutableBufferPointer(rebasing: room[digestLength...])
            let end = text.initialize(fromContentsOf: kind)
            _ = text[end...].initialize(fromContentsOf: id)
            jk_sha256(text.baseAddress, length, room.baseAddress)
            return UInt16(room[0]) << 8 | UInt16(room[1])
        }
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
