/// What two versions of an item have in common: whatever is the same in both, and of what differs what both had before,
/// as far as that is known.
///
/// It is the base of a later merge where neither version took the place of the other. Objects are walked as
/// `FieldMerge` walks them; any other value, a list too, counts as a whole.
public struct FieldCommon: Sendable, Equatable {
    public var item: JSONDocument

    /// Never throws. `before` is what both were made of, nil where they never were the same.
    public init(of source: JSONDocument, and target: JSONDocument, before: JSONDocument?) {
        item = Self.value(source, target, before, depth: 0) ?? .emptyObject
    }

    /// Nil where there is nothing in common.
    private static func value(
        _ source: JSONDocument?, _ target: JSONDocument?, _ before: JSONDocument?, depth: Int
    ) -> JSONDocument? {
        if FieldWalk.isSame(source, target) { return target }
        guard depth < FieldWalk.depth, let source = source.flatMap({ FieldMembers($0) }),
            let target = target.flatMap({ FieldMembers($0) })
        else { return before }
        let before = before.flatMap { FieldMembers($0) } ?? FieldMembers()
        var common = FieldMembers()
        for member in target.list + source.list.filter({ target[$0.key] == nil }) {
            let shared = Self.value(source[member.key], target[member.key], before[member.key], depth: depth + 1)
            if let shared { common.append(member.with(shared)) }
        }
        return common.document
    }
}
