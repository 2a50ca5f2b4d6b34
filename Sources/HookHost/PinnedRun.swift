internal import ContentModel
internal import HookCatalog
internal import LuaRuntime
internal import SyncEngine
internal import Synchronization

/// The handlers of one run: a generation that stays as it was when the run began, and a machine of its own.
///
/// A class, because the machine has a life: it is made by the first page and ended by `release`.
final class PinnedRun: RunHooks {
    private let pinned: Generation
    private let context: RunContext
    private let workers: LuaWorkers
    private let fingerprint: FilterFingerprint
    /// One machine, so that a handler finds what it left in its file's variables on the page before.
    private let pool: MachinePool
    private let calls = Atomic<Int>(0)

    init(_ generation: Generation, for context: RunContext, on workers: LuaWorkers) {
        pinned = generation
        self.context = context
        self.workers = workers
        fingerprint = FilterFingerprint(generation: generation, context: context)
        pool = MachinePool(on: workers, limit: 1, maximumUses: .max)
    }

    var generation: String { pinned.identity }
    var handlerCalls: Int { calls.load(ordering: .relaxed) }

    func filters(for kind: Kind) -> FilterSet {
        fingerprint.filters(for: kind)
    }

    func filter(_ items: [OutgoingItem], of kind: Kind) async throws -> [FilterOutcome] {
        let handlers = fingerprint.handlers(for: kind)
        guard !handlers.isEmpty, !items.isEmpty else { return items.map { _ in .unchanged } }
        return try await pool.withMachine(of: pinned) { machine in
            var page = FilterPage(items, of: kind)
            for handler in handlers { try await pass(&page, through: handler, machine) }
            return page.outcomes
        }
    }

    func release() async {
        pool.close()
    }

    /// Shows a handler all items it is for in one call.
    private func pass(_ page: inout FilterPage, through handler: Handler, _ machine: LoadedMachine) async throws {
        try Task.checkCancellation()
        let positions = page.positions(visibleTo: handler)
        guard !positions.isEmpty else { return }
        do {
            let outcome = try await call(handler, page, positions, machine)
            try page.take(outcome, for: positions, failure(of: handler, page, positions))
        } catch let error as LuaError {
            try await retry(&page, through: handler, positions, after: error)
        }
    }

    /// Shows a handler that failed the same items one by one, to find the one it fails on.
    ///
    /// Not after a limit: a loop without end would be waited for once per item.
    private func retry(
        _ page: inout FilterPage, through handler: Handler, _ positions: [Int], after error: LuaError
    ) async throws {
        guard !error.isLimit else { throw failure(of: handler, page, positions).failed(error) }
        // In a fresh machine, so that nothing a failed call left behind has a say.
        let machines = MachinePool(on: workers, limit: 1, maximumUses: .max)
        defer { machines.close() }
        for position in positions {
            try Task.checkCancellation()
            try await machines.withMachine(of: pinned) { machine in
                try await passAlone(&page, through: handler, position, machine)
            }
        }
        // One by one it went well, so the handler depends on which items it sees together.
        guard handler.options.onError == .skipItem else { throw failure(of: handler, page, positions).failed(error) }
    }

    private func passAlone(
        _ page: inout FilterPage, through handler: Handler, _ position: Int, _ machine: LoadedMachine
    ) async throws {
        let failure = failure(of: handler, page, [position])
        do {
            try page.take(try await call(handler, page, [position], machine), for: [position], failure)
        } catch let error as LuaError {
            let failed = failure.failed(error)
            guard handler.options.onError == .skipItem, !error.isLimit else { throw failed }
            page.skip(position, reason: failed.message)
        }
    }

    private func call(
        _ handler: Handler, _ page: FilterPage, _ positions: [Int], _ machine: LoadedMachine
    ) async throws(LuaError) -> LuaOutcome {
        calls.wrappingAdd(1, ordering: .relaxed)
        return try await machine.call(
            HandlerCall(
                handler: handler, documents: positions.compactMap { page.body(at: $0)?.bytes }, arguments: [.documents],
                context: LuaContext(fields: fields(handler, page.kind), marks: FilterMark.allCases.map(\.rawValue)),
                limits: pinned.limits.limits(of: handler)))
    }

    private func fields(_ handler: Handler, _ kind: Kind) -> [LuaField] {
        let fields = [
            LuaField("event", .text(handler.event.rawValue)), LuaField("kind", .text(kind.name)),
            LuaField("model", kind.model.map(LuaValue.text) ?? .nil),
            LuaField("direction", .text(context.direction.rawValue)), LuaField("target", .target(context.target)),
            LuaField("mode", .text(context.mode.rawValue)),
        ]
        // A result that named its run could not be reused by the next one.
        return handler.isVolatile ? fields + [LuaField("run", .text(context.run))] : fields
    }

    private func failure(of handler: Handler, _ page: FilterPage, _ positions: [Int]) -> HookFailure {
        var failure = HookFailure(handler: handler, folder: pinned.folder)
        failure.details = ["kind": page.kind.name, "generation": pinned.identity]
        if positions.count == 1 {
            failure.subject = "on item \(page.id(at: positions[0]).printable) of \(page.kind)"
            failure.details["item"] = page.id(at: positions[0])
        } else {
            failure.subject = "on \(positions.count) items of \(page.kind)"
        }
        return failure
    }
}

extension LuaValue {
    /// A target as scripts see it.
    static func target(_ target: TargetFacts) -> LuaValue {
        .object([LuaField("name", .text(target.name)), LuaField("uri", .text(target.uri))])
    }
}
