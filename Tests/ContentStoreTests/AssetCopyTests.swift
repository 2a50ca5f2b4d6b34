import ContentModel
import ContentStore
import Foundation
import HookCatalog
import SyncEngine
import Testing
import TidelockTestSupport

/// Content that carries copies of an asset follows what is done to it here.
@Suite struct AssetCopyTests {
    private let a: TestInstance

    init() throws {
        a = try TestInstance.make("a")[0]
    }

    /// An asset whose file is among the blobs.
    private func asset(_ id: String, _ words: String) throws -> JSONDocument {
        let file = a.folder.appending("\(UUID().uuidString).txt")
        try words.write(to: file, atomically: true, encoding: .utf8)
        let (blob, md5) = try a.store.blobs.take(file: file.path)
        let facts = AssetFacts(
            path: "/2026/11/27/\(words)_uid_\(id).txt", name: "x.txt", head: Array(words.utf8), blob: blob, md5: md5)
        return facts.asset(id: id, title: words, folder: "", at: 1)
    }

    private func put(_ kind: Kind, _ item: JSONDocument) -> LocalChange {
        .put(kind: kind, body: item, hash: item.hash)
    }

    /// As a person does it, with an editor and undo.
    private func edit(_ changes: LocalChange..., editor: Editor? = Editor(user: "ada")) async throws -> (
        run: String, report: LocalWriteReport
    ) {
        let run = a.newID()
        try await a.store.beginRun(id: run, direction: "local", target: "test")
        let report = try a.store.writeBlocking(changes, run: run, editor: editor)
        try await a.store.markUndoable(id: run)
        try await a.store.endRun(id: run, phase: "committed", report: nil)
        return (run, report)
    }

    private func post(_ id: String, _ copy: JSONDocument) -> JSONDocument {
        let hero = copy.setting("_data", to: JSONDocument(string: "mine"))
        return JSONDocument.emptyObject.setting("_id", to: JSONDocument(string: id)).setting("hero", to: hero)
            .setting("list", to: JSONDocument.array([copy]))
    }

    private func texts() async throws -> [String?] {
        var texts: [String?] = []
        for key in [ItemKey(.posts, "1"), ItemKey(.posts, "2"), ItemKey(.pages, "p")] {
            texts.append(try await a.text(key.kind, key.id))
        }
        return texts
    }

    @Test func aNewFileReachesEveryCopyInTheSameRun() async throws {
        let old = try asset("6b03f58a686c82317e382019", "old")
        let site = post("s", old).setting("_model", to: JSONDocument(string: "site"))
        let stranger = post("2", try asset("other", "else"))
        try await a.change([put(.assets, old), put(.posts, post("1", old)), put(.posts, stranger)])
        try await a.change([put(.pages, post("p", old)), put(.singletons, site)])
        let before = try await texts()
        let new = try asset("6b03f58a686c82317e382019", "new")
        let (run, report) = try await edit(put(.assets, new))
        #expect(report.updated == 1 && report.copies == 3, "\(report)")
        for key in [ItemKey(.posts, "1"), ItemKey(.pages, "p"), ItemKey(.singletons, "site")] {
            let item = try await a.store.item(key.kind, key.id)
            #expect(item.member("hero") == new.setting("_data", to: JSONDocument(string: "mine")), "\(key)")
            #expect(item.member("list")?.elements == [new], "\(key)")
        }
        #expect(try await texts()[1] == before[1])
        #expect(try a.problems() == [])
        _ = try await a.store.rollback(run, as: a.newID())
        #expect(try await texts() == before)
        #expect(try a.problems() == [])
    }

    @Test func copiesOfARemovedAssetBecomeNull() async throws {
        let asset = try asset("a1", "old")
        try await a.change([put(.assets, asset), put(.posts, post("1", asset))])
        let (run, report) = try await edit(.remove(kind: .assets, id: "a1"))
        #expect(report.removed == 1 && report.copies == 1, "\(report)")
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","hero":null,"list":[null]}"#)
        _ = try await a.store.rollback(run, as: a.newID())
        #expect(try await a.store.item(.posts, "1").member("hero")?.string("_id") == "a1")
        #expect(try a.problems() == [])
    }

    @Test func idsThatCanBeSpelledInSeveralWaysAreFoundToo() async throws {
        let asset = try asset("a/1", "old")
        let spelled = try JSONDocument(
            validating: #"{"_id":"1","hero":{"_id":"a\/1","path":"\/x","mime":"text\/plain"}}"#)
        try await a.change([put(.assets, asset), put(.posts, spelled)])
        let (_, report) = try await edit(.remove(kind: .assets, id: "a/1"))
        #expect(report.copies == 1)
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","hero":null}"#)
    }

    @Test func anImportLeavesCopiesAsTheyAre() async throws {
        let old = try asset("a1", "old")
        try await a.change([put(.assets, old), put(.posts, post("1", old))])
        let before = try await a.text(.posts, "1")
        let (_, report) = try await edit(put(.assets, try asset("a1", "new")), editor: nil)
        #expect(report.updated == 1 && report.copies == 0, "\(report)")
        #expect(try await a.text(.posts, "1") == before)
    }

    @Test func observersAreToldOfTheItems() async throws {
        let old = try asset("a1", "old")
        try await a.change([put(.assets, old), put(.posts, post("1", old))])
        _ = try await edit(put(.assets, try asset("a1", "new")))
        let claimed = try await a.store.claimEvent()
        #expect(claimed?.event.event.rawValue == "content.item.save")
        #expect(claimed?.event.item?.kind == "content/posts")
    }

    @Test func severalAssetsAtOnceAreRecordedOneByOne() async throws {
        let assets = try ["a1", "a2"].map { try asset($0, "words") }
        try await a.change(assets.map { put(.assets, $0) })
        _ = try await edit(.remove(kind: .assets, id: "a1"), .remove(kind: .assets, id: "a2"))
        let found = try await a.store.audit(AuditQuery(action: .remove, limit: 10))
        #expect(Set(found.compactMap(\.target)) == ["assets/a1", "assets/a2"], "\(found)")
    }
}
