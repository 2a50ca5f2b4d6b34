import ContentModel
import Testing

@Suite struct FieldChoiceTests {
    private func choose(
        _ fields: [String], from source: String, over target: String, base: String? = nil
    ) throws -> String {
        FieldChoice(
            of: fields, from: try JSONDocument(validating: source), over: try JSONDocument(validating: target),
            base: try base.map { try JSONDocument(validating: $0) }
        ).item.text
    }

    @Test func onlyTheNamedFieldsAreTaken() throws {
        let chosen = try choose(
            ["t"], from: #"{"_id":"1","t":"A","n":0}"#, over: #"{"_id":"1","n":9.0,"t":"B","extra":"mine"}"#)
        #expect(chosen == #"{"_id":"1","n":9.0,"t":"A","extra":"mine"}"#)
    }

    @Test func fieldsOfObjectsAreTakenByTheirPath() throws {
        let chosen = try choose(
            ["seo.t"], from: #"{"seo":{"t":"s","d":"s"},"t":"s"}"#, over: #"{"seo":{"t":"t","d":"t"},"t":"t"}"#)
        #expect(chosen == #"{"seo":{"t":"s","d":"t"},"t":"t"}"#)
    }

    @Test func aTranslationOfAFieldIsAFieldOfItsOwn() throws {
        let chosen = try choose(
            ["title_de"], from: #"{"title":"s","title_de":"sd"}"#, over: #"{"title":"t","title_de":"td"}"#)
        #expect(chosen == #"{"title":"t","title_de":"sd"}"#)
    }

    @Test func elementsOfListsAreFoundByTheirIds() throws {
        let chosen = try choose(
            ["blocks[b2].x"],
            from: #"{"blocks":[{"_id":"b1","x":1},{"_id":"b2","x":1,"y":1},{"_id":"b4"}]}"#,
            over: #"{"blocks":[{"_id":"b3"},{"_id":"b2","x":2,"y":2},{"_id":"b1","x":2}]}"#)
        #expect(chosen == #"{"blocks":[{"_id":"b3"},{"_id":"b2","x":1,"y":2},{"_id":"b1","x":2}]}"#)
    }

    @Test func aFieldThatOneSideHasDeletedComesOrGoes() throws {
        #expect(try choose(["a"], from: #"{"b":1}"#, over: #"{"a":2,"b":2}"#) == #"{"b":2}"#)
        #expect(try choose(["a"], from: #"{"a":1,"b":1}"#, over: #"{"b":2}"#) == #"{"b":2,"a":1}"#)
        let lists = (#"{"l":[{"_id":"x"},{"_id":"y","v":1}]}"#, #"{"l":[{"_id":"x"},{"_id":"z"}]}"#)
        #expect(
            try choose(["l[y]"], from: lists.0, over: lists.1) == #"{"l":[{"_id":"x"},{"_id":"y","v":1},{"_id":"z"}]}"#)
        #expect(try choose(["l[z]"], from: lists.0, over: lists.1) == #"{"l":[{"_id":"x"}]}"#)
    }

    @Test func listsThatAreOneValueAreTakenWhole() throws {
        #expect(try choose(["l"], from: #"{"l":[1,2]}"#, over: #"{"l":[2,3],"m":1}"#) == #"{"l":[1,2],"m":1}"#)
        let chosen = try choose(
            ["l"], from: #"{"l":[{"_id":"a","v":1}]}"#, over: #"{"l":[{"_id":"a","v":2},{"_id":"b"}]}"#,
            base: #"{"l":["plain"]}"#)
        #expect(chosen == #"{"l":[{"_id":"a","v":1}]}"#)
    }

    @Test(arguments: [#"{"l":[{"_id":"a","v":0},{"_id":"b"},{"_id":"c"}]}"#, nil])
    func anOrderIsTakenWithoutTheElements(base: String?) throws {
        let chosen = try choose(
            ["l"], from: #"{"l":[{"_id":"c"},{"_id":"b"},{"_id":"a","v":0}]}"#,
            over: #"{"l":[{"_id":"b"},{"_id":"a","v":9},{"_id":"mine"},{"_id":"c"}]}"#, base: base)
        #expect(chosen == #"{"l":[{"_id":"c"},{"_id":"b"},{"_id":"a","v":9},{"_id":"mine"}]}"#)
    }

    @Test func whatIsNotAnObjectAnyMoreIsTakenWhole() throws {
        #expect(try choose(["a"], from: #"{"a":{"x":1}}"#, over: #"{"a":{"x":2,"y":2}}"#) == #"{"a":{"x":1}}"#)
        #expect(try choose(["a.x"], from: #"{"a":{"x":1}}"#, over: #"{"a":7}"#) == #"{"a":7}"#)
    }

    @Test func namesThatOnlySwiftHoldsToBeEqualAreTwoFields() throws {
        let (composed, decomposed) = ("\u{E9}", "e\u{301}")
        let chosen = try choose(
            [composed], from: "{\"\(composed)\":1,\"\(decomposed)\":1}",
            over: "{\"\(composed)\":2,\"\(decomposed)\":2}")
        #expect(Array(chosen.utf8) == Array("{\"\(composed)\":1,\"\(decomposed)\":2}".utf8))
    }

    @Test func aNameThatWasCutTakesNothingBesideIt() throws {
        let long = String(repeating: "k", count: 300)
        let chosen = try choose(
            [String(repeating: "k", count: 256)], from: "{\"\(long)\":{\"x\":1},\"n\":1}",
            over: "{\"\(long)\":{\"x\":2},\"n\":2}")
        #expect(chosen == "{\"\(long)\":{\"x\":1},\"n\":2}")
    }

    private static let ambiguous = (
        source: #"{"a.b":"s","a":{"b":"s"},"l":[{"_id":"x","v":"s"}],"l[x]":{"v":"s"}}"#,
        target: #"{"a.b":"t","a":{"b":"t"},"l":[{"_id":"x","v":"t"}],"l[x]":{"v":"t"}}"#
    )

    @Test(arguments: [
        (#"a\.b"#, #"{"a.b":"s","a":{"b":"t"},"l":[{"_id":"x","v":"t"}],"l[x]":{"v":"t"}}"#),
        ("a.b", #"{"a.b":"t","a":{"b":"s"},"l":[{"_id":"x","v":"t"}],"l[x]":{"v":"t"}}"#),
        ("l[x].v", #"{"a.b":"t","a":{"b":"t"},"l":[{"_id":"x","v":"s"}],"l[x]":{"v":"t"}}"#),
        (#"l\[x\].v"#, #"{"a.b":"t","a":{"b":"t"},"l":[{"_id":"x","v":"t"}],"l[x]":{"v":"s"}}"#),
    ])
    func aKeyThatLooksLikeAPathIsAFieldOfItsOwn(field: String, chosen: String) throws {
        #expect(try choose([field], from: Self.ambiguous.source, over: Self.ambiguous.target) == chosen)
    }

    private func missing(_ fields: [String], from source: String, over target: String) throws -> [String] {
        FieldChoice(
            of: fields, from: try JSONDocument(validating: source), over: try JSONDocument(validating: target),
            base: nil
        ).missing
    }

    private static let positions = (
        source: #"{"l":[{"v":1},{"v":2,"h":"s"}],"n":"s"}"#,
        target: #"{"l":[{"v":1,"h":"own"},{"v":2,"h":"t"}],"n":"t"}"#
    )

    @Test func elementsOfListsWithoutIdsAreFoundWhereTheyStand() throws {
        let (source, target) = Self.positions
        #expect(
            try choose(["l[1].h"], from: source, over: target)
                == #"{"l":[{"v":1,"h":"own"},{"v":2,"h":"s"}],"n":"t"}"#)
        #expect(
            try choose(["l[0].h"], from: source, over: target) == #"{"l":[{"v":1},{"v":2,"h":"t"}],"n":"t"}"#)
        #expect(try choose(["n"], from: source, over: target) == target.replacing(#""n":"t""#, with: #""n":"s""#))
        #expect(try missing(["l[1].h", "l[0].h", "n"], from: source, over: target) == [])
    }

    @Test func fieldsOfAnObjectThatTheSourceDeletedAreDecidedAboutByThemselves() throws {
        #expect(try choose(["seo.a"], from: "{}", over: #"{"seo":{"a":1,"own":1}}"#) == #"{"seo":{"own":1}}"#)
        #expect(try choose(["seo.a"], from: "{}", over: #"{"seo":{"a":1},"n":1}"#) == #"{"n":1}"#)
        #expect(try missing(["seo.a"], from: "{}", over: #"{"seo":{"a":1,"own":1}}"#) == [])
    }

    @Test(arguments: ["x", "l[2].h", "l[x].h", "n.x", "l[1].h.x", "seo.title", ".", "l[1"])
    func namesThatLeadNowhereAreTold(name: String) throws {
        #expect(try missing(["n", name], from: Self.positions.source, over: Self.positions.target) == [name])
    }

    @Test func whatCannotBeTakenBecauseOfItsFormIsTold() throws {
        let shorter = #"{"l":[{"v":2,"h":"t"}]}"#
        #expect(try missing(["l[1].h"], from: Self.positions.source, over: shorter) == ["l[1].h"])
        #expect(try choose(["l[1].h"], from: Self.positions.source, over: shorter) == shorter)
        #expect(try missing(["a.x"], from: #"{"a":{"x":1}}"#, over: #"{"a":7}"#) == ["a.x"])
    }

    @Test func whatIsTheSameByNowIsNotMissing() throws {
        #expect(try missing(["a.x", "t"], from: #"{"a":{"x":1},"t":1}"#, over: #"{"a":{"x":1},"t":1,"n":2}"#) == [])
        let gone = FieldChoice(
            of: ["t"], from: try JSONDocument(validating: #"{"n":1}"#), over: try JSONDocument(validating: #"{"n":2}"#),
            base: try JSONDocument(validating: #"{"t":0,"n":0}"#))
        #expect(gone.missing == [] && gone.item.text == #"{"n":2}"#)
    }

    @Test func namesOfEarlierReleasesWithoutEscapesAreStillRead() throws {
        #expect(try choose(["a.b"], from: #"{"a.b":1,"n":1}"#, over: #"{"a.b":2,"n":2}"#) == #"{"a.b":1,"n":2}"#)
        let (source, target) = (#"{"l":[{"_id":"b.1","v":1,"n":1}]}"#, #"{"l":[{"_id":"b.1","v":2,"n":2}]}"#)
        #expect(try choose(["l[b.1].v"], from: source, over: target) == #"{"l":[{"_id":"b.1","v":1,"n":2}]}"#)
        let escapes = (#"{"a\\b":1,"n":1}"#, #"{"a\\b":2,"n":2}"#)
        #expect(try choose([#"a\b"#], from: escapes.0, over: escapes.1) == #"{"a\\b":1,"n":2}"#)
    }

    @Test func whatCollidedBeyondTheNamedFieldsIsTakenToo() throws {
        func item(_ version: Int, _ own: Int) -> JSONDocument {
            let fields = (0..<1_200).map { ("k\($0)", JSONDocument(integer: version)) }
            return .object(fields + [("own", JSONDocument(integer: own))])
        }
        let (base, source, target) = (item(0, 0), item(1, 0), item(2, 5))
        let merge = FieldMerge(base: base, source: source, target: target)
        let chosen = FieldChoice(of: merge.conflicts, from: source, over: merge.merged, base: base)
        #expect(chosen.item == item(1, 5))
    }

    @Test(arguments: [
        (#"{"t":0,"n":0}"#, #"{"t":"A","n":0}"#, #"{"t":"B","n":9,"extra":"mine"}"#),
        (
            #"{"l":[{"_id":"a","v":0},{"_id":"b"},{"_id":"c"}],"o":{"x":0}}"#,
            #"{"l":[{"_id":"c"},{"_id":"a","v":1},{"_id":"b"}],"o":{"x":1,"s":1}}"#,
            #"{"l":[{"_id":"b"},{"_id":"a","v":2},{"_id":"c"},{"_id":"t"}],"o":{"t":1}}"#
        ),
    ])
    func choosingAllThatCollidedIsMergingForTheSource(base: String, source: String, target: String) throws {
        let versions = try [base, source, target].map { try JSONDocument(validating: $0) }
        let merge = FieldMerge(base: versions[0], source: versions[1], target: versions[2])
        let wanted = FieldMerge(
            base: versions[0], source: versions[1], target: versions[2], preferring: .source)
        let chosen = FieldChoice(of: merge.conflicts, from: versions[1], over: merge.merged, base: versions[0])
        #expect(!merge.conflicts.isEmpty && chosen.item.hash == wanted.merged.hash, "\(chosen.item.text)")
    }
}
