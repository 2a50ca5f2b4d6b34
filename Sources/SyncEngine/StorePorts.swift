public import ContentModel
public import SyncProtocol

/// What the engine keeps at a source: the feed, the shadow, and the plan of a transfer.
public protocol SourceStore: Sendable {
    /// Kinds that hold live items or tombstones here.
    func kinds() async throws -> [Kind]

    /// An instance that was met before; nil for others.
    func peer(_ instance: String) async throws -> InstanceIdentity?

    /// Where the stream to a peer stands for each kind. Reads no body.
    func standing(of kinds: [Kind], toward peer: String) async throws -> [KindStanding]

    /// Starts (again) the plan of a transfer; whatever an earlier attempt recorded is forgotten.
    func beginPlan(transfer: String, peer: InstanceIdentity, initiator: String, direction: Direction, scope: Scope)
        async throws

    /// Starts a plan that is only looked at. It can not be acknowledged, makes no other plan pointless, and ends when a
    /// run of the same stream begins.
    func beginPlanOnly(transfer: String, peer: InstanceIdentity, initiator: String, direction: Direction, scope: Scope)
        async throws

    /// Takes the destination's own list as the truth about what it holds.
    ///
    /// Throws `fenced` when the plan was superseded meanwhile.
    /// Pages of a kind come in order; the shadow afterwards says exactly what the destination has.
    func reconcile(transfer: String, _ page: HeldPage, request: ListHeld, kind: Kind, peer: String) async throws

    /// Which of the nodes or leaves that were asked for are not what this side expects, in ascending order.
    func differences(_ page: HeldPage, request: ListHeld, kind: Kind, peer: String) async throws -> [Int]

    /// The next rows of a kind that may have to be sent, in the order of the feed or of the keys.
    func candidates(_ query: CandidateQuery) async throws -> CandidatePage

    /// The next rows that a comparison with the destination changed and that the feed since `query.since` lacks.
    ///
    /// A row of which this instance has no item comes as a tombstone.
    func openRows(_ query: CandidateQuery) async throws -> CandidatePage

    /// The next rows the destination has, or is believed to have, and this instance has not, in the order of the keys.
    func absentees(_ query: AbsenteeQuery) async throws -> AbsenteePage

    /// How many absentees there are whose deletion no tombstone here proves.
    func unprovedAbsentees(_ query: AbsenteeQuery) async throws -> Int

    /// Those of the items that are here. Callers ask for as many as they can hold in memory.
    func bodies(of items: [ItemKey]) async throws -> [ItemKey: JSONDocument]

    /// How many items of a kind there are here.
    func liveItems(of kind: Kind) async throws -> Int

    /// Adds operations, the batch that carries them, and results that turned out equal, to a plan.
    ///
    /// Throws `fenced` when the plan was abandoned or superseded meanwhile, so that nothing is left behind.
    func record(_ portion: PlanPortion) async throws

    /// The roots the destination must have after the plan of a transfer.
    func expectedRoots(transfer: String, kinds: [Kind], peer: String) async throws -> [Kind: Digest]

    /// Closes a plan; `checkpoints` move when it is acknowledged.
    func finishPlan(transfer: String, summary: PlanSummary, checkpoints: [Checkpoint]) async throws

    /// The plan of a transfer once it is finished.
    func planSummary(transfer: String) async throws -> PlanSummary?

    /// What a plan changes, row by row, and what the destination held of each row. Not after an acknowledgement.
    func plannedRows(transfer: String) async throws -> [PlannedRow]

    /// What a peer holds of some rows, as far as is known here.
    func standingRows(_ items: [ItemKey], toward peer: String) async throws -> [ItemKey: StandingRow]

    /// Throws `unknown_transfer` when the plan has no such batch.
    func plannedBatch(transfer: String, number: Int) async throws -> EncodedBatch

    /// Moves shadow and checkpoints and queues the events of a finished run. May be called twice.
    func acknowledge(transfer: String, result: CommitResult, events: [QueuedEvent]) async throws

    /// Forgets the plan of a transfer that did not commit. May be called twice.
    func abandonPlan(transfer: String) async throws

    /// Which instance opened a transfer for which this one is the source.
    func planInitiator(transfer: String) async throws -> String?
}

/// What the engine keeps at a destination: the lease, staged batches, and the commit.
public protocol DestinationStore: Sendable {
    /// What this instance holds of a source, in scope, with digests masked by `nonce`.
    func held(of source: String, scope: Scope, sourceKinds: [Kind], nonce: String) async throws -> DestinationState

    /// Grants the lease for a transfer, superseding unfinished transfers of the same source.
    ///
    /// Throws `lease_held` when somebody else writes. Idempotent on the transfer.
    func grantLease(transfer: String, source: InstanceIdentity, initiator: String, direction: Direction, scope: Scope)
        async throws -> LeaseGrant

    /// Registers a transfer that may ask for lists and for nothing else: no lease, and nobody is superseded.
    ///
    /// May be called twice. Throws `fenced` when a run has that id.
    func openPlanOnly(transfer: String, source: InstanceIdentity, initiator: String, direction: Direction, scope: Scope)
        async throws

    func heldPage(transfer: String, _ request: ListHeld) async throws -> HeldPage

    /// Stages a batch. `received` holds the items that handlers changed on arrival; they are stored instead of what the
    /// source sent, while the row counts as what it sent.
    func stage(
        transfer: String, fence: Int64, _ batch: EncodedBatch, received: [ItemKey: JSONDocument]
    ) async throws -> BatchReceipt

    /// What decides about conflicts of a transfer.
    func conflictTerms(transfer: String) async throws -> ConflictTerms

    /// Staged rows that would overwrite or delete what was edited here, and that nobody decided about yet, in the order of
    /// their keys. A page ends after so many rows or bytes, and holds one row at least where there is one.
    func openConflicts(
        transfer: String, after: StagedPosition?, rows: Int, bytes: Int
    ) async throws -> StagedConflictPage

    /// Stores decisions about staged rows. Throws `fenced` when the transfer is not open any more.
    func decide(transfer: String, fence: Int64, _ decisions: [ConflictDecision]) async throws

    /// Forgets decisions about rows that have changed since; they are open again. May be called twice.
    func reopenMovedConflicts(transfer: String) async throws
    func renewLease(transfer: String, fence: Int64) async throws -> LeaseGrant

    /// Makes a transfer visible. Where handlers decided about conflicts, `isDecided` refuses with `moved_meanwhile` when
    /// a row became one since.
    func commit(
        transfer: String, _ request: CommitTransfer, events: [QueuedEvent], isDecided: Bool
    ) async throws -> CommitResult
    func transferState(transfer: String) async throws -> TransferState
    func abandonTransfer(transfer: String) async throws

    /// Undoes a committed transfer, or what it did to one item, under a run of its own.
    func rollback(_ run: String, only item: ItemReference?, as rollbackRun: String) async throws -> RollbackResult

    /// Which instance opened a transfer for which this one is the destination.
    func transferInitiator(transfer: String) async throws -> String?

    /// What goes on here and what went on last.
    func activity() async throws -> ResponderStatus

    /// Whose items a transfer brings. Throws `unknown_transfer`.
    func transferSource(transfer: String) async throws -> InstanceIdentity
}

/// Names an item.
public struct ItemKey: Sendable, Hashable, Comparable, CustomStringConvertible {
    public var kind: Kind
    public var id: String

    public init(_ kind: Kind, _ id: String) {
        self.kind = kind
        self.id = id
    }

    /// As bytes: Swift would take two spellings of one accented letter for the same id.
    public static func == (left: ItemKey, right: ItemKey) -> Bool {
        left.kind == right.kind && left.id.utf8.elementsEqual(right.id.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        for byte in id.utf8 { hasher.combine(byte) }
    }

    public static func < (left: ItemKey, right: ItemKey) -> Bool {
        (left.kind, left.id) < (right.kind, right.id)
    }

    public var description: String { "\(kind)/\(id)" }
}

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
    public var ids: Set<String>?
    public var after: CandidatePosition?
    public var limit: Int

    public init(
        kind: Kind, peer: String, filters: FilterSet, since: Int64?, upTo: Int64, includesReverted: Bool,
        ids: Set<String>? = nil, after: CandidatePosition?, limit: Int
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

public struct CandidatePosition: Sendable, Hashable {
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

    public init(
        id: String, bucket: Bucket, hash: ContentHash?, body: JSONDocument?, shadow: ShadowState,
        acknowledged: ContentHash?, isTheirs: Bool
    ) {
        self.id = id
        self.bucket = bucket
        self.hash = hash
        self.body = body
        self.shadow = shadow
        self.acknowledged = acknowledged
        self.isTheirs = isTheirs
    }
}

/// What the source believes about one row of the destination.
public enum ShadowState: Int, Sendable {
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

    /// The destination holds an output of ours, edited there or not: the rows of the digest tree.
    public var isHeld: Bool { self == .acked || self == .resend }
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
    public var ids: Set<String>?
    /// Items deleted after this number were still here when the plan looked at them.
    public var upTo: Int64
    public var after: CandidatePosition?
    public var limit: Int

    public init(
        kind: Kind, peer: String, includesForeign: Bool, includesReverted: Bool, ids: Set<String>?, upTo: Int64,
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

    public init(id: String, bucket: Bucket) {
        self.id = id
        self.bucket = bucket
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
    }

    public var id: String
    public var bucket: Bucket
    public var action: Action
    public var source: ContentHash?
    public var output: ContentHash?

    public init(id: String, bucket: Bucket, action: Action, source: ContentHash?, output: ContentHash?) {
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

    public init(
        transfer: String, peer: String, operations: [(kind: Kind, filters: FilterSet, rows: [PlannedOperation])],
        batch: EncodedBatch?
    ) {
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
