import ContentModel
import SyncEngine
import Testing
import TidelockTestSupport

@testable import ContentStore

/// The levels of the rows of a tree.
@Suite struct TreeLevelsTests {
    /// All rows in the order in which they are given out, `limit` at a time.
    private func places(_ rows: [(id: String, parent: String?)], limit: Int = 2) async throws -> [TreeLevels.Place] {
        let levels = try TreeLevels(of: .pages) { add in
            for row in rows { try add(Bucket(kind: .pages, id: row.id), row.id, row.parent) }
        }
        var places: [TreeLevels.Place] = []
        while true {
            let page = try await levels.places(after: places.last?.position, limit: limit)
            if page.isEmpty { return places }
            #expect(page.count <= limit)
            places += page
        }
    }

    private func levels(_ rows: [(id: String, parent: String?)]) async throws -> [String: Int] {
        Dictionary(uniqueKeysWithValues: try await places(rows).map { ($0.id, $0.level) })
    }

    @Test func everyRowIsBelowItsParent() async throws {
        let rows = (1...200).map { ("i\($0)", $0 > 1 ? "i\($0 / 2)" : nil) }
        let places = try await places(rows.reversed(), limit: 7)
        #expect(places.count == 200)
        let ranks = Dictionary(uniqueKeysWithValues: places.enumerated().map { ($1.id, $0) })
        for (id, parent) in rows { if let parent { #expect(ranks[parent]! < ranks[id]!) } }
        #expect(places.map(\.id) == (try await self.places(rows, limit: 1_000)).map(\.id))
    }

    @Test func whoseParentIsNotThereIsAtTheTop() async throws {
        #expect(try await levels([("a", "gone"), ("b", "a"), ("c", nil)]) == ["a": 0, "b": 1, "c": 0])
        #expect(try await levels([]) == [:])
    }

    @Test(.timeLimit(.minutes(1)))
    func circlesComeLast() async throws {
        let levels = try await levels([
            ("a", "b"), ("b", "a"), ("below", "a"), ("self", "self"), ("top", nil), ("under", "top"),
        ])
        #expect(levels["top"] == 0 && levels["under"] == 1)
        for id in ["a", "b", "below", "self"] { #expect(levels[id] == 2) }
    }

    @Test(.timeLimit(.minutes(1)))
    func aDeepTreeIsNoMoreWorkThanAFlatOne() async throws {
        let depth = 5_000
        let levels = try await levels((0..<depth).map { ("i\($0)", $0 > 0 ? "i\($0 - 1)" : nil) })
        #expect(levels["i\(depth - 1)"] == depth - 1)
    }

    @Test func idsThatOnlyLookAlikeAreOthers() async throws {
        let (one, other) = ("\u{e9}", "e\u{301}")
        #expect(try await places([(one, nil), (other, one)]).map(\.level) == [0, 1])
    }

    @Test func onlyModelsThatAreDefinedAsTreesAreTrees() async throws {
        let a = try TestInstance.make("a")[0]
        for kind in [Kind.pages, .assetFolders] { #expect(try await a.store.isTree(kind)) }
        for kind in [Kind.pageItems, .singletons] { #expect(try await !a.store.isTree(kind)) }
        try await a.put(.models, #"{"name":"pages","type":"tree"}"#, #"{"name":"posts","type":"collection"}"#)
        #expect(try await a.store.isTree(.pageItems))
        #expect(try await !a.store.isTree(.posts))
        try await a.remove(.models, "pages")
        #expect(try await !a.store.isTree(.pageItems))
    }
}
