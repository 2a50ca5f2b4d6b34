internal import ContentModel

/// Writes batches: a line naming the operation, followed by the item's own line where there is one.
///
/// Items are copied byte for byte; stored items hold no line break outside strings.
public struct BatchEncoder: Sendable {
    private var text: [UInt8] = []
    private(set) public var operations = 0

    public init() {}

    /// One with room for a batch like the one before, which grows without being copied.
    public init(after full: BatchEncoder) {
        text.reserveCapacity(full.text.count)
    }

    public var isEmpty: Bool { operations == 0 }

    /// Whether the batch has reached the size at which it is sent.
    public func isFull(limit: Int) -> Bool {
        operations >= limit || text.count >= Limits.batchBytes
    }

    /// Whether the batch has come half the way to the size at which it is sent.
    public func isHalfFull(limit: Int) -> Bool {
        operations >= limit / 2 || text.count >= Limits.batchBytes / 2
    }

    public mutating func add(_ entry: BatchEntry) {
        switch entry.operation {
        case .put(let body, let output):
            append("put", entry, output: output)
            text.append(contentsOf: body.bytes)
            text.append(UInt8(ascii: "\n"))
        case .delete: append("delete", entry, output: entry.known)
        case .release: append("release", entry)
        case .withdraw: append("withdraw", entry)
        }
    }

    private mutating func append(_ operation: String, _ entry: BatchEntry, output: ContentHash? = nil) {
        text.append(contentsOf: "[\"".utf8)
        text.append(contentsOf: operation.utf8)
        text.append(contentsOf: "\",\"".utf8)
        text.append(contentsOf: entry.kind.name.utf8)
        text.append(contentsOf: "\",".utf8)
        text.append(contentsOf: JSONDocument(string: entry.id).bytes)
        if let output {
            text.append(contentsOf: ",\"".utf8)
            text.append(contentsOf: output.hex.utf8)
            text.append(UInt8(ascii: "\""))
        }
        if entry.isContested { append(.contested) }
        if entry.isUnmerged { append(.unmerged) }
        if entry.supersedes { append(.supersedes) }
        text.append(contentsOf: "]\n".utf8)
        operations += 1
    }

    private mutating func append(_ mark: BatchEntry.Mark) {
        text.append(contentsOf: ",\"\(mark.rawValue)\"".utf8)
    }

    /// Closes the batch under its number and starts the next one.
    public mutating func finish(number: Int) throws -> EncodedBatch {
        let payload = try Zstandard.compress(text)
        let info = BatchInfo(
            number: number, digest: sha256(payload).hex, operations: operations, bytes: payload.count)
        text.removeAll(keepingCapacity: true)
        operations = 0
        return EncodedBatch(info: info, payload: payload)
    }
}
