/// Asks a destination for rows of one kind: all of them, or only those that drifted.
public struct ListHeld: Codable, Sendable, Hashable {
    public var kind: String
    public var onlyDrift: Bool
    /// Continue behind this position of the previous page.
    public var after: ListPosition?

    public init(kind: String, onlyDrift: Bool, after: ListPosition? = nil) {
        self.kind = kind
        self.onlyDrift = onlyDrift
        self.after = after
    }
}

public struct ListPosition: Codable, Sendable, Hashable {
    public var bucket: UInt16
    public var id: String

    public init(bucket: UInt16, id: String) {
        self.bucket = bucket
        self.id = id
    }
}

/// One page of a destination's rows. Ends when `next` is nil; a page that failed is an error, never an empty page.
public struct HeldPage: Codable, Sendable {
    public var items: [HeldItem]
    public var next: ListPosition?

    public init(items: [HeldItem], next: ListPosition?) {
        self.items = items
        self.next = next
    }
}

/// One row of a destination as its source needs to know it.
public struct HeldItem: Codable, Sendable, Hashable {
    public var id: String
    /// Hex of the output hash that this source applied last; nil for rows of somebody else.
    public var base: String?
    public var isEdited: Bool
    public var isReverted: Bool

    public init(id: String, base: String?, isEdited: Bool, isReverted: Bool) {
        self.id = id
        self.base = base
        self.isEdited = isEdited
        self.isReverted = isReverted
    }

    enum CodingKeys: String, CodingKey {
        case id = "i"
        case base = "b"
        case isEdited = "e"
        case isReverted = "r"
    }
}
