internal import ContentModel
internal import SyncProtocol

/// Finds out at the source which items a run of single items moves.
///
/// Links are read from what the filter handlers leave of an item, so that what they strip is not followed either.
/// Every item is met once, whatever circles the links make.
struct LinkedItems {
    let store: any SourceStore
    let hooks: any RunHooks

    /// Items whose bodies are in memory at once.
    static let page = 200

    /// The scope with all its items named one by one.
    ///
    /// Throws `unknown_item` when a named item is not here, and `too_large` when links lead to too many.
    func resolve(_ scope: Scope) async throws -> Scope {
        guard let rule = scope.itemRule else { return scope }
        var resolved = scope
        resolved.itemRule = nil
        let named = try scope.itemKeys.sorted()
        let meant = try await meant(by: named)
        try await requireAll(meant)
        guard rule != .existing else {
            if meant != named { resolved.items = Self.idsByKind(of: meant) }
            return resolved
        }
        var found = try await closure(of: meant, rule)
        if rule == .linked { found += try await definitions(of: found) }
        resolved.items = Self.idsByKind(of: found)
        return resolved
    }

    private static func idsByKind(of items: [ItemKey]) -> [String: [String]] {
        Dictionary(grouping: items, by: \.kind.name).mapValues { $0.map(\.id).sorted() }
    }

    /// A model stands for its items, and the one item of a singleton is called as the model: `site` of `site`.
    func meant(by named: [ItemKey]) async throws -> [ItemKey] {
        let doubtful = named.filter { $0.asSingleton != nil }
        guard !doubtful.isEmpty else { return named }
        var here: Set<ItemKey> = []
        for part in doubtful.parts(of: Self.page) {
            here.formUnion(try await store.bodies(of: part + part.compactMap(\.asSingleton)).keys)
        }
        return Set(named.map { $0.meant(among: here) }).sorted()
    }

    private func requireAll(_ named: [ItemKey]) async throws {
        for part in named.parts(of: Self.page) {
            let here = try await store.bodies(of: part)
            guard let missing = part.first(where: { here[$0] == nil }) else { continue }
            throw TidelockError(
                .unknownItem, "There is no item \(missing.kind)/\(missing.id.printable) at the source.",
                hint: "'tidelock ls \(missing.kind)' lists the items there.")
        }
    }

    private func closure(of named: [ItemKey], _ rule: ItemRule) async throws -> [ItemKey] {
        var found = Set(named)
        var waiting = named
        while !waiting.isEmpty {
            let next = Array(waiting.suffix(Self.page))
            waiting.removeLast(next.count)
            let unknown = try await links(from: next, rule).filter { !found.contains($0) }
            for part in unknown.parts(of: Self.page) {
                let here = try await store.bodies(of: part)
                for item in part where here[item] != nil && found.insert(item).inserted { waiting.append(item) }
            }
            guard found.count <= Limits.namedItems else {
                throw TidelockError(
                    .tooLarge, "The links lead to more than \(Limits.namedItems) items.",
                    hint: "Leave --with-links and --with-assets out, or move whole models instead: --models.")
            }
        }
        return Array(found)
    }

    private func links(from items: [ItemKey], _ rule: ItemRule) async throws -> Set<ItemKey> {
        let bodies = try await store.bodies(of: items)
        var links: Set<ItemKey> = []
        for (kind, keys) in Dictionary(grouping: items, by: \.kind) {
            let outgoing = keys.sorted().compactMap { key in bodies[key].map { OutgoingItem(id: key.id, body: $0) } }
            for body in try await passed(outgoing, kind) {
                for link in body.links(of: kind) where rule.follows(link) { links.insert(ItemKey(link.kind, link.id)) }
            }
        }
        return links
    }

    /// What of the items leaves this instance.
    private func passed(_ items: [OutgoingItem], _ kind: Kind) async throws -> [JSONDocument] {
        guard !hooks.filters(for: kind).isEmpty else { return items.map(\.body) }
        return zip(items, try await hooks.filter(items, of: kind)).compactMap { item, outcome in
            switch outcome {
            case .unchanged: item.body
            case .changed(let body): body
            case .dropped, .skipped: nil
            }
        }
    }

    /// The models of the items, as far as they are defined here.
    private func definitions(of items: [ItemKey]) async throws -> [ItemKey] {
        let known = Set(items)
        let models = items.compactMap { $0.kind.model ?? ($0.kind == .singletons ? $0.id : nil) }
        let keys = Set(models.map { ItemKey(.models, $0) }).subtracting(known)
        return Array(try await store.bodies(of: Array(keys)).keys)
    }
}

extension ItemKey {
    /// What is meant where the name of a model stands for its items; nil where that cannot be a singleton.
    fileprivate var asSingleton: ItemKey? {
        guard let model = kind.model, ItemID(model) == ItemID(id) else { return nil }
        return ItemKey(.singletons, id)
    }

    /// The item itself, or the singleton of its model where only that is among those that are there.
    func meant(among there: Set<ItemKey>) -> ItemKey {
        guard !there.contains(self), let singleton = asSingleton, there.contains(singleton) else { return self }
        return singleton
    }
}

extension ItemRule {
    /// Whether a run brings what a link of one of its items leads to.
    fileprivate func follows(_ link: ItemLink) -> Bool {
        switch self {
        case .existing: false
        case .linked: true
        case .withAssets: link.kind.job == .assets
        }
    }
}

extension Collection {
    /// The elements in their order, so many at a time at most.
    func parts(of size: Int) -> [[Element]] {
        var parts: [[Element]] = []
        for element in self {
            if parts.last?.count ?? size >= size { parts.append([]) }
            parts[parts.count - 1].append(element)
        }
        return parts
    }
}
