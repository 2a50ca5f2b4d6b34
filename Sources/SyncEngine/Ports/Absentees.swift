public import ContentModel

/// Which rows that are not here any more to look at next.
public struct AbsenteeQuery: Sendable {
    public var kind: Kind
    public var peer: String
    /// Rows of somebody else too.
    public var includesForeign: Bool
    /// Rows that a rollback at the destination took back too.
    public var includesReverted: Bool
    /// Only these; nil means all of the kind.
    public var ids: Set<ItemID>?
    /// Items deleted after this number were still here when the plan looked at them.
    public var upTo: Int64
    public var after: CandidatePosition?
    public var limit: Int

    public init(
        kind: Kind, peer: String, includesForeign: Bool, includesReverted: Bool, ids: Set<ItemID>?, upTo: Int64,
        after: CandidatePosition?, limit: Int
    ) {
        self.kind = kind
        self.peer = peer
        self.includesForeign = includesForeign
        self.includesReverted = includesReverted
        self.ids = ids
        self.upTo = upTo
        self.after = after
        self.limit = limit
    }
}

public struct AbsenteePage: Sendable {
    public var rows: [Absentee]
    /// Nil when there is nothing behind this page.
    public var next: CandidatePosition?

    public init(rows: [Absentee], next: CandidatePosition?) {
        self.rows = rows
        self.next = next
    }
}

/// A row of the destination without a live item here.
public struct Absentee: Sendable {
    public var id: String
    public var bucket: Bucket
    public var shadow: ShadowState
    /// See `BatchEntry.isContested`.
    public var isContested: Bool
    /// The output that was sent last; nil where none was.
    public var acknowledged: ContentHash?
    /// See `Candidate.received`.
    public var received: ContentHash?
    /// There was such an item here.
    public var wasHere: Bool

    public init(
        id: String, bucket: Bucket, shadow: ShadowState, isContested: Bool, acknowledged: ContentHash? = nil,
        received: ContentHash? = nil, wasHere: Bool = false
    ) {
        self.wasHere = wasHere
        self.received = received
        self.acknowledged = acknowledged
        self.id = id
        self.bucket = bucket
        self.shadow = shadow
        self.isContested = isContested
    }
}
