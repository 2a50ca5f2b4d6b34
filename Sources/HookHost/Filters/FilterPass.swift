internal import ContentModel
internal import HookCatalog
internal import LuaRuntime
internal import SyncEngine
internal import Synchronization

/// Shows pages of items to filter handlers of one generation, one handler after the other.
///
/// A class, because it counts calls, and because its machine remembers what a handler left in its file's variables on
/// the page before.
final class FilterPass: Sendable {
    /// What handlers may do to an item besides changing it, and what `ctx` tells them.
    struct Terms: Sendable {
        var marks: [FilterMark]
        var fields: @Sendable (Handler, Kind) -> [LuaField]
        var circumstances = Circumstances()
    }

    private let generation: Generation
    private let workers: LuaWorkers
    private let pool: MachinePool
    private let terms: Terms
    private let counted = Atomic<Int>(0)

    /// One call in so many is repeated to see whether it gives the same again; the first of each pass is one of them.
    private static let sampling = 1_000

    init(_ generation: Generation, on workers: LuaWorkers, _ pool: MachinePool, _ terms: Terms) {
        self.generation = generation
        self.workers = workers
        self.pool = pool
        self.terms = terms
    }

    /// How often handler functions were called.
    var calls: Int { counted.load(ordering: .relaxed) }

    /// Throws when a handler fails or stops everything: no item is passed on unfiltered.
    func filter(_ items: [OutgoingItem], of kind: Kind, through handlers: [Handler]) async throws -> [FilterOutcome] {
        guard !handlers.isEmpty, !items.isEmpty else { return items.map { _ in .unchanged } }
        return try await pool.withMachine(of: generation) { machine in
            var page = FilterPage(items, of: kind)
            for handler in handlers { try await pass(&page, through: handler, machine) }
            return page.outcomes
        }
    }

    /// Shows a handler all items it is for.
    private func pass(_ page: inout FilterPage, through handler: Handler, _ machine: LoadedMachine) async throws {
        try Task.checkCancellation()
        let positions = page.positions(visibleTo: handler)
        guard !positions.isEmpty else { return }
        let before = isSampled(handler) ? page : nil
        do {
            counted.wrappingAdd(1, ordering: .relaxed)
            let outcome = try await call(handler, page, positions, machine, terms.circumstances)
            try page.take(outcome, for: positions, failure(of: handler, page, positions))
        } catch let error as LuaError {
            return try await retry(&page, through: handler, positions, after: error)
        }
        if let before { try await repeatAlone(before, through: handler, positions, expecting: page) }
    }

    private func call(
        _ handler: Handler, _ page: FilterPage, _ positions: [Int], _ machine: LoadedMachine,
        _ circumstances: Circumstances
    ) async throws(LuaError) -> LuaOutcome {
        try await machine.call(
            HandlerCall(
                handler: handler, documents: positions.compactMap { page.body(at: $0)?.bytes },
                documentsAtOnce: EventName.itemsAtOnce, key: page.kind.keyMember, arguments: [.documents],
                context: LuaContext(fields: terms.fields(handler, page.kind), marks: terms.marks.map(\.rawValue)),
                limits: generation.limits.limits(of: handler), circumstances: circumstances))
    }

    private func failure(of handler: Handler, _ page: FilterPage, _ positions: [Int]) -> HookFailure {
        var failure = HookFailure(handler: handler, folder: generation.folder)
        failure.details = ["kind": page.kind.name, "generation": generation.identity]
        if positions.count == 1 {
            failure.subject = "on item \(page.id(at: positions[0]).printable) of \(page.kind)"
            failure.details["item"] = page.id(at: positions[0])
        } else {
            failure.subject = "on \(positions.count) items of \(page.kind)"
        }
        return failure
    }
}

// MARK: - Failures

extension FilterPass {
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
            try await machines.withMachine(of: generation) { machine in
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
            counted.wrappingAdd(1, ordering: .relaxed)
            try page.take(
                try await call(handler, page, [position], machine, terms.circumstances), for: [position], failure)
        } catch let error as LuaError {
            let failed = failure.failed(error)
            guard handler.options.onError == .skipItem, !error.isLimit else { throw failed }
            page.skip(position, reason: failed.message)
        }
    }
}

// MARK: - Purity

extension FilterPass {
    /// Results of handlers that are not volatile are reused, which is right only as long as an item alone decides them.
    private func isSampled(_ handler: Handler) -> Bool {
        !handler.isVolatile && calls % FilterPass.sampling == 0
    }

    /// Shows a handler one of the items alone, in a fresh machine, and compares what becomes of it.
    private func repeatAlone(
        _ before: FilterPage, through handler: Handler, _ positions: [Int], expecting after: FilterPage
    ) async throws {
        let position = positions[calls % positions.count]
        var alone = before
        let machines = MachinePool(on: workers, limit: 1, maximumUses: 1)
        defer { machines.close() }
        let failure = failure(of: handler, before, [position])
        var circumstances = terms.circumstances
        circumstances.isRepetition = true
        try await machines.withMachine(of: generation) { [circumstances] machine in
            do {
                try alone.take(
                    try await call(handler, before, [position], machine, circumstances), for: [position], failure)
            } catch let error as LuaError {
                throw failure.failed(error)
            }
        }
        guard alone.outcomes[position] == after.outcomes[position] else {
            throw failure.misbehaved(
                "gave another result when it saw the item alone",
                hint: "What a filter does to an item may depend on that item only, because results are reused; "
                    + "register it with { volatile = true } if it must depend on more.")
        }
    }
}
