public import ContentModel

// What somebody looks at who plans and does not run: rows of a plan, and the items that both sides have of them.

/// Asks the source for rows of a plan that is ready.
public struct ListPlanned: Codable, Sendable {
    /// Continue behind this position of the previous page.
    public var after: PlanPosition?
    public var limit: Int

    public init(after: PlanPosition? = nil, limit: Int) {
        self.after = after
        self.limit = limit
    }
}

public struct PlanPosition: Codable, Sendable, Hashable {
    public var kind: String
    public var bucket: UInt16
    public var id: String

    public init(kind: String, bucket: UInt16, id: String) {
        self.kind = kind
        self.bucket = bucket
        self.id = id
    }
}

/// One page of the rows of a plan. Ends when `next` is nil.
public struct PlannedPage: Codable, Sendable {
    public var rows: [PlannedRow]
    public var next: PlanPosition?
    /// The first of the items that handlers left out, on the first page.
    public var excluded: [ExcludedItem]?

    public init(rows: [PlannedRow], next: PlanPosition?, excluded: [ExcludedItem]? = nil) {
        self.rows = rows
        self.next = next
        self.excluded = excluded
    }

    /// Throws `malformed_message` for a page that is no answer to `request`, such as one that never comes to an end.
    public func check(answering request: ListPlanned) throws {
        guard rows.count <= request.limit, next == nil || !rows.isEmpty
        else { throw TidelockError(.malformedMessage, "A page of the plan is not what was asked for.") }
    }
}

/// One row of a plan: what is to happen, and what that was decided from. No item contents.
public struct PlannedRow: Sendable, Codable, Hashable {
    public enum Operation: String, Sendable, Codable {
        case put, delete, release
    }

    public var kind: String
    public var id: String
    public var operation: Operation
    /// Hex hash of the item at the source; nil where there is none, and where the source is another instance: from the
    /// hash of a whole item its receiver could guess what handlers hold back.
    public var source: String?
    /// Hex hash of what the handlers made of it.
    public var output: String?
    public var destination: StandingRow
    /// Where the source has sent nothing yet: the item came from the destination. Nil for no.
    public var cameFromThere: Bool?
    /// Of a delete: the source has the item, and the filter of the run does not take it any more. Nil for no.
    public var isLeftOut: Bool?
    /// The destination edited what the source sent, and the source has taken that edit in: it replaces none. Nil for no.
    public var followsEdit: Bool?
    /// The destination deleted what the source sent. Nil for no.
    public var isDeletedThere: Bool?

    public init(
        kind: String, id: String, operation: Operation, source: String?, output: String?, destination: StandingRow,
        cameFromThere: Bool? = nil, isLeftOut: Bool? = nil
    ) {
        self.isLeftOut = isLeftOut
        self.cameFromThere = cameFromThere
        self.kind = kind
        self.id = id
        self.operation = operation
        self.source = source
        self.output = output
        self.destination = destination
    }
}

/// What a destination holds of one row, as its source knows after lists were compared, or as the destination says.
public struct StandingRow: Sendable, Codable, Hashable {
    public enum Holder: String, Sendable, Codable {
        case nobody
        /// The source's output, as it was applied.
        case source
        /// The source's output, edited at the destination since.
        case edited
        case other
    }

    public var holder: Holder
    /// Hex of the output that the source applied last.
    public var base: String?
    /// Hex hash of the item that is there. Only the destination itself knows it, and tells nobody.
    public var content: String?

    public init(holder: Holder, base: String?, content: String? = nil) {
        self.holder = holder
        self.base = base
        self.content = content
    }
}

/// An item that a filter handler of the source left out of a plan.
public struct ExcludedItem: Codable, Sendable, Hashable {
    public var kind: String
    public var id: String
    /// Not for this destination at all; otherwise the destination is left as it is.
    public var isDropped: Bool
    /// What the handler said.
    public var reason: String

    public init(kind: String, id: String, isDropped: Bool, reason: String) {
        self.kind = kind
        self.id = id
        self.isDropped = isDropped
        self.reason = reason
    }
}

/// Asks for items of one kind as the handlers of the one who answers let them out.
public struct ReadOutputs: Codable, Sendable {
    public var kind: String
    public var ids: [String]

    public init(kind: String, ids: [String]) {
        self.kind = kind
        self.ids = ids
    }
}

/// The outputs of the first of the ids, in their order: as many as fit, one at least.
public struct OutputPage: Codable, Sendable {
    public var items: [ShownItem]

    public init(items: [ShownItem]) {
        self.items = items
    }

    /// Throws `malformed_message` for a page that is no answer to `request`.
    public func check(answering request: ReadOutputs) throws {
        let isAnswer = zip(items, request.ids).allSatisfy { item, id in
            item.id.utf8.elementsEqual(id.utf8) && (item.body != nil) == item.form.hasBody
        }
        guard isAnswer, (1...max(request.ids.count, 1)).contains(items.count) else {
            throw TidelockError(.malformedMessage, "The items that were answered are not those that were asked for.")
        }
    }
}

/// One item as handlers let it out.
public struct ShownItem: Sendable {
    public enum Form: String, Codable, Sendable {
        /// As it is stored.
        case whole
        /// Handlers changed it.
        case filtered
        /// Handlers let nothing of it out.
        case withheld
        case tooLarge
        /// There is no such item.
        case absent

        var hasBody: Bool { self == .whole || self == .filtered }
    }

    public var id: String
    public var form: Form
    /// Of whole and filtered items alone.
    public var body: JSONDocument?

    public init(id: String, form: Form, body: JSONDocument? = nil) {
        self.id = id
        self.form = form
        self.body = body
    }
}

/// The body travels as text, so that every byte of it arrives.
extension ShownItem: Codable {
    private enum CodingKeys: CodingKey {
        case id, form, body
    }

    public init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        id = try members.decode(String.self, forKey: .id)
        form = try members.decode(Form.self, forKey: .form)
        guard let text = try members.decodeIfPresent(String.self, forKey: .body) else { return }
        guard let document = try? JSONDocument(validating: text) else {
            throw DecodingError.dataCorruptedError(forKey: .body, in: members, debugDescription: "the item is no JSON")
        }
        body = document
    }

    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(id, forKey: .id)
        try members.encode(form, forKey: .form)
        try members.encodeIfPresent(body?.text, forKey: .body)
    }
}
