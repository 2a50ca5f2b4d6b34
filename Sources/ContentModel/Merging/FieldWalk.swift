/// How items are taken apart into fields, by everything that compares or merges them.
///
/// Objects are walked field by field, lists of objects that all carry an `_id` element by element; any other list is one
/// value, unless a decision is about a part of it.
enum FieldWalk {
    /// How deep objects are taken apart: below that a value counts as a whole.
    static let depth = 24

    /// Whether two values mean the same; a field that is not there is nil.
    static func isSame(_ left: JSONDocument?, _ right: JSONDocument?) -> Bool {
        guard let left, let right else { return left == nil && right == nil }
        return left == right || left.hash == right.hash
    }

    /// The values into which one is taken apart, elements of a list without ids by where they stand.
    static func parts(of value: JSONDocument, at path: FieldPath) -> [(path: FieldPath, value: JSONDocument)] {
        guard path.depth < depth else { return [] }
        if value.isArray {
            guard let elements = FieldElements(value) else {
                return value.elements.enumerated().map { (path.element(at: $0.offset), $0.element) }
            }
            return elements.ids.compactMap { id in elements[id].map { (path.element(id), $0) } }
        }
        return FieldMembers(value).map { $0.list.map { (path.member($0.key), $0.value) } } ?? []
    }
}

/// The members of an object, in order and by their keys. Keys are compared as bytes, as everywhere in JSON.
struct FieldMembers {
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

/// The elements of a list by their ids.
struct FieldElements {
    private(set) var ids: [[UInt8]] = []
    private var elements: [[UInt8]: JSONDocument] = [:]

    init() {}

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

    /// The ids of both lists: those of `core` in the order of `common`, the others behind the element that they follow
    /// on their own side.
    static func woven(
        _ left: FieldElements, _ right: FieldElements, around core: Set<[UInt8]>, in common: [[UInt8]]
    ) -> [[UInt8]] {
        let (leftRuns, rightRuns) = (left.runs(around: core), right.runs(around: core))
        var seen: Set<[UInt8]> = []
        var order: [[UInt8]] = []
        for anchor in [nil] + common.map(Optional.some) {
            if let anchor { order.append(anchor) }
            for run in sorted(leftRuns[anchor] ?? [], rightRuns[anchor] ?? []) {
                order += run.filter { seen.insert($0).inserted }
            }
        }
        return order
    }

    /// Two runs behind the same element, in an order that does not depend on whose they are.
    private static func sorted(_ left: [[UInt8]], _ right: [[UInt8]]) -> [[[UInt8]]] {
        right.lexicographicallyPrecedes(left) { $0.lexicographicallyPrecedes($1) } ? [right, left] : [left, right]
    }
}
