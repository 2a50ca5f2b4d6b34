/// One version of an item with the values that another has in some fields.
///
/// Fields are named as `FieldMerge` names those that were changed on both sides; every other field stays byte for byte
/// as it is, whatever the other version has there.
public struct FieldChoice: Sendable, Equatable {
    public var item: JSONDocument
    /// Those of the fields that cannot be taken over: they are in neither version any more, or stand in something that
    /// is of another form on each side.
    public var missing: [String]

    /// Never throws. `fields` are paths such as `seo.title` and `blocks[b1].text`; a field that `source` does not have
    /// is gone then. `base` is what both were made of, where that is known.
    public init(of fields: [String], from source: JSONDocument, over target: JSONDocument, base: JSONDocument?) {
        guard fields.count < FieldMerge.namedConflicts || base == nil else {
            // Not all of them are named, so what was changed on both sides is found again.
            item = FieldMerge(base: base ?? target, source: source, target: target, preferring: .source).merged
            missing = []
            return
        }
        var chooser = Chooser(names: FieldNames(fields, base: base, source: source, target: target))
        // An item is always there on both sides, so there is a value.
        item = chooser.value(base, source, target, at: .item) ?? target
        missing = chooser.names.missing
    }
}

private struct Chooser {
    private(set) var names: FieldNames

    init(names: FieldNames) {
        self.names = names
    }

    /// Nil when the value is gone.
    mutating func value(
        _ base: JSONDocument?, _ source: JSONDocument?, _ target: JSONDocument?, at path: FieldPath
    ) -> JSONDocument? {
        let isSame = FieldWalk.isSame(source, target)
        names.meet(path, isSame: isSame)
        let isNamed = names.contains(path)
        guard !isSame, isNamed || names.lead(through: path) else { return target }
        switch FieldPair(base, source, target, about: names, at: path) {
        case .lists(let lists): return merge(lists, base, takingOrder: isNamed, at: path)
        case .members(let members, let others):
            let merged = merge(base, members, others, at: path)
            // Of an object that is gone at the source, what the decision is not about stays.
            return source == nil && merged == .emptyObject && !others.list.isEmpty ? nil : merged
        case .positions(let pairs):
            return .array(pairs.compactMap { value($0.base, $0.source, $0.target, at: $0.path) })
        case .values: return isNamed ? source : target
        }
    }

    private mutating func merge(
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
    private mutating func merge(
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
    /// Elements of two lists without ids that are of one length, by where they stand.
    case positions([Position])
    /// They count as wholes.
    case values

    struct Position {
        var path: FieldPath
        var base: JSONDocument?
        var source: JSONDocument
        var target: JSONDocument
    }

    /// `names`: what a decision is about; nil where it is about the whole item.
    init(
        _ base: JSONDocument?, _ source: JSONDocument?, _ target: JSONDocument?, about names: FieldNames?,
        at path: FieldPath
    ) {
        self = .values
        let isNamed = names?.contains(path) ?? false
        let isOnTheWay = names?.lead(through: path) ?? false
        guard let target, path.depth < FieldWalk.depth else { return }
        guard let source else {
            if isOnTheWay, !isNamed { self.take(apart: target, at: path) }
            return
        }
        if let lists = ListPair(base, source, target, isNamed: isNamed) {
            self = .lists(lists)
            // Fields below a long path may share the name that was cut.
        } else if !isNamed || FieldPath.isCut(Array(path.text.utf8)) {
            if let source = FieldMembers(source), let target = FieldMembers(target) {
                self = .members(source, target)
            } else if isOnTheWay {
                self.pair(base, source, target, at: path)
            }
        }
    }

    /// Where an original is patched, an object that is gone at the source keeps what was held back of it, so that the
    /// others of its fields are decided about.
    private mutating func take(apart target: JSONDocument, at path: FieldPath) {
        guard !path.isElement, target.isObject, let members = FieldMembers(target) else { return }
        self = .members(FieldMembers(), members)
    }

    /// As the lists are of which an original was patched element by element: the elements of the merge stand where those
    /// of the source do.
    private mutating func pair(
        _ base: JSONDocument?, _ source: JSONDocument, _ target: JSONDocument, at path: FieldPath
    ) {
        guard source.isArray, target.isArray else { return }
        let (left, right) = (source.elements, target.elements)
        guard left.count == right.count else { return }
        let known = base.map { $0.isArray ? $0.elements : [] } ?? []
        self = .positions(
            zip(left, right).enumerated().map { position, pair in
                Position(
                    path: path.element(at: position), base: known.count == left.count ? known[position] : nil,
                    source: pair.0, target: pair.1)
            })
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
