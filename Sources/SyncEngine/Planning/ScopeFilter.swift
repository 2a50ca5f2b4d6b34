public import ContentModel

extension Scope {
    /// Throws `invalid_filter`, `mirror_with_filter` unless that combination was asked for, and `usage` for a mirror
    /// that is to keep translations.
    public func checkFilters() throws {
        _ = try itemFilter(of: .singletons)
        _ = try itemFilter(of: .assets)
        try checkRule()
    }

    /// A mirror deletes what the source does not have, and a rule that only adds keeps what the destination has: no
    /// result would be right in both ways.
    func checkRule() throws {
        guard mode == .mirror, translationRule != .override else { return }
        throw TidelockError(
            .usage, "Mirror would delete translations that a run which only adds what is missing is to keep.",
            hint: "Drop one of them; other jobs may be mirrored in a run of their own.")
    }

    /// The filter over items of a kind, read. Throws like `checkFilters`.
    func itemFilter(of kind: Kind) throws -> ContentFilter? {
        guard let filter = filter(of: kind) else { return nil }
        guard mode == .merge || allowsMirrorWithFilter else {
            throw TidelockError(
                .mirrorWithFilter, "Mirror together with a filter would delete everything that the filter leaves out.",
                hint:
                    "Drop one of them, or repeat with --force-mirror: then only rows that this source sent are deleted."
            )
        }
        do {
            return try ContentFilter(text: filter)
        } catch {
            throw error.failure
        }
    }
}

extension Scope {
    /// The items that are named one by one; none where all are meant.
    public var itemKeys: [ItemKey] {
        get throws { try ItemKey.all(in: items ?? [:]) }
    }
}

extension ItemKey {
    /// The items that a message or a scope names, kind by kind. Throws where a name is that of no kind.
    static func all(in items: [String: [String]]) throws -> [ItemKey] {
        try items.sorted { $0.key < $1.key }.flatMap { name, ids in
            let kind = try Kind(name)
            return ids.map { ItemKey(kind, $0) }
        }
    }
}
