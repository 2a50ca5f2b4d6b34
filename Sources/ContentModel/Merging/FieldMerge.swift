/// Three-way merge of two versions of an item, field by field.
///
/// A field that one side changed since both were the same takes that side's value. Fields changed on both sides to
/// different values are conflicts: they take the value of the preferred side and are named. Objects are merged field by
/// field, lists of objects that all carry an `_id` element by element, any other list is one value, unless an
/// original is patched. What nobody changed stays byte for byte as the target has it.
public struct FieldMerge: Sendable, Equatable {
    public enum Side: Sendable {
        case source, target
    }

    public var merged: JSONDocument
    /// Paths of the fields that were changed on both sides, such as `seo.title` and `blocks[b1].text`; the first thousand.
    public var conflicts: [String]
    /// Those of the conflicts in which the target stays whatever side is preferred, since with it something would be
    /// lost that the source was never given.
    public var waiting: [String]

    /// Fields named at most.
    static let namedConflicts = 1_000

    /// Never throws. `base` is what both sides were made of.
    public init(base: JSONDocument, source: JSONDocument, target: JSONDocument, preferring side: Side = .target) {
        self.init(Merger(preferred: side), base: base, source: source, target: target)
    }

    /// Merges into an unfiltered original what became of its filtered form, the base, elsewhere.
    ///
    /// Fields that are in the original only never left it: they stay, also in an object that the source removed, and in
    /// elements of lists without ids that can be told from one another. Where they cannot stay, the whole value does.
    /// `isUntouched`: nobody edited the original since.
    public init(
        patching original: JSONDocument, isUntouched: Bool, base: JSONDocument, source: JSONDocument,
        preferring side: Side
    ) {
        let merger = Merger(preferred: side, heldBack: HeldBack(isUntouched: isUntouched))
        self.init(merger, base: base, source: source, target: original)
    }

    private init(_ merger: Merger, base: JSONDocument, source: JSONDocument, target: JSONDocument) {
        var merger = merger
        // An item is always there on both sides, so the merge has a value.
        merged = merger.value(base, source, target, at: .item) ?? target
        conflicts = merger.conflicts
        waiting = merger.waiting
    }
}

extension FieldMerge {
    /// Who changed an item last and when: that goes with whoever was later and is never a conflict of its own.
    static let stamps: [[UInt8]] = [Array("_modified".utf8), Array("_mby".utf8)]
}

private struct Merger {
    let preferred: FieldMerge.Side
    /// Nil where the target is no unfiltered original.
    let heldBack: HeldBack?
    var conflicts: [String] = []
    var waiting: [String] = []
    /// Whether the item as a whole is later at the source; decides who changed it last.
    private var isSourceLater = false

    init(preferred: FieldMerge.Side, heldBack: HeldBack? = nil) {
        self.preferred = preferred
        self.heldBack = heldBack
    }

    /// Nil when the value is gone.
    mutating func value(
        _ base: JSONDocument?, _ source: JSONDocument?, _ target: JSONDocument?, at path: FieldPath
    ) -> JSONDocument? {
        if FieldWalk.isSame(source, target) || FieldWalk.isSame(base, source) { return target }
        if FieldWalk.isSame(base, target) { return source }
        if let source, let target, path.depth < FieldWalk.depth {
            if let lists = Lists(base, source, target) { return merge(lists, at: path) }
            if let objects = Objects(base, source, target) { return merge(objects, at: path) }
            if let heldBack, let lists = MatchedLists(base, source, target, heldBack) { return merge(lists, at: path) }
        }
        if let heldBack, let base, let target, heldBack.isPart(of: target, beside: base) {
            return keeping(target, base, source, at: path)
        }
        note(path)
        return preferred == .source ? source : target
    }

    private mutating func note(_ path: FieldPath) {
        guard conflicts.count < FieldMerge.namedConflicts else { return }
        conflicts.append(path.text)
    }

    /// Of an object that is gone at the source, what was held back; any other value, and an element of a list, as a
    /// whole.
    private mutating func keeping(
        _ target: JSONDocument, _ base: JSONDocument, _ source: JSONDocument?, at path: FieldPath
    ) -> JSONDocument? {
        if source == nil, base.isObject, !path.isElement, path.depth < FieldWalk.depth,
            let objects = Objects(base, .emptyObject, target)
        {
            let rest = merge(objects, at: path)
            return rest == .emptyObject ? nil : rest
        }
        note(path)
        if waiting.count < FieldMerge.namedConflicts { waiting.append(path.text) }
        return target
    }
}

// MARK: Objects

/// Three objects, or nothing when a value is none.
private struct Objects {
    var base: FieldMembers
    var source: FieldMembers
    var target: FieldMembers

    init?(_ base: JSONDocument?, _ source: JSONDocument, _ target: JSONDocument) {
        guard let source = FieldMembers(source), let target = FieldMembers(target) else { return nil }
        self.base = base.flatMap { FieldMembers($0) } ?? FieldMembers()
        self.source = source
        self.target = target
    }
}

extension Merger {
    private mutating func merge(_ objects: Objects, at path: FieldPath) -> JSONDocument {
        if path.isItem { isSourceLater = objects.isSourceLater }
        var result = FieldMembers()
        for member in objects.target.list {
            guard let value = self.member(member.key, of: objects, at: path) else { continue }
            result.append(member.with(value))
        }
        for member in objects.source.list where objects.target[member.key] == nil {
            guard let value = self.member(member.key, of: objects, at: path) else { continue }
            result.append(member.with(value))
        }
        return result.document
    }

    private mutating func member(_ key: [UInt8], of objects: Objects, at path: FieldPath) -> JSONDocument? {
        let (base, source, target) = (objects.base[key], objects.source[key], objects.target[key])
        if path.isItem, FieldMerge.stamps.contains(key), !FieldWalk.isSame(base, source),
            !FieldWalk.isSame(base, target)
        {
            return isSourceLater ? source : target
        }
        return value(base, source, target, at: path.member(key))
    }
}

extension Objects {
    /// By `_modified`; where that says nothing, by the bytes of the stamps, so that both sides come to the same answer.
    fileprivate var isSourceLater: Bool {
        let modified = FieldMerge.stamps[0]
        let left = source[modified].flatMap { JSONValue($0).integer } ?? Int64.min
        let right = target[modified].flatMap { JSONValue($0).integer } ?? Int64.min
        guard left == right else { return left > right }
        let stamps = FieldMerge.stamps.map { (source[$0]?.hash.bytes ?? [], target[$0]?.hash.bytes ?? []) }
        return stamps.first { $0.0 != $0.1 }.map { $0.1.lexicographicallyPrecedes($0.0) } ?? false
    }
}

// MARK: Lists

/// Three lists of objects that all carry an `_id`, or nothing when one of them is another kind of list.
private struct Lists {
    var base: FieldElements
    var source: FieldElements
    var target: FieldElements

    init?(_ base: JSONDocument?, _ source: JSONDocument, _ target: JSONDocument) {
        guard let base = FieldElements(base ?? .emptyArray), let source = FieldElements(source),
            let target = FieldElements(target),
            !(source.ids.isEmpty && target.ids.isEmpty)
        else { return nil }
        self.base = base
        self.source = source
        self.target = target
    }
}

extension Merger {
    private mutating func merge(_ lists: Lists, at path: FieldPath) -> JSONDocument {
        var merged: [[UInt8]: JSONDocument] = [:]
        for id in lists.target.ids + lists.source.ids.filter({ lists.target[$0] == nil }) {
            merged[id] = value(lists.base[id], lists.source[id], lists.target[id], at: path.element(id))
        }
        return .array(order(lists, at: path).compactMap { merged[$0] })
    }

    private mutating func merge(_ lists: MatchedLists, at path: FieldPath) -> JSONDocument {
        var merged: [JSONDocument] = []
        for (position, element) in lists.source.enumerated() {
            guard let origin = lists.origins[position] else {
                merged.append(element)
                continue
            }
            let place = path.element(at: position)
            // What is there on both sides has a value.
            merged.append(value(lists.base[origin], element, lists.target[origin], at: place) ?? element)
        }
        return .array(merged)
    }

    /// The elements that all three lists have stand as the side put them that moved them; the others follow the element
    /// they follow on their own side.
    private mutating func order(_ lists: Lists, at path: FieldPath) -> [[UInt8]] {
        let core = Set(lists.base.ids.filter { lists.source[$0] != nil && lists.target[$0] != nil })
        let orders = [lists.base, lists.source, lists.target].map { $0.ids.filter(core.contains) }
        var common = orders[1] == orders[0] ? orders[2] : orders[1]
        if orders[0] != orders[1], orders[0] != orders[2], orders[1] != orders[2] {
            note(path)
            common = preferred == .source ? orders[1] : orders[2]
        }
        return FieldElements.woven(lists.source, lists.target, around: core, in: common)
    }
}
