public import ContentModel

/// The version of the protocol that this build speaks, and the oldest it still understands.
public enum ProtocolVersion {
    public static let current = 1
    public static let oldest = 1
}

/// Opens a transfer. Idempotent on `id`, which the initiator makes (UUIDv7).
public struct OpenTransfer: Codable, Sendable {
    public var id: String
    public var protocolVersion: Int
    public var direction: Direction
    public var initiator: InstanceIdentity
    public var scope: Scope
    /// Fresh random text that masks every digest of this exchange.
    public var nonce: String
    /// Push: what the initiator believes the responder holds of it, and whether it has anything new.
    public var offer: SourceOffer?
    /// Pull: what the initiator holds of the responder, as far as it knows who that is.
    public var held: DestinationState?

    public init(
        id: String, direction: Direction, initiator: InstanceIdentity, scope: Scope, nonce: String,
        offer: SourceOffer? = nil, held: DestinationState? = nil
    ) {
        self.id = id
        self.protocolVersion = ProtocolVersion.current
        self.direction = direction
        self.initiator = initiator
        self.scope = scope
        self.nonce = nonce
        self.offer = offer
        self.held = held
    }
}

/// What a source knows before it has heard from the destination.
public struct SourceOffer: Codable, Sendable {
    /// The kinds that exist at the source.
    public var kinds: [String]
    /// Root of roots over the kinds in scope of what the destination should hold, masked.
    public var root: String
    /// Nothing changed here since the checkpoints of all kinds in scope, and the handlers are the same.
    public var isQuiet: Bool

    public init(kinds: [String], root: String, isQuiet: Bool) {
        self.kinds = kinds
        self.root = root
        self.isQuiet = isQuiet
    }
}

/// The answer to an open.
public struct TransferOpened: Codable, Sendable {
    public enum Status: String, Codable, Sendable {
        /// Both sides are equal in scope; there is no transfer and no lease.
        case inSync
        case open
    }

    public var status: Status
    public var responder: InstanceIdentity
    public var protocolVersion: Int
    /// Push only: the lease and what the destination holds.
    public var lease: LeaseGrant?
    public var held: DestinationState?
    /// Pull, in sync: how many items the source's shadow covers.
    public var unchanged: Int

    public init(
        status: Status, responder: InstanceIdentity, lease: LeaseGrant? = nil, held: DestinationState? = nil,
        unchanged: Int = 0
    ) {
        self.status = status
        self.responder = responder
        self.protocolVersion = ProtocolVersion.current
        self.lease = lease
        self.held = held
        self.unchanged = unchanged
    }
}

/// The right to write at a destination until a moment; the fence decides, the time only saves work.
public struct LeaseGrant: Codable, Sendable, Hashable {
    public var fence: Int64
    /// Unix seconds on the destination's clock.
    public var expires: Int64

    public init(fence: Int64, expires: Int64) {
        self.fence = fence
        self.expires = expires
    }
}

/// What a destination holds in the scope of a transfer, seen by one source.
public struct DestinationState: Codable, Sendable {
    /// The source this was computed for.
    public var source: String
    public var destination: InstanceIdentity
    /// Root of roots over `kinds`, masked.
    public var root: String
    public var kinds: [KindState]

    public init(source: String, destination: InstanceIdentity, root: String, kinds: [KindState]) {
        self.source = source
        self.destination = destination
        self.root = root
        self.kinds = kinds
    }
}

/// One kind of a destination, seen by one source.
public struct KindState: Codable, Sendable {
    public var kind: String
    /// Root over what this source left there, masked.
    public var root: String
    /// Rows that this source left there.
    public var held: Int
    /// Rows that somebody else left there or that were made there.
    public var foreign: Int
    /// Rows of this source that were changed there since.
    public var edited: Int
    /// Rows that a rollback took back and that a run leaves alone.
    public var reverted: Int

    public init(kind: String, root: String, held: Int, foreign: Int, edited: Int, reverted: Int) {
        self.kind = kind
        self.root = root
        self.held = held
        self.foreign = foreign
        self.edited = edited
        self.reverted = reverted
    }
}

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

/// Pull: asks the source to plan against what the destination holds; repeated until it is ready.
public struct MakePlan: Codable, Sendable {
    public var held: DestinationState
    /// One page of a list the source asked for.
    public var supplied: SuppliedList?
    public var confirmations: Confirmations

    public init(held: DestinationState, supplied: SuppliedList? = nil, confirmations: Confirmations = Confirmations()) {
        self.held = held
        self.supplied = supplied
        self.confirmations = confirmations
    }
}

public struct SuppliedList: Codable, Sendable {
    public var request: ListHeld
    public var page: HeldPage

    public init(request: ListHeld, page: HeldPage) {
        self.request = request
        self.page = page
    }
}

/// What the person who started a run has agreed to beforehand.
public struct Confirmations: Codable, Sendable, Hashable {
    /// How many deletes are all right although a guard would stop them.
    public var deletes: Int?
    /// Send although a filter handler that this stream used before is gone.
    public var missingFilters: Bool

    public init(deletes: Int? = nil, missingFilters: Bool = false) {
        self.deletes = deletes
        self.missingFilters = missingFilters
    }
}

/// What planning answered.
public enum PlanAnswer: Codable, Sendable {
    /// The source must see these lists of the destination first.
    case needs([ListHeld])
    case ready(PlanSummary)
    /// Still at work; ask again.
    case working(done: Int)
}

/// Everything a run will do, without the items themselves.
public struct PlanSummary: Codable, Sendable, Equatable {
    public var kinds: [KindPlan]
    /// Numbers run from 1 without a gap.
    public var batches: [BatchInfo]
    /// What each kind's root must be after the commit, in hex; only kinds that change anything.
    public var expectedRoots: [String: String]
    public var handlerCalls: Int
    /// Kinds whose filter handlers' absence had to be confirmed.
    public var notes: [String]

    public init(
        kinds: [KindPlan], batches: [BatchInfo], expectedRoots: [String: String], handlerCalls: Int, notes: [String] = []
    ) {
        self.kinds = kinds
        self.batches = batches
        self.expectedRoots = expectedRoots
        self.handlerCalls = handlerCalls
        self.notes = notes
    }

    public var operations: Int { kinds.reduce(0) { $0 + $1.puts + $1.deletes + $1.releases } }
    public var deletes: Int { kinds.reduce(0) { $0 + $1.deletes } }
    public var bytes: Int { batches.reduce(0) { $0 + $1.bytes } }
}

/// What a run will do to one kind.
public struct KindPlan: Codable, Sendable, Equatable {
    public var kind: String
    /// Items new to this stream.
    public var creates: Int
    public var updates: Int
    public var deletes: Int
    /// Items that stay at the destination but are no longer this source's.
    public var releases: Int
    public var skips: Int
    /// Items the handlers dropped from this destination.
    public var drops: Int
    public var unchanged: Int
    /// Rows edited at the destination that this run overwrites.
    public var overwrites: Int
    /// Rows that a rollback took back and that this run leaves alone.
    public var reverted: Int
    /// Live items of the kind at the source, whether in scope or not.
    public var sourceItems: Int

    public init(kind: String) {
        self.kind = kind
        creates = 0
        updates = 0
        deletes = 0
        releases = 0
        skips = 0
        drops = 0
        unchanged = 0
        overwrites = 0
        reverted = 0
        sourceItems = 0
    }

    public var puts: Int { creates + updates }
}

/// One batch as both sides agree on it.
public struct BatchInfo: Codable, Sendable, Hashable {
    public var number: Int
    /// Hex SHA-256 of the encoded batch.
    public var digest: String
    public var operations: Int
    /// Encoded length.
    public var bytes: Int

    public init(number: Int, digest: String, operations: Int, bytes: Int) {
        self.number = number
        self.digest = digest
        self.operations = operations
        self.bytes = bytes
    }
}

/// The answer to a staged batch.
public struct BatchReceipt: Codable, Sendable {
    public enum State: String, Codable, Sendable {
        case stored, duplicate
    }

    public var number: Int
    public var state: State

    public init(number: Int, state: State) {
        self.number = number
        self.state = state
    }
}

/// Asks the destination to make everything staged visible at once. Idempotent.
public struct CommitTransfer: Codable, Sendable {
    public var fence: Int64
    public var batches: [BatchInfo]
    public var expectedRoots: [String: String]
    public var deletes: Int
    public var confirmations: Confirmations

    public init(
        fence: Int64, batches: [BatchInfo], expectedRoots: [String: String], deletes: Int, confirmations: Confirmations
    ) {
        self.fence = fence
        self.batches = batches
        self.expectedRoots = expectedRoots
        self.deletes = deletes
        self.confirmations = confirmations
    }
}

/// What a commit did; the same answer however often it is asked for.
public struct CommitResult: Codable, Sendable, Equatable {
    public var created: Int
    public var updated: Int
    public var deleted: Int
    public var released: Int
    /// The destination already held the same item.
    public var adopted: Int
    /// The destination kept its own item.
    public var kept: Int
    /// Edits at the destination that met the run, the first thousand of them.
    public var conflicts: [Conflict]
    public var conflictCount: Int
    /// Whether the destination's roots equal what the source expects.
    public var isVerified: Bool
    public var sequence: Int64

    public init(
        created: Int = 0, updated: Int = 0, deleted: Int = 0, released: Int = 0, adopted: Int = 0, kept: Int = 0,
        conflicts: [Conflict] = [], conflictCount: Int = 0, isVerified: Bool = false, sequence: Int64 = 0
    ) {
        self.created = created
        self.updated = updated
        self.deleted = deleted
        self.released = released
        self.adopted = adopted
        self.kept = kept
        self.conflicts = conflicts
        self.conflictCount = conflictCount
        self.isVerified = isVerified
        self.sequence = sequence
    }
}

/// One item that was changed on both sides, and what became of it.
public struct Conflict: Codable, Sendable, Hashable {
    public enum Verdict: String, Codable, Sendable {
        /// The source's item was applied; what it replaced is in undo.
        case replaced
        /// The destination's item stays because it is the unfiltered original of what the source has.
        case keptOriginal = "kept_original"
        /// A rollback left the item alone because it was edited since.
        case keptEdited = "kept_edited"
    }

    public var kind: String
    public var id: String
    public var verdict: Verdict

    public init(kind: String, id: String, verdict: Verdict) {
        self.kind = kind
        self.id = id
        self.verdict = verdict
    }
}

/// Where a transfer stands at the responder.
public struct TransferState: Codable, Sendable {
    public enum Phase: String, Codable, Sendable {
        case open, committing, committed, abandoned
    }

    public var id: String
    public var phase: Phase
    public var stagedBatches: [Int]
    public var result: CommitResult?

    public init(id: String, phase: Phase, stagedBatches: [Int], result: CommitResult?) {
        self.id = id
        self.phase = phase
        self.stagedBatches = stagedBatches
        self.result = result
    }
}

/// Undo of a committed run: what came back and what had to stay.
public struct RollbackResult: Codable, Sendable {
    public var run: String
    public var restored: Int
    /// Rows edited since the run, left as they are.
    public var kept: [Conflict]

    public init(run: String, restored: Int, kept: [Conflict]) {
        self.run = run
        self.restored = restored
        self.kept = kept
    }
}
