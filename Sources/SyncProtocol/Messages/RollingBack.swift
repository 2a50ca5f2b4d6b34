internal import ContentModel

/// An item by its kind and id, whose bytes count.
public struct ItemReference: Codable, Sendable, Hashable {
    public var kind: String
    public var id: String

    public init(kind: String, id: String) {
        self.kind = kind
        self.id = id
    }

    public static func == (left: ItemReference, right: ItemReference) -> Bool {
        left.kind == right.kind && ItemID(left.id) == ItemID(right.id)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        hasher.combine(ItemID(id))
    }
}

/// Asks the destination to take a transfer back. The whole body may be missing: then all of it is meant. Idempotent.
public struct RollBackTransfer: Codable, Sendable {
    /// Only this item; the rest stays, and can be taken back later.
    public var item: ItemReference?

    public init(item: ItemReference? = nil) {
        self.item = item
    }
}

/// Undo of a committed run: what came back and what had to stay.
public struct RollbackResult: Codable, Sendable {
    public var run: String
    /// The one item that was meant; nil for all of the run.
    public var item: ItemReference?
    public var restored: Int
    /// Rows edited since the run, left as they are.
    public var kept: [Conflict]

    public init(run: String, item: ItemReference? = nil, restored: Int, kept: [Conflict]) {
        self.run = run
        self.item = item
        self.restored = restored
        self.kept = kept
    }
}
