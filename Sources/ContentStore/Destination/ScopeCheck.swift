internal import ContentModel
internal import SyncProtocol

/// What a transfer may touch here, whoever sends it: the scope it was opened with, checked again where the rows are.
struct ScopeCheck {
    private let scope: Scope
    private var known: [Kind: KindScope?] = [:]

    init(_ scope: Scope) {
        self.scope = scope
    }

    /// Throws `permission_denied` for a kind that takes no part at all.
    mutating func require(_ kind: Kind) throws {
        guard try selected(kind) != nil else { throw outside("\(kind)") }
    }

    /// Throws `permission_denied` for an item that takes no part.
    mutating func require(_ kind: Kind, _ id: String) throws {
        guard try includes(kind, id) else { throw outside("\(kind)/\(id.printable)") }
    }

    /// Throws `permission_denied` for an operation that the scope does not allow.
    mutating func require(_ entry: BatchEntry) throws {
        try require(entry.kind, entry.id)
        if case .delete = entry.operation, scope.mode != .mirror {
            throw TidelockError(
                .permissionDenied,
                "The transfer would delete \(entry.kind)/\(entry.id.printable), and a merge never deletes.",
                hint: "Only a mirror deletes.")
        }
    }

    /// Whether an item takes part.
    mutating func includes(_ kind: Kind, _ id: String) throws -> Bool {
        try selected(kind)?.includes(id) == true
    }

    private mutating func selected(_ kind: Kind) throws -> KindScope? {
        if let known = known[kind] { return known }
        let selected = try scope.kinds(among: [kind]).first { $0.kind == kind }
        known[kind] = .some(selected)
        return selected
    }

    private func outside(_ what: String) -> TidelockError {
        TidelockError(
            .permissionDenied, "\(what) lies outside what the transfer was opened for; nothing was changed.",
            hint: "Open a transfer whose scope includes it.")
    }
}
