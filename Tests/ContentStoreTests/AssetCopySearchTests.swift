import ContentModel
import SyncEngine
import Testing
import TidelockTestSupport

@testable import ContentStore

/// Copies of assets are looked for before the write that changes them.
@Suite struct AssetCopySearchTests {
    private let a: TestInstance

    init() throws {
        a = try TestInstance.make("a")[0]
    }

    private func put(_ kind: Kind, _ id: String, copying asset: String?) async throws {
        let copy = asset.map { #"{"_id":"\#($0)","path":"/x.txt","mime":"text/plain"}"# } ?? #"{"_model":"a1"}"#
        try await a.put(kind, #"{"_id":"\#(id)","hero":\#(copy)}"#)
    }

    private func search(_ ids: ItemID...) async throws -> AssetCopies {
        try await a.store.read { db in try AssetCopies(db, of: ids) }
    }

    private func holders(_ search: AssetCopies, _ ids: ItemID...) async throws -> [String] {
        try await a.store.read { db in try search.holders(db, of: ids).map { "\($0.kind)/\($0.place.id)" }.sorted() }
    }

    @Test func whatIsChangedAfterTheSearchIsFoundToo() async throws {
        try await put(.posts, "1", copying: "a1")
        try await put(.posts, "2", copying: nil)
        try await put(.posts, "3", copying: "a2")
        let search = try await search("a1")
        #expect(try await holders(search, "a1") == ["content/posts/1"])
        try await put(.posts, "2", copying: "a1")
        try await put(.pages, "p", copying: "a1")
        try await put(.posts, "4", copying: nil)
        #expect(try await holders(search, "a1") == ["content/posts/1", "content/posts/2", "pages/p"])
    }

    @Test func assetsThatNobodyLookedForAreLookedForLate() async throws {
        try await put(.posts, "1", copying: "a1")
        try await put(.posts, "2", copying: "a/2")
        try await put(.posts, "3", copying: nil)
        #expect(try await holders(AssetCopies(), "a1", "a/2") == ["content/posts/1", "content/posts/2"])
        #expect(try await holders(search("a1"), "a1", "a/2") == ["content/posts/1", "content/posts/2"])
    }
}
