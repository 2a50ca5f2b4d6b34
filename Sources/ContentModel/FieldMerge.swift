/// Three-way merge of two versions of an item, field by field.
///
/// A field that one side changed since both were the same takes that side's value. Fields changed on both sides to
/// different values are conflicts: they take the value of the preferred side and are named. Objects are merged field by
/// field, lists of objects that all carry an `_id` element by element, any other list is one value. What nobody changed
/// stays byte for byte as the target has it.
public struct FieldMerge: Sendable, Equatable {
    public enum Side: Sendable {
        case source, target
    }

    public var merged: JSONDocument
    /// Paths of the fields that were changed on both sides, such as `seo.title` and `blocks[b1].text`; the first thousand.
    public var conflicts: [String]

    /// Fields named at most, and how deep objects are taken apart: below that a value counts as a whole.
    static let namedConflicts = 1_000
    static let depth = 24
    /// Bytes of a path; longer ones are cut.
    static let pathBytes = 256

    /// Never throws. `base` is what both sides were made of.
    public init(base: JSONDocument, source: JSONDocument, target: JSONDocument, preferring side: Side = .target) {
        var merger = Merger(preferred: side)
        // An item is always there on both sides, so the merge has a value.
        merged = merger.value(base, source, target, at: []) ?? target
        conflicts = merger.conflicts
    }
}

extension FieldMerge {
    /// Who changed an item last and when: that goes with whoever was later and is never a conflict of its own.
    static let stamps: [[UInt8]] = [Array("_modified".utf8), Array("_mby".utf8)]
}

/// Where a value lies: member names, and ids of list elements.
private enum PathStep {
    case member([UInt8])
    case element([UInt8])
}

private struct Merger {
    let preferred: FieldMerge.Side
    var conflicts: [String] = []
    /// Whether the item as a whole is later at the source; decides who changed it last.
    private var isSourceLater = false

    init(preferred: FieldMerge.Side) {
        self.preferred = preferred
    }

    /// Nil when the value is gone.
    mutating func value(
        _ base: JSONDocument?, _ source: JSONDocument?, _ target: JSONDocument?, at path: [PathStep]
    ) -> JSONDocument? {
        if isSame(source, target) || isSame(base, source) { return target }
        if isSame(base, target) { return source }
        if let source, let target, path.count < FieldMerge.depth {
            if let lists = Lists(base, source, target) { return merge(lists, at: path) }
            if let objects = Objects(base, source, target) { return merge(objects, at: path) }
        }
        note(path)
        return preferred == .source ? source : target
    }

    private func isSame(_ left: JSONDocument?, _ right: JSONDocument?) -> Bool {
        guard let left, let right else { return left == nil && right == nil }
        return left == right || left.hash == right.hash
    }

    private mutating func note(_ path: [PathStep]) {
        guard conflicts.count < FieldMerge.namedConflicts else { return }
        var text: [UInt8] = []
        for step in path {
            switch step {
            case .member(let name):
                text += (text.isEmpty ? [] : [UInt8(ascii: ".")]) + name.prefix(FieldMerge.pathBytes)
            case .element(let id): text += [UInt8(ascii: "[")] + id.prefix(FieldMerge.pathBytes) + [UInt8(ascii: "]")]
            }
        }
        conflicts.append(String(decoding: text.prefix(FieldMerge.pathBytes), as: UTF8.self))
    }
}

// MARK: Objects

/// Three objects, or nothing when a value is none.
private struct Objects {
    var base: Members
    var source: Members
    var target: Members

    init?(_ base: JSONDocument?, _ source: JSONDocument, _ target: JSONDocument) {
        guard let source = Members(source), let target = Members(target) else { return nil }
        self.base = base.flatMap { Members($0) } ?? Members()
        self.source = source
        self.target = target
    }
}

extension Merger {
    private mutating func merge(_ objects: Objects, at path: [PathStep]) -> JSONDocument {
        if path.isEmpty { isSourceLater = objects.isSourceLater }
        var result = Members()
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

    private mutating func member(_ key: [UInt8], of objects: Objects, at path: [PathStep]) -> JSONDocument? {
        let (base, source, target) = (objects.base[key], objects.source[key], objects.target[key])
        if path.isEmpty, FieldMerge.stamps.contains(key), !isSame(base, source), !isSame(base, target) {
            return isSourceLater ? source : target
        }
        return value(base, source, target, at: path + [.member(key)])
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

/// The members of an object, in order and by their keys. Keys are compared as bytes, as everywhere in JSON.
private struct Members {
    struct Member {
        var key: [UInt8]
        /// The key as it is written, with its quotes and the colon.
        var written: [UInt8]
        var value: JSONDocument

        func with(_ value: JSONDocument) -> Member { Member(key: key, written: written, value: value) }
    }

    private(set) var list: [Member] = []
    private var positions: [[UInt8]: Int] = [:]

    init() {}

    /// Nil for anything but an object; an empty list counts as an empty one, which is what PHP writes for it.
    init?(_ document: JSONDocument) {
        guard document.isObject || document == .emptyArray else { return nil }
        guard document.isObject else { return }
        let members = document.withIndex { index in
            index.children(0).map { child in
                let value = index.range(child)
                return Member(
                    key: Array(index.key(child).utf8),
                    written: Array(document.bytes[index.memberRange(child).lowerBound..<value.lowerBound]),
                    value: JSONDocument(trusted: Array(document.bytes[value])))
            }
        }
        for member in members { append(member) }
    }

    mutating func append(_ member: Member) {
        positions[member.key] = list.count
        list.append(member)
    }

    subscript(key: [UInt8]) -> JSONDocument? { positions[key].map { list[$0].value } }

    var document: JSONDocument {
        var bytes = [UInt8(ascii: "{")]
        for member in list {
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            bytes += member.written
            bytes += member.value.bytes
        }
        bytes.append(UInt8(ascii: "}"))
        return JSONDocument(trusted: bytes)
    }
}

// MARK: Lists

/// Three lists of objects that all carry an `_id`, or nothing when one of them is another kind of list.
private struct Lists {
    var base: Elements
    var source: Elements
    var target: Elements

    init?(_ base: JSONDocument?, _ source: JSONDocument, _ target: JSONDocument) {
        guard let base = Elements(base ?? .emptyArray), let source = Elements(source), let target = Elements(target),
            !(source.ids.isEmpty && target.ids.isEmpty)
        else { return nil }
        self.base = base
        self.source = source
        self.target = target
    }
}

extension Merger {
    private mutating func merge(_ lists: Lists, at path: [PathStep]) -> JSONDocument {
        var merged: [[UInt8]: JSONDocument] = [:]
        for id in lists.target.ids + lists.source.ids.filter({ lists.target[$0] == nil }) {
            merged[id] = value(lists.base[id], lists.source[id], lists.target[id], at: path + [.element(id)])
        }
        return .array(order(lists, at: path).compactMap { merged[$0] })
    }

    /// The elements that all three lists have stand as the side put them that moved them; the others follow the element
    /// they follow on their own side.
    private mutating func order(_ lists: Lists, at path: [PathStep]) -> [[UInt8]] {
        let core = Set(lists.base.ids.filter { lists.source[$0] != nil && lists.target[$0] != nil })
        let orders = [lists.base, lists.source, lists.target].map { $0.ids.filter(core.contains) }
        var common = orders[1] == orders[0] ? orders[2] : orders[1]
        if orders[0] != orders[1], orders[0] != orders[2], orders[1] != orders[2] {
            note(path)
            common = preferred == .source ? orders[1] : orders[2]
        }
        let source = lists.source.runs(around: core)
        let target = lists.target.runs(around: core)
        var seen: Set<[UInt8]> = []
        var order: [[UInt8]] = []
        for anchor in [nil] + common.map(Optional.some) {
            if let anchor { order.append(anchor) }
            for run in Elements.sorted(source[anchor] ?? [], target[anchor] ?? []) {
                order += run.filter { seen.insert($0).inserted }
            }
        }
        return order
    }
}

/// The elements of a list by their ids.
private struct Elements {
    private(set) var ids: [[UInt8]] = []
    private var elements: [[UInt8]: JSONDocument] = [:]

    /// Nil when an element is no object, has no text as `_id`, or shares it with another. An empty object is what some
    /// write for an empty list.
    init?(_ document: JSONDocument) {
        guard document.isArray || document == .emptyObject else { return nil }
        for element in document.elements {
            guard element.isObject, let id = element.string("_id").map({ Array($0.utf8) }),
                elements.updateValue(element, forKey: id) == nil
            else { return nil }
            ids.append(id)
        }
    }

    subscript(id: [UInt8]) -> JSONDocument? { elements[id] }

    /// Elements outside of `core`, by the element of `core` that they follow.
    func runs(around core: Set<[UInt8]>) -> [[UInt8]?: [[UInt8]]] {
        var runs: [[UInt8]?: [[UInt8]]] = [:]
        var anchor: [UInt8]?
        for id in ids {
            if core.contains(id) { anchor = id } else { runs[anchor, default: []].append(id) }
        }
        return runs
    }

    /// Two runs behind the same element, in an order that does not depend on whose they are.
    static func sorted(_ left: [[UInt8]], _ right: [[UInt8]]) -> [[[UInt8]]] {
        right.lexicographicallyPrecedes(left) { $0.lexicographicallyPrecedes($1) } ? [right, left] : [left, right]
    }
}
