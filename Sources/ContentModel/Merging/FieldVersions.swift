/// The fields in which two versions of an item differ, each with what both were made of.
///
/// Fields are found as `FieldChoice` finds them, so that what is shown as open is what a decision changes.
public struct FieldVersions: Sendable, Equatable {
    public struct Field: Sendable, Equatable {
        /// Such as `seo.title` and `blocks[b1].text`; empty for an item that is no object.
        public var path: String
        /// Nil where nothing was there, or where that is not known. Of lists that stand in another order, all values are
        /// lists of ids.
        public var base: JSONDocument?
        public var source: JSONDocument?
        public var target: JSONDocument?
        /// A decision is about this field.
        public var isOpen: Bool
    }

    /// In the order of the target's fields, then those that only the source has.
    public var fields: [Field]
    /// Those that a decision is about and that cannot be compared: nobody can decide for the source's value of them.
    public var missing: [String]

    /// Never throws. `open` names the fields that a decision is about; nil where it is about the whole item.
    public init(base: JSONDocument?, source: JSONDocument, target: JSONDocument, open: [String]?) {
        var walk = VersionWalk(open: open.map { FieldNames($0, base: base, source: source, target: target) })
        walk.compare(base, source, target, at: .item)
        fields = walk.fields
        missing = walk.open?.missing ?? []
    }
}

private struct VersionWalk {
    private(set) var open: FieldNames?
    private(set) var fields: [FieldVersions.Field] = []

    init(open: FieldNames?) {
        self.open = open
    }

    mutating func compare(
        _ base: JSONDocument?, _ source: JSONDocument?, _ target: JSONDocument?, at path: FieldPath
    ) {
        let isSame = FieldWalk.isSame(source, target)
        open?.meet(path, isSame: isSame)
        guard !isSame else { return }
        switch FieldPair(base, source, target, about: open, at: path) {
        case .lists(let lists): compare(base, lists, at: path)
        case .members(let source, let target): compare(base, source, target, at: path)
        case .positions(let pairs):
            for pair in pairs { compare(pair.base, pair.source, pair.target, at: pair.path) }
        case .values: note(base, source, target, at: path)
        }
    }

    private mutating func compare(
        _ base: JSONDocument?, _ source: FieldMembers, _ target: FieldMembers, at path: FieldPath
    ) {
        let base = base.flatMap { FieldMembers($0) } ?? FieldMembers()
        for member in target.list + source.list.filter({ target[$0.key] == nil }) {
            compare(base[member.key], source[member.key], target[member.key], at: path.member(member.key))
        }
    }

    private mutating func compare(_ base: JSONDocument?, _ lists: ListPair, at path: FieldPath) {
        let (source, target) = (lists.source, lists.target)
        let known = base.flatMap { FieldElements($0) }
        if lists.isReordered {
            note(known.map { list($0.ids) }, list(source.ids), list(target.ids), at: path)
        }
        for id in target.ids + source.ids.filter({ target[$0] == nil }) {
            compare(known?[id], source[id], target[id], at: path.element(id))
        }
    }

    private func list(_ ids: [[UInt8]]) -> JSONDocument {
        .array(ids.map { JSONDocument(string: String(decoding: $0, as: UTF8.self)) })
    }

    private mutating func note(
        _ base: JSONDocument?, _ source: JSONDocument?, _ target: JSONDocument?, at path: FieldPath
    ) {
        let isOpen = open?.contains(path) ?? true
        fields.append(
            FieldVersions.Field(path: path.text, base: base, source: source, target: target, isOpen: isOpen))
    }
}
