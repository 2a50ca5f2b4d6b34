public import ContentModel
public import SyncProtocol

/// Where one kind of a stream stands at its source.
public struct KindStanding: Sendable {
    public var kind: Kind
    /// Sequence number up to which everything was planned and acknowledged; nil before the first whole run.
    public var checkpoint: Int64?
    /// Highest sequence number of the kind.
    public var latest: Int64
    /// The filter handlers of the last whole run.
    public var filters: FilterSet?
    /// Root of what the destination should hold of the kind.
    public var root: Digest
    public var held: Int
    /// Rows that a rollback at the destination took back, as far as is known here.
    public var reverted: Int
    /// Rows changed since the checkpoint, counted up to one more than fit into an open.
    public var changes: Int
    /// A comparison with the destination changed rows, and no run has looked at all of them since.
    public var hasOpenRows: Bool
    /// Rows of which a comparison found, since the last run that looked at the whole kind, that another source has
    /// taken them over, and whose items here are as they were sent: runs leave them alone.
    public var takenOver = 0

    public init(
        kind: Kind, checkpoint: Int64?, latest: Int64, filters: FilterSet?, root: Digest, held: Int, reverted: Int,
        changes: Int, hasOpenRows: Bool = false
    ) {
        self.kind = kind
        self.checkpoint = checkpoint
        self.latest = latest
        self.filters = filters
        self.root = root
        self.held = held
        self.reverted = reverted
        self.hasOpenRows = hasOpenRows
        self.changes = changes
    }

    /// Whether `changes` counts everything that a run has to look at: since the checkpoint, or, before the first whole
    /// run, of the kind.
    public func isFed(under current: FilterSet) -> Bool {
        guard !hasOpenRows else { return false }
        guard let checkpoint, checkpoint > 0, let filters else { return true }
        return filters.fingerprint == current.fingerprint
    }

    /// Nothing changed since the checkpoint, nothing waits for another look, and the handlers are those of then.
    public func isQuiet(under current: FilterSet) -> Bool {
        guard !hasOpenRows else { return false }
        guard let checkpoint, let filters else { return latest == 0 }
        return latest <= checkpoint && filters.fingerprint == current.fingerprint
    }

    /// Content is never sent unfiltered because a file or a folder disappeared. Throws `filter_missing`.
    func requireFilters(_ current: FilterSet, toward peer: InstanceIdentity) throws {
        guard let filters else { return }
        let gone = filters.handlers.filter { !current.handlers.contains($0) }
        guard !gone.isEmpty else { return }
        let names = gone.map { "'\($0)'" }.joined(separator: ", ")
        throw TidelockError(
            .filterMissing,
            "The last run to \(peer.name) filtered \(kind) with \(names), which is not loaded any more.",
            hint: "Bring the handler back, or repeat with --confirm-missing-filters if it was removed on purpose.",
            details: ["kind": kind.name, "handlers": gone.joined(separator: ", ")])
    }
}

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
    /// The output the destination holds, where it holds one.
    public var acknowledged: ContentHash?
    /// The item came from this very peer and was not edited here: it is not sent back.
    public var isTheirs: Bool
    /// The destination holds an output of ours of which this side does not know what it was made of.
    public var isContested: Bool
    /// What the peer itself sent last, where the item came from there.
    public var received: ContentHash?
    /// See `BatchEntry.isUnmerged`.
    public var isUnmerged: Bool
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

/// What the source believes about one row of the destination.
public enum ShadowState: Int, Sendable, CaseIterable {
    /// Never heard of.
    case none = 0
    /// The destination holds our output.
    case acked = 1
    /// A handler dropped it for this destination.
    case dropped = 2
    /// A handler asked to leave the destination as it is.
    case skipped = 3
    /// The destination drifted: our output must be sent again.
    case resend = 4
    /// The destination has such a row, and it is not ours.
    case foreign = 5
    /// A rollback at the destination took our row back.
    case reverted = 6
    /// The row was ours and another source has taken it over.
    case takenOver = 7
    /// As `resend`; but the destination says that the edit came here, so what is sent now was made of it.
    case answered = 8
    /// As `resend`; but the edit is that the item was deleted there. Holds only for the plan that has seen the list.
    case deletedThere = 9
    /// The item came from the peer, which does not know that any more: it gets it back. Holds only for the plan that
    /// has seen the list.
    case forgotten = 10

    /// The destination holds an output of ours, edited there or not: the rows of the digest tree.
    public var isHeld: Bool { [.acked, .resend, .answered, .deletedThere].contains(self) }

    /// What a state becomes when the plan ends for which alone it holds; any other stays.
    public var lasting: ShadowState {
        switch self {
        case .deletedThere: .resend
        case .forgotten: .none
        default: self
        }
    }

    /// A handler kept the item from the destination when it was asked last.
    public var isHeldBack: Bool { self == .dropped || self == .skipped }

    /// The destination has such a row, and it is somebody else's.
    public var isForeign: Bool { self == .foreign || self == .takenOver }
}

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

    public init(id: String, bucket: Bucket, shadow: ShadowState, isContested: Bool) {
        self.id = id
        self.bucket = bucket
        self.shadow = shadow
        self.isContested = isContested
    }
}

/// What a plan does with one row, as the source must remember it.
public struct PlannedOperation: Sendable {
    public enum Action: Int, Sendable {
        case put = 1
        case delete = 2
        case release = 3
        case drop = 4
        case skip = 5
        /// The output is what the destination holds already.
        case same = 6
        /// What the plan said of the row is not done after all.
        case withdraw = 7

        /// Nothing travels: what a run found out about the row is remembered at once.
        public var isRemembered: Bool { self == .same || self == .skip || self == .drop }
    }

    public var id: String
    public var bucket: Bucket
    public var action: Action
    public var source: ContentHash?
    public var output: ContentHash?
    /// See `BatchEntry.isContested`.
    public var isContested: Bool
    /// See `BatchEntry.supersedes`.
    public var supersedes = false
    /// See `BatchEntry.isUnmerged`.
    public var isUnmerged: Bool
    /// See `Candidate.life`.
    public var life: Int64?

    public init(
        id: String, bucket: Bucket, action: Action, source: ContentHash?, output: ContentHash?,
        isContested: Bool = false, isUnmerged: Bool = false, life: Int64? = nil
    ) {
        self.isUnmerged = isUnmerged
        self.life = life
        self.isContested = isContested
        self.id = id
        self.bucket = bucket
        self.action = action
        self.source = source
        self.output = output
    }
}

/// A step of planning that is stored at once.
public struct PlanPortion: Sendable {
    public var transfer: String
    public var peer: String
    /// Operations by kind, with the handlers that decided them.
    public var operations: [(kind: Kind, filters: FilterSet, rows: [PlannedOperation])]
    public var batch: EncodedBatch?
    /// Files that the destination needs for these operations.
    public var files: [AssetFile]

    public init(
        transfer: String, peer: String, operations: [(kind: Kind, filters: FilterSet, rows: [PlannedOperation])],
        batch: EncodedBatch?, files: [AssetFile] = []
    ) {
        self.files = files
        self.transfer = transfer
        self.peer = peer
        self.operations = operations
        self.batch = batch
    }
}

/// How far a kind has been planned, and by which handlers.
public struct Checkpoint: Sendable {
    public var kind: Kind
    public var sequence: Int64
    public var filters: FilterSet

    public init(kind: Kind, sequence: Int64, filters: FilterSet) {
        self.kind = kind
        self.sequence = sequence
        self.filters = filters
    }
}

/// What is here of one item.
public struct PresentItem: Sendable {
    public enum Content: Sendable {
        case none
        case tooLarge
        case document(JSONDocument)
    }

    public var id: String
    public var content: Content
    /// The peer was sent another form of the item, as far as is known here: it holds more than the peer has.
    public var isOriginal: Bool

    public init(id: String, content: Content, isOriginal: Bool) {
        self.id = id
        self.content = content
        self.isOriginal = isOriginal
    }
}
