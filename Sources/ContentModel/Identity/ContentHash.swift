/// SHA-256 over an item's canonical form: equal hashes mean equal items.
///
/// The bytes lie in the value itself: a run passes several hashes for each item from hand to hand.
public struct ContentHash: Sendable, Hashable, CustomStringConvertible {
    private var first: UInt64 = 0
    private var second: UInt64 = 0
    private var third: UInt64 = 0
    private var fourth: UInt64 = 0

    public static let length = 32

    /// Takes exactly 32 bytes; any other count is a broken invariant of the caller.
    public init(bytes: [UInt8]) {
        self = bytes.withUnsafeBytes { ContentHash(bytes: $0) }
    }

    /// Takes exactly 32 bytes; any other count is a broken invariant of the caller.
    public init(bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count == ContentHash.length, "a content hash has 32 bytes")
        withUnsafeMutableBytes(of: &self) { $0.copyMemory(from: bytes) }
    }

    /// Has its 32 bytes written by `fill`.
    init(filledBy fill: (UnsafeMutablePointer<UInt8>?) -> Void) {
        withUnsafeMutableBytes(of: &self) { fill($0.baseAddress?.assumingMemoryBound(to: UInt8.self)) }
    }

    /// Reads 64 lowercase or uppercase hex digits.
    public init?(hex: String) {
        guard let bytes = [UInt8](hex: hex), bytes.count == ContentHash.length else { return nil }
        self.init(bytes: bytes)
    }

    public var bytes: [UInt8] { withUnsafeBytes { Array($0) } }

    public var hex: String { withUnsafeBytes { $0.hex } }

    public var description: String { hex }

    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try Swift.withUnsafeBytes(of: self, body)
    }
}
