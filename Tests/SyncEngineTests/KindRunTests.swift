import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Pages, translations, components and folders move by the same rules as content.
@Suite struct KindRunTests {
    static let kinds: [Kind] = [
        .pages, .menus, .pageSettings, .layoutComponents, .translationProjects, .web, .assetFolders,
    ]

    private let a: TestInstance
    private let b: TestInstance

    init() throws {
        let made = try TestInstance.make("a", "b")
        (a, b) = (made[0], made[1])
    }

    private static func item(_ kind: Kind, _ id: String, _ value: Int = 1) -> String {
        #"{"\#(kind.keyMember)":"\#(id)","v":\#(value)}"#
    }

    private func put(_ instance: TestInstance, _ kind: Kind, _ ids: String..., value: Int = 1) async throws {
        for id in ids { try await instance.put(kind, Self.item(kind, id, value)) }
    }

    private func fillEverything() async throws {
        for kind in Self.kinds + [.posts] { try await put(a, kind, "1", "2", "3") }
    }

    /// Every item of an instance, as text.
    private func items(_ instance: TestInstance) throws -> [ItemKey: String] {
        try StoreInspector(instance.store).heads().compactMapValues(\.body)
    }

    private func refusal(_ code: ErrorCode, _ body: () async throws -> Void) async throws {
        do {
            try await body()
            Issue.record("the run should have been refused with \(code)")
        } catch let failure as TestRunFailure {
            #expect(failure.error.code == code, "\(failure.error)")
        }
    }

    private func verify() throws {
        #expect(try a.problems() + b.problems() == [])
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
        try verify()
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
        try verify()
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
        try verify()
    }

    @Test(arguments: kinds)
    func anEmptySourceDeletesNothing(_ kind: Kind) async throws {
        try await put(b, kind, "own")
        try await put(a, .posts, "1")
        try await refusal(.emptySource) { try await a.push(to: b, .mirror) }
        #expect(try b.ids(kind) == ["own"])
        try verify()
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
        try verify()
    }

    // MARK: Together

    @Test func aRunOfAllKindsIsTakenBackAtOnce() async throws {
        try await fillEverything()
        try await a.push(to: b)
        let before = try items(b)
        for kind in Self.kinds + [.posts] {
            try await put(a, kind, "1", value: 2)
            try await a.remove(kind, "2")
            try await put(a, kind, "4")
        }
        let run = try await a.push(to: b, .mirror)
        let count = Self.kinds.count + 1
        let result = try #require(run.result)
        #expect(result.created == count && result.updated == count && result.deleted == count)
        #expect(try items(b) == items(a))
        #expect(try await b.store.rollback(run.transfer, as: b.newID()).restored == 3 * count)
        #expect(try items(b) == before)
        try verify()
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
        #expect(Set(try items(b).keys.map(\.kind.name)).sorted() == kinds)
        #expect(try await a.push(to: b, TestRun(scope: scope)).isNoOp)
        try await a.push(to: b)
        #expect(try items(b) == items(a), "a run of everything brings the rest")
        try verify()
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
        try verify()
    }
}

extension Kind {
    fileprivate static var web: Kind { try! .translations(of: "web") }  // a valid name
}
