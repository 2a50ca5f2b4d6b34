import ContentModel
import Foundation
import Testing
import TidelockTestSupport

@Suite("Selections", .story)
struct SelectionTests {
    @Test func namedItemsMoveAlone() async throws {
        let site = try await Site.make()
        try await site.source.take(Articles.make(6))
        try await site.source.put("locales", try JSONDocument(validating: #"{"i18n":"de"}"#))
        let report = try await site.push("--items", "articles/\(Articles.id(2)),content/articles/\(Articles.id(4))")
        #expect(report.isGood && report.created == 2, "\(report)")
        let keys = try await site.destination.content().keys.sorted()
        #expect(keys == ["content/articles/\(Articles.id(2))", "content/articles/\(Articles.id(4))"])
    }

    @Test func localesFollowTheirSwitch() async throws {
        let site = try await Site.make()
        try await site.source.take(Articles.make(2))
        try await site.source.put("locales", try JSONDocument(validating: #"{"i18n":"de"}"#))
        #expect(try await site.push("--no-locales").created == 2)
        #expect(try await site.push("--models", "articles", "--locales").created == 1)
        #expect(try await site.destination.content()["locales/de"] != nil)
    }

    @Test func itemsThatAreNoneAreRefused() async throws {
        let site = try await Site.make()
        for items in ["articles", "articles/", ",", "/x"] {
            #expect(try await site.source.attempt("push", "production", "--items", items).status == 64, "\(items)")
        }
    }
}
