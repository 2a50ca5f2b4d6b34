/// What a newer version of an item has otherwise than an older one, field by field.
///
/// Fields are found as `FieldMerge` finds them, so that what is shown as changed is what would be merged. A value that
/// means the same is the same, however it is spelled.
public struct FieldDifference: Sendable, Equatable {
    public enum Change: String, Sendable, Codable {
        case added, removed, changed
        /// The elements of a list stand in another order; the values are lists of their ids.
        case reordered
    }

    public struct Field: Sendable, Equatable {
        /// Such as `seo.title` and `blocks[b1].text`; empty for an item that is no object.
        public var path: String
        public var change: Change
        /// Nil for a field that was added.
        public var old: JSONDocument?
        /// Nil for a field that was removed.
        public var new: JSONDocument?
    }

    /// The first of the fields that differ: those of the older version in its order, then the new ones.
    public var fields: [Field]
    /// How many fields differ.
    public var count: Int

    /// Never throws. Keeps `limit` fields and counts the others.
    public init(from old: JSONDocument, to new: JSONDocument, limit: Int) {
        var walk = DifferenceWalk(limit: limit)
        walk.compare(old, new, at: .item)
        fields = walk.fields
        count = walk.count
    }

    public var isEmpty: Bool { count == 0 }
}

private struct DifferenceWalk {
    let limit: Int
    var fields: [FieldDifference.Field] = []
    var count = 0

    init(limit: Int) {
        self.limit = limit
    }

    mutating func compare(_ old: JSONDocument?, _ new: JSONDocument?, at path: FieldPath) {
        guard !FieldWalk.isSame(old, new) else { return }
        guard let old, let new else { return note(path, old == nil ? .added : .removed, old, new) }
        guard path.depth < FieldWalk.depth else { return note(path, .changed, old, new) }
        if let left = FieldElements(old), let right = FieldElements(new) { return compare(left, right, at: path) }
        if let left = FieldMembers(old), let right = FieldMembers(new) { return compare(left, right, at: path) }
        note(path, .changed, old, new)
    }

    private mutating func compare(_ old: FieldMembers, _ new: FieldMembers, at path: FieldPath) {
        for member in old.list { compare(member.value, new[member.key], at: path.member(member.key)) }
        for member in new.list where old[member.key] == nil {
            compare(nil, member.value, at: path.member(member.key))
        }
    }

    private mutating func compare(_ old: FieldElements, _ new: FieldElements, at path: FieldPath) {
        let orders = [old.ids.filter { new[$0] != nil }, new.ids.filter { old[$0] != nil }]
        if orders[0] != orders[1] { note(path, .reordered, list(old.ids), list(new.ids)) }
        for id in old.ids { compare(old[id], new[id], at: path.element(id)) }
        for id in new.ids where old[id] == nil { compare(nil, new[id], at: path.element(id)) }
    }

    private func list(_ ids: [[UInt8]]) -> JSONDocument {
        .array(ids.map { JSONDocument(string: String(decoding: $0, as: UTF8.self)) })
    }

    private mutating func note(
        _ path: FieldPath, _ change: FieldDifference.Change, _ old: JSONDocument?, _ new: JSONDocument?
    ) {
        count += 1
        guard fields.count < limit else { return }
        fields.append(FieldDifference.Field(path: path.text, change: change, old: old, new: new))
    }
}
