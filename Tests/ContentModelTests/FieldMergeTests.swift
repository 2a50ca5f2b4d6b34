import ContentModel
import Testing

@Suite struct FieldMergeTests {
    private static let base =
        #"{"_id":"1","title":"A","title_de":"B","rank":1.0,"seo":{"t":"x","d":"y"},"tags":["a","b"]}"#

    private func merge(
        _ base: String, _ source: String, _ target: String, preferring side: FieldMerge.Side = .target
    ) throws -> FieldMerge {
        FieldMerge(
            base: try JSONDocument(validating: base), source: try JSONDocument(validating: source),
            target: try JSONDocument(validating: target), preferring: side)
    }

    @Test func fieldsChangedOnOneSideEachAreBothTaken() throws {
        let merge = try merge(
            Self.base, Self.base.replacing(#""A""#, with: #""AA""#), Self.base.replacing(#""B""#, with: #""BB""#))
        #expect(
            merge.merged.text
                == Self.base.replacing(#""A""#, with: #""AA""#).replacing(#""B""#, with: #""BB""#))
        #expect(merge.conflicts == [])
    }

    @Test func whatNobodyChangedKeepsItsBytes() throws {
        let target = #"{"rank" : 1, "_id":"1","seo":{"d":"y","t":"x"},"title":"A","title_de":"ü","tags":["a","b"]}"#
        let merge = try merge(Self.base, Self.base.replacing(#""A""#, with: "7"), target)
        #expect(
            merge.merged.text
                == #"{"rank":1,"_id":"1","seo":{"d":"y","t":"x"},"title":7,"title_de":"ü","tags":["a","b"]}"#)
    }

    @Test func aFieldChangedOnBothSidesIsAConflictAndTakesThePreferredSide() throws {
        let source = Self.base.replacing(#""x""#, with: #""s""#)
        let target = Self.base.replacing(#""x""#, with: #""t""#).replacing(#""A""#, with: #""T""#)
        let kept = try merge(Self.base, source, target)
        #expect(kept.conflicts == ["seo.t"] && kept.merged.text == target)
        let taken = try merge(Self.base, source, target, preferring: .source)
        #expect(taken.conflicts == ["seo.t"])
        #expect(taken.merged.text == target.replacing(#""t":"t""#, with: #""t":"s""#))
    }

    @Test func aFieldDeletedOnOneSideAndChangedOnTheOtherIsAConflict() throws {
        let merge = try merge(#"{"_id":"1","a":1}"#, #"{"_id":"1"}"#, #"{"_id":"1","a":2}"#)
        #expect(merge.conflicts == ["a"] && merge.merged.text == #"{"_id":"1","a":2}"#)
    }

    @Test func aFieldDeletedOnOneSideOnlyIsGone() throws {
        #expect(try merge(#"{"a":1,"b":2}"#, #"{"b":2}"#, #"{"a":1,"b":3}"#).merged.text == #"{"b":3}"#)
        #expect(try merge(#"{"a":1,"b":2}"#, #"{"a":1,"b":3}"#, #"{"b":2}"#).merged.text == #"{"b":3}"#)
    }

    @Test func listsOfPlainValuesAreOneValue() throws {
        let merge = try merge(#"{"l":[1,2]}"#, #"{"l":[1,2,3]}"#, #"{"l":[0,1,2]}"#)
        #expect(merge.conflicts == ["l"] && merge.merged.text == #"{"l":[0,1,2]}"#)
    }

    @Test func listsOfObjectsWithIdsAreMergedElementByElement() throws {
        let base = #"{"l":[{"_id":"a","v":1},{"_id":"b","v":1},{"_id":"c","v":1}]}"#
        let source = #"{"l":[{"_id":"a","v":2},{"_id":"s"},{"_id":"b","v":1},{"_id":"c","v":1}]}"#
        let target = #"{"l":[{"_id":"b","v":1},{"_id":"a","v":1,"w":3},{"_id":"t"}]}"#
        let merge = try merge(base, source, target)
        #expect(merge.conflicts == [])
        #expect(merge.merged.text == #"{"l":[{"_id":"b","v":1},{"_id":"a","v":2,"w":3},{"_id":"s"},{"_id":"t"}]}"#)
    }

    @Test func elementsChangedOnBothSidesAreNamedByTheirId() throws {
        let merge = try merge(
            #"{"l":[{"_id":"a","v":1}]}"#, #"{"l":[{"_id":"a","v":2}]}"#, #"{"l":[{"_id":"a","v":3}]}"#)
        #expect(merge.conflicts == ["l[a].v"])
    }

    private func patch(
        _ original: String, _ base: String, _ source: String, isUntouched: Bool = true,
        preferring side: FieldMerge.Side = .source
    ) throws -> FieldMerge {
        FieldMerge(
            patching: try JSONDocument(validating: original), isUntouched: isUntouched,
            base: try JSONDocument(validating: base), source: try JSONDocument(validating: source), preferring: side)
    }

    private static let listed = (
        original: #"{"l":[{"x":1,"hid":"L1"},{"x":2,"hid":"L2"}]}"#, base: #"{"l":[{"x":1},{"x":2}]}"#
    )

    @Test(
        arguments: [
            (#"[{"x":1},{"x":22}]"#, #"[{"x":1,"hid":"L1"},{"x":22,"hid":"L2"}]"#),
            (#"[{"x":11},{"x":22}]"#, #"[{"x":11,"hid":"L1"},{"x":22,"hid":"L2"}]"#),
            (#"[{"x":2},{"x":1}]"#, #"[{"x":2,"hid":"L2"},{"x":1,"hid":"L1"}]"#),
            (#"[{"x":1},{"x":2},{"x":3}]"#, #"[{"x":1,"hid":"L1"},{"x":2,"hid":"L2"},{"x":3}]"#),
            (#"[{"x":0},{"x":1},7,{"x":2}]"#, #"[{"x":0},{"x":1,"hid":"L1"},7,{"x":2,"hid":"L2"}]"#),
        ])
    func whatWasHeldBackStaysWithItsElementOfAListWithoutIds(list: String, patched: String) throws {
        for isUntouched in [true, false] {
            let merge = try patch(Self.listed.original, Self.listed.base, "{\"l\":\(list)}", isUntouched: isUntouched)
            #expect(merge.conflicts == [] && merge.merged.text == "{\"l\":\(patched)}")
        }
    }

    @Test(arguments: [#"[{"x":1}]"#, #"[{"x":2},{"x":3}]"#, #"[{"x":11},{"x":2},{"x":3}]"#, "[]", "7"])
    func aListWaitsWhereSomethingHeldBackWouldBeLost(list: String) throws {
        for isUntouched in [true, false] {
            let merge = try patch(Self.listed.original, Self.listed.base, "{\"l\":\(list)}", isUntouched: isUntouched)
            #expect(merge.waiting == ["l"] && merge.conflicts == ["l"])
            #expect(merge.merged.text == Self.listed.original)
        }
        let gone = try patch(Self.listed.original, Self.listed.base, "{}")
        #expect(gone.waiting == ["l"] && gone.merged.text == Self.listed.original)
    }

    @Test func elementsThatWereHeldBackAsAWholeMakeTheirListWait() throws {
        let merge = try patch(#"{"l":["a","internal"]}"#, #"{"l":["a"]}"#, #"{"l":["a","b"]}"#)
        #expect(merge.waiting == ["l"] && merge.merged.text == #"{"l":["a","internal"]}"#)
        let edited = try patch(
            #"{"l":["a","c"]}"#, #"{"l":["a"]}"#, #"{"l":["a","b"]}"#, isUntouched: false)
        #expect(edited.waiting == [] && edited.conflicts == ["l"] && edited.merged.text == #"{"l":["a","b"]}"#)
    }

    @Test func elementsOfAnEditedListAreNotMistakenForOneAnother() throws {
        let merge = try patch(
            #"{"l":[{"x":2,"hid":"L2"},{"x":1,"hid":"L1"}]}"#, Self.listed.base, #"{"l":[{"x":11},{"x":2}]}"#,
            isUntouched: false)
        #expect(merge.waiting == ["l"] && merge.merged.text == #"{"l":[{"x":2,"hid":"L2"},{"x":1,"hid":"L1"}]}"#)
    }

    @Test func anObjectThatIsGoneLeavesWhatWasHeldBackOfIt() throws {
        let original = #"{"seo":{"a":1,"hid":"H","in":{"b":1,"c":2},"out":{"d":1}},"v":1}"#
        let merge = try patch(original, #"{"seo":{"a":1,"in":{"b":1},"out":{"d":1}},"v":1}"#, #"{"v":1}"#)
        #expect(merge.conflicts == [] && merge.merged.text == #"{"seo":{"hid":"H","in":{"c":2}},"v":1}"#)
        let whole = try patch(#"{"seo":{"a":1},"s":1}"#, #"{"seo":{"a":1}}"#, "{}")
        #expect(whole.conflicts == [] && whole.merged.text == #"{"s":1}"#)
        let other = try patch(#"{"seo":{"a":1,"hid":"H"}}"#, #"{"seo":{"a":1}}"#, #"{"seo":"none"}"#)
        #expect(other.waiting == ["seo"] && other.merged.text == #"{"seo":{"a":1,"hid":"H"}}"#)
    }

    @Test func anElementThatIsGoneWaitsWhereSomethingWasHeldBackOfIt() throws {
        let merge = try patch(
            #"{"l":[{"_id":"a","hid":1},{"_id":"b","v":1}]}"#, #"{"l":[{"_id":"a"},{"_id":"b","v":1}]}"#, #"{"l":[]}"#)
        #expect(merge.waiting == ["l[a]"] && merge.merged.text == #"{"l":[{"_id":"a","hid":1}]}"#)
    }

    @Test func aValueThatIsNoFieldHeldBackGoesByThePreferredSide() throws {
        let merge = try patch(#"{"mail":"a@example.org"}"#, #"{"mail":"…"}"#, #"{"mail":"none"}"#)
        #expect(merge.waiting == [] && merge.conflicts == ["mail"] && merge.merged.text == #"{"mail":"none"}"#)
    }

    @Test func theStampsOfTheLaterSideCount() throws {
        let base = #"{"t":1,"u":1,"_modified":10,"_mby":"x"}"#
        let source = #"{"t":2,"u":1,"_modified":30,"_mby":"s"}"#
        let target = #"{"t":1,"u":2,"_modified":20,"_mby":"t"}"#
        let merge = try merge(base, source, target)
        #expect(merge.conflicts == [])
        #expect(merge.merged.text == #"{"t":2,"u":2,"_modified":30,"_mby":"s"}"#)
    }

    @Test func keysThatOnlySwiftHoldsToBeEqualAreTwoFields() throws {
        let (composed, decomposed) = ("\u{E9}", "e\u{301}")
        let base = "{\"\(composed)\":1,\"\(decomposed)\":1}"
        let merge = try merge(
            base, "{\"\(composed)\":2,\"\(decomposed)\":1}", "{\"\(composed)\":1,\"\(decomposed)\":3}")
        #expect(Array(merge.merged.text.utf8) == Array("{\"\(composed)\":2,\"\(decomposed)\":3}".utf8))
    }

    @Test(arguments: 1...400 as ClosedRange<UInt64>)
    func theLawsOfMergingHold(seed: UInt64) {
        var random = RandomItems(seed: seed)
        let base = random.item()
        let one = random.change(base)
        let other = random.change(base)
        let here = FieldMerge(base: base, source: one, target: other)
        let there = FieldMerge(base: base, source: other, target: one)
        #expect(Set(here.conflicts) == Set(there.conflicts), "\(seed)")
        if here.conflicts.isEmpty { #expect(here.merged.hash == there.merged.hash, "\(seed)") }
        for (left, right) in [(base, one), (one, base)] {
            let alone = FieldMerge(base: base, source: left, target: right)
            #expect(alone.merged.hash == one.hash && alone.conflicts == [], "\(seed)")
        }
        let same = FieldMerge(base: base, source: one, target: one)
        #expect(same.merged == one && same.conflicts == [], "\(seed)")
        // A merge is valid JSON, and merging it again with what went into it changes nothing where nothing collided.
        #expect((try? JSONDocument(validating: here.merged.bytes)) == here.merged, "\(seed)")
        if here.conflicts.isEmpty {
            #expect(FieldMerge(base: one, source: one, target: here.merged).merged == here.merged, "\(seed)")
        }
    }
}

/// Small items that often have fields in common.
private struct RandomItems {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

    private mutating func roll(_ sides: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(sides))
    }

    mutating func item() -> JSONDocument { object(depth: 0) }

    private mutating func object(depth: Int) -> JSONDocument {
        .object((0..<roll(6)).map { _ in ("k\(roll(6))", value(depth: depth + 1)) })
    }

    private mutating func value(depth: Int) -> JSONDocument {
        switch roll(depth > 2 ? 3 : 6) {
        case 0: return JSONDocument(integer: roll(4))
        case 1: return JSONDocument(string: "v\(roll(4))")
        case 2: return .null
        case 3: return .array((0..<roll(4)).map { _ in JSONDocument(integer: roll(3)) })
        case 4:
            let ids = (0..<5).filter { _ in roll(2) == 0 }
            return .array(
                ids.map { id in
                    object(depth: depth + 1).setting("_id", to: JSONDocument(string: "e\(id)"))
                })
        default: return object(depth: depth + 1)
        }
    }

    /// Some members replaced, added or removed.
    mutating func change(_ item: JSONDocument) -> JSONDocument {
        var changed = item
        for _ in 0..<(1 + roll(3)) {
            let key = "k\(roll(6))"
            if roll(4) == 0 {
                changed = changed.removing(key)
            } else if let member = changed.member(key), member.isObject, roll(3) > 0 {
                changed = changed.setting(key, to: change(member))
            } else {
                changed = changed.setting(key, to: value(depth: 1))
            }
        }
        return changed
    }
}
