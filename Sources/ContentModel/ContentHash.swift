/// SHA-256 over an item's canonical form: equal hashes mean equal items.
public struct ContentHash: Sendable, Hashable, CustomStringConvertible {
    /// Thirty-two bytes.
    public let bytes: [UInt8]

    public static let length = 32

    /// Takes exactly 32 bytes; any other count is a broken invariant of the caller.
    public init(bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
        precondition(self.bytes.count == ContentHash.length, "a content hash has 32 bytes")
    }

    /// Reads 64 lowercase or uppercase hex digits.
    public init?(hex: String) {
        guard let bytes = [UInt8](hex: hex), bytes.count == ContentHash.length else { return nil }
        self.bytes = bytes
    }

    public var hex: String { bytes.hex }

    public var description: String { hex }

    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try bytes.withUnsafeBytes(body)
    }
}
