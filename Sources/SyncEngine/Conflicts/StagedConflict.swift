public import ContentModel

/// What decides about the conflicts of a transfer at its destination.
public struct ConflictTerms: Sendable {
    public var policy: ConflictPolicy
    public var mode: Mode
    /// The targets that lead to the source of the transfer, and the source by its own name: the filter handlers of a push
    /// to it see one of them.
    public var targets: [TargetFacts]
    /// Whether some row here is the unfiltered original of what arrives.
    public var hasOriginals: Bool
    /// What becomes of translations that are here already.
    public var translations: TranslationSelection.Rule

    public init(
        policy: ConflictPolicy, mode: Mode, targets: [TargetFacts], hasOriginals: Bool,
        translations: TranslationSelection.Rule = .override
    ) {
        self.translations = translations
        self.policy = policy
        self.mode = mode
        self.targets = targets
        self.hasOriginals = hasOriginals
    }
}

/// A staged row that meets an edit made here, or a translation that a rule may keep.
public struct StagedConflict: Sendable {
    /// What this instance once sent to the source of the transfer.
    public struct Sent: Sendable {
        /// What the filter handlers were given; nil where that is not here any more.
        public var original: JSONDocument?
        public var originalHash: ContentHash
        /// What the filter handlers made of it.
        public var output: ContentHash

        public init(original: JSONDocument?, originalHash: ContentHash, output: ContentHash) {
            self.original = original
            self.originalHash = originalHash
            self.output = output
        }
    }

    /// The base among its versions is what is kept here.
    public var conflict: ItemConflict
    /// Hash of the item here; nil when it was deleted here.
    public var seen: ContentHash?
    /// What both versions were made of, where it is an output of this instance.
    public var sent: Sent?
    /// The item here holds more than what this instance sent to the source of the transfer.
    public var isOriginal: Bool
    /// Nothing was changed here since the two sides met last.
    public var isUntouched: Bool
    /// The item here stayed as it was when the source sent its last version, which is no part of it.
    public var isKept = false

    public init(
        conflict: ItemConflict, seen: ContentHash?, sent: Sent? = nil, isOriginal: Bool = false,
        isUntouched: Bool = false
    ) {
        self.conflict = conflict
        self.seen = seen
        self.sent = sent
        self.isOriginal = isOriginal
        self.isUntouched = isUntouched
    }
}

/// Where the next page of staged conflicts begins. Means something to the store only.
public struct StagedPosition: Sendable, Hashable {
    public var kid: Int64
    public var bucket: Int64
    public var id: String

    public init(kid: Int64, bucket: Int64, id: String) {
        self.kid = kid
        self.bucket = bucket
        self.id = id
    }
}

public struct StagedConflictPage: Sendable {
    public var rows: [StagedConflict]
    /// Nil when there is nothing behind this page.
    public var next: StagedPosition?

    public init(rows: [StagedConflict], next: StagedPosition?) {
        self.rows = rows
        self.next = next
    }
}

/// What becomes of a staged row that meets an edit.
public enum Settlement: Sendable, Equatable {
    /// What arrives is applied; where the row here is an unfiltered original of it that could not be merged, it stays, and
    /// what arrived waits in the list of conflicts.
    case applied
    /// A handler chose what arrives.
    case arriving
    /// A handler chose what is here.
    case kept
    /// The policy keeps what is here.
    case keptTarget
    /// What is here stays, and what arrived waits in the list of conflicts.
    case parked
    /// A handler made an item of both, which becomes current.
    case chosen(JSONDocument)
    /// A merge of both becomes current.
    case merged(JSONDocument)
    /// A merge of both becomes current; these fields were changed on both sides and wait in the list of conflicts.
    case mergedParked(JSONDocument, fields: [String])
    /// What the source changed was applied to the unfiltered original, where nothing stood in its way.
    case patched(JSONDocument)
    /// The translation here stays, because the run only adds what is missing.
    case spared
    /// The translation here, with the values that it lacked, becomes current.
    case filled(JSONDocument)
}

/// What becomes of a staged row, decided about the row here as it was `seen`.
public struct ConflictDecision: Sendable {
    public var item: ItemKey
    public var seen: ContentHash?
    public var settlement: Settlement

    public init(item: ItemKey, seen: ContentHash?, settlement: Settlement) {
        self.item = item
        self.seen = seen
        self.settlement = settlement
    }
}
