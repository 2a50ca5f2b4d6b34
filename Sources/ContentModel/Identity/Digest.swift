internal import JSONKernel

/// Sixteen bytes of SHA-256 over a set of items: a leaf, a node or a root of the digest tree.
///
/// They lie in the value itself: a tree has 65,536 leaves, and an object for each would cost more than its hash.
public struct Digest: Sendable, Hashable, CustomStringConvertible {
    private let first: UInt64
    private let second: UInt64

    public static let length = 16

    /// The first 16 of the given bytes.
    public init(bytes: [UInt8]) {
        self = bytes.withUnsafeBytes { Digest(firstOf: $0) }
    }

    /// The first 16 of the given bytes.
    public init(firstOf bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count >= Digest.length, "a digest has 16 bytes")
        first = bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
        second = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
    }

    public init?(hex: String) {
        guard let bytes = [UInt8](hex: hex), bytes.count == Digest.length else { return nil }
        self.init(bytes: bytes)
    }

    /// The digest of a text that describes the set.
    public init(over text: [UInt8]) {
        let hash = ContentHash(filledBy: { jk_sha256(text, text.count, $0) })
        self = hash.withUnsafeBytes { Digest(firstOf: $0) }
    }

    /// A set without members.
    public static let empty = Digest(bytes: [UInt8](repeating: 0, count: length))

    public var bytes: [UInt8] { withUnsafeBytes { Array($0) } }

    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try Swift.withUnsafeBytes(of: self, body)
    }

    public var hex: String { withUnsafeBytes { $0.hex } }
    public var description: String { hex }

    /// The form that travels: eight bytes that say nothing to someone who did not see the nonce.
    ///
    /// The nonce keeps a content author from preparing two items that collide in 64 bits.
    public func masked(by nonce: String) -> String {
        sha256(Array(nonce.utf8) + bytes).prefix(8).hex
    }
}

extension Digest {
    /// One digest over the roots of several kinds; kinds without a row do not count.
    public static func rootOfRoots(_ roots: [(kind: Kind, root: Digest)]) -> Digest {
        var text: [UInt8] = []
        for (kind, root) in roots.sorted(by: { $0.kind < $1.kind }) where root != .empty {
            text.append(contentsOf: kind.name.utf8)
            text.append(0)
            text.append(contentsOf: root.bytes)
        }
        return text.isEmpty ? .empty : Digest(over: text)
    }
}
