import ContentModel
import Testing

@Suite struct TranslationFileTests {
    private func file(_ text: String) throws -> TranslationFile {
        try TranslationFile(try JSONDocument(validating: text))
    }

    @Test func keysAndLocalesAreReadInTheirOrder() throws {
        let file = try file(#"{"b":{"de":"x","en":"y"},"a":{"en":"z","fr":null}}"#)
        #expect(file.entries.map(\.key) == ["b", "a"])
        #expect(file.locales == ["de", "en", "fr"])
    }

    @Test(arguments: [
        "[]", "null", #"{"a":"text"}"#, #"{"a":{"en":1}}"#, #"{"a":{"b":{"en":"x"}}}"#, #"{"a":{"":"x"}}"#,
    ])
    func otherShapesAreRefused(text: String) {
        #expect { try file(text) } throws: { ($0 as? TidelockError)?.code == .invalidJSON }
    }

    @Test func whatIsWrittenIsWhatIsStored() throws {
        let stored = [
            #"{"key":"a","values":{"en":"\u0041","n":1.0},"note":"x"}"#, #"{"key":"b"}"#,
        ].map { Translation(JSONDocument(stored: $0)) }
        let text = "{\n  \"a\":{\"en\":\"\\u0041\",\"n\":1.0},\n  \"b\":{}\n}\n"
        #expect(String(decoding: TranslationFile.bytes(of: stored), as: UTF8.self) == text)
        #expect(String(decoding: TranslationFile.bytes(of: []), as: UTF8.self) == "{\n}\n")
    }

    @Test func anIntakeCountsKeyByKey() throws {
        let present = [#"{"key":"a","values":{"en":"A"}}"#, #"{"key":"b","values":{"en":"B"}}"#]
            .map { Translation(JSONDocument(stored: $0)) }
        let arriving = try file(#"{"a":{"en":"AA","de":"x"},"b":{"en":"B"},"c":{"en":"C"}}"#)
        let all = TranslationIntake(arriving.entries, into: present, missingOnly: false)
        #expect(all.created == 1 && all.updated == 1 && all.unchanged == 1)
        #expect(
            all.items.map(\.item.text) == [
                #"{"key":"a","values":{"en":"AA","de":"x"}}"#, #"{"key":"c","values":{"en":"C"}}"#,
            ])
        let missing = TranslationIntake(arriving.entries, into: present, missingOnly: true)
        #expect(missing.items.first?.item.text == #"{"key":"a","values":{"en":"A","de":"x"}}"#)
    }

    @Test func aProjectGetsTheLocalesThatItLacks() throws {
        let project = TranslationProject(name: "shop", locales: ["en"])
        #expect(project.item.text == #"{"name":"shop","label":"shop","locales":["en"]}"#)
        #expect(project.adding(["en"]) == project)
        #expect(project.adding(["de", "en"]).locales == ["en", "de"])
    }
}

extension JSONDocument {
    fileprivate init(stored text: String) {
        self = try! JSONDocument(validating: text)  // a literal of these tests
    }
}
