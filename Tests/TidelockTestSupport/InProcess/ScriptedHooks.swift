public import ContentModel
public import HookCatalog
public import SyncEngine
internal import Synchronization

/// Handlers that a test writes in Swift.
public final class ScriptedHooks: HookPort {
    public typealias Filter = @Sendable (Kind, OutgoingItem) throws -> FilterOutcome
    public typealias Arrival = @Sendable (Kind, [OutgoingItem]) throws -> [Int: JSONDocument]
    public typealias Decision = @Sendable (ItemConflict) async throws -> ConflictVerdict?

    private struct Script {
        var handlers: [String] = []
        var version = 0
        var kinds: Set<Kind>?
        var filter: Filter = { _, _ in .unchanged }
        var pinned = 0
        var observed: [Observation] = []
        var arrival: Arrival?
        var decision: Decision?
        var raised = 0
        var meanwhile: (@Sendable () throws -> Void)?
    }

    private let script = Mutex(Script())

    /// Whether every handler that is called, at whichever instance, raises. What it is set for is a call and all that is
    /// done for it, however much else goes on at the same time.
    @TaskLocal public static var areRaising = false

    public init() {}

    /// How many handlers have raised because they were asked to.
    public var raised: Int { script.withLock { $0.raised } }

    fileprivate func passRaising() throws {
        guard Self.areRaising else { return }
        script.withLock { $0.raised += 1 }
        throw TidelockError(.hookFailed, "A handler raised, as the test asked.")
    }

    /// Installs a filter under a name; `version` is its fingerprint. Without `kinds` it looks at everything.
    public func install(_ name: String, version: Int = 1, kinds: Set<Kind>? = nil, _ filter: @escaping Filter) {
        script.withLock {
            $0.handlers = [name]
            $0.version = version
            $0.kinds = kinds
            $0.filter = filter
        }
    }

    /// Shows what arrives to `arrival` from now on; nil shows it to nobody.
    public func inspect(_ arrival: Arrival?) {
        script.withLock { $0.arrival = arrival }
    }

    /// Asks `decision` about conflicts from now on; nil asks nobody.
    public func decide(_ decision: Decision?) {
        script.withLock { $0.decision = decision }
    }

    /// Does something once, as soon as a plan has read some items and filtered them; nil does nothing.
    public func meanwhile(_ action: (@Sendable () throws -> Void)?) {
        script.withLock { $0.meanwhile = action }
    }

    fileprivate func passMeanwhile() throws {
        let action = script.withLock { script in
            defer { script.meanwhile = nil }
            return script.meanwhile
        }
        try action?()
    }

    /// Removes every filter.
    public func clear() {
        script.withLock {
            $0.handlers = []
            $0.filter = { _, _ in .unchanged }
        }
    }

    /// Generations that were pinned and not released.
    public var pinned: Int { script.withLock { $0.pinned } }

    public func pin(for context: RunContext) async throws -> any RunHooks {
        script.withLock { script in
            script.pinned += 1
            return PinnedScript(
                owner: self, handlers: script.handlers, version: script.version, kinds: script.kinds,
                filter: script.filter)
        }
    }

    public func admit(_ request: IncomingRequest) async throws { try passRaising() }

    public func approve(_ proposal: Proposal) async throws { try passRaising() }

    public func receive(
        _ items: [OutgoingItem], of kind: Kind, from origin: InstanceIdentity
    ) async throws -> [Int: JSONDocument] {
        try passRaising()
        return try script.withLock(\.arrival)?(kind, items) ?? [:]
    }

    public func resolve(_ conflict: ItemConflict) async throws -> ConflictVerdict? {
        guard let decision = script.withLock(\.decision) else { return nil }
        try passRaising()
        return try await decision(conflict)
    }

    public func beforeSave(
        _ item: OutgoingItem, of kind: Kind, isUpdate: Bool, user: String?
    ) async throws -> JSONDocument { item.body }

    public func handlers(of event: EventName) async throws -> [String] {
        if event == .conflict { return script.withLock { $0.decision == nil ? [] : ["script"] } }
        return event.declaration.eventClass == .observer ? ["script"] : []
    }

    public func receivers() async throws -> FilterSet {
        guard script.withLock({ $0.arrival != nil }) else { return .none }
        return FilterSet(handlers: ["arrival"], fingerprint: Digest(over: Array("arrival".utf8)))
    }

    public func observe(_ observation: Observation, by handler: String) async throws {
        script.withLock { $0.observed.append(observation) }
    }

    fileprivate func unpin() {
        script.withLock { $0.pinned -= 1 }
    }
}

/// The filter as it was when a run began.
private final class PinnedScript: RunHooks {
    private let owner: ScriptedHooks
    private let handlers: [String]
    private let version: Int
    private let kinds: Set<Kind>?
    private let script: ScriptedHooks.Filter
    private let calls = Mutex(0)
    private let isReleased = Mutex(false)

    init(
        owner: ScriptedHooks, handlers: [String], version: Int, kinds: Set<Kind>?,
        filter: @escaping ScriptedHooks.Filter
    ) {
        self.owner = owner
        self.handlers = handlers
        self.version = version
        self.kinds = kinds
        script = filter
    }

    var generation: String { "\(version)" }
    var handlerCalls: Int { calls.withLock { $0 } }

    func filters(for kind: Kind) -> FilterSet {
        guard !handlers.isEmpty, kinds?.contains(kind) ?? true else { return .none }
        return FilterSet(handlers: handlers, fingerprint: Digest(over: Array("\(handlers) \(version)".utf8)))
    }

    func filter(_ items: [OutgoingItem], of kind: Kind) async throws -> [FilterOutcome] {
        calls.withLock { $0 += 1 }
        try owner.passRaising()
        let outcomes = try items.map { try script(kind, $0) }
        try owner.passMeanwhile()
        return outcomes
    }

    func release() async {
        let isFirst = isReleased.withLock { released in
            defer { released = true }
            return !released
        }
        if isFirst { owner.unpin() }
    }
}
