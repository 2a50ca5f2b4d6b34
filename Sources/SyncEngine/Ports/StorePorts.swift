public import ContentModel
public import SyncProtocol

/// What the engine keeps at a source: the feed, the shadow, and the plan of a transfer.
public protocol SourceStore: BlobSource, TransferMemories {
    /// Kinds that hold live items or tombstones here.
    func kinds() async throws -> [Kind]

    /// An instance that was met before; nil for others.
    func peer(_ instance: String) async throws -> InstanceIdentity?

    /// Number of the newest change here. One small read.
    func sequence() async throws -> Int64

    /// The store as it is now, for queries that belong together.
    func moment() async throws -> any StoreMoment

    /// Where the stream to a peer stands for each kind. Reads no body.
    func standing(of kinds: [Kind], toward peer: String) async throws -> [KindStanding]

    /// Roots over what a peer sent here, of those of the kinds in which all of that is still as it was sent, or was
    /// sent back after an edit.
    func received(of kinds: [Kind], from peer: String) async throws -> [Kind: Digest]

    /// How many rows in scope another source has taken over at a peer whose items are here, as far as is known. Reads no
    /// item, and looks at no other rows.
    func takenOverRows(in kinds: [KindScope], toward peer: String) async throws -> Int

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

    /// The next rows of a kind that may have to be sent, in the order of the feed, of the keys or of the tree.
    func candidates(_ query: CandidateQuery) async throws -> CandidatePage

    /// Whether items of a kind are inside one another: pages, folders, and the items of a model that is defined as a tree.
    func isTree(_ kind: Kind) async throws -> Bool

    /// The order in which rows that a query is about are looked at so that parents come first. What is below none of
    /// them is at the top, and what is in a circle or below one comes last. Looks at all of them once.
    func treeOrder(_ query: CandidateQuery) async throws -> any TreeOrder

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

    /// The first of the names of which this instance knows nothing: there is no row, no trace of one that was deleted,
    /// and none that was sent. Nil when all are known.
    func firstUnknown(of names: [SelectedName]) async throws -> SelectedName?

    /// Names of models here: those that are defined, and those of which there are items.
    func modelNames() async throws -> [String]

    /// Those of the items that came from a peer and were not edited here.
    func received(_ items: [ItemKey], from peer: String) async throws -> Set<ItemKey>

    /// How many items of a kind there are here.
    func liveItems(of kind: Kind) async throws -> Int

    /// How many items of a kind came from a peer that holds no output of this instance in their place. Looks at every row
    /// of the kind.
    func items(of kind: Kind, from peer: String) async throws -> Int

    /// Adds operations, the batch that carries them, and results that turned out equal, to a plan.
    ///
    /// Throws `blob_missing` when a file that the plan needs is not here, `fenced` when the plan was abandoned or superseded meanwhile, so that nothing is left behind.
    func record(_ portion: PlanPortion) async throws

    /// The roots the destination must have after the plan of a transfer.
    func expectedRoots(transfer: String, kinds: [Kind], peer: String) async throws -> [Kind: Digest]

    /// Closes a plan; `checkpoints` move when it is acknowledged.
    func finishPlan(transfer: String, summary: PlanSummary, checkpoints: [Checkpoint]) async throws

    /// Items that would be inside one another at the destination after the plan of a transfer, as far as is known here; nil
    /// where there are none. Looks at the planned items of trees.
    func plannedCircle(transfer: String) async throws -> TreeCircle?

    /// The files that the plan of a transfer needs at its destination so far; nil where there are none.
    func plannedFiles(transfer: String) async throws -> FileTotals?

    /// The plan of a transfer once it is finished.
    func planSummary(transfer: String) async throws -> PlanSummary?

    /// What a plan that is ready changes, row by row, and what the destination held of each row. Throws `fenced` when
    /// there is no such plan, or not any more.
    func plannedRows(transfer: String, _ request: ListPlanned) async throws -> PlannedPage

    /// What is here of the first of the items, in their order: as many as hold so many bytes together, one at least. A
    /// larger item comes without its body.
    func present(_ items: [ItemKey], bytes: Int, toward peer: String) async throws -> [PresentItem]

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

    /// What a transfer for which this one is the source was opened for.
    func planScope(transfer: String) async throws -> Scope?
}

/// Rows of a tree at some moment, parents before children; what is in memory of it does not grow with their number.
///
/// Rows may move and go afterwards: each stays at the place that it had.
public protocol TreeOrder: Sendable {}

/// The store as it was at one moment, readable while others write.
///
/// What it reads cannot be freed meanwhile, so it is held for no longer than one round of queries takes.
public protocol StoreMoment: Sendable {
    /// Number of the newest change of then.
    var sequence: Int64 { get }
}

/// What the engine keeps at a destination: the lease, staged batches, and the commit.
public protocol DestinationStore: BlobDestination, TransferMemories {
    /// What this instance holds of a source, in scope, with digests masked by `nonce`.
    func held(of source: String, scope: Scope, sourceKinds: [Kind], nonce: String) async throws -> DestinationState

    /// Roots over what this instance sent to a source and the source still holds, as far as is known here: of those of the
    /// kinds in which that is every row in scope that the source did not leave here.
    func sent(of kinds: [Kind], in scope: Scope, to source: String) async throws -> [Kind: Digest]

    /// How many rows are here of which a source knows nothing by itself, by kind. Looks at every row.
    func unseenRows(of source: String, scope: Scope, kinds: [Kind]) async throws -> [Kind: UnseenRows]

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

    /// Stages a batch.
    func stage(
        transfer: String, fence: Int64, _ batch: EncodedBatch, received: ReceivedItems
    ) async throws -> BatchReceipt

    /// Digests of the batches that earlier transfers of the same source and scope left here unfinished, as far as handlers
    /// of this fingerprint looked at them on arrival. A commit may name them as if they had been staged again.
    func resumableBatches(transfer: String, receivers: Digest) async throws -> [String]

    /// Makes those of the batches that are resumable belong to the transfer. What else was left unfinished will not be
    /// resumed any more. May be called twice.
    func takeOver(transfer: String, fence: Int64, batches: [BatchInfo], receivers: Digest) async throws

    /// What decides about conflicts of a transfer.
    func conflictTerms(transfer: String) async throws -> ConflictTerms

    /// Staged rows that would overwrite or delete what was edited here, and that nobody decided about yet, in the order of
    /// their keys. A page ends after so many rows or bytes, and holds one row at least where there is one.
    func openConflicts(
        transfer: String, after: StagedPosition?, rows: Int, bytes: Int
    ) async throws -> StagedConflictPage

    /// The next staged definitions of models that take the place of other ones here, or that delete them, in the order of
    /// their keys. Means something once conflicts are decided.
    func stagedDefinitions(transfer: String, after: ListPosition?) async throws -> StagedDefinitionPage

    /// The model's definition, where it is here. Throws `permission_denied` for a model outside the scope of the transfer.
    func definition(of model: String, for transfer: String) async throws -> JSONDocument?

    /// How many items of a model each of some changes affects. A page looks at a bounded number of them, and of bytes.
    ///
    /// Throws `permission_denied` for named items outside the scope of the transfer.
    func affectedItems(
        transfer: String, of model: String, by changes: [SchemaChange], _ part: ModelItems
    ) async throws -> SchemaPage

    /// Stores decisions about staged rows. Throws `fenced` when the transfer is not open any more.
    func decide(transfer: String, fence: Int64, _ decisions: [ConflictDecision]) async throws

    /// Forgets decisions about rows that have changed since; they are open again. May be called twice.
    func reopenMovedConflicts(transfer: String) async throws

    /// Puts the files of staged assets where they stay, so that they survive a loss of power. May be called twice.
    ///
    /// Throws `blob_missing` when one is not here.
    func settleBlobs(transfer: String) async throws

    func renewLease(transfer: String, fence: Int64) async throws -> LeaseGrant

    /// Makes a transfer visible. Throws `moved_meanwhile` when what was found out beforehand does not hold any more.
    func commit(
        transfer: String, _ request: CommitTransfer, events: [QueuedEvent], _ preparation: Preparation
    ) async throws -> CommitResult

    /// Frees what a commit left in the stage where that is much, of its own and of what earlier transfers of its source
    /// had staged, in short transactions; does nothing for a transfer that is not committed. May be called twice. What
    /// nobody frees so goes with the garbage.
    func freeStage(ofCommitted transfer: String) async throws

    func transferState(transfer: String) async throws -> TransferState

    /// Gives a transfer up. What it staged stays for a while: the next one of the same source and scope may resume it.
    func abandonTransfer(transfer: String) async throws

    /// Undoes a committed transfer, or what it did to one item, under a run of its own.
    func rollback(_ run: String, only item: ItemReference?, as rollbackRun: String) async throws -> RollbackResult

    /// Which instance opened a transfer for which this one is the destination.
    func transferInitiator(transfer: String) async throws -> String?

    /// What a transfer for which this one is the destination was opened for.
    func transferScope(transfer: String) async throws -> Scope?

    /// What goes on here and what went on last.
    func activity() async throws -> ResponderStatus

    /// What is here of some rows, as a source left it or otherwise, with the hashes of the items.
    func standingRows(_ items: [ItemKey], from source: String) async throws -> [ItemKey: StandingRow]

    /// Whose items a transfer brings. Throws `unknown_transfer`.
    func transferSource(transfer: String) async throws -> InstanceIdentity
}

/// What handlers made of the items of a batch on arrival.
public struct ReceivedItems: Sendable {
    /// Only those that changed; they are stored instead of what the source sent, while the row counts as what it sent.
    public var items: [ItemKey: JSONDocument]
    /// Fingerprint of the handlers.
    public var receivers: Digest

    public init(items: [ItemKey: JSONDocument], receivers: Digest) {
        self.items = items
        self.receivers = receivers
    }

    /// No handler looked at them.
    public static let unchanged = ReceivedItems(items: [:], receivers: FilterSet.none.fingerprint)
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
        left.kind == right.kind && ItemID(left.id) == ItemID(right.id)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        hasher.combine(ItemID(id))
    }

    public static func < (left: ItemKey, right: ItemKey) -> Bool {
        (left.kind, ItemID(left.id)) < (right.kind, ItemID(right.id))
    }

    public var description: String { "\(kind)/\(id)" }
}
