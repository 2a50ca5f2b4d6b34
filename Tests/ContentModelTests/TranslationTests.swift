import ContentModel
import Testing

@Suite struct TranslationTests {
    private func translation(_ text: String) throws -> Translation {
        Translation(try JSONDocument(validating: text))
    }

    @Test(arguments: [
        // What is there stays as it is written, whatever arrives for it.
        (#"{"key":"k","values":{"en":"\u0048ome"}}"#, #"{"en":"House"}"#, #"{"key":"k","values":{"en":"\u0048ome"}}"#),
        (#"{"key":"k","values":{"e":"a"},"n":1.0}"#, #"{"d":"b"}"#, #"{"key":"k","values":{"e":"a","d":"b"},"n":1.0}"#),
        // Empty values are missing, and are filled where they stand.
        (#"{"key":"k","values":{"e":"","d":"b"}}"#, #"{"d":"x","e":"a"}"#, #"{"key":"k","values":{"e":"a","d":"b"}}"#),
        (#"{"key":"k","values":{"en":null}}"#, #"{"en":"a"}"#, #"{"key":"k","values":{"en":"a"}}"#),
        (#"{"key":"k","values":{"en":{}}}"#, #"{"en":"a"}"#, #"{"key":"k","values":{"en":"a"}}"#),
        // Blanks and zero are values.
        (#"{"key":"k","values":{"en":" ","n":0}}"#, #"{"en":"a","n":1}"#, #"{"key":"k","values":{"en":" ","n":0}}"#),
        // Nothing is filled with nothing.
        (#"{"key":"k","values":{"en":""}}"#, #"{"en":null,"de":""}"#, #"{"key":"k","values":{"en":""}}"#),
        // No values are values that are all missing; something else in their place is kept.
        (#"{"key":"k"}"#, #"{"en":"a"}"#, #"{"key":"k","values":{"en":"a"}}"#),
        (#"{"key":"k","values":[]}"#, #"{"en":"a"}"#, #"{"key":"k","values":{"en":"a"}}"#),
        (#"{"key":"k","values":[]}"#, #"{}"#, #"{"key":"k","values":[]}"#),
        (#"{"key":"k","values":"text"}"#, #"{"en":"a"}"#, #"{"key":"k","values":"text"}"#),
        (#"{"key":"k","values":{"en":"a"}}"#, #"["x"]"#, #"{"key":"k","values":{"en":"a"}}"#),
    ])
    func onlyWhatIsMissingIsFilled(own: String, arriving: String, expected: String) throws {
        let filled = try translation(own).filled(from: JSONDocument(validating: arriving))
        #expect(filled.item.text == expected)
    }

    @Test func localesAreComparedAsBytes() throws {
        let filled = try translation("{\"key\":\"k\",\"values\":{\"\u{E9}\":\"a\"}}")
            .filled(from: JSONDocument(validating: "{\"e\u{301}\":\"b\"}"))
        let expected = "{\"key\":\"k\",\"values\":{\"\u{E9}\":\"a\",\"e\u{301}\":\"b\"}}"
        #expect(filled.item.bytes == Array(expected.utf8))
    }

    @Test func settingReplacesWhatIsNamedAndKeepsTheRest() throws {
        let own = try translation(#"{"key":"k","values":{"en":"a","de":"b"},"x":1}"#)
        let set = own.setting(try JSONDocument(validating: #"{"fr":"c","en":"d"}"#))
        #expect(set.item.text == #"{"key":"k","values":{"en":"d","de":"b","fr":"c"},"x":1}"#)
        #expect(own.setting(.emptyObject) == own)
    }

    @Test func aNewKeyHasJustTheValuesItIsGiven() throws {
        let made = Translation(key: "nav.\"home\"").setting(try JSONDocument(validating: #"{"en":"Home"}"#))
        #expect(made.item.text == #"{"key":"nav.\"home\"","values":{"en":"Home"}}"#)
        #expect(made.locales == ["en"])
    }

    @Test func localesAreThoseWithAValue() throws {
        let own = try translation(#"{"key":"k","values":{"en":"a","de":"","fr":null,"it":"b"}}"#)
        #expect(own.locales == ["en", "it"])
        #expect(own.value("en")?.text == #""a""#)
        #expect(own.value("de") == nil)
        #expect(try translation(#"{"key":"k","values":3}"#).values == .emptyObject)
    }
}
