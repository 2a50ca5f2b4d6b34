internal import ContentModel
internal import SyncEngine
internal import SyncProtocol
internal import Synchronization

/// What somebody wants of a plan beyond its numbers, and what was found: a plan that was only looked at is gone when its
/// run ends.
final class PlanDetail: Sendable {
    /// How many rows to name; nil names none.
    let listing: Int?
    /// Whether to compare the items of both sides field by field.
    let comparesItems: Bool
    /// Whether the plan is written to a file.
    let isWritten: Bool
    private let state = Mutex(State())

    private struct State {
        var rows: [PlannedRow] = []
        var listed: [ListedRow] = []
        /// Fingerprints of the filter handlers by kind, in hex.
        var handlers: [String: String] = [:]
        var responder: InstanceIdentity?
    }

    init(listing: Int?, comparesItems: Bool, isWritten: Bool) {
        self.listing = listing
        self.comparesItems = comparesItems
        self.isWritten = isWritten
    }

    /// The rows that were to be named.
    var listed: [ListedRow]? { listing.map { _ in state.withLock(\.listed) } }

    /// Looks at a plan that is ready. `hooks` are the filter handlers that made it, where that was done here.
    func take(_ review: PlanReview, under hooks: (any RunHooks)? = nil) async throws {
        let (rows, excluded) = try await review.rows(upTo: isWritten ? .max : listing ?? 0)
        if isWritten, let hooks {
            let fingerprints = try Set(rows.map(\.kind)).map { ($0, hooks.filters(for: try Kind($0)).fingerprint.hex) }
            state.withLock {
                $0.rows = rows
                $0.handlers = Dictionary(uniqueKeysWithValues: fingerprints)
            }
        }
        guard let listing else { return }
        var listed = try ListedRow.list(rows, excluded, limit: listing)
        if comparesItems { try await compare(Array(rows.prefix(listing)), in: &listed, review) }
        state.withLock { [listed] in $0.listed = listed }
    }

    /// Planned rows come first among the listed ones, in the same order.
    private func compare(_ rows: [PlannedRow], in listed: inout [ListedRow], _ review: PlanReview) async throws {
        let items = try rows.map { ItemKey(try Kind($0.kind), $0.id) }
        let positions = Dictionary(zip(items, items.indices), uniquingKeysWith: { first, _ in first })
        try await review.compare(rows, limit: ListedChange.limit) { item, comparison in
            if let position = positions[item] { listed[position].note(comparison) }
        }
    }

    func take(_ identity: InstanceIdentity?) { state.withLock { $0.responder = identity } }

    /// Nil when nobody answered.
    func plan(
        of source: InstanceIdentity, to target: String, scope: Scope, includesReverted: Bool
    ) -> WrittenPlan? {
        state.withLock { state in
            state.responder.map { destination in
                WrittenPlan(
                    source: source, destination: destination, target: target, scope: scope,
                    includesReverted: includesReverted, handlers: state.handlers, items: state.rows)
            }
        }
    }
}
