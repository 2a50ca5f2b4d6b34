import ContentModel
import ContentStore
import SyncEngine
import Testing
import TidelockTestSupport

/// What an instance knows of the names in a selection.
@Suite struct KnownNameTests {
    private let a: TestInstance
    private let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private func isKnown(_ name: SelectedName) async throws -> Bool {
        try await a.store.firstUnknown(of: [name]) == nil
    }

    @Test func modelsAreKnownByTheirDefinitionsItemsAndSingletons() async throws {
        try await a.put(.models, #"{"name":"defined"}"#)
        try await a.put(.posts, #"{"_id":"1"}"#)
        try await a.put(.singletons, #"{"_model":"site"}"#)
        for model in ["defined", "posts", "site"] { #expect(try await isKnown(.model(model)), "\(model)") }
        #expect(try await !isKnown(.model("nosuch")))
        #expect(try await a.store.firstUnknown(of: [.model("posts"), .model("x"), .model("y")]) == .model("x"))
        #expect(try await a.store.modelNames() == ["defined", "posts"])
    }

    @Test func namingSomethingDoesNotMakeItKnown() async throws {
        let scope = Scope(models: ["nosuch"])
        try await a.push(to: b, TestRun(scope: scope))
        #expect(try await !isKnown(.model("nosuch")))
    }

    @Test func whatWasDeletedIsKnown() async throws {
        try await a.put(.posts, #"{"_id":"1"}"#)
        try await a.push(to: b)
        try await a.remove(.posts, "1")
        #expect(try await isKnown(.item(ItemKey(.posts, "1"))))
        #expect(try await isKnown(.model("posts")))
        #expect(try await !isKnown(.item(ItemKey(.posts, "2"))))
    }

    @Test func projectsAreKnownByThemselvesAndTheirKeys() async throws {
        try await a.put(.translationProjects, #"{"name":"web","locales":["en"]}"#)
        try await a.put(try .translations(of: "shop"), #"{"key":"k","values":{"en":"K"}}"#)
        #expect(try await isKnown(.project("web")))
        #expect(try await isKnown(.project("shop")))
        #expect(try await !isKnown(.project("wep")))
    }
}
