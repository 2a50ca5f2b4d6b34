import ContentModel
import Testing

@Suite struct FieldVersionsTests {
    private func fields(
        _ base: String?, _ source: String, _ target: String, open: [String]?
    ) throws -> [String] {
        let versions = FieldVersions(
            base: try base.map { try JSONDocument(validating: $0) }, source: try JSONDocument(validating: source),
            target: try JSONDocument(validating: target), open: open)
        return versions.fields.map { field in
            let values = [field.base, field.source, field.target].map { $0?.text ?? "-" }
            return "\(field.path) \(values.joined(separator: " "))\(field.isOpen ? " open" : "")"
        }
    }

    @Test func fieldsInConflictAreToldFromOthersThatDiffer() throws {
        let found = try fields(
            #"{"t":0,"n":0,"same":1}"#, #"{"t":"A","n":0,"same":1}"#, #"{"t":"B","n":9,"x":1,"same":1}"#, open: ["t"])
        #expect(found == [#"t 0 "A" "B" open"#, "n 0 0 9", "x - - 1"])
    }

    @Test func aWholeItemIsOpenInAllThatDiffers() throws {
        #expect(try fields(nil, #"{"t":1,"s":2}"#, #"{"t":2}"#, open: nil) == ["t - 1 2 open", "s - 2 - open"])
    }

    @Test func elementsAreNamedByTheirPath() throws {
        let found = try fields(
            #"{"blocks":[{"_id":"b1","x":0},{"_id":"b2","x":0}]}"#,
            #"{"blocks":[{"_id":"b1","x":0},{"_id":"b2","x":1}]}"#,
            #"{"blocks":[{"_id":"b1","x":0},{"_id":"b2","x":2}]}"#, open: ["blocks[b2].x"])
        #expect(found == ["blocks[b2].x 0 1 2 open"])
    }

    @Test func anOrderIsShownByTheIds() throws {
        let found = try fields(
            #"{"l":[{"_id":"a"},{"_id":"b"}]}"#, #"{"l":[{"_id":"b"},{"_id":"a"}]}"#,
            #"{"l":[{"_id":"a"},{"_id":"b","v":1}]}"#, open: ["l"])
        #expect(found == [#"l ["a","b"] ["b","a"] ["a","b"] open"#, "l[b].v - - 1"])
    }

    @Test func aListThatWasOneValueIsShownAsOne() throws {
        let found = try fields(
            #"{"l":["x"]}"#, #"{"l":[{"_id":"a","v":1}]}"#, #"{"l":[{"_id":"a","v":2}]}"#, open: ["l"])
        #expect(found == [#"l ["x"] [{"_id":"a","v":1}] [{"_id":"a","v":2}] open"#])
    }

    @Test func elementsOfAListWithoutIdsAreShownWhereADecisionIsAboutThem() throws {
        let (source, target) = (#"{"l":[{"v":1},{"v":2,"h":1}]}"#, #"{"l":[{"v":1,"h":2},{"v":2,"h":2}]}"#)
        #expect(try fields(nil, source, target, open: ["l[1].h"]) == ["l[0].h - - 2", "l[1].h - 1 2 open"])
        let whole = #"l - [{"v":1},{"v":2,"h":1}] [{"v":1,"h":2},{"v":2,"h":2}] open"#
        #expect(try fields(nil, source, target, open: nil) == [whole])
    }

    @Test func fieldsThatCannotBeComparedAreTold() throws {
        let versions = FieldVersions(
            base: nil, source: try JSONDocument(validating: #"{"l":[{"h":1}],"t":1}"#),
            target: try JSONDocument(validating: #"{"l":[{"h":2},{}],"t":2}"#), open: ["t", "l[0].h"])
        #expect(versions.missing == ["l[0].h"])
    }
}
