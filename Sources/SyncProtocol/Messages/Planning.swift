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
    /// Delete items of a kind of which the source has none, and whose deletion nothing there proves; nil refuses that.
    public var emptySource: Bool?
    /// Refuse the commit when a link would lead nowhere; nil reports such links and goes on.
    public var refusesDangling: Bool?
    /// Refuse the commit when a definition breaks items; nil reports such changes and goes on.
    public var refusesSchemaChanges: Bool?

    public init(
        deletes: Int? = nil, missingFilters: Bool = false, refusesDangling: Bool? = nil,
        refusesSchemaChanges: Bool? = nil, emptySource: Bool? = nil
    ) {
        self.emptySource = emptySource
        self.refusesDangling = refusesDangling
        self.refusesSchemaChanges = refusesSchemaChanges
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
    /// Models that the source defines, whose items the run brings, and whose definitions it does not bring: they must
    /// be there already.
    public var requiredModels: [String]?
    /// What definitions that the plan brings or deletes break; only in plans that are looked at, where the initiator has
    /// asked the destination.
    public var schemaChanges: SchemaChanges?
    /// Why the initiator would refuse to carry the plan out; only in plans that are looked at, where the initiator has
    /// found that out itself.
    public var refusal: PlanRefusal?
    /// Items that would be inside one another at the destination, for which it refuses to carry the plan out; only in
    /// plans that are looked at, as far as the source can tell.
    public var circle: TreeCircle?
    /// Files that the destination must have; nil where the plan brings no asset.
    public var files: FileTotals?
    /// Items in scope that another source has taken over, whenever that was found out; only in plans that change
    /// nothing. Nil when there are none.
    public var leftToOthers: Int?

    public init(
        kinds: [KindPlan], batches: [BatchInfo], expectedRoots: [String: String], handlerCalls: Int,
        notes: [String] = []
    ) {
        self.kinds = kinds
        self.batches = batches
        self.expectedRoots = expectedRoots
        self.handlerCalls = handlerCalls
        self.notes = notes
    }

    /// Numbers that no plan can have are refused, so that nobody's sums overflow and every batch is found at its place.
    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        kinds = try members.decode([KindPlan].self, forKey: .kinds)
        batches = try members.decode([BatchInfo].self, forKey: .batches)
        expectedRoots = try members.decode([String: String].self, forKey: .expectedRoots)
        handlerCalls = try members.count(.handlerCalls)
        notes = try members.decode([String].self, forKey: .notes)
        requiredModels = try members.decodeIfPresent([String].self, forKey: .requiredModels)
        schemaChanges = try members.decodeIfPresent(SchemaChanges.self, forKey: .schemaChanges)
        refusal = try members.decodeIfPresent(PlanRefusal.self, forKey: .refusal)
        files = try members.decodeIfPresent(FileTotals.self, forKey: .files)
        circle = try members.decodeIfPresent(TreeCircle.self, forKey: .circle)
        leftToOthers = try members.countIfPresent(.leftToOthers)
        guard kinds.allSatisfy(\.isPlausible), files?.isPlausible ?? true, circle?.isPlausible ?? true,
            batches.allSatisfy(\.isPlausible), (leftToOthers ?? 0).isPlausible
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .kinds, in: members, debugDescription: "a number is out of bounds")
        }
        guard batches.map(\.number) == Array(1..<batches.count + 1) else {
            throw DecodingError.dataCorruptedError(
                forKey: .batches, in: members, debugDescription: "batches are not numbered from 1 without a gap")
        }
    }

    public var operations: Int { kinds.reduce(0) { $0 + $1.puts + $1.deletes + $1.releases } }
    public var deletes: Int { kinds.reduce(0) { $0 + $1.deletes } }
    public var bytes: Int { batches.reduce(0) { $0 + $1.bytes } }
}

/// What a guard says of a plan that it would not let pass.
public struct PlanRefusal: Codable, Sendable, Equatable {
    public var code: String
    public var message: String
    public var hint: String?

    public init(code: String, message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}

/// What a run will do to one kind.
public struct KindPlan: Codable, Sendable, Equatable {
    public var kind: String
    /// Items new to this stream, and those that were deleted at the destination.
    public var creates: Int
    public var updates: Int
    public var deletes: Int
    /// Items that stay at the destination but are no longer this source's.
    public var releases: Int
    public var skips: Int
    /// Items the handlers dropped from this destination.
    public var drops: Int
    public var unchanged: Int
    /// Rows edited at the destination that this run overwrites or deletes.
    public var overwrites: Int
    /// Rows that a rollback took back and that this run leaves alone.
    public var reverted: Int
    /// Live items of the kind at the source, whether in scope or not. Counted for plans that are only looked at, because
    /// that looks at every row; 0 in those that are carried out.
    public var sourceItems: Int
    /// Of the creates, those that the destination has already, or may have: only there it is decided whether they are
    /// created, updated or left as they are. Nil when there are none.
    public var openCreates: Int?
    /// Of the updates, those that bring the destination what it sent itself, which is left as it is unless that was changed
    /// there since; those of translations of which the run only adds what is missing; and those of items that may have
    /// been deleted there and stayed so when an earlier run brought them. Nil when there are none.
    public var openUpdates: Int?
    /// Of the deletes, those of items that this source had and that are somebody else's there by now: only there it is
    /// decided whether they go, or were changed since and meet the policy; and those of items that may be gone there,
    /// where a delete stayed when an earlier run met it. Nil when there are none.
    public var openDeletes: Int?
    /// Of the releases, those of items that may be gone there likewise. Nil when there are none.
    public var openReleases: Int?
    /// Of the drops, those of items that the destination holds: they are among the deletes or the releases as well. Nil
    /// when there are none.
    public var droppedThere: Int?
    /// So many more edits at most may be met of which the source does not know: those that were kept or merged there
    /// when an earlier run met them, deletes of items that are not this source's, or not any more, and edits of such
    /// items that a mirror deletes. Nil when there are none.
    public var possibleOverwrites: Int?
    /// Of the deletes, those of items that the source, which has no item of the kind, never deleted; somebody has agreed
    /// to them, unless the plan is only looked at. Nil when there are none.
    public var unproved: Int?
    /// Rows that this source had sent, that another one has taken over since as was found out now, and that the run
    /// leaves alone. Nil when there are none, and in runs that are not about all of the kind.
    public var takenOver: Int?
    /// Rows that are let go and whose items the destination has deleted already: they are neither among the deletes nor
    /// among the releases. Nil when there are none.
    public var goneThere: Int?

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
    /// Operations that travel.
    public var sent: Int { puts + deletes + releases + (goneThere ?? 0) }
    /// Whether no item at the destination becomes another one, as far as is known: what is let go of is gone there.
    public var changesNothing: Bool { sent == goneThere ?? 0 }
    /// Rows that it does something with, or that handlers leave out.
    public var rows: Int { puts + deletes + releases + skips + drops - (droppedThere ?? 0) }
    /// Items that are sent, and of which only the destination knows what becomes of them.
    public var undecided: Int { (openCreates ?? 0) + (openUpdates ?? 0) }
}

/// One batch as both sides agree on it.
public struct BatchInfo: Codable, Sendable, Hashable {
    public var number: Int
    /// Hex SHA-256 of the encoded batch.
    public var digest: String
    public var operations: Int
    /// Encoded length.
    public var bytes: Int
    /// It holds items of a tree whose parents may be in batches before it: it is staged when all of those are. Nil for any
    /// other, which may be staged beside them.
    public var follows: Bool?

    public init(number: Int, digest: String, operations: Int, bytes: Int) {
        self.number = number
        self.digest = digest
        self.operations = operations
        self.bytes = bytes
    }
}

extension KindPlan {
    fileprivate var isPlausible: Bool {
        [creates, updates, deletes, releases, skips, drops, unchanged, overwrites, reverted, sourceItems]
            .allSatisfy(\.isPlausible) && (0...creates).contains(openCreates ?? 0)
            && (0...updates).contains(openUpdates ?? 0) && (0...deletes).contains(openDeletes ?? 0)
            && (0...releases).contains(openReleases ?? 0)
            && (possibleOverwrites ?? 0).isPlausible && (unproved ?? 0).isPlausible
            && (takenOver ?? 0).isPlausible && (goneThere ?? 0).isPlausible && (0...drops).contains(droppedThere ?? 0)
    }
}

extension FileTotals {
    fileprivate var isPlausible: Bool { count.isPlausible && (0...1 << 52).contains(bytes) }
}

extension BatchInfo {
    fileprivate var isPlausible: Bool { number.isPlausible && operations.isPlausible && bytes.isPlausible }
}
