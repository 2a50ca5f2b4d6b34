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
    /// What the rollback is called there (UUIDv7, made by whoever asks), so that a repetition is told from being asked
    /// anew. Without it, whatever was taken back before counts as a repetition.
    public var id: String?
    /// Only this item; the rest stays, and can be taken back later.
    public var item: ItemReference?

    public init(id: String? = nil, item: ItemReference? = nil) {
        self.id = id
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
    /// When all of it had been taken back before it was asked for, in Unix seconds: nothing was done now, and the rest
    /// is what was done then.
    public var doneBefore: Int64?

    public init(
        run: String, item: ItemReference? = nil, restored: Int, kept: [Conflict], doneBefore: Int64? = nil
    ) {
        self.doneBefore = doneBefore
        self.run = run
        self.item = item
        self.restored = restored
        self.kept = kept
    }
}
