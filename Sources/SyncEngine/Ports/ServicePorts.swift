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
    /// Nil when it was never written, was deleted or flushed, or is too old.
    func cached(_ key: String) async throws -> JSONDocument?
    /// Keeps a value for so many seconds, or until a flush.
    func cache(_ value: JSONDocument, under key: String, seconds: Int64?) async throws
    /// May be called for what is not there.
    func uncache(_ key: String) async throws
    func flush() async throws
}

/// Values that scripts keep by name (`app.kv`); each owner sees only his own.
public protocol KeyValueStore: Sendable {
    func value(_ key: String, of owner: String) async throws -> JSONDocument?
    /// Keeps a value for so many seconds, or until it is replaced; nil deletes it. Throws `too_large` when the owner
    /// keeps too much.
    func set(_ value: JSONDocument?, _ key: String, of owner: String, seconds: Int64?) async throws
    /// Adds to a whole number in one step, beginning with 0, and answers the sum. Throws `usage` when the value is
    /// something else or the sum too large.
    func increment(_ key: String, of owner: String, by amount: Int64) async throws -> Int64
}

/// Who runs what is due by the clock, where several processes serve one instance.
public protocol ScheduleClaims: Sendable {
    /// True for the one caller that asked first for this schedule at this time, in Unix seconds, or a later one.
    func claim(schedule: String, due: Int64) async throws -> Bool
}

/// The index over the texts of items (`app.search`).
public protocol SearchIndex: Sendable {
    /// Builds the index of one model, or of all, anew; answers how many items it holds then.
    func rebuildIndex(model: String?) async throws -> Int
    func search(_ query: SearchQuery) async throws -> SearchResult
}

/// What to look for.
public struct SearchQuery: Sendable {
    /// Every word must occur; the last may be the beginning of one.
    public var words: String
    public var model: String?
    /// Names of members of an item; nil looks at all of its texts.
    public var fields: [String]?
    public var limit: Int
    public var offset: Int

    public init(_ words: String, model: String? = nil, fields: [String]? = nil, limit: Int = 20, offset: Int = 0) {
        self.words = words
        self.model = model
        self.fields = fields
        self.limit = limit
        self.offset = offset
    }
}

public struct SearchResult: Sendable {
    public struct Hit: Sendable {
        public var model: String
        public var id: String
        /// Higher is better; comparable within one result only.
        public var score: Double

        public init(model: String, id: String, score: Double) {
            self.model = model
            self.id = id
            self.score = score
        }
    }

    public var total: Int
    public var hits: [Hit]

    public init(total: Int, hits: [Hit]) {
        self.total = total
        self.hits = hits
    }
}

/// Runs that scripts start (`app.sync`).
public protocol SyncControl: Sendable {
    /// Runs to the end and answers the report as JSON. Throws why the run failed.
    ///
    /// `depth` tells how many runs started one another before this one; too many are refused.
    func run(_ request: ScriptedRun, depth: Int) async throws -> JSONDocument
    /// Throws why the target does not answer or does not accept the key.
    func check(_ target: ScriptedTarget) async throws -> JSONDocument
}

/// A target as a script names it: a configured one, or one of its own.
public struct ScriptedTarget: Sendable {
    public var name: String?
    public var uri: String?
    public var key: String?
    /// Which addresses may be connected to; nil where the target is a configured one.
    public var admits: (@Sendable (_ address: String, _ host: String, _ port: Int) -> Bool)?

    public init(name: String? = nil, uri: String? = nil, key: String? = nil) {
        self.name = name
        self.uri = uri
        self.key = key
    }
}

/// A run as a script asks for it.
public struct ScriptedRun: Sendable {
    public var target: ScriptedTarget
    public var direction: Direction
    /// One after the other; nil moves everything.
    public var jobs: [JSONDocument]?
    /// Only this item, instead of jobs.
    public var item: ScriptedItem?

    public init(
        target: ScriptedTarget, direction: Direction, jobs: [JSONDocument]? = nil, item: ScriptedItem? = nil
    ) {
        self.target = target
        self.direction = direction
        self.jobs = jobs
        self.item = item
    }
}

/// One item that a script moves.
public struct ScriptedItem: Sendable {
    public var kind: Kind
    public var id: String
    public var bringsAssets: Bool

    public init(kind: Kind, id: String, bringsAssets: Bool = false) {
        self.kind = kind
        self.id = id
        self.bringsAssets = bringsAssets
    }

    /// What a run of the item moves.
    public var scope: Scope {
        Scope(items: [kind.name: [id]], itemRule: bringsAssets ? .withAssets : .existing)
    }
}
