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

    /// Whether any handler is registered for an event, so that nobody prepares arguments for none.
    func hasObservers(of event: EventName) async -> Bool

    /// Runs all handlers of an observer event. Errors are logged under the handler's name and thrown afterwards.
    func observe(_ observation: Observation) async throws
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
    }

    public var event: EventName
    /// The same for every repetition of this delivery.
    public var delivery: String
    public var run: String
    public var direction: Direction
    /// Positional arguments, before `ctx`.
    public var arguments: [Argument]
    /// The kind of the items, where there are any.
    public var kind: Kind?

    public init(
        event: EventName, delivery: String, run: String, direction: Direction, arguments: [Argument], kind: Kind? = nil
    ) {
        self.event = event
        self.delivery = delivery
        self.run = run
        self.direction = direction
        self.arguments = arguments
        self.kind = kind
    }
}
