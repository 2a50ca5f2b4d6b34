public import ContentModel

/// What one item of a batch does at the destination.
public enum BatchOperation: Sendable, Equatable {
    /// Make this the item; `output` is the hash of `body`.
    case put(body: JSONDocument, output: ContentHash)
    case delete
    /// Stay, but no longer belong to this source.
    case release
}

/// One operation on one item.
public struct BatchEntry: Sendable, Equatable {
    public var kind: Kind
    public var id: String
    public var operation: BatchOperation
    /// The destination holds an output that the source does not remember to have sent, as after a restored backup: what
    /// is there counts as edited.
    public var isContested: Bool

    public init(kind: Kind, id: String, operation: BatchOperation, isContested: Bool = false) {
        self.kind = kind
        self.id = id
        self.operation = operation
        self.isContested = isContested
    }
}

extension BatchEntry {
    /// The last word of the line of a contested operation.
    static let contestedWord = "contested"
}

/// A numbered portion of a plan in its wire form.
public struct EncodedBatch: Sendable, Hashable {
    public var info: BatchInfo
    /// NDJSON, compressed with zstd.
    public var payload: [UInt8]

    public init(info: BatchInfo, payload: [UInt8]) {
        self.info = info
        self.payload = payload
    }
}
