public import ContentModel

/// What changed or deleted definitions of models break among the items that the destination holds after the run.
public struct SchemaChanges: Codable, Sendable, Equatable {
    public var count: Int
    /// The first thousand of them.
    public var changes: [SchemaFinding]

    public init(count: Int = 0, changes: [SchemaFinding] = []) {
        self.count = count
        self.changes = changes
    }

    /// Counts that no run can have are refused, so that nobody's sums overflow.
    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        count = try members.count(.count)
        changes = try members.decode([SchemaFinding].self, forKey: .changes)
    }

    public mutating func add(_ other: SchemaChanges) {
        count += other.count
        changes += other.changes.prefix(max(0, Limits.listedSchemaChanges - changes.count))
    }
}

/// One thing that a definition says otherwise, and the items that do not fit it.
public struct SchemaFinding: Codable, Sendable, Hashable {
    public var model: String
    /// Nil where the whole model is concerned.
    public var field: String?
    public var change: SchemaChange.Effect
    /// What the definition said before: a type, or the options that are gone.
    public var from: String?
    public var to: String?
    /// How many items are affected.
    public var items: Int
    /// Some of them, as far as they are in the scope of the run.
    public var examples: [ItemReference]

    public init(_ count: SchemaCount) {
        let change = count.change
        model = change.model
        field = change.field?.printable
        self.change = change.effect
        from = change.from?.printable
        to = change.to?.printable
        items = count.items
        examples = Array(
            count.examples.sorted { ($0.kind, $0.id) < ($1.kind, $1.id) }.prefix(Limits.schemaExamples))
    }
}

/// Asks a destination what definitions that a plan would bring break there. It changes nothing and needs no lease.
public struct SurveySchema: Codable, Sendable {
    public enum Part: Codable, Sendable {
        /// What the definitions say otherwise; no item is looked at.
        case changes
        /// All items of the model, a page behind a position.
        case items(after: ListPosition?)
        /// Items of one kind by their ids: those that the plan replaces or deletes.
        case named(kind: String, ids: [String])
    }

    /// One, unless only changes are asked for.
    public var definitions: [ProposedDefinition]
    public var part: Part

    public init(_ definitions: [ProposedDefinition], _ part: Part) {
        self.definitions = definitions
        self.part = part
    }
}

/// The definition that a model would have.
public struct ProposedDefinition: Codable, Sendable {
    public var model: String
    /// JSON; nil where the definition would be deleted.
    public var text: String?

    public init(model: String, text: String?) {
        self.model = model
        self.text = text
    }
}

/// How many of the items that were looked at some changes affect.
public struct SchemaPage: Codable, Sendable {
    public var counts: [SchemaCount]
    /// The last that was looked at; nil when there is nothing behind this page. Of models and items that were asked about
    /// by name, those behind it in the request have to be asked about again.
    public var next: ListPosition?

    public init(counts: [SchemaCount], next: ListPosition? = nil) {
        self.counts = counts
        self.next = next
    }
}

/// A change, and the items it affects among those that were looked at.
public struct SchemaCount: Codable, Sendable {
    public var change: SchemaChange
    public var items: Int
    /// The first of them, as far as they are in the scope of the transfer: its source may see no others.
    public var examples: [ItemReference]

    public init(_ change: SchemaChange, items: Int = 0, examples: [ItemReference] = []) {
        self.change = change
        self.items = items
        self.examples = examples
    }

    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        change = try members.decode(SchemaChange.self, forKey: .change)
        items = try members.count(.items)
        examples = try members.decode([ItemReference].self, forKey: .examples)
    }
}
