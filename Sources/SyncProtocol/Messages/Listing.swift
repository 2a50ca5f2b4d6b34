/// Asks a destination for some of what it holds of one kind.
public struct ListHeld: Codable, Sendable, Hashable {
    /// What is asked for. Digests come first, from the coarse to the fine, and rows only where digests differ.
    public enum Part: Codable, Sendable, Hashable {
        /// Every row.
        case all
        /// Rows of the source that were edited at the destination.
        case drift
        /// The nodes of the digest tree.
        case nodes
        /// The leaves below some nodes.
        case leaves(of: [Int])
        /// The rows of some buckets.
        case buckets([UInt16])
    }

    public var kind: String
    public var part: Part
    /// Masks the digests of the answer; nothing else needs it.
    public var nonce: String?
    /// Continue behind this position of the previous page.
    public var after: ListPosition?
    /// Items tell what of them was sent to the source, those that were deleted since among them. Nil means no.
    public var tellsSent: Bool?

    public init(kind: String, part: Part, nonce: String? = nil, after: ListPosition? = nil) {
        self.kind = kind
        self.part = part
        self.nonce = nonce
        self.after = after
    }

    /// All rows, or those that were edited at the destination.
    public init(kind: String, onlyDrift: Bool, after: ListPosition? = nil) {
        self.init(kind: kind, part: onlyDrift ? .drift : .all, after: after)
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

/// One page of a destination's rows, or the digests that were asked for.
///
/// Ends when `next` is nil; a page that failed is an error, never an empty page.
public struct HeldPage: Codable, Sendable {
    public var items: [HeldItem]
    public var next: ListPosition?
    /// Transfers of the source of which rows of the page are the outcome; nil where none is known.
    public var runs: [String]?
    /// No row was held back from the reader: what is not listed is not there. Nil means that some may have been.
    public var isWhole: Bool?
    /// Nodes or leaves that have rows below them; nil in a page of rows.
    public var digests: [HeldDigest]?

    public init(items: [HeldItem], next: ListPosition?) {
        self.items = items
        self.next = next
    }

    public init(digests: [HeldDigest]) {
        items = []
        self.digests = digests
    }

    /// The transfer that left a row as it is; nil where that is not known.
    public func run(of item: HeldItem) -> String? {
        guard let runs, let number = item.run, runs.indices.contains(number) else { return nil }
        return runs[number]
    }
}

/// The masked digest of a node, or of the leaf of a bucket. Travels as a pair: there may be tens of thousands.
public struct HeldDigest: Codable, Sendable, Hashable {
    /// Number of the node or of the bucket.
    public var number: Int
    public var digest: String

    public init(number: Int, digest: String) {
        self.number = number
        self.digest = digest
    }

    public init(from decoder: any Decoder) throws {
        var pair = try decoder.unkeyedContainer()
        number = try pair.decode(Int.self)
        digest = try pair.decode(String.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var pair = encoder.unkeyedContainer()
        try pair.encode(number)
        try pair.encode(digest)
    }
}

/// One row of a destination as its source needs to know it.
public struct HeldItem: Codable, Sendable, Hashable {
    public var id: String
    /// Hex of the output hash that this source applied last; nil for rows of somebody else.
    public var base: String?
    public var isEdited: Bool
    public var isReverted: Bool
    /// A row of somebody else that a mirror of this source does not delete. Nil means no.
    public var isSpared: Bool?
    /// Which of the page's `runs` left the row as it is; nil where that is not known.
    public var run: Int?
    /// The source holds the edit as well, as far as is known: it was sent there as it is. Nil means no.
    public var isEditSent: Bool?
    /// The item was deleted: of a row of the source, that is the edit. Nil means no.
    public var isGone: Bool?
    /// Hex of the hash of what the destination itself sent of it to the source, and the source holds as far as is
    /// known; told where that was asked for.
    public var sent: String?

    public init(id: String, base: String?, isEdited: Bool, isReverted: Bool, run: Int? = nil) {
        self.run = run
        self.id = id
        self.base = base
        self.isEdited = isEdited
        self.isReverted = isReverted
    }

    /// Whether the source left the row there: one that it knows.
    public var isOfSource: Bool { base != nil || isReverted }

    enum CodingKeys: String, CodingKey {
        case id = "i"
        case base = "b"
        case isEdited = "e"
        case isReverted = "r"
        case isSpared = "s"
        case run = "t"
        case isEditSent = "h"
        case isGone = "g"
        case sent = "o"
    }
}
