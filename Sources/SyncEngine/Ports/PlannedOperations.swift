public import ContentModel
public import SyncProtocol

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
    /// See `BatchEntry.known`.
    public var known: ContentHash?
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
