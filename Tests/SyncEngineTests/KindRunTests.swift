import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Pages, translations, components and folders move by the same rules as content.
@Suite struct KindRunTests: PairSuite {
    static let kinds: [Kind] = [
        .pages, .menus, .pageSettings, .layoutComponents, .translationProjects, .web, .assetFolders,
    ]

    let a: TestInstance
    let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private static func item(_ kind: Kind, _ id: String, _ value: Int = 1) -> String {
        #"{"\#(kind.keyMember)":"\#(id)","v":\#(value)}"#
    }

    private func put(_ instance: TestInstance, _ kind: Kind, _ ids: String..., value: Int = 1) async throws {
        for id in ids { try await instance.put(kind, Self.item(kind, id, value)) }
    }

    private func fillEverything() async throws {
        for kind in Self.kinds + [.posts] { try await put(a, kind, "1", "2", "3") }
    }

    // MARK: Each kind

    @Test(arguments: kinds)
    func aMergeUpdatesAndAddsAndNeverDeletes(_ kind: Kind) async throws {
        try await put(b, kind, "own")
        try await put(a, kind, "1", "2")
        #expect(try await a.push(to: b).result?.created == 2)
        try await put(a, kind, "1", value: 2)
        try await a.remove(kind, "2")
        let run = try await b.pull(from: a)
        #expect(run.result?.updated == 1 && run.result?.deleted == 0)
        #expect(try await b.text(kind, "1") == Self.item(kind, "1", 2))
        #expect(try b.ids(kind) == ["1", "2", "own"])
        #expect(try await b.pull(from: a).isNoOp)
        try expectNoProblems()
    }

    @Test(arguments: kinds)
    func aMirrorDeletesWhatTheSourceDoesNotHave(_ kind: Kind) async throws {
        try await put(b, kind, "own")
        try await put(a, kind, "1", "2")
        try await a.push(to: b)
        try await a.remove(kind, "2")
        #expect(try await a.push(to: b, .mirror).result?.deleted == 2)
        #expect(try b.ids(kind) == ["1"])
        #expect(try await a.push(to: b, .mirror).isNoOp)
        try expectNoProblems()
    }

    @Test(arguments: kinds)
    func manyDeletesOfAKindWaitForAWord(_ kind: Kind) async throws {
        for id in 1...10 { try await put(a, kind, "\(id)") }
        try await a.push(to: b)
        try await a.remove(kind, "1", "2", "3", "4", "5", "6")
        let mirror = Scope(mode: .mirror)
        try await refusal(.deleteGuard) { try await a.push(to: b, TestRun(scope: mirror)) }
        #expect(try b.ids(kind).count == 10)
        let confirmed = TestRun(scope: mirror, confirmations: Confirmations(deletes: 6))
        #expect(try await a.push(to: b, confirmed).result?.deleted == 6)
        try expectNoProblems()
    }

    @Test(arguments: kinds)
    func anEmptySourceDeletesNothing(_ kind: Kind) async throws {
        try await put(b, kind, "own")
        try await put(a, .posts, "1")
        try await refusal(.emptySource) { try await a.push(to: b, .mirror) }
        #expect(try b.ids(kind) == ["own"])
        try expectNoProblems()
    }

    @Test(arguments: kinds)
    func handlersStripBeforeAnythingLeaves(_ kind: Kind) async throws {
        a.hooks.install("strips", kinds: [kind]) { _, item in .changed(item.body.removing("v")) }
        try await put(a, kind, "1")
        try await put(a, .posts, "1")
        try await a.push(to: b)
        #expect(try await b.text(kind, "1") == #"{"\#(kind.keyMember)":"1"}"#)
        #expect(try await a.text(kind, "1") == Self.item(kind, "1"))
        #expect(try await b.text(.posts, "1") == Self.item(.posts, "1"), "other kinds pass as they are")
        try expectNoProblems()
    }

    // MARK: Together

    @Test func aRunOfAllKindsIsTakenBackAtOnce() async throws {
        try await fillEverything()
        try await a.push(to: b)
        let before = try b.items()
        for kind in Self.kinds + [.posts] {
            try await put(a, kind, "1", value: 2)
            try await a.remove(kind, "2")
            try await put(a, kind, "4")
        }
        let run = try await a.push(to: b, .mirror)
        let count = Self.kinds.count + 1
        let result = try #require(run.result)
        #expect(result.created == count && result.updated == count && result.deleted == count)
        #expect(try b.items() == a.items())
        #expect(try await b.store.rollback(run.transfer, as: b.newID()).restored == 3 * count)
        #expect(try b.items() == before)
        try expectNoProblems()
    }

    @Test(arguments: [
        (#"{"name":"pages"}"#, ["pages", "pages/menus", "pages/settings"]),
        (#"{"name":"pages","syncSettings":{"menus":false,"settings":false}}"#, ["pages"]),
        (#"{"name":"pages","syncSettings":{"pages":false,"settings":false}}"#, ["pages/menus"]),
        (#"{"name":"pages","syncSettings":{"pages":false,"menus":false}}"#, ["pages/settings"]),
        (#"{"name":"layout"}"#, ["layout/components"]),
        (#"{"name":"lokalize"}"#, ["lokalize/keys/app", "lokalize/keys/web", "lokalize/projects"]),
        (#"{"name":"lokalize","syncSettings":{"projects":["web"]}}"#, ["lokalize/keys/web", "lokalize/projects"]),
        (#"{"name":"assets","syncSettings":{"files":false}}"#, ["assets/folders"]),
        (#"{"name":"content"}"#, ["content/posts"]),
    ])
    func aJobMovesWhatItsSettingsSay(_ job: String, _ kinds: [String]) async throws {
        try await fillEverything()
        try await put(a, .translations(of: "app"), "1")
        try await put(a, .translationProjects, "web")
        let scope = try Job(try JSONDocument(validating: job)).scope()
        try await a.push(to: b, TestRun(scope: scope))
        #expect(Set(try b.items().keys.map(\.kind.name)).sorted() == kinds)
        #expect(try await a.push(to: b, TestRun(scope: scope)).isNoOp)
        try await a.push(to: b)
        #expect(try b.items() == a.items(), "a run of everything brings the rest")
        try expectNoProblems()
    }

    @Test(arguments: Job.Name.allCases)
    func aMirrorOfOneJobLeavesTheOthersAlone(_ job: Job.Name) async throws {
        try await fillEverything()
        try await a.push(to: b)
        for kind in Self.kinds + [.posts] { try await put(b, kind, "own") }
        try await a.push(to: b, TestRun(scope: Scope(jobs: [job], mode: .mirror)))
        for kind in Self.kinds + [.posts] {
            #expect(try b.ids(kind).contains("own") == (kind.job != job), "\(kind)")
        }
        try expectNoProblems()
    }
}

extension Kind {
    fileprivate static var web: Kind { try! .translations(of: "web") }  // a valid name
}
