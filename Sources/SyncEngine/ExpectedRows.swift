internal import ContentModel
public import SyncProtocol
internal import Synchronization

/// The rows of a plan made before, as the limits of a run: it does exactly these, and only as they were planned.
///
/// A class, because it gathers during planning which of them have moved since.
public final class ExpectedRows: Sendable {
    /// Why a row is left out.
    public enum Cause: String, Sendable, Codable, Comparable {
        /// The item is another one at the source.
        case source
        /// The handlers make something else of it.
        case output
        /// The destination holds another row.
        case destination
        /// Nothing is left to do, or something else than was planned.
        case operation

        public static func < (left: Cause, right: Cause) -> Bool { left.rawValue < right.rawValue }
    }

    private let rows: [ItemKey: PlannedRow]
    private let state = Mutex(State())

    private struct State {
        var met: Set<ItemKey> = []
        var moved: [ItemKey: Cause] = [:]
    }

    /// Throws when a row names no kind.
    public init(_ rows: [PlannedRow]) throws {
        self.rows = Dictionary(
            try rows.map { (ItemKey(try Kind($0.kind), $0.id), $0) }, uniquingKeysWith: { first, _ in first })
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
            if let cause = state.moved[item] ?? Self.difference(row, decided) {
                state.moved[item] = cause
                return false
            }
            state.met.insert(item)
            return true
        }
    }

    private static func difference(_ row: PlannedRow, _ decided: PlannedOperation) -> Cause? {
        if row.source != decided.source?.hex { return .source }
        if row.operation != decided.action.written { return decided.action == .same ? .operation : .output }
        return row.output == decided.output?.hex ? nil : .output
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
