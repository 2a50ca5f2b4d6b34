public import ContentModel

/// Where log records go that people read with `tidelock log`.
public protocol LogSink: Sendable {
    /// Keeps a record. Never throws: a full log must not stop what it tells about.
    func record(_ record: LogRecord)
}

/// One line of the log.
public struct LogRecord: Sendable, Codable, Equatable {
    /// Unix seconds.
    public var timestamp: Int64
    public var type: String
    public var channel: String
    public var message: String
    /// JSON text of further facts.
    public var context: String?

    public init(timestamp: Int64, type: String, channel: String, message: String, context: String? = nil) {
        self.timestamp = timestamp
        self.type = type
        self.channel = channel
        self.message = message
        self.context = context
    }

    /// The types a record may have, as Cockpit names them.
    public static let types = ["debug", "info", "notice", "warning", "alert", "error"]
}

/// Collections that scripts keep for themselves (`app.storage`).
public protocol DocumentCollections: Sendable {
    /// Stores a document under its `_id`, or under a new one, and answers what was stored.
    func save(_ document: JSONDocument, in collection: String) async throws -> JSONDocument
    func find(in collection: String, _ query: DocumentQuery) async throws -> [JSONDocument]
    /// Answers how many were removed.
    func remove(from collection: String, matching filter: ContentFilter) async throws -> Int
    func count(in collection: String, matching filter: ContentFilter?) async throws -> Int
}

/// Which documents of a collection, in which order.
public struct DocumentQuery: Sendable {
    public struct Order: Sendable, Equatable {
        public var member: String
        public var isDescending: Bool

        public init(member: String, isDescending: Bool) {
            self.member = member
            self.isDescending = isDescending
        }
    }

    public var filter: ContentFilter?
    public var sort: [Order]
    public var limit: Int?
    public var skip: Int

    public init(filter: ContentFilter? = nil, sort: [Order] = [], limit: Int? = nil, skip: Int = 0) {
        self.filter = filter
        self.sort = sort
        self.limit = limit
        self.skip = skip
    }
}

/// What scripts and pages cached. Flushing never touches a lock.
public protocol CacheStore: Sendable {
    func flush() async throws
}
