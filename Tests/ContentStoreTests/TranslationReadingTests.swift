import ContentModel
import ContentStore
import Testing
import TidelockTestSupport

@Suite struct TranslationReadingTests {
    private let a: TestInstance
    private let shop: Kind

    init() throws {
        a = try TestInstance.make("a")[0]
        shop = try .translations(of: "shop")
    }

    @Test func keysAreReadInOrderAndLocalesByThemselves() async throws {
        try await a.put(
            shop, #"{"key":"b","values":{"en":"B","de":""}}"#, #"{"key":"a","values":{"en":"\u0041","de":"x"}}"#,
            #"{"key":"c"}"#, #"{"key":"d","values":{"en":"draft"},"_state":0}"#)
        let all = try await a.store.translations(of: "shop", locale: nil)
        #expect(all?.text == #"{"a":{"en":"\u0041","de":"x"},"b":{"en":"B","de":""},"c":{}}"#)
        #expect(try await a.store.translations(of: "shop", locale: "en")?.text == #"{"a":"\u0041","b":"B"}"#)
        #expect(try await a.store.translations(of: "shop", locale: "de")?.text == #"{"a":"x"}"#)
        #expect(try await a.store.translations(of: "shop", locale: "fr")?.text == "{}")
        #expect(try await a.store.translations(of: shop)?.map(\.key) == ["a", "b", "c", "d"])
    }

    @Test func aProjectIsThereByItsDefinitionOrByAKey() async throws {
        try await a.put(.translationProjects, #"{"name":"empty","locales":["en"]}"#)
        try await a.put(shop, #"{"key":"a","values":{"en":"A"}}"#)
        #expect(try await a.store.translationProjects() == ["empty", "shop"])
        #expect(try await a.store.translations(of: "empty", locale: nil) == .emptyObject)
        for name in ["other", "no such name"] {
            #expect(try await a.store.translations(of: name, locale: nil) == nil)
        }
        try await a.remove(shop, "a")
        #expect(try await a.store.translationProjects() == ["empty"])
        #expect(try await a.store.translations(of: "shop", locale: nil) == nil)
    }

    @Test func moreThanFitsIsRefusedAndNotCut() async throws {
        try await a.put(shop, #"{"key":"a","values":{"en":"A"}}"#, #"{"key":"b","values":{"en":"B"}}"#)
        let size = #"{"key":"a","values":{"en":"A"}}"#.utf8.count
        #expect(try await a.store.translations(of: shop, most: 2 * size)?.count == 2)
        await #expect { try await a.store.translations(of: shop, most: 2 * size - 1) } throws: {
            ($0 as? TidelockError)?.code == .tooLarge
        }
    }
}
