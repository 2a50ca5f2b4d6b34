public import ContentModel
public import SyncProtocol

/// What was found out about a transfer at its destination before the commit, while nothing was locked.
public struct Preparation: Sendable {
    /// Whether all conflicts there were have been decided.
    public var isDecided: Bool
    public var schema: StagedSchema
    /// Rows that a plan which is carried out as it was written found so, and that the commit must find so too.
    public var rows: [ItemKey: StandingRow]

    public init(
        isDecided: Bool, schema: StagedSchema = StagedSchema(), rows: [ItemKey: StandingRow] = [:]
    ) {
        self.isDecided = isDecided
        self.schema = schema
        self.rows = rows
    }
}

/// What the definitions that a transfer brings break at its destination.
public struct StagedSchema: Sendable {
    /// Nil when that is nothing.
    public var changes: SchemaChanges?
    /// The kinds it was found out from, as they were up to this sequence number.
    public var kinds: [Kind] = []
    public private(set) var sequence: Int64 = 0

    public init() {}

    /// Later pages may see more of what happens here meanwhile, so the first one counts.
    mutating func note(_ page: StagedDefinitionPage) {
        guard kinds.isEmpty else { return }
        kinds = [.models]
        sequence = page.sequence
    }
}

/// A definition that a transfer has staged, and the one here whose place it takes.
public struct StagedDefinition: Sendable {
    public var model: String
    public var old: JSONDocument
    /// Nil where the definition is deleted.
    public var new: JSONDocument?

    public init(model: String, old: JSONDocument, new: JSONDocument?) {
        self.model = model
        self.old = old
        self.new = new
    }
}

public struct StagedDefinitionPage: Sendable {
    public var definitions: [StagedDefinition]
    /// The sequence number that was handed out last when the page was read.
    public var sequence: Int64
    /// Nil when there is nothing behind this page.
    public var next: ListPosition?

    public init(definitions: [StagedDefinition], sequence: Int64, next: ListPosition?) {
        self.definitions = definitions
        self.sequence = sequence
        self.next = next
    }
}

/// Which items of a model are looked at: in collections and trees, and the singleton of its name.
public enum ModelItems: Sendable {
    /// Those that are here, a page behind a position.
    case present(after: ListPosition?)
    /// Those of one kind that are here and have one of these ids.
    case named(Kind, [String])
    /// Those that are here and that the transfer leaves as they are, a page behind a position.
    case staying(after: ListPosition?)
    /// Those that the transfer has staged, a page behind a position.
    case arriving(after: ListPosition?)
}
