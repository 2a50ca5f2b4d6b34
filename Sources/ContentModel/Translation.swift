/// A translation as an item: `{"key": "nav.home", "values": {"en": "Home", "de": "Start"}}`, with whatever else it has.
public struct Translation: Sendable, Equatable {
    public let item: JSONDocument

    public init(_ item: JSONDocument) {
        self.item = item
    }

    /// A translation without a value.
    public init(key: String) {
        self.init(.object([(Self.keyMember, JSONDocument(string: key)), (Self.valuesMember, .emptyObject)]))
    }

    private static let keyMember = "key"
    private static let valuesMember = "values"

    /// Empty where the item has none.
    public var key: String { item.string(Self.keyMember) ?? "" }

    /// The values by locale, always an object: an empty one where the item has none, or something else in their place.
    public var values: JSONDocument {
        guard let values = item.member(Self.valuesMember), values.isObject else { return .emptyObject }
        return values
    }

    /// Locales that have a value.
    public var locales: [String] {
        (FieldMembers(values)?.list ?? []).filter { !Self.isEmpty($0.value) }.map {
            String(decoding: $0.key, as: UTF8.self)
        }
    }

    /// The value of a locale; nil where it has none.
    public func value(_ locale: String) -> JSONDocument? {
        values.member(locale).flatMap { Self.isEmpty($0) ? nil : $0 }
    }

    /// Whether a value counts as missing.
    static func isEmpty(_ value: JSONDocument) -> Bool {
        let empty = [JSONDocument.null, .emptyObject, .emptyArray, JSONDocument(string: "")]
        return empty.contains(value)
    }
}

extension Translation {
    /// The translation with those of `values`, an object, for whose locale it has none. All other bytes stay; where
    /// something else stands in the place of the values, all of them do.
    public func filled(from values: JSONDocument) -> Translation {
        guard let own = FieldMembers(ownValues), let arriving = FieldMembers(values) else { return self }
        return merging(arriving.list.filter { !Self.isEmpty($0.value) }, into: own, where: Self.isEmpty)
    }

    /// The translation with all of `values`, an object; locales that these do not name keep theirs, and all other bytes
    /// stay.
    public func setting(_ values: JSONDocument) -> Translation {
        guard let arriving = FieldMembers(values) else { return self }
        return merging(arriving.list, into: FieldMembers(ownValues) ?? FieldMembers()) { _ in true }
    }

    private var ownValues: JSONDocument {
        guard let values = item.member(Self.valuesMember), values != .null else { return .emptyObject }
        return values
    }

    private func merging(
        _ arriving: [FieldMembers.Member], into own: FieldMembers, where givesWay: (JSONDocument) -> Bool
    ) -> Translation {
        var left: [[UInt8]: FieldMembers.Member] = [:]
        for member in arriving { left[member.key] = member }
        var merged = FieldMembers()
        for member in own.list {
            let new = left.removeValue(forKey: member.key)
            merged.append(new.flatMap { givesWay(member.value) ? member.with($0.value) : nil } ?? member)
        }
        for member in arriving where left[member.key] != nil { merged.append(member) }
        let values = merged.document
        return values == own.document ? self : Translation(item.setting(Self.valuesMember, to: values))
    }
}
