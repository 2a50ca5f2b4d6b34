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
        var scope: Scope?
    }

    /// Says what this instance holds of some rows.
    typealias Standing = @Sendable ([ItemKey]) async throws -> [ItemKey: StandingRow]

    init(listing: Int?, comparesItems: Bool, isWritten: Bool) {
        self.listing = listing
        self.comparesItems = comparesItems
        self.isWritten = isWritten
    }

    /// The rows that were to be named.
    var listed: [ListedRow]? { listing.map { _ in state.withLock(\.listed) } }

    /// Looks at the plan of a push, which is ready. `hooks` are the filter handlers that made it.
    func take(_ review: PlanReview, under hooks: any RunHooks) async throws {
        let (rows, excluded) = try await review.rows(upTo: isWritten ? .max : listing ?? 0)
        if isWritten {
            let fingerprints = try Set(rows.map(\.kind)).map { ($0, hooks.filters(for: try Kind($0)).fingerprint.hex) }
            state.withLock {
                $0.rows = rows
                $0.handlers = Dictionary(uniqueKeysWithValues: fingerprints)
            }
        }
        try await list(rows, excluded, review)
    }

    /// Looks at the plan of a pull, which is ready. What the rows are here is written down as this side knows it.
    func take(_ review: PlanReview, standing: Standing) async throws {
        let (rows, excluded) = try await review.rows(upTo: isWritten ? Limits.expectedRows + 1 : listing ?? 0)
        guard !isWritten || rows.count <= Limits.expectedRows else {
            throw TidelockError(
                .tooLarge, "The plan of a pull is written down with \(Limits.expectedRows) rows at most.",
                hint: "Select less, for example some models at a time, or pull without a file.")
        }
        let known = try await Self.known(rows, standing)
        if isWritten { state.withLock { $0.rows = known } }
        try await list(known, excluded, review)
    }

    private static func known(_ rows: [PlannedRow], _ standing: Standing) async throws -> [PlannedRow] {
        let items = try rows.map { ItemKey(try Kind($0.kind), $0.id) }
        let held = try await standing(items)
        return zip(rows, items).map { row, item in
            var row = row
            row.destination = held[item] ?? StandingRow(holder: .nobody, base: nil)
            row.cameFromThere = nil
            return row
        }
    }

    private func list(_ rows: [PlannedRow], _ excluded: [ExcludedItem], _ review: PlanReview) async throws {
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

    /// Who has answered, and what the run is about where the other side has looked that up.
    func take(_ responder: InstanceIdentity?, scope: Scope? = nil) {
        state.withLock {
            $0.responder = responder
            $0.scope = scope
        }
    }

    /// The plan that `maker` has made; nil when nobody answered.
    func plan(
        _ direction: Direction, of maker: InstanceIdentity, with target: String, scope: Scope, includesReverted: Bool
    ) -> WrittenPlan? {
        state.withLock { state in
            state.responder.map { responder in
                WrittenPlan(
                    direction: direction, source: direction == .push ? maker : responder,
                    destination: direction == .push ? responder : maker, target: target,
                    scope: state.scope ?? scope, includesReverted: includesReverted, handlers: state.handlers,
                    items: state.rows)
            }
        }
    }
}
