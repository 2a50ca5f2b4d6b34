public import ContentModel

/// What became of an event that was fired to try handlers out.
public struct RehearsalResult: Sendable {
    /// An item that a handler took out of the run, and why.
    public struct Exclusion: Sendable {
        public var id: String
        public var item: JSONDocument
        public var reason: String
    }

    /// What is left of the items, in their order; nil where the event has none, or a handler failed.
    public var items: [JSONDocument]?
    public var dropped: [Exclusion] = []
    public var skipped: [Exclusion] = []
    /// Why a filter stopped everything; empty when it did not say.
    public var vetoed: String?
    /// Why a gate refused; empty when it did not say.
    public var denied: String?
    /// `source`, `target` or an item: what the handlers of a conflict decided.
    public var resolved: JSONValue?
    /// What a route returned.
    public var returned: JSONValue?
    /// The status that a route answered with.
    public var status: Int?
    /// What handlers sent out meanwhile.
    public var records = RehearsalServices.Records()
    /// Why a handler failed, as it would be reported.
    public var error: TidelockError?

    public init() {}

    /// The result as one table.
    public var value: JSONValue {
        var members: [JSONMember] = []
        func add(_ name: String, _ value: JSONValue?) {
            if let value { members.append(JSONMember(name, value)) }
        }
        add("items", items.map { .array($0.map { JSONValue($0) }) })
        add("dropped", .array(dropped.map(\.value)))
        add("skipped", .array(skipped.map(\.value)))
        add("vetoed", vetoed.map { .string($0) })
        add("denied", denied.map { .string($0) })
        add("resolved", resolved)
        add("returned", returned)
        add("status", status.map { .integer(Int64($0)) })
        add("logs", .array(records.logs.map { JSONValue($0) }))
        add("mails", .array(records.mails))
        add("requests", .array(records.requests))
        add("runs", .array(records.runs))
        add("error", error.map { .string($0.message) })
        add("code", error.map { .string($0.code.rawValue) })
        return .object(members)
    }
}

extension RehearsalResult.Exclusion {
    fileprivate var value: JSONValue {
        .object([
            JSONMember("id", .string(id)), JSONMember("reason", .string(reason)), JSONMember("item", JSONValue(item)),
        ])
    }
}
