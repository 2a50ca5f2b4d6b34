internal import ContentModel
internal import HookCatalog
internal import LuaRuntime
internal import SyncEngine

/// The handlers of one run: a generation that stays as it was when the run began, and a machine of its own.
///
/// A class, because the machine has a life: it is made by the first page and ended by `release`.
final class PinnedRun: RunHooks {
    private let pinned: Generation
    private let fingerprint: FilterFingerprint
    private let pool: MachinePool
    private let pass: FilterPass

    init(_ generation: Generation, for context: RunContext, on workers: LuaWorkers) {
        pinned = generation
        fingerprint = FilterFingerprint(generation: generation, context: context)
        // One machine, so that a handler finds what it left in its file's variables on the page before.
        pool = MachinePool(on: workers, limit: 1, maximumUses: .max)
        let terms = FilterPass.Terms(
            marks: FilterMark.allCases, fields: { handler, kind in context.fields(handler, kind) },
            circumstances: Circumstances(user: context.user, depth: context.depth))
        pass = FilterPass(generation, on: workers, pool, terms)
    }

    var generation: String { pinned.identity }
    var handlerCalls: Int { pass.calls }

    func filters(for kind: Kind) -> FilterSet {
        fingerprint.filters(for: kind)
    }

    func filter(_ items: [OutgoingItem], of kind: Kind) async throws -> [FilterOutcome] {
        try await pass.filter(items, of: kind, through: fingerprint.handlers(for: kind))
    }

    func release() async {
        // What handlers left behind goes on; its machine is ended when it comes back.
        pool.close()
    }
}

extension RunContext {
    /// The fields of `ctx`.
    fileprivate func fields(_ handler: Handler, _ kind: Kind) -> [LuaField] {
        let fields = [
            LuaField("event", .text(handler.trigger.label)), LuaField("kind", .text(kind.name)),
            LuaField("model", kind.model.map(LuaValue.text) ?? .nil),
            LuaField("direction", .text(direction.rawValue)), LuaField("target", .target(target)),
            LuaField("mode", .text(mode.rawValue)),
        ]
        // A result that named its run could not be reused by the next one.
        return handler.isVolatile ? fields + [LuaField("run", .text(run))] : fields
    }
}

extension LuaValue {
    /// A target as scripts see it.
    static func target(_ target: TargetFacts) -> LuaValue {
        .object([LuaField("name", .text(target.name)), LuaField("uri", .text(target.uri))])
    }
}
