/// Whether a run may delete at the destination.
public enum Mode: String, Sendable, Codable, CaseIterable {
    /// Update and add; never delete.
    case merge
    /// Additionally delete, inside the selected kinds, what the source does not have.
    case mirror
}

/// What the named items of a scope stand for.
public enum ItemRule: String, Sendable, Codable {
    /// Exactly themselves, and they must be there at the source.
    case existing
    /// Themselves, and everything at the source that their links lead to, with its models.
    case linked
}

/// What one run moves: the documented settings of a `content` job.
///
/// Three parts of the content are chosen independently, as in the documented dialog: definitions and data by `models`,
/// data further by `items`, and `locales`. What is not chosen is never touched.
public struct Scope: Sendable, Codable, Hashable {
    /// Restricts the run to these models; `nil` means everything.
    public var models: [String]?
    public var mode: Mode
    /// A Mongo-style filter over the items of content kinds, as JSON text.
    public var filter: String?
    /// Mirror with a filter deletes only rows this source sent, and only when somebody asked for exactly that.
    public var allowsMirrorWithFilter: Bool
    /// Whether the kind `locales` takes part; `nil` means only in a run of everything.
    public var locales: Bool?
    /// Restricts the data to these items, ids by the name of their kind; `nil` means all items of the selected models.
    public var items: [String: [String]]?
    /// What the source does with `items` before it plans; `nil` takes them as they are.
    public var itemRule: ItemRule?
    /// What becomes of items that were edited at the destination.
    public var policy: ConflictPolicy

    public init(
        models: [String]? = nil, mode: Mode = .merge, filter: String? = nil, allowsMirrorWithFilter: Bool = false,
        locales: Bool? = nil, items: [String: [String]]? = nil, itemRule: ItemRule? = nil,
        policy: ConflictPolicy = .source
    ) {
        self.itemRule = itemRule
        self.locales = locales
        self.items = items
        self.models = models
        self.mode = mode
        self.filter = filter
        self.allowsMirrorWithFilter = allowsMirrorWithFilter
        self.policy = policy
    }

    /// Everything of one instance, merged into another.
    public static let everything = Scope()

    /// The kinds this scope selects among those that exist on either side, definitions first.
    public func kinds(among available: some Sequence<Kind>) throws -> [KindScope] {
        guard models != nil || items != nil else {
            return Set(available).filter { $0 != .locales || locales != false }.sorted()
                .map { KindScope(kind: $0, ids: nil) }
        }
        // A whole kind is marked by no set at all.
        var selected: [Kind: Set<String>?] = [:]
        if let models {
            let named = Set(models)
            selected[.models] = .some(named)
            if items == nil {
                for name in named { selected[try .content(name)] = .some(nil) }
                selected[.singletons] = .some(named)
            }
        }
        for (name, ids) in items ?? [:] {
            let kind = try Kind(name)
            let already = selected[kind].flatMap { $0 } ?? []
            selected[kind] = .some(already.union(ids))
        }
        if locales == true { selected[.locales] = .some(nil) }
        return selected.map { KindScope(kind: $0.key, ids: $0.value) }.sorted { $0.kind < $1.kind }
    }

    /// How many items are named one by one.
    public var namedItems: Int { (items ?? [:]).values.reduce(0) { $0 + $1.count } }

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

    /// Whether an item of the kind takes part. Ids are compared as bytes: two that only look alike are two items.
    public func includes(_ id: String) -> Bool {
        guard let ids else { return true }
        return ids.firstIndex(of: id).map { ids[$0].utf8.elementsEqual(id.utf8) } ?? false
    }
}
