public import ContentModel

/// Which rows of a kind to look at next.
public struct CandidateQuery: Sendable {
    public var kind: Kind
    public var peer: String
    public var filters: FilterSet
    /// Only rows changed after this number; nil looks at every row of the kind.
    public var since: Int64?
    /// The feed ends here: a row changed while the plan is made would be met a second time.
    public var upTo: Int64
    /// Rows that a rollback at the destination took back are sent again.
    public var includesReverted: Bool
    /// Only these; nil means all of the kind. With `since` it means nothing.
    public var ids: Set<ItemID>?
    /// Rows of which a plan has said something are candidates whatever the shadow says.
    public var catchUp: CatchUp?
    /// The other rows instead: those of which the peer holds what the handlers made of the item that is here.
    public var isSettled = false
    /// Rows come in this order, and only those that it has; nil takes the order of the feed or of the keys.
    public var order: (any TreeOrder)?
    public var after: CandidatePosition?
    public var limit: Int

    public init(
        kind: Kind, peer: String, filters: FilterSet, since: Int64?, upTo: Int64, includesReverted: Bool,
        ids: Set<ItemID>? = nil, after: CandidatePosition?, limit: Int
    ) {
        self.kind = kind
        self.peer = peer
        self.filters = filters
        self.since = since
        self.upTo = upTo
        self.includesReverted = includesReverted
        self.ids = ids
        self.after = after
        self.limit = limit
    }
}

/// Another look at rows that changed while the plan of a transfer was made.
public struct CatchUp: Sendable {
    public var transfer: String
    /// Changes up to this number are looked at.
    public var sequence: Int64
    /// Where the rows are read; nil for the store as it is, where a row that changes again waits for another look.
    public var moment: (any StoreMoment)?

    public init(transfer: String, sequence: Int64, moment: (any StoreMoment)? = nil) {
        self.transfer = transfer
        self.sequence = sequence
        self.moment = moment
    }
}

public struct CandidatePosition: Sendable, Hashable {
    /// Of a row of the feed its number, of a row of a tree its level.
    public var sequence: Int64
    public var bucket: UInt16
    public var id: String

    public init(sequence: Int64, bucket: UInt16, id: String) {
        self.sequence = sequence
        self.bucket = bucket
        self.id = id
    }
}

public struct CandidatePage: Sendable {
    public var rows: [Candidate]
    /// Nil when there is nothing behind this page.
    public var next: CandidatePosition?

    public init(rows: [Candidate], next: CandidatePosition?) {
        self.rows = rows
        self.next = next
    }
}

/// A row that may have to be sent.
public struct Candidate: Sendable {
    public var id: String
    public var bucket: Bucket
    /// Hash of the item here; nil for a tombstone.
    public var hash: ContentHash?
    /// The item; nil for a tombstone.
    public var body: JSONDocument?
    public var shadow: ShadowState
    /// The output that was sent last: the destination holds it, where it holds one.
    public var acknowledged: ContentHash?
    /// The item came from this very peer and was not edited here: it is not sent back.
    public var isTheirs: Bool
    /// The destination holds an output of ours of which this side does not know what it was made of.
    public var isContested: Bool
    /// What the peer itself sent last, where the item came from there.
    public var received: ContentHash?
    /// See `BatchEntry.isUnmerged`.
    public var isUnmerged: Bool
    /// There is or was such an item here.
    public var wasHere = true
    /// What the plan said of the row before it changed.
    public var planned: Planned?
    /// Which of the items that had this id one after another it is; nil for the first.
    public var life: Int64?
    /// How many rows of the order it is below; nil where rows come in no order of a tree.
    public var level: Int?

    public struct Planned: Sendable {
        public var action: PlannedOperation.Action
        public var output: ContentHash?

        public init(action: PlannedOperation.Action, output: ContentHash?) {
            self.action = action
            self.output = output
        }
    }

    public init(
        id: String, bucket: Bucket, hash: ContentHash?, body: JSONDocument?, shadow: ShadowState,
        acknowledged: ContentHash?, isTheirs: Bool, isContested: Bool, isUnmerged: Bool = false,
        received: ContentHash? = nil, planned: Planned? = nil, life: Int64? = nil
    ) {
        self.isUnmerged = isUnmerged
        self.received = received
        self.planned = planned
        self.life = life
        self.id = id
        self.bucket = bucket
        self.hash = hash
        self.body = body
        self.shadow = shadow
        self.acknowledged = acknowledged
        self.isTheirs = isTheirs
        self.isContested = isContested
    }
}
