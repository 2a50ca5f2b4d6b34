/// Tells what an unfiltered original holds that its filtered form does not.
struct HeldBack {
    /// Whether nobody edited the original since, so that all in which it differs was held back.
    let isUntouched: Bool

    /// Whether something would be lost with a value of the original that is not in its filtered form.
    func isPart(of original: JSONDocument, beside output: JSONDocument, depth: Int = 0) -> Bool {
        guard !FieldWalk.isSame(original, output) else { return false }
        if original.isArray { return isPart(ofList: original, beside: output, depth: depth) }
        guard original.isObject, let members = FieldMembers(original), !members.list.isEmpty else { return false }
        guard depth < FieldWalk.depth, let known = FieldMembers(output) else { return true }
        return members.list.contains { member in
            known[member.key].map { isPart(of: member.value, beside: $0, depth: depth + 1) } ?? true
        }
    }

    private func isPart(ofList original: JSONDocument, beside output: JSONDocument, depth: Int) -> Bool {
        let elements = original.elements
        let known = output.isArray ? output.elements : []
        guard depth < FieldWalk.depth, elements.count == known.count else {
            // Of a list that was edited too, plain values are nothing but values: the preferred side has them.
            return elements.contains { isUntouched || $0.isObject || $0.isArray }
        }
        return zip(elements, known).contains { isPart(of: $0, beside: $1, depth: depth + 1) }
    }

    /// Whether a value of the original has all that its filtered form has, and so may be what that was made of.
    func covers(_ original: JSONDocument, _ output: JSONDocument, depth: Int = 0) -> Bool {
        if FieldWalk.isSame(original, output) { return true }
        guard depth < FieldWalk.depth else { return false }
        if original.isArray, output.isArray {
            let (elements, known) = (original.elements, output.elements)
            return elements.count == known.count
                && zip(elements, known).allSatisfy { covers($0, $1, depth: depth + 1) }
        }
        guard original.isObject, let members = FieldMembers(original), let known = FieldMembers(output) else {
            return false
        }
        return known.list.allSatisfy { member in
            members[member.key].map { covers($0, member.value, depth: depth + 1) } ?? false
        }
    }
}

/// A list of objects without ids in its filtered form, in what became of that, and in the original, element by element.
///
/// Elements of the original stand where those of its filtered form do. Those of the source are found again by what they
/// say and, in a list that kept its length, by where they stand: an element there that differs was changed.
struct MatchedLists {
    let base: [JSONDocument]
    let source: [JSONDocument]
    let target: [JSONDocument]
    /// Which element of the base each of the source was; nil for a new one.
    let origins: [Int?]

    /// Nil for other lists, where elements of the original cannot be told from one another, and where one is gone of
    /// which something was held back.
    init?(_ output: JSONDocument?, _ arriving: JSONDocument, _ original: JSONDocument, _ heldBack: HeldBack) {
        guard let output, output.isArray, arriving.isArray, original.isArray else { return nil }
        let (base, source, target) = (output.elements, arriving.elements, original.elements)
        guard base.count == target.count, (base + target).allSatisfy(\.isObject),
            heldBack.isUntouched || zip(target, base).allSatisfy({ heldBack.covers($0, $1) })
        else { return nil }
        let origins = Self.origins(of: source.map(\.hash), in: base.map(\.hash))
        let found = Set(origins.compactMap { $0 })
        for position in base.indices where !found.contains(position) {
            if heldBack.isPart(of: target[position], beside: base[position]) { return nil }
        }
        self.base = base
        self.source = source
        self.target = target
        self.origins = origins
    }

    private static func origins(of source: [ContentHash], in base: [ContentHash]) -> [Int?] {
        let hasItsLength = source.count == base.count
        var origins: [Int?] = source.indices.map { hasItsLength && source[$0] == base[$0] ? $0 : nil }
        let unmoved = Set(origins.compactMap { $0 })
        var elsewhere: [ContentHash: [Int]] = [:]
        for position in base.indices.reversed() where !unmoved.contains(position) {
            elsewhere[base[position], default: []].append(position)
        }
        for position in source.indices where origins[position] == nil {
            origins[position] = elsewhere[source[position]]?.popLast()
        }
        guard hasItsLength else { return origins }
        let found = Set(origins.compactMap { $0 })
        for position in source.indices where origins[position] == nil && !found.contains(position) {
            origins[position] = position
        }
        return origins
    }
}
