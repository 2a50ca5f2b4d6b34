/// Sixteen bytes of SHA-256 over a set of items: a leaf, a node or a root of the digest tree.
public struct Digest: Sendable, Hashable, CustomStringConvertible {
    public let bytes: [UInt8]

    public static let length = 16

    /// The first 16 of the given bytes.
    public init(bytes: [UInt8]) {
        precondition(bytes.count >= Digest.length, "a digest has 16 bytes")
        self.bytes = Array(bytes[..<Digest.length])
    }

    public init?(hex: String) {
        guard let bytes = [UInt8](hex: hex), bytes.count == Digest.length else { return nil }
        self.bytes = bytes
    }

    /// The digest of a text that describes the set.
    public init(over text: [UInt8]) {
        self.init(bytes: sha256(text))
    }

    /// A set without members.
    public static let empty = Digest(bytes: [UInt8](repeating: 0, count: length))

    public var hex: String { bytes.hex }
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
