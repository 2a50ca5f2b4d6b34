import ContentModel
import Testing

@Suite struct FieldDifferenceTests {
    private func difference(_ old: String, _ new: String, limit: Int = 100) throws -> FieldDifference {
        FieldDifference(
            from: try JSONDocument(validating: old), to: try JSONDocument(validating: new), limit: limit)
    }

    /// Each field in one line: `path change old new`.
    private func lines(_ old: String, _ new: String) throws -> [String] {
        try difference(old, new).fields.map {
            "\($0.path) \($0.change.rawValue) \($0.old?.text ?? "-") \($0.new?.text ?? "-")"
        }
    }

    @Test func fieldsAreAddedRemovedAndChanged() throws {
        let found = try lines(#"{"_id":"1","a":1,"gone":true,"b":"x"}"#, #"{"_id":"1","b":"y","a":1,"fresh":null}"#)
        #expect(found == ["gone removed true -", #"b changed "x" "y""#, "fresh added - null"])
    }

    @Test func whatMeansTheSameIsTheSame() throws {
        let same = try difference(
            #"{"n":1.0,"t":"é","o":{"a":1,"b":2},"e":{}}"#, #"{"e":[],"o":{"b":2,"a":1},"t":"\u00e9","n":1}"#)
        #expect(same.isEmpty && same.fields == [])
    }

    @Test func objectsAreTakenApart() throws {
        let found = try lines(
            #"{"seo":{"title":"a","meta":{"x":1,"y":2}}}"#, #"{"seo":{"title":"b","meta":{"x":1,"y":3},"og":{"i":7}}}"#)
        #expect(found == [#"seo.title changed "a" "b""#, "seo.meta.y changed 2 3", #"seo.og added - {"i":7}"#])
    }

    @Test func listsOfObjectsAreComparedByTheirIds() throws {
        let found = try lines(
            #"{"l":[{"_id":"a","v":1},{"_id":"b","v":1},{"_id":"c"}]}"#,
            #"{"l":[{"_id":"n"},{"_id":"a","v":1},{"_id":"b","v":2}]}"#)
        #expect(found == ["l[b].v changed 1 2", #"l[c] removed {"_id":"c"} -"#, #"l[n] added - {"_id":"n"}"#])
    }

    @Test func anotherOrderIsAChangeOfItsOwn() throws {
        let found = try lines(
            #"{"l":[{"_id":"a","v":1},{"_id":"b"}]}"#, #"{"l":[{"_id":"b"},{"_id":"a","v":2},{"_id":"c"}]}"#)
        #expect(
            found == [
                #"l reordered ["a","b"] ["b","a","c"]"#, "l[a].v changed 1 2", #"l[c] added - {"_id":"c"}"#,
            ])
    }

    @Test func otherListsAreOneValue() throws {
        #expect(try lines(#"{"t":["a","b"]}"#, #"{"t":["b","a"]}"#) == [#"t changed ["a","b"] ["b","a"]"#])
        let twice = #"{"l":[{"_id":"a"},{"_id":"a"}]}"#
        #expect(try lines(twice, #"{"l":[{"_id":"a"}]}"#) == [#"l changed [{"_id":"a"},{"_id":"a"}] [{"_id":"a"}]"#])
    }

    @Test func anotherTypeIsAChange() throws {
        #expect(
            try lines(#"{"a":"1","b":{"x":1}}"#, #"{"a":1,"b":7}"#) == [#"a changed "1" 1"#, #"b changed {"x":1} 7"#])
        // What PHP writes for an object without members.
        #expect(try lines(#"{"b":[]}"#, #"{"b":{"x":1}}"#) == ["b.x added - 1"])
    }

    @Test func keysAreComparedAsBytes() throws {
        let found = try lines("{\"e\u{301}\":1}", "{\"\u{E9}\":1}")
        #expect(found.count == 2)
    }

    @Test func moreFieldsThanTheLimitAreCountedOnly() throws {
        let object = "{" + (0..<50).map { "\"f\($0)\":\($0)" }.joined(separator: ",") + "}"
        let found = try difference("{}", object, limit: 3)
        #expect(found.fields.map(\.path) == ["f0", "f1", "f2"] && found.count == 50)
    }

    @Test func belowTheDepthAValueCountsAsAWhole() throws {
        func nested(_ value: Int) -> String {
            String(repeating: #"{"a":"#, count: 100) + "\(value)" + String(repeating: "}", count: 100)
        }
        let found = try difference(nested(1), nested(2))
        #expect(found.count == 1)
        #expect(found.fields.first?.path.count == 24 + 23 && found.fields.first?.new?.isObject == true)
    }

    @Test func longNamesAreCut() throws {
        let found = try difference("{}", "{\"\(String(repeating: "n", count: 5_000))\":1}")
        #expect(found.fields.first?.path.utf8.count == 256)
    }

    /// What is shown as changed on one side is what a merge takes from it.
    @Test func aDifferenceNamesTheFieldsThatAMergeTakes() throws {
        let base = #"{"_id":"1","t":"a","seo":{"x":1,"y":1},"l":[{"_id":"a","v":1},{"_id":"b","v":1}]}"#
        let source = #"{"_id":"1","t":"b","seo":{"x":1,"y":2},"l":[{"_id":"a","v":3},{"_id":"b","v":1}]}"#
        let target = #"{"_id":"1","t":"c","seo":{"x":1,"y":5},"l":[{"_id":"a","v":4},{"_id":"b","v":1}]}"#
        let merge = FieldMerge(
            base: try JSONDocument(validating: base), source: try JSONDocument(validating: source),
            target: try JSONDocument(validating: target))
        #expect(try difference(base, source).fields.map(\.path) == merge.conflicts)
    }
}
