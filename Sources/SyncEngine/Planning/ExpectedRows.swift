internal import ContentModel
public import SyncProtocol
internal import Synchronization

/// The rows of a plan made before, as the limits of a run: it does exactly these, and only as they were planned.
///
/// A class, because it gathers during planning which of them have moved since.
public final class ExpectedRows: Sendable {
    /// Who has kept the plan, and knows what.
    public enum Keeper: Sendable {
        /// The source: of each row what both sides hold.
        case source
        /// The destination: its own rows, and of the items at the source what the handlers there make of them.
        case destination
    }

    /// Why a row is left out.
    public enum Cause: String, Sendable, Codable, Comparable {
        /// The item is another one at the source.
        case source
        /// The handlers make something else of it; where the destination keeps the plan, for whatever reason.
        case output
        /// The destination holds another row.
        case destination
        /// Nothing is left to do, or something else than was planned.
        case operation

        public static func < (left: Cause, right: Cause) -> Bool { left.rawValue < right.rawValue }
    }

    let keeper: Keeper
    private let rows: [ItemKey: PlannedRow]
    private let state = Mutex(State())

    private struct State {
        var met: Set<ItemKey> = []
        var moved: [ItemKey: Cause] = [:]
    }

    /// Throws when a row names no kind.
    public convenience init(_ rows: [PlannedRow], keptBy keeper: Keeper = .source) throws {
        let rows = try rows.map { (ItemKey(try Kind($0.kind), $0.id), $0) }
        self.init(Dictionary(rows, uniquingKeysWith: { first, _ in first }), keptBy: keeper)
    }

    init(_ rows: [ItemKey: PlannedRow], keptBy keeper: Keeper) {
        self.keeper = keeper
        self.rows = rows
    }

    /// The rows that were left out, with the cause. Complete when the plan is made.
    public var moved: [(item: ItemKey, cause: Cause)] {
        state.withLock { state in
            rows.keys.filter { !state.met.contains($0) }.sorted().map { ($0, state.moved[$0] ?? .operation) }
        }
    }

    func narrowed(_ kinds: [KindScope]) -> [KindScope] {
        kinds.compactMap { scope in
            let ids = Set(rows.keys.filter { $0.kind == scope.kind }.map { ItemID($0.id) })
            guard !ids.isEmpty else { return nil }
            return KindScope(kind: scope.kind, ids: scope.ids.map { $0.intersection(ids) } ?? ids)
        }
    }

    func keys(of kind: Kind) -> [ItemKey] { rows.keys.filter { $0.kind == kind } }

    /// Notes which rows the destination holds otherwise than when the plan was made.
    func compare(_ standing: [ItemKey: StandingRow]) {
        state.withLock { state in
            for (item, present) in standing where rows[item]?.destination != present {
                state.moved[item] = .destination
            }
        }
    }

    /// Whether the run does what it has just decided about a row.
    func admits(_ decided: PlannedOperation, of kind: Kind) -> Bool {
        let item = ItemKey(kind, decided.id)
        guard let row = rows[item] else { return false }
        return state.withLock { state in
            if let cause = state.moved[item] ?? difference(row, decided) {
                state.moved[item] = cause
                return false
            }
            state.met.insert(item)
            return true
        }
    }

    private func difference(_ row: PlannedRow, _ decided: PlannedOperation) -> Cause? {
        if keeper == .source, row.source != decided.source?.hex { return .source }
        if row.operation != decided.action.written { return decided.action == .same ? .operation : .output }
        return row.output == decided.output?.hex ? nil : .output
    }
}

// MARK: Where the destination keeps the plan

extension ExpectedRows {
    /// All rows, whatever became of them.
    var items: [ItemKey] { Array(rows.keys) }

    /// The rows that are as they were as far as is known, in their order.
    var remaining: [PlannedRow] {
        let moved = state.withLock { $0.moved }
        return rows.keys.filter { moved[$0] == nil }.sorted().compactMap { rows[$0] }
    }

    /// What the destination held of the rows that are carried out.
    var met: [ItemKey: StandingRow] {
        state.withLock { $0.met }.reduce(into: [:]) { $0[$1] = rows[$1]?.destination }
    }

    /// Takes the whole plan that the source has made of the remaining rows: those that are not in it have moved there.
    ///
    /// Throws `malformed_message` when it does anything else. May be called twice.
    func meet(_ planned: [PlannedRow]) throws {
        for row in planned {
            let item = ItemKey(try Kind(row.kind), row.id)
            guard isRemaining(item, row.operation, output: row.output) else { throw Self.surprise(item) }
            state.withLock { _ = $0.met.insert(item) }
        }
        state.withLock { state in
            for item in rows.keys where !state.met.contains(item) && state.moved[item] == nil {
                state.moved[item] = .output
            }
        }
    }

    /// Throws `malformed_message` for an operation that is not one of the rows that were met.
    func require(_ entry: BatchEntry) throws {
        let item = ItemKey(entry.kind, entry.id)
        let isMet = state.withLock { $0.met.contains(item) }
        guard isMet, let operation = entry.operation.written,
            isRemaining(item, operation, output: entry.operation.output?.hex)
        else { throw Self.surprise(item) }
    }

    private func isRemaining(_ item: ItemKey, _ operation: PlannedRow.Operation, output: String?) -> Bool {
        guard let row = rows[item], row.operation == operation, row.output == output else { return false }
        return state.withLock { $0.moved[item] == nil }
    }

    private static func surprise(_ item: ItemKey) -> TidelockError {
        TidelockError(
            .malformedMessage,
            "The source would do something with \(item.kind)/\(item.id.printable) that is not in the plan.",
            hint: "Nothing was changed. Make a new plan.")
    }
}

extension BatchOperation {
    /// How a plan that is written down calls it; nil for what takes something back.
    fileprivate var written: PlannedRow.Operation? {
        switch self {
        case .put: .put
        case .delete: .delete
        case .release: .release
        case .withdraw: nil
        }
    }

    fileprivate var output: ContentHash? {
        guard case .put(_, let output) = self else { return nil }
        return output
    }
}

extension PlannedRow {
    /// A row of which only that is known which its destination tells its source.
    init(_ row: ExpectedRow) {
        self.init(
            kind: row.kind, id: row.id, operation: row.operation, source: nil, output: row.output,
            destination: StandingRow(holder: .nobody, base: nil))
    }
}

extension ExpectedRow {
    init(_ row: PlannedRow) {
        self.init(kind: row.kind, id: row.id, operation: row.operation, output: row.output)
    }
}

extension PlannedOperation.Action {
    /// How a plan that is written down calls it; nil for what sends nothing.
    public var written: PlannedRow.Operation? {
        switch self {
        case .put: .put
        case .delete: .delete
        case .release: .release
        case .drop, .skip, .same, .withdraw: nil
        }
    }
}
