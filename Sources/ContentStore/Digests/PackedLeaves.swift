internal import ContentModel

/// The form in which the leaves of one node stand in its row.
///
/// Each that has rows takes 21 bytes, in ascending order: the low byte of its bucket, how many rows it has in four
/// bytes, the highest first, and its digest. A row of its own for each of 65,536 would cost more than computing it.
extension Leaves {
    private static let packedLength = 5 + Digest.length

    static func packed(_ entries: ArraySlice<Entry>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(entries.count * packedLength)
        for entry in entries where entry.leaf.count > 0 {
            bytes.append(UInt8(truncatingIfNeeded: entry.bucket))
            withUnsafeBytes(of: UInt32(entry.leaf.count).bigEndian) { bytes.append(contentsOf: $0) }
            entry.leaf.digest.withUnsafeBytes { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    /// The leaves of a node that were packed into bytes; nil for all bytes that `packed` never gives.
    init?(unpacking bytes: UnsafeRawBufferPointer, node: UInt8) {
        guard bytes.count.isMultiple(of: Self.packedLength) else { return nil }
        self.init()
        reserveCapacity(bytes.count / Self.packedLength)
        var least = 0
        for start in stride(from: 0, to: bytes.count, by: Self.packedLength) {
            let low = bytes[start]
            let count = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: start + 1, as: UInt32.self))
            guard low >= least, count > 0 else { return nil }
            least = Int(low) + 1
            let digest = bytes[(start + 5)..<(start + Self.packedLength)]
            append(
                UInt16(node) << 8 | UInt16(low),
                DigestTree.Leaf(
                    count: Int(count), digest: Digest(firstOf: UnsafeRawBufferPointer(rebasing: digest))))
        }
    }
}
