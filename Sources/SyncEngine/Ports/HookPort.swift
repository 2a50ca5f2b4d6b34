public import ContentModel
public import HookCatalog

/// What the engine asks of the people's scripts. It knows events, not Lua.
public protocol HookPort: Sendable {
    /// Pins the current generation for one run; edits made meanwhile wait for the next run.
    ///
    /// Throws `hook_load_failed`, naming file and line, when no good generation is loaded.
    func pin(for context: RunContext) async throws -> any RunHooks

    /// Lets `sync.request.before` handlers refuse a request. Throws `hook_refused` or why a handler failed.
    func admit(_ request: IncomingRequest) async throws

    /// Lets the gates of the initiator refuse a run. Throws `hook_refused` or why a handler failed.
    func approve(_ proposal: Proposal) async throws

    /// Names of the handlers registered for an event, in order. Throws when nothing is loaded.
    func handlers(of event: EventName) async throws -> [String]

    /// Runs one handler of an observer event, if it is for these arguments. Throws why it failed.
    ///
    /// A handler that is not registered any more has nothing to be told.
    func observe(_ observation: Observation, by handler: String) async throws

    /// The handlers of `sync.content.received`. What they made of items stays good while the fingerprint is the same.
    func receivers() async throws -> FilterSet

    /// What the handlers of `sync.content.received` make of items that arrived: the items that changed, by position.
    ///
    /// Throws when a handler fails or stops the run: an item never arrives unfiltered.
    func receive(_ items: [OutgoingItem], of kind: Kind, from origin: InstanceIdentity) async throws -> [Int:
        JSONDocument]

    /// What the handlers of `sync.conflict` decide; nil when they leave it to the policy.
    func resolve(_ conflict: ItemConflict) async throws -> ConflictVerdict?

    /// What the handlers of `content.item.save.before` make of an item that is edited here.
    func beforeSave(_ item: OutgoingItem, of kind: Kind, isUpdate: Bool, user: String?) async throws -> JSONDocument
}

/// A run that somebody wants to carry out, as the gates of the initiator see it.
public struct Proposal: Sendable {
    public enum Stage: Sendable {
        /// Nothing was asked of the other side yet.
        case beginning(jobs: [JSONDocument])
        /// The plan is made and nothing is applied.
        case planned(JSONDocument)
    }

    public var context: RunContext
    public var stage: Stage

    public init(context: RunContext, stage: Stage) {
        self.context = context
        self.stage = stage
    }
}

/// An item that was edited at its destination and arrives with another content.
public struct ItemConflict: Sendable {
    public var kind: Kind
    public var id: String
    public var origin: InstanceIdentity
    public var versions: ConflictVersions

    public init(kind: Kind, id: String, origin: InstanceIdentity, versions: ConflictVersions) {
        self.kind = kind
        self.id = id
        self.origin = origin
        self.versions = versions
    }
}

/// Which version of an item counts.
public enum ConflictVerdict: Sendable, Equatable {
    case source
    case target
    case item(JSONDocument)
}

/// One generation of handlers, held by one run.
public protocol RunHooks: Sendable {
    /// Hash of everything that was loaded.
    var generation: String { get }

    /// How often handler functions were invoked for this run so far.
    var handlerCalls: Int { get }

    /// The filter handlers that items of a kind pass.
    func filters(for kind: Kind) -> FilterSet

    /// Runs the filter handlers over items of one kind; the answers are in the order of the items.
    ///
    /// Throws when a handler fails: an item is never passed on unfiltered.
    func filter(_ items: [OutgoingItem], of kind: Kind) async throws -> [FilterOutcome]

    /// Gives the machines back. May be called twice.
    func release() async
}

/// Which filter handlers a kind has, and what decides their results.
public struct FilterSet: Sendable, Hashable {
    /// Names of the handlers in the order in which they run.
    public var handlers: [String]
    /// Changes whenever the handlers could give other results.
    public var fingerprint: Digest

    public init(handlers: [String], fingerprint: Digest) {
        self.handlers = handlers
        self.fingerprint = fingerprint
    }

    /// No handler looks at the kind: items leave as they are.
    public static let none = FilterSet(handlers: [], fingerprint: .empty)

    public var isEmpty: Bool { handlers.isEmpty }
}

/// An item on its way out.
public struct OutgoingItem: Sendable {
    public var id: String
    public var body: JSONDocument

    public init(id: String, body: JSONDocument) {
        self.id = id
        self.body = body
    }
}

/// What the filter handlers made of one item.
public enum FilterOutcome: Sendable, Equatable {
    case unchanged
    case changed(JSONDocument)
    /// Not for this destination.
    case dropped(reason: String)
    /// Leave the destination as it is.
    case skipped(reason: String)
}

/// The run on whose behalf handlers are called.
public struct RunContext: Sendable {
    public var run: String
    public var direction: Direction
    public var target: TargetFacts
    public var mode: Mode
    /// Who started it, where that is known.
    public var user: String?
    /// How many runs started one another, by handlers, before this one.
    public var depth = 0

    public init(run: String, direction: Direction, target: TargetFacts, mode: Mode) {
        self.run = run
        self.direction = direction
        self.target = target
        self.mode = mode
    }
}

/// What scripts may know of a target: everything but its key.
public struct TargetFacts: Sendable, Codable, Hashable {
    public var name: String
    public var uri: String

    public init(name: String, uri: String) {
        self.name = name
        self.uri = uri
    }
}

/// A request as `sync.request.before` handlers see it.
public struct IncomingRequest: Sendable {
    public var method: String
    public var path: String
    public var remoteAddress: String
    public var headers: [(name: String, value: String)]

    public init(method: String, path: String, remoteAddress: String, headers: [(name: String, value: String)]) {
        self.method = method
        self.path = path
        self.remoteAddress = remoteAddress
        self.headers = headers
    }
}

/// Something that happened and was committed, told to observers at least once.
public struct Observation: Sendable {
    public enum Argument: Sendable {
        case target(TargetFacts)
        case origin(InstanceIdentity)
        case text(String)
        case failure(code: String, message: String)
        case item(JSONDocument)
        case items([JSONDocument])
        /// Any other value, as JSON.
        case facts(JSONDocument)
    }

    public var event: EventName
    /// The same for every repetition of this call, and another one for every other call.
    public var delivery: String
    public var run: String
    /// Nil where nothing moves from one instance to another.
    public var direction: Direction?
    /// Positional arguments, before `ctx`.
    public var arguments: [Argument]
    /// The kind of the items, where there are any.
    public var kind: Kind?
    /// Who caused it, where that is known.
    public var user: String?
    /// How many runs started one another, by handlers, before this happened.
    public var depth = 0

    public init(
        event: EventName, delivery: String, run: String, direction: Direction? = nil, arguments: [Argument],
        kind: Kind? = nil
    ) {
        self.event = event
        self.delivery = delivery
        self.run = run
        self.direction = direction
        self.arguments = arguments
        self.kind = kind
    }
}
