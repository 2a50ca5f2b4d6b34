/// Whether a run may delete at the destination.
public enum Mode: String, Sendable, Codable, CaseIterable {
    /// Update and add; never delete.
    case merge
    /// Additionally delete, inside the selected kinds, what the source does not have.
    case mirror
}

/// What one run moves: the documented settings of a `content` job.
public struct Scope: Sendable, Codable, Hashable {
    /// Restricts the run to these models; `nil` means everything.
    public var models: [String]?
    public var mode: Mode
    /// A Mongo-style filter over the items of content kinds, as JSON text.
    public var filter: String?
    /// Mirror with a filter deletes only rows this source sent, and only when somebody asked for exactly that.
    public var allowsMirrorWithFilter: Bool

    public init(
        models: [String]? = nil, mode: Mode = .merge, filter: String? = nil, allowsMirrorWithFilter: Bool = false
    ) {
        self.models = models
        self.mode = mode
        self.filter = filter
        self.allowsMirrorWithFilter = allowsMirrorWithFilter
    }

    /// Everything of one instance, merged into another.
    public static let everything = Scope()

    /// The kinds this scope selects among those that exist on either side, definitions first.
    public func kinds(among available: some Sequence<Kind>) throws -> [KindScope] {
        guard let models else {
            return Set(available).sorted().map { KindScope(kind: $0, ids: nil) }
        }
        let named = Set(models)
        let content = try named.map { KindScope(kind: try .content($0), ids: nil) }
        return ([KindScope(kind: .models, ids: named)] + content + [KindScope(kind: .singletons, ids: named)])
            .sorted { $0.kind < $1.kind }
    }

    /// Whether every item of a selected kind takes part, so that a run may move that kind's checkpoint.
    public func coversWholeKind(_ scope: KindScope) -> Bool {
        scope.ids == nil && (filter == nil || !scope.kind.isContent)
    }
}

/// One kind of a scope, whole or narrowed to some ids.
public struct KindScope: Sendable, Hashable {
    public var kind: Kind
    /// `nil` means every item.
    public var ids: Set<String>?

    public init(kind: Kind, ids: Set<String>?) {
        self.kind = kind
        self.ids = ids
    }
}
