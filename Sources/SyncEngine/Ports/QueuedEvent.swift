public import ContentModel
public import HookCatalog

/// An observer event that is stored in the same transaction as what it tells about.
public struct QueuedEvent: Sendable, Codable {
    /// The item of an edit, as it was then: it may be changed again before observers are told.
    public struct EditedItem: Sendable, Codable, Equatable {
        public var kind: String
        /// The JSON text of the item; of a removed one, what it was at last.
        public var body: String
        /// Tells the edits of one run apart: the sequence number of the edit, and its place among those that share it.
        public var sequence: Int64
        public var position: Int

        public init(kind: String, body: String, sequence: Int64, position: Int) {
            self.kind = kind
            self.body = body
            self.sequence = sequence
            self.position = position
        }
    }

    public var event: EventName
    public var run: String
    /// Nil where nothing moves from one instance to another.
    public var direction: Direction?
    public var target: TargetFacts?
    public var origin: InstanceIdentity?
    public var errorCode: String?
    public var errorMessage: String?
    /// Of the events about edits.
    public var item: EditedItem?
    /// Who caused it, where that is known.
    public var user: String?
    /// How many runs started one another, by handlers, before this happened; none when absent.
    public var depth: Int?

    public init(
        event: EventName, run: String, direction: Direction?, target: TargetFacts? = nil,
        origin: InstanceIdentity? = nil, errorCode: String? = nil, errorMessage: String? = nil,
        item: EditedItem? = nil, user: String? = nil, depth: Int? = nil
    ) {
        self.event = event
        self.run = run
        self.direction = direction
        self.target = target
        self.origin = origin
        self.errorCode = errorCode
        self.errorMessage = errorMessage
        self.item = item
        self.user = user
        self.depth = depth
    }
}
