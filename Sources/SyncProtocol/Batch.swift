public import ContentModel

/// What one item of a batch does at the destination.
public enum BatchOperation: Sendable, Equatable {
    /// Make this the item; `output` is the hash of `body`.
    case put(body: JSONDocument, output: ContentHash)
    case delete
    /// Stay, but no longer belong to this source.
    case release
    /// Nothing after all: what an earlier batch said of the item is not done.
    case withdraw
}

/// One operation on one item.
public struct BatchEntry: Sendable, Equatable {
    public var kind: Kind
    public var id: String
    public var operation: BatchOperation
    /// The destination holds an output that the source does not remember to have sent, as after a restored backup: what
    /// is there counts as edited. Of a `put` also: the source had sent the item, and what the destination has in its
    /// place is not of the source, so where it is deleted, somebody deleted what the source had sent. Of a `delete` also:
    /// the source kept what it had, or its own delete, when the destination sent its version, so it is not this version
    /// that was deleted.
    public var isContested: Bool
    /// The item was changed at the source after an earlier batch had been made: of all batches that name it, the one
    /// with the highest number counts.
    public var supersedes: Bool
    /// Of a `put`: the source kept what it had, or some fields of it, when the destination sent its version. What it
    /// sends was not made of that, so the policy decides between the two.
    public var isUnmerged: Bool
    /// Of a `delete` of what is somebody else's at the destination by now: the output that the source sent there last.
    /// Another version is one that it never had. Nil where it has sent none, or the item came from there.
    public var known: ContentHash?

    public init(
        kind: Kind, id: String, operation: BatchOperation, isContested: Bool = false, isUnmerged: Bool = false,
        supersedes: Bool = false, known: ContentHash? = nil
    ) {
        self.known = known
        self.isUnmerged = isUnmerged
        self.kind = kind
        self.id = id
        self.operation = operation
        self.isContested = isContested
        self.supersedes = supersedes
    }
}

extension BatchEntry {
    /// Words behind what an operation says of itself, in this order.
    enum Mark: String {
        case contested
        case unmerged
        case supersedes
    }
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
