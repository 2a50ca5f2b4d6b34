import ContentModel
import ContentStore
import SyncEngine
import Testing
import TidelockTestSupport

@testable import ContentStore

/// The index over the texts of items (`app.search`).
@Suite struct SearchTests {
    private let a: TestInstance
    private let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private func find(
        _ words: String, model: String? = nil, fields: [String]? = nil, limit: Int = 20, offset: Int = 0,
        at instance: TestInstance? = nil
    ) async throws -> [String] {
        let query = SearchQuery(words, model: model, fields: fields, limit: limit, offset: offset)
        return try await (instance ?? a).store.search(query).hits.map { "\($0.model)/\($0.id)" }
    }

    @Test func everyWordMustOccurSomewhereInTheItem() async throws {
        try await a.put(
            .posts, #"{"_id":"1","title":"Copper bridge","body":{"blocks":[{"text":"over the harbour"}]}}"#,
            #"{"_id":"2","title":"Copper roof"}"#)
        #expect(try await find("copper harbour") == ["posts/1"])
        #expect(try await find("COPPER").sorted() == ["posts/1", "posts/2"])
        #expect(try await find("copper sea") == [])
        #expect(try await find("harb copp") == [])
        #expect(try await find("copper harb") == ["posts/1"])
    }

    @Test func accentsAndTagsAreNoObstacle() async throws {
        try await a.put(
            .posts,
            #"{"_id":"1","t":"<p class=\"lead\">Die <b>Straße</b> f&uuml;hrt &lt;weit&gt; 3 < 4 caf\u00e9</p>"}"#)
        for words in ["straße", "fuhrt", "führt", "weit", "cafe", "3 4"] {
            #expect(try await find(words) == ["posts/1"], "\(words)")
        }
        #expect(try await find("lead") == [])
    }

    @Test(arguments: [
        "\"", "\"bridge", "bridge\"", "bridge OR roof", "NOT bridge", "title:bridge", "bridge*", "-bridge",
        "NEAR(bridge roof)", "(bridge", "^bridge", "bridge + roof", "' OR 1 --", "{title}", "\0bridge", "*", "AND",
    ])
    func nothingThatSomebodyTypesIsAnOperator(words: String) async throws {
        try await a.put(.posts, #"{"_id":"1","t":"a bridge"}"#, #"{"_id":"2","t":"a roof"}"#)
        let found = try await find(words)
        #expect(!found.contains("posts/2"), "\(words)")
    }

    @Test func nothingIsFoundWithoutWords() async throws {
        try await a.put(.posts, #"{"_id":"1","t":"x"}"#)
        for words in ["", "   ", "- + *"] { #expect(try await find(words) == []) }
    }

    @Test func modelsFieldsAndPagesNarrowTheResult() async throws {
        try await a.put(.posts, #"{"_id":"1","title":"bridge","note":"roof"}"#, #"{"_id":"2","title":"bridge bridge"}"#)
        try await a.put(.pageItems, #"{"_id":"1","title":"bridge"}"#)
        try await a.put(.singletons, #"{"_model":"site","title":"bridge"}"#, #"{"_model":"shop","title":"bridge"}"#)
        #expect(try await find("bridge").count == 5)
        #expect(try await find("bridge", model: "posts").sorted() == ["posts/1", "posts/2"])
        #expect(try await find("bridge", model: "site") == ["site/site"])
        #expect(try await find("bridge", model: "none") == [])
        #expect(try await find("roof", fields: ["title"]) == [])
        #expect(try await find("roof", fields: ["title", "note"]) == ["posts/1"])
        let all = try await find("bridge")
        #expect(try await find("bridge", limit: 2) + find("bridge", limit: 3, offset: 2) == all)
        let counted = try await a.store.search(SearchQuery("bridge", limit: 0))
        #expect(counted.total == 5 && counted.hits.isEmpty)
    }

    @Test func whatIsCommittedIsFoundAndWhatIsGoneIsNot() async throws {
        try await a.put(.posts, #"{"_id":"1","t":"bridge"}"#, #"{"_id":"2","t":"bridge"}"#)
        #expect(try await find("bridge").count == 2)
        try await a.put(.posts, #"{"_id":"1","t":"roof"}"#)
        let removed = try await a.remove(.posts, "2")
        #expect(try await find("bridge") == [])
        #expect(try await find("roof") == ["posts/1"])
        _ = try await a.store.rollback(removed, as: a.newID())
        #expect(try await find("bridge") == ["posts/2"])
        try await a.push(to: b)
        #expect(try await find("bridge", at: b) == ["posts/2"])
    }

    @Test func largeKindsAreIndexedPageByPage() async throws {
        try await a.change(
            try (0..<1_001).map { number in
                let body = try JSONDocument(validating: #"{"_id":"\#(number)","t":"bridge number \#(number)"}"#)
                return .put(kind: .posts, body: body, hash: body.hash)
            })
        #expect(try await a.store.search(SearchQuery("bridge")).total == 1_001)
        #expect(try await find("bridge number 997") == ["posts/997"])
        #expect(try await a.store.rebuildIndex(model: "posts") == 1_001)
        #expect(try await a.store.search(SearchQuery("bridge")).total == 1_001)
        #expect(try await a.store.rebuildIndex(model: "none") == 0)
    }

    @Test func onlyAnIndexThatWasBegunIsKeptUpToDate() async throws {
        let inspector = try StoreInspector(a.store)
        try await a.put(.posts, #"{"_id":"1","t":"bridge"}"#)
        try await a.store.updateIndex()
        #expect(try inspector.count("SELECT count(*) FROM search_row") == 0)
        #expect(try await a.store.rebuildIndex(model: nil) == 1)
        try await a.put(.posts, #"{"_id":"2","t":"bridge"}"#)
        try await a.store.updateIndex()
        #expect(try inspector.count("SELECT count(*) FROM search_row") == 2)
    }

    @Test func twoProcessesMayIndexAtOnce() async throws {
        try await a.change(
            try (0..<600).map { number in
                let body = try JSONDocument(validating: #"{"_id":"\#(number)","t":"bridge"}"#)
                return .put(kind: .posts, body: body, hash: body.hash)
            })
        let other = try Store.open(in: a.folder.url, name: "a", clock: a.clock, random: SeededRandom(seed: 7))
        try await withThrowingTaskGroup(of: Int.self) { group in
            for store in [a.store, other] { group.addTask { try await store.rebuildIndex(model: nil) } }
            for try await count in group { #expect(count == 600) }
        }
        #expect(try StoreInspector(a.store).count("SELECT count(*) FROM search_row") == 600)
        #expect(try StoreInspector(a.store).count("SELECT count(*) FROM search_text") == 600)
    }

    @Test(arguments: [
        ("a <b>c</b> d", "a  c  d"), ("1 < 2 > 0", "1 < 2 > 0"), ("<unclosed", "<unclosed"), ("a &amp; b", "a & b"),
        ("&#228;&#xe4;", "ää"), ("&nothing; &", "&nothing; &"), ("<!-- x -->y", " y"), ("&#xD800;", "&#xD800;"),
    ])
    func tagsAndEntitiesAreTakenOut(text: String, plain: String) {
        #expect(SearchTexts.plainText(text) == plain)
    }
}
