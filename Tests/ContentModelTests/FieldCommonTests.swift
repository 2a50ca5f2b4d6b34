import ContentModel
import Testing

@Suite struct FieldCommonTests {
    private func common(_ source: String, _ target: String, _ before: String?) throws -> String {
        FieldCommon(
            of: try JSONDocument(validating: source), and: try JSONDocument(validating: target),
            before: try before.map { try JSONDocument(validating: $0) }
        ).item.text
    }

    @Test func whatIsTheSameIsCommonWhateverItWasBefore() throws {
        #expect(try common(#"{"a":1,"b":[1]}"#, #"{"b":[1],"a":1.0}"#, #"{"a":2}"#) == #"{"b":[1],"a":1.0}"#)
    }

    @Test func ofWhatDiffersTheEarlierValueIsCommon() throws {
        let before = #"{"a":0,"o":{"x":0,"y":0},"gone":0}"#
        let common = try common(
            #"{"a":1,"o":{"x":1,"y":0,"new":1},"l":[1]}"#, #"{"a":2,"o":{"x":0,"y":0},"l":[2]}"#, before)
        #expect(common == #"{"a":0,"o":{"x":0,"y":0}}"#)
    }

    @Test func whatOneSideRemovedIsStillCommon() throws {
        #expect(try common(#"{"a":1}"#, #"{"a":1,"b":2}"#, #"{"a":1,"b":2}"#) == #"{"a":1,"b":2}"#)
    }

    @Test func versionsThatNeverWereTheSameShareOnlyWhatIsTheSameNow() throws {
        #expect(
            try common(#"{"k":1,"v":{"en":"a","de":"x"}}"#, #"{"k":1,"v":{"en":"b","de":"x"}}"#, nil)
                == #"{"k":1,"v":{"de":"x"}}"#)
        #expect(try common("1", "2", nil) == "{}")
    }
}
