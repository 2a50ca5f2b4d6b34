import ContentModel
import ContentStore
import Foundation
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Runs of single items, with what their links lead to.
@Suite struct LinkedItemTests: PairSuite {
    let a: TestInstance
    let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    /// Posts 1 → page p → post 2 → post 1, a circle; post 3 stands alone.
    private func fill() async throws {
        try await a.put(.models, #"{"name":"posts"}"#, #"{"name":"pages"}"#, #"{"name":"other"}"#)
        try await a.put(
            .posts, #"{"_id":"1","page":{"_model":"pages","_id":"p"},"gone":{"_model":"pages","_id":"gone"}}"#,
            #"{"_id":"2","to":[{"_model":"posts","_id":"1"}]}"#, #"{"_id":"3"}"#)
        try await a.put(
            .pageItems, #"{"_id":"p","_pid":"root","x":{"y":{"_model":"posts","_id":"2"}}}"#, #"{"_id":"root"}"#)
    }

    private func run(_ ids: String..., rule: ItemRule) -> TestRun {
        TestRun(scope: Scope(items: ["content/posts": ids], itemRule: rule))
    }

    private func keys(_ instance: TestInstance) throws -> [String] {
        try StoreInspector(instance.store).heads().keys.sorted().map(\.description)
    }

    private let circle = [
        "models/pages", "models/posts", "content/pages/p", "content/pages/root", "content/posts/1", "content/posts/2",
    ]

    @Test func aPushBringsWhatIsLinked() async throws {
        try await fill()
        #expect(try await a.push(to: b, run("1", rule: .linked)).result?.created == 6)
        #expect(try keys(b) == circle)
        #expect(try await a.push(to: b, run("2", rule: .linked)).isNoOp)
        #expect(try await a.push(to: b).result?.created == 2)
        try expectNoProblems()
    }

    @Test(arguments: [ItemRule.existing, .linked])
    func aModelStandsForItsSingletonToo(rule: ItemRule) async throws {
        try await a.put(.models, #"{"name":"site","type":"singleton"}"#)
        try await a.put(.singletons, #"{"_model":"site"}"#)
        try await b.put(.models, #"{"name":"site","type":"singleton"}"#)
        let site = TestRun(scope: Scope(items: ["content/site": ["site"]], itemRule: rule))
        try await a.push(to: b, site)
        #expect(try keys(b) == ["models/site", "singletons/site"])
        try await b.put(.singletons, #"{"_model":"site","v":2}"#)
        try await a.pull(from: b, site)
        #expect(try await a.text(.singletons, "site") == #"{"_model":"site","v":2}"#)
        let none = TestRun(scope: Scope(items: ["content/posts": ["posts"]], itemRule: rule))
        do {
            try await a.push(to: b, none)
            Issue.record("the run should have been refused")
        } catch let failure as TestRunFailure {
            #expect(failure.error.code == .unknownItem && failure.error.message.contains("content/posts/posts"))
        }
    }

    @Test func aPullLetsTheSourceFollowTheLinks() async throws {
        try await fill()
        #expect(try await b.pull(from: a, run("1", rule: .linked)).result?.created == 6)
        #expect(try keys(b) == circle)
        #expect(try await b.pull(from: a, run("1", rule: .linked)).isNoOp)
        #expect(try await b.pull(from: a).result?.created == 2)
        #expect(a.hooks.pinned == 0)
    }

    /// Page 2 below page 1, with a post and an asset in a folder below another; a post and a page stand apart.
    private func fillPages() async throws {
        try await a.put(.models, #"{"name":"posts"}"#)
        try await a.put(.assetFolders, #"{"_id":"f","_p":""}"#, #"{"_id":"g","_p":"f"}"#, #"{"_id":"apart","_p":""}"#)
        let asset = try await a.putAsset("image", folder: "g")
        try await a.put(.posts, #"{"_id":"1"}"#, #"{"_id":"apart"}"#)
        try await a.put(
            .pages, #"{"_id":"1"}"#, #"{"_id":"2","_pid":"1","image":\#(asset),"post":{"_model":"posts","_id":"1"}}"#,
            #"{"_id":"apart"}"#)
    }

    private func run(_ kind: Kind, _ id: String, _ rule: ItemRule) -> TestRun {
        TestRun(scope: Scope(items: [kind.name: [id]], itemRule: rule))
    }

    private let withLinks = [
        "models/posts", "assets/folders/f", "assets/folders/g", "assets/image", "content/posts/1", "pages/1", "pages/2",
    ]

    @Test func aPageBringsItsParentsItemsAndAssets() async throws {
        try await fillPages()
        #expect(try await a.push(to: b, run(.pages, "2", .linked)).result?.dangling == nil)
        #expect(try keys(b) == withLinks)
        #expect(try await a.push(to: b, run(.pages, "2", .linked)).isNoOp)
        try expectNoProblems()
    }

    @Test func aPageIsPulledWithItsParentsItemsAndAssets() async throws {
        try await fillPages()
        #expect(try await b.pull(from: a, run(.pages, "2", .linked)).result?.created == withLinks.count)
        #expect(try keys(b) == withLinks)
    }

    @Test func aPageBringsTheComponentsOfItsLayout() async throws {
        try await a.put(.layoutComponents, #"{"name":"hero"}"#, #"{"name":"apart"}"#)
        let hero = #"{"component":"hero","data":{}}"#
        try await a.put(.pages, #"{"_id":"1","layout":[{"component":"section","data":[],"children":[\#(hero)]}]}"#)
        #expect(try await a.push(to: b, run(.pages, "1", .linked)).result?.dangling == nil)
        #expect(try keys(b) == ["layout/components/hero", "pages/1"])
        #expect(try await a.push(to: b, run(.pages, "1", .linked)).isNoOp)
        try expectNoProblems()
    }

    @Test func withAssetsOnlyThoseAndTheirFoldersComeAlong() async throws {
        try await fillPages()
        let run = try await a.push(to: b, run(.pages, "2", .withAssets))
        #expect(run.result?.dangling?.count == 2, "its parent and its post stay behind")
        #expect(try keys(b) == ["assets/folders/f", "assets/folders/g", "assets/image", "pages/2"])
    }

    @Test func withAssetsAMenuMovesAlone() async throws {
        try await fillPages()
        try await a.put(.menus, #"{"name":"main","items":[{"page":"2"}]}"#)
        #expect(try await b.pull(from: a, run(.menus, "main", .withAssets)).result?.created == 1)
        #expect(try keys(b) == ["pages/menus/main"])
        #expect(try await b.pull(from: a, run(.menus, "main", .linked)).result?.created == withLinks.count)
        #expect(try keys(b) == withLinks + ["pages/menus/main"])
    }

    @Test func aPageMovesAlone() async throws {
        try await fillPages()
        #expect(try await a.push(to: b, run(.pages, "2", .existing)).result?.created == 1)
        #expect(try await b.pull(from: a, run(.pages, "apart", .existing)).result?.created == 1)
        #expect(try keys(b) == ["pages/2", "pages/apart"])
    }

    @Test func withoutLinksTheItemMovesAlone() async throws {
        try await fill()
        try await b.put(.models, #"{"name":"posts"}"#)
        #expect(try await a.push(to: b, run("1", rule: .existing)).result?.created == 1)
        #expect(try await b.pull(from: a, run("3", rule: .existing)).result?.created == 1)
        #expect(try keys(b) == ["models/posts", "content/posts/1", "content/posts/3"])
    }

    @Test func whatAHandlerStripsIsNotFollowed() async throws {
        try await fill()
        a.hooks.install("strips") { _, item in
            item.id == "1" ? .changed(try JSONDocument(validating: #"{"_id":"1"}"#)) : .unchanged
        }
        try await a.push(to: b, run("1", rule: .linked))
        #expect(try keys(b) == ["models/posts", "content/posts/1"])
    }

    @Test func anItemThatIsNotThereIsRefused() async throws {
        try await fill()
        for rule in [ItemRule.existing, .linked] {
            for isPush in [true, false] {
                do {
                    _ =
                        try await isPush
                        ? a.push(to: b, run("1", "none", rule: rule)) : b.pull(from: a, run("none", rule: rule))
                    Issue.record("an item that is not there was moved")
                } catch let failure as TestRunFailure {
                    #expect(failure.error.code == .unknownItem)
                }
            }
        }
        #expect(try keys(b) == [])
    }

    @Test func aChainThatNeverEndsIsRefused() async throws {
        let changes = try (0...Limits.namedItems).map { number in
            let body = try JSONDocument(
                validating: "{\"_id\":\"\(number)\",\"next\":{\"_model\":\"posts\",\"_id\":\"\(number + 1)\"}}")
            return LocalChange.put(kind: .posts, body: body, hash: body.hash)
        }
        try await a.change(changes)
        do {
            try await a.push(to: b, run("0", rule: .linked))
            Issue.record("the run should have been refused")
        } catch let failure as TestRunFailure {
            #expect(failure.error.code == .tooLarge)
        }
    }
}

extension TestInstance {
    /// Adds an asset with a file of its own, and answers the copy of it that items embed.
    fileprivate func putAsset(_ id: String, folder: String) async throws -> String {
        let file = self.folder.appending("\(id).txt")
        try "bytes of \(id)".write(to: file, atomically: true, encoding: .utf8)
        let (blob, md5) = try store.blobs.take(file: file.path)
        let asset =
            #"{"_id":"\#(id)","path":"/\#(id).txt","mime":"text/plain","size":\#(blob.size),"_hash":"\#(md5)","_sha256":"\#(blob.hash.hex)","folder":"\#(folder)"}"#
        try await put(.assets, asset)
        return asset
    }
}
