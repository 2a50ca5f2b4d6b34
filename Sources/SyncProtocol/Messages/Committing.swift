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
    public var confirmations: Confirmations
    /// Models that must be defined at the destination.
    public var requiredModels: [String]?
    /// Kinds of which the source has no item although it never deleted some that the run deletes; nil where there are
    /// none.
    public var emptyKinds: [String]?
    /// Names of the kinds in which links are looked up, where the caller may know of no others; nil for all of them.
    ///
    /// It never travels: the responder sets it from the key that asks.
    public var linkedKinds: Set<String>?

    private enum CodingKeys: String, CodingKey {
        case fence, batches, expectedRoots, confirmations, requiredModels, emptyKinds
    }

    public init(
        fence: Int64, batches: [BatchInfo], expectedRoots: [String: String], confirmations: Confirmations,
        requiredModels: [String]? = nil
    ) {
        self.requiredModels = requiredModels
        self.fence = fence
        self.batches = batches
        self.expectedRoots = expectedRoots
        self.confirmations = confirmations
    }

    /// The commit of everything that a plan sends.
    public init(_ plan: PlanSummary, fence: Int64, confirmations: Confirmations) {
        self.init(
            fence: fence, batches: plan.batches, expectedRoots: plan.expectedRoots, confirmations: confirmations,
            requiredModels: plan.requiredModels)
        let empty = plan.kinds.filter { $0.unproved ?? 0 > 0 }.map(\.kind)
        emptyKinds = empty.isEmpty ? nil : empty
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
    /// Batches that an interrupted transfer had brought; nil when there were none.
    public var resumedBatches: Int?
    /// Links of items that arrived to items that are not there; nil when there are none.
    public var dangling: DanglingLinks?
    /// Links of items that arrived into kinds that the caller's key does not cover: whether they lead to an item was
    /// not looked at; nil when there are none.
    public var uncheckedLinks: Int?
    /// What definitions that arrived or were deleted break; nil when that is nothing.
    public var schemaChanges: SchemaChanges?

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

    /// Every item at the destination is what it was before, and counts as whose it was: what the run let go of had been
    /// deleted there already.
    public var changedNothing: Bool {
        [created, updated, deleted, released, adopted, kept, conflictCount].allSatisfy { $0 == 0 }
            && schemaChanges == nil
    }

    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        created = try members.count(.created)
        updated = try members.count(.updated)
        deleted = try members.count(.deleted)
        released = try members.count(.released)
        adopted = try members.count(.adopted)
        kept = try members.count(.kept)
        conflicts = try members.decode([Conflict].self, forKey: .conflicts)
        conflictCount = try members.count(.conflictCount)
        isVerified = try members.decode(Bool.self, forKey: .isVerified)
        sequence = try members.decode(Int64.self, forKey: .sequence)
        resumedBatches = try members.countIfPresent(.resumedBatches)
        dangling = try members.decodeIfPresent(DanglingLinks.self, forKey: .dangling)
        uncheckedLinks = try members.countIfPresent(.uncheckedLinks)
        schemaChanges = try members.decodeIfPresent(SchemaChanges.self, forKey: .schemaChanges)
    }
}

/// References that lead nowhere.
public struct DanglingLinks: Codable, Sendable, Equatable {
    public var count: Int
    /// The first thousand of them.
    public var links: [DanglingLink]

    public init(count: Int, links: [DanglingLink]) {
        self.count = count
        self.links = links
    }

    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        count = try members.count(.count)
        links = try members.decode([DanglingLink].self, forKey: .links)
    }
}

/// An item, and the item that it refers to and that is not there.
public struct DanglingLink: Codable, Sendable, Hashable {
    public var kind: String
    public var id: String
    public var missingKind: String
    public var missingID: String

    public init(kind: String, id: String, missingKind: String, missingID: String) {
        self.kind = kind
        self.id = id
        self.missingKind = missingKind
        self.missingID = missingID
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
        /// The destination's item stays because a handler or the policy says so.
        case keptTarget = "kept_target"
        /// Both versions were merged; what was there before is in undo.
        case merged
        /// Both versions were merged, and the fields changed on both sides wait in the destination's list of conflicts.
        case mergedParked = "merged_parked"
        /// The destination's item stays, and the source's waits in the destination's list of conflicts.
        case parked
        /// The run was stopped because of it; nothing was applied.
        case stopped
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

/// Where an error of the code `conflicts` tells, among its details, which they are.
public enum ConflictDetails {
    public static let count = "count"
    /// A JSON list of `Conflict`, the first thousand.
    public static let list = "conflicts"
}

/// Where a transfer stands at the responder.
public struct TransferState: Codable, Sendable {
    public enum Phase: String, Codable, Sendable {
        case open, committing, committed, abandoned
        /// Only lists can be asked for.
        case planOnly = "plan_only"
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
