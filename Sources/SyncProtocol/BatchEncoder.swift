public import ContentModel

/// Writes batches: a line naming the operation, followed by the item's own line where there is one.
///
/// Items are copied byte for byte; stored items hold no line break outside strings.
public struct BatchEncoder: Sendable {
    private var text: [UInt8] = []
    private(set) public var operations = 0

    public init() {}

    public var isEmpty: Bool { operations == 0 }

    /// Whether the batch has reached the size at which it is sent.
    public func isFull(limit: Int) -> Bool {
        operations >= limit || text.count >= Limits.batchBytes
    }

    public mutating func put(
        kind: Kind, id: String, body: JSONDocument, output: ContentHash, isContested: Bool = false
    ) {
        append(operation: "put", kind: kind, id: id, output: output, isContested: isContested)
        text.append(contentsOf: body.bytes)
        text.append(UInt8(ascii: "\n"))
    }

    public mutating func delete(kind: Kind, id: String, isContested: Bool = false) {
        append(operation: "delete", kind: kind, id: id, isContested: isContested)
    }

    public mutating func release(kind: Kind, id: String) {
        append(operation: "release", kind: kind, id: id)
    }

    private mutating func append(
        operation: String, kind: Kind, id: String, output: ContentHash? = nil, isContested: Bool = false
    ) {
        text.append(contentsOf: "[\"\(operation)\",\"\(kind.name)\",".utf8)
        text.append(contentsOf: JSONDocument(string: id).bytes)
        if let output { text.append(contentsOf: ",\"\(output.hex)\"".utf8) }
        if isContested { text.append(contentsOf: ",\"\(BatchEntry.contestedWord)\"".utf8) }
        text.append(contentsOf: "]\n".utf8)
        operations += 1
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
