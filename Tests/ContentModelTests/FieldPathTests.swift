import SeededNumbers
import Testing

@testable import ContentModel

@Suite struct FieldPathTests {
    private func member(_ names: String...) -> FieldPath {
        names.reduce(.item) { $0.member(Array($1.utf8)) }
    }

    @Test func signsInsideOfNamesAreEscaped() {
        #expect(member("seo", "title").text == "seo.title")
        #expect(member("seo.title").text == #"seo\.title"#)
        #expect(member("l").element(Array("a]b".utf8)).member(Array("x".utf8)).text == #"l[a\]b].x"#)
        #expect(member(#"a\b"#).text == #"a\\b"#)
        #expect(FieldPath.item.text == "" && member("").text == #"\e"# && member("", "").text == #"\e.\e"#)
        #expect(member("l").element([]).text == "l[]")
    }

    @Test(arguments: ["a..b", ".a", "a.", "a]", "l[a", "l[a]b", #"a\b"#, #"\ex"#, "a\\", "l[b.c]", "l[[a]"])
    func whatNoPathIsWrittenAsIsNone(text: String) {
        #expect(FieldPath(text) == nil)
    }

    @Test func aTextThatMayBeCutIsNoPath() {
        #expect(FieldPath(String(repeating: "k", count: 255)) != nil)
        #expect(FieldPath(String(repeating: "k", count: 256)) == nil)
    }

    @Test(arguments: 1...200 as ClosedRange<UInt64>)
    func eachPathHasATextOfItsOwnThatLeadsBack(seed: UInt64) {
        var random = OddItems(seed: seed)
        let paths = Set(random.item().fields.keys)
        #expect(paths.allSatisfy { FieldPath($0.text) == $0 }, "\(seed)")
        #expect(Set(paths.map { Array($0.text.utf8) }).count == paths.count, "\(seed)")
    }

    @Test(arguments: 1...200 as ClosedRange<UInt64>)
    func eachTextThatIsReadIsWrittenTheSame(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let signs = [".", "[", "]", "\\", "e", "a", "é", "e\u{301}"]
        var read = 0
        for _ in 0..<200 {
            let text = (0..<random.roll(7)).map { _ in signs[random.roll(signs.count)] }.joined()
            guard let path = FieldPath(text) else { continue }
            read += 1
            #expect(Array(path.text.utf8) == Array(text.utf8), "\(seed)")
        }
        #expect(read > 0, "\(seed)")
    }

    /// Some of the fields in conflict are decided for the source: those and no others are as it has them.
    @Test(arguments: 1...400 as ClosedRange<UInt64>)
    func aDecisionChangesJustTheNamedFields(seed: UInt64) {
        var random = OddItems(seed: seed)
        let base = random.item()
        let (source, target) = (random.change(base), random.change(base))
        let merge = FieldMerge(base: base, source: source, target: target)
        let names = merge.conflicts.filter { _ in random.roll(2) == 0 }
        let choice = FieldChoice(of: names, from: source, over: merge.merged, base: base)
        expectJust(names, of: source, in: choice, over: merge.merged, base: base, "\(seed)")
    }

    /// As above, of an original of which something was held back; what both were made of is not known any more.
    @Test(arguments: 1...400 as ClosedRange<UInt64>)
    func aDecisionAboutAnOriginalChangesJustTheNamedFields(seed: UInt64) {
        var random = OddItems(seed: seed)
        let original = random.item()
        let base = OddItems.filtered(original)
        let (source, target) = (random.change(base), random.change(original))
        let merge = FieldMerge(
            patching: target, isUntouched: target == original, base: base, source: source, preferring: .target)
        let names = merge.conflicts.filter { _ in random.roll(2) == 0 }
        let choice = FieldChoice(of: names, from: source, over: merge.merged, base: nil)
        expectJust(names, of: source, in: choice, over: merge.merged, "\(seed)")
    }

    private func expectJust(
        _ names: [String], of source: JSONDocument, in choice: FieldChoice, over target: JSONDocument,
        base: JSONDocument? = nil, _ seed: Comment
    ) {
        let paths = names.compactMap { FieldPath($0) }
        let (before, after, wanted) = (target.fields, choice.item.fields, source.fields)
        // By position is named what had no ids in one of the versions that were merged, and may have them now.
        let missing = paths.filter { before[$0] == nil && wanted[$0] == nil && base?.fields[$0] == nil }
        #expect(paths.count == names.count && Set(choice.missing) == Set(missing.map(\.text)), seed)
        for path in paths {
            #expect(FieldWalk.isSame(after[path], wanted[path]), "seed \(seed): \(path.text)")
        }
        for path in Set(before.keys).union(after.keys) {
            let isPart = paths.contains { $0 == path || path.isBelow($0) || $0.isBelow(path) }
            #expect(isPart || before[path] == after[path], "seed \(seed): \(path.text)")
        }
    }

    @Test func manyRandomItemsAreInConflict() {
        var plain = 0
        var inLists = 0
        for seed in 1...400 as ClosedRange<UInt64> {
            var random = OddItems(seed: seed)
            let original = random.item()
            let base = OddItems.filtered(original)
            let (source, target) = (random.change(base), random.change(original))
            plain += FieldMerge(base: base, source: source, target: target).conflicts.isEmpty ? 0 : 1
            let patch = FieldMerge(
                patching: target, isUntouched: false, base: base, source: source, preferring: .target)
            inLists += patch.conflicts.contains { $0.contains("[0]") || $0.contains("[1]") } ? 1 : 0
        }
        #expect(plain > 100 && inLists > 0, "\(plain), \(inLists)")
    }
}

extension JSONDocument {
    /// All values of an item by their paths.
    fileprivate var fields: [FieldPath: JSONDocument] {
        var fields: [FieldPath: JSONDocument] = [:]
        var open: [(path: FieldPath, value: JSONDocument)] = [(.item, self)]
        while let next = open.popLast() {
            fields[next.path] = next.value
            open += FieldWalk.parts(of: next.value, at: next.path)
        }
        return fields
    }
}

/// Small items with keys and ids that are made of the signs of a path.
private struct OddItems {
    private var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    private static let names = ["a", "b", "a.b", "a[b]", "[b]", "", #"\"#, #"a\.b"#, ".", "]", "e", #"\e"#]

    mutating func roll(_ sides: Int) -> Int { random.roll(sides) }

    private mutating func name() -> String { Self.names[roll(Self.names.count)] }

    mutating func item() -> JSONDocument { object(depth: 0) }

    private mutating func object(depth: Int) -> JSONDocument {
        var object = JSONDocument.emptyObject
        for _ in 0..<(2 + roll(5)) { object = object.setting(name(), to: value(depth: depth + 1)) }
        return roll(2) == 0 ? object : object.setting("hidden", to: JSONDocument(integer: roll(4)))
    }

    /// What a handler leaves of an item.
    static func filtered(_ item: JSONDocument) -> JSONDocument {
        let bytes = item.text.replacing(#/,"hidden":[0-9]/#, with: "").utf8
        return JSONDocument(trusted: Array(bytes))
    }

    private mutating func value(depth: Int) -> JSONDocument {
        switch roll(depth > 2 ? 2 : 6) {
        case 0: return JSONDocument(integer: roll(4))
        case 1: return JSONDocument(string: "v\(roll(4))")
        case 2:
            let ids = Self.names.filter { _ in roll(4) == 0 }
            return .array(ids.map { object(depth: depth + 1).setting("_id", to: JSONDocument(string: $0)) })
        case 3: return .array((0..<(1 + roll(3))).map { _ in object(depth: depth + 1) })
        default: return object(depth: depth + 1)
        }
    }

    /// An element of it changed.
    private mutating func change(list: JSONDocument) -> JSONDocument {
        var elements = list.elements
        guard !elements.isEmpty else { return list }
        let position = roll(elements.count)
        elements[position] = change(elements[position])
        return .array(elements)
    }

    /// Some members of it, and of what is in it, replaced, added or removed.
    mutating func change(_ item: JSONDocument) -> JSONDocument {
        var changed = item
        for _ in 0..<(2 + roll(4)) {
            let key = name()
            if roll(4) == 0 {
                changed = changed.removing(key)
            } else if let member = changed.member(key), member.isObject, roll(3) > 0 {
                changed = changed.setting(key, to: change(member))
            } else if let member = changed.member(key), member.isArray, roll(3) > 0 {
                changed = changed.setting(key, to: change(list: member))
            } else {
                changed = changed.setting(key, to: value(depth: 1))
            }
        }
        return changed
    }
}
