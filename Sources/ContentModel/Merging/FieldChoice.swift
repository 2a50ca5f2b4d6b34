/// One version of an item with the values that another has in some fields.
///
/// Fields are named as `FieldMerge` names those that were changed on both sides; every other field stays byte for byte
/// as it is, whatever the other version has there.
public struct FieldChoice: Sendable, Equatable {
    public var item: JSONDocument

    /// Never throws. `fields` are paths such as `seo.title` and `blocks[b1].text`; a field that `source` does not have
    /// is gone then. `base` is what both were made of, where that is known.
    public init(of fields: [String], from source: JSONDocument, over target: JSONDocument, base: JSONDocument?) {
        guard fields.count < FieldMerge.namedConflicts || base == nil else {
            // Not all of them are named, so what was changed on both sides is found again.
            item = FieldMerge(base: base ?? target, source: source, target: target, preferring: .source).merged
            return
        }
        // An item is always there on both sides, so there is a value.
        let names = FieldNames(fields, in: [base, source, target])
        item = Chooser(names: names).value(base, source, target, at: .item) ?? target
    }
}

private struct Chooser {
    let names: FieldNames

    /// Nil when the value is gone.
    func value(
        _ base: JSONDocument?, _ source: JSONDocument?, _ target: JSONDocument?, at path: FieldPath
    ) -> JSONDocument? {
        if FieldWalk.isSame(source, target) { return target }
        let isNamed = names.contains(path)
        guard isNamed || names.lead(through: path) else { return target }
        return switch FieldPair(base, source, target, isNamed: isNamed, at: path) {
        case .lists(let lists): merge(lists, base, takingOrder: isNamed, at: path)
        case .members(let source, let target): merge(base, source, target, at: path)
        case .values: isNamed ? source : target
        }
    }

    private func merge(
        _ base: JSONDocument?, _ source: FieldMembers, _ target: FieldMembers, at path: FieldPath
    ) -> JSONDocument {
        let base = base.flatMap { FieldMembers($0) } ?? FieldMembers()
        var result = FieldMembers()
        for member in target.list + source.list.filter({ target[$0.key] == nil }) {
            let key = member.key
            let value = self.value(base[key], source[key], target[key], at: path.member(key))
            if let value { result.append(member.with(value)) }
        }
        return result.document
    }

    /// Elements that both lists have stand as the target has them, unless the order itself is chosen; the others follow
    /// the element they follow on their own side.
    private func merge(
        _ lists: ListPair, _ base: JSONDocument?, takingOrder: Bool, at path: FieldPath
    ) -> JSONDocument {
        let base = base.flatMap { FieldElements($0) } ?? FieldElements()
        let (source, target) = (lists.source, lists.target)
        let core = Set(target.ids.filter { source[$0] != nil })
        let common = (takingOrder ? source : target).ids.filter(core.contains)
        let elements = FieldElements.woven(source, target, around: core, in: common).compactMap { id in
            value(base[id], source[id], target[id], at: path.element(id))
        }
        return .array(elements)
    }
}

/// How two versions of a value that differ are taken apart further.
enum FieldPair {
    case lists(ListPair)
    case members(FieldMembers, FieldMembers)
    /// They count as wholes.
    case values

    /// `isNamed`: the value is one that a decision is about.
    init(
        _ base: JSONDocument?, _ source: JSONDocument?, _ target: JSONDocument?, isNamed: Bool, at path: FieldPath
    ) {
        self = .values
        guard let source, let target, path.depth < FieldWalk.depth else { return }
        if let lists = ListPair(base, source, target, isNamed: isNamed) {
            self = .lists(lists)
            // Fields below a long path may share the name that was cut.
        } else if !isNamed || FieldPath.isCut(Array(path.text.utf8)), let source = FieldMembers(source),
            let target = FieldMembers(target)
        {
            self = .members(source, target)
        }
    }
}

/// Two lists that were merged element by element, or nothing where they count as wholes.
struct ListPair {
    var source: FieldElements
    var target: FieldElements

    /// Whether the elements that both have stand in another order on each side.
    var isReordered: Bool {
        source.ids.filter { target[$0] != nil } != target.ids.filter { source[$0] != nil }
    }

    /// A list that is named was one value, or its elements stand in another order on each side. Which of them tells
    /// what both were made of; where that is not known, the order does.
    init?(_ base: JSONDocument?, _ source: JSONDocument, _ target: JSONDocument, isNamed: Bool) {
        guard let source = FieldElements(source), let target = FieldElements(target),
            !(source.ids.isEmpty && target.ids.isEmpty)
        else { return nil }
        self.source = source
        self.target = target
        guard isNamed else { return }
        if let base {
            guard FieldElements(base) != nil else { return nil }
        } else {
            guard isReordered else { return nil }
        }
    }
}
