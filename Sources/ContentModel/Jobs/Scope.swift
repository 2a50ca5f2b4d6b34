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
    /// Themselves, the assets that they use, and the folders of those.
    case withAssets
}

/// What one run moves: the documented settings of its jobs, put together.
///
/// Three parts of the content are chosen independently, as in the documented dialog: definitions and data by `models`,
/// data further by `items`, and `locales`. What is not chosen is never touched.
public struct Scope: Sendable, Codable, Hashable {
    /// The jobs that take part; `nil` means all of them, or, where models or items are named, only content.
    public var jobs: Set<Job.Name>?
    /// Restricts the content to these models; `nil` means everything.
    public var models: [String]?
    public var mode: Mode
    /// A Mongo-style filter over the items of content kinds, as JSON text.
    public var filter: String?
    /// Mirror with a filter deletes only rows this source sent, and only when somebody asked for exactly that.
    public var allowsMirrorWithFilter: Bool
    /// Whether the kind `locales` takes part; `nil` means only in a run of all content.
    public var locales: Bool?
    /// Restricts the data to these items, ids by the name of their kind; `nil` means all items of the selected models.
    public var items: [String: [String]]?
    /// What the source does with `items` before it plans; `nil` takes them as they are.
    public var itemRule: ItemRule?
    /// What becomes of items that were edited at the destination.
    public var policy: ConflictPolicy
    /// Narrow the jobs of their names; `nil` means all that there is.
    public var assets: AssetSelection?
    public var pages: PageSelection?
    public var translations: TranslationSelection?

    public init(
        jobs: Set<Job.Name>? = nil, models: [String]? = nil, mode: Mode = .merge, filter: String? = nil,
        allowsMirrorWithFilter: Bool = false, locales: Bool? = nil, items: [String: [String]]? = nil,
        itemRule: ItemRule? = nil, policy: ConflictPolicy = .source, assets: AssetSelection? = nil,
        pages: PageSelection? = nil, translations: TranslationSelection? = nil
    ) {
        self.jobs = jobs
        self.itemRule = itemRule
        self.locales = locales
        self.items = items
        self.models = models
        self.mode = mode
        self.filter = filter
        self.allowsMirrorWithFilter = allowsMirrorWithFilter
        self.policy = policy
        self.assets = assets
        self.pages = pages
        self.translations = translations
    }

    /// Everything of one instance, merged into another.
    public static let everything = Scope()

    /// The jobs that take part, whether they were named or not.
    public var effectiveJobs: Set<Job.Name> {
        jobs ?? (namesContent ? [.content] : Set(Job.Name.allCases))
    }

    /// Whether parts of the content are named; otherwise all of it is meant.
    public var namesContent: Bool { models != nil || items != nil }

    /// The kinds this scope selects among those that exist on either side, definitions first.
    public func kinds(among available: some Sequence<Kind>) throws -> [KindScope] {
        let jobs = effectiveJobs
        // A whole kind is marked by no set at all.
        var selected: [Kind: Set<ItemID>?] = [:]
        for kind in Set(available) where jobs.contains(kind.job) {
            switch kind.job {
            case .content: if !namesContent, kind != .locales || locales != false { selected[kind] = .some(nil) }
            case .assets: if (assets ?? .whole).includes(kind) { selected[kind] = .some(nil) }
            case .pages: if (pages ?? .whole).includes(kind) { selected[kind] = .some(nil) }
            case .lokalize: if translations?.projects == nil { selected[kind] = .some(nil) }
            case .layout: selected[kind] = .some(nil)
            }
        }
        if jobs.contains(.content) { try selectNamedContent(in: &selected) }
        if jobs.contains(.lokalize), let projects = translations?.projects {
            let named = selected[.translationProjects].flatMap { $0 } ?? []
            selected[.translationProjects] = .some(named.union(projects.map { ItemID($0) }))
            for project in projects { selected[try .translations(of: project)] = .some(nil) }
        }
        return selected.map { KindScope(kind: $0.key, ids: $0.value) }.sorted { $0.kind < $1.kind }
    }

    private func selectNamedContent(in selected: inout [Kind: Set<ItemID>?]) throws {
        if let models {
            let named = Set(models.map { ItemID($0) })
            selected[.models] = .some(named)
            if items == nil {
                for name in models { selected[try .content(name)] = .some(nil) }
                selected[.singletons] = .some(named)
            }
        }
        for (name, ids) in items ?? [:] {
            let kind = try Kind(name)
            // What takes part as a whole is not narrowed by naming some of it.
            if case .some(.none) = selected[kind] { continue }
            let already = selected[kind].flatMap { $0 } ?? []
            selected[kind] = .some(already.union(ids.map { ItemID($0) }))
        }
        if locales == true { selected[.locales] = .some(nil) }
    }

    /// How many items are named one by one.
    public var namedItems: Int { (items ?? [:]).values.reduce(0) { $0 + $1.count } }

    /// The filter that items of a kind must match to take part, as JSON text; nil where all of them do.
    public func filter(of kind: Kind) -> String? {
        switch kind {
        case .assets: assets?.filter
        default: kind.isContent ? filter : nil
        }
    }

    /// What becomes of translations that the destination has already.
    public var translationRule: TranslationSelection.Rule { translations?.rule ?? .override }

    /// Whether any kind is filtered.
    public var hasFilter: Bool { filter != nil || assets?.filter != nil }

    /// Whether a run deletes items of a kind that the source has sent and that a filter leaves out now. How old or how
    /// large files are says which of them are to be moved, and not which of them are to be there.
    public func deletesLeftOut(_ kind: Kind) -> Bool { mode == .mirror && kind.isContent && filter != nil }

    /// Whether every item of a selected kind takes part, so that a run may move that kind's checkpoint.
    public func coversWholeKind(_ scope: KindScope) -> Bool {
        scope.ids == nil && filter(of: scope.kind) == nil
    }
}

/// One kind of a scope, whole or narrowed to some ids.
public struct KindScope: Sendable, Hashable {
    public var kind: Kind
    /// `nil` means every item.
    public var ids: Set<ItemID>?

    public init(kind: Kind, ids: Set<ItemID>?) {
        self.kind = kind
        self.ids = ids
    }

    /// Whether an item of the kind takes part.
    public func includes(_ id: String) -> Bool { ids?.contains(ItemID(id)) ?? true }
}
