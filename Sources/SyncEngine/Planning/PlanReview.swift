public import ContentModel
public import SyncProtocol

/// Looks at a plan that is ready, row by row, before it is given up.
///
/// It asks both sides through their ports, and does not know which of them is far away. Holds a page of each at most.
public struct PlanReview: Sendable {
    private let transfer: String
    private let source: any PlanPort
    private let destination: any OutputPort

    public init(transfer: String, source: any PlanPort, destination: any OutputPort) {
        self.transfer = transfer
        self.source = source
        self.destination = destination
    }

    /// The first rows of the plan, and the first of the items that handlers left out of it.
    public func rows(upTo limit: Int) async throws -> (rows: [PlannedRow], excluded: [ExcludedItem]) {
        try await source.rows(of: transfer, upTo: limit)
    }

    /// What each row that brings an item changes in the item that the destination holds; names `limit` fields of each.
    public func compare(
        _ rows: [PlannedRow], limit: Int, _ note: (ItemKey, ItemComparison) -> Void
    ) async throws {
        let puts = Dictionary(grouping: rows.filter { $0.operation == .put }, by: \.kind)
        for (kind, rows) in puts.sorted(by: { $0.key < $1.key }) {
            let kind = try Kind(kind)
            var ids = rows.map(\.id)[...]
            while !ids.isEmpty {
                let arriving = try await page(of: kind, ids, from: source)
                try await compare(arriving, of: kind, limit: limit, note)
                ids = ids.dropFirst(arriving.count)
            }
        }
    }

    private func compare(
        _ arriving: [ShownItem], of kind: Kind, limit: Int, _ note: (ItemKey, ItemComparison) -> Void
    ) async throws {
        var remaining = arriving[...]
        while !remaining.isEmpty {
            let present = try await page(of: kind, remaining.map(\.id)[...], from: destination)
            for (new, old) in zip(remaining, present) {
                note(ItemKey(kind, new.id), ItemComparison(arriving: new, present: old, limit: limit))
            }
            remaining = remaining.dropFirst(present.count)
        }
    }

    private func page(
        of kind: Kind, _ ids: ArraySlice<String>, from side: any OutputPort
    ) async throws -> [ShownItem] {
        try Task.checkCancellation()
        let request = ReadOutputs(kind: kind.name, ids: Array(ids.prefix(Limits.outputItems)))
        let page = try await asking { try await side.outputs(transfer: transfer, request) }
        try page.check(answering: request)
        return page.items
    }
}

extension PlanPort {
    /// The first rows of a plan that is ready, and the first of the items that handlers left out of it.
    func rows(
        of transfer: String, upTo limit: Int
    ) async throws -> (rows: [PlannedRow], excluded: [ExcludedItem]) {
        var rows: [PlannedRow] = []
        var excluded: [ExcludedItem] = []
        var position: PlanPosition?
        repeat {
            try Task.checkCancellation()
            let request = ListPlanned(after: position, limit: min(limit - rows.count, Limits.plannedRows))
            let page = try await asking { try await planned(transfer: transfer, request) }
            try page.check(answering: request)
            rows += page.rows
            if position == nil { excluded = Array((page.excluded ?? []).prefix(limit)) }
            position = page.next
        } while position != nil && rows.count < limit
        return (rows, excluded)
    }
}

/// An instance of an earlier version has nothing at the path of the request.
private func asking<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
    do {
        return try await body()
    } catch let error as TidelockError where error.code == .notFound || error.code == .methodNotAllowed {
        throw TidelockError(
            .versionMismatch, "The other side does not let anybody look at a plan row by row.",
            hint: "Its version of Tidelock may be too old; 'tidelock plan' without --list, --diff and --out works.",
            underlying: error)
    }
}

/// What a planned item changes in the one that the destination holds.
public enum ItemComparison: Sendable, Equatable {
    /// The destination has no such item.
    case absent
    /// The fields that differ. What handlers of the destination hold back, if any, `isPartial`, was not compared.
    case fields(FieldDifference, isPartial: Bool)
    /// The destination has the item, and its handlers let nobody see it.
    case withheld
    /// One of the two is too large to be shown.
    case tooLarge
    /// The source sends it no more: it changed since the plan was made.
    case moved
}

extension ItemComparison {
    fileprivate init(arriving: ShownItem, present: ShownItem, limit: Int) {
        switch (arriving.form, present.form) {
        case (_, .absent): self = .absent
        case (.absent, _), (.withheld, _): self = .moved
        case (.tooLarge, _), (_, .tooLarge): self = .tooLarge
        case (_, .withheld): self = .withheld
        case (.whole, _), (.filtered, _):
            guard let new = arriving.body, let old = present.body else {
                preconditionFailure("what is shown whole or filtered has a body")
            }
            self = .fields(FieldDifference(from: old, to: new, limit: limit), isPartial: present.form == .filtered)
        }
    }
}
