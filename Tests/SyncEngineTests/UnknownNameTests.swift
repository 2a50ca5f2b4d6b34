import ContentModel
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// What the source of a pull says of the names in its selection.
@Suite struct UnknownNameTests {
    private let a: TestInstance
    private let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private func asking(_ scope: Scope) -> TestRun {
        var run = TestRun(scope: scope)
        run.asksAboutNames = true
        return run
    }

    private func open(_ scope: Scope, asks: Bool = true) async throws -> TransferOpened {
        var open = OpenTransfer(
            id: a.newID(), direction: .pull, initiator: a.identity, scope: scope, nonce: "n")
        open.asksAboutNames = asks
        return try await b.responder.open(open)
    }

    private func refusal(_ run: TestRun) async throws -> TidelockError? {
        do {
            try await a.pull(from: b, run)
            return nil
        } catch let failure as TestRunFailure {
            return failure.error
        }
    }

    @Test func aMergeOfWhatIsUnknownIsNotOpened() async throws {
        try await b.put(.posts, #"{"_id":"1"}"#)
        let scope = Scope(models: ["pots"])
        let answer = try await open(scope)
        #expect(answer.status == .resolved && answer.unknown == UnknownName(.model, "pots", suggestion: "posts"))
        #expect(b.hooks.pinned == 0)
        let error = try #require(try await refusal(asking(scope)))
        #expect(error.code == .unknownKind)
        #expect(error.message == "There is no model 'pots' at the source. Did you mean 'posts'?")
        // Whoever does not ask is not told.
        #expect(try await open(scope, asks: false).unknown == nil)
    }

    @Test func itemsAndProjectsAreLookedUpToo() async throws {
        try await b.put(.posts, #"{"_id":"1"}"#)
        #expect(try await refusal(asking(Scope(items: ["content/posts": ["1", "2"]])))?.code == .unknownItem)
        let translations = Scope(jobs: [.lokalize], translations: TranslationSelection(projects: ["web"]))
        #expect(try await refusal(asking(translations))?.code == .unknownKind)
        #expect(try a.ids(.posts) == [])
        #expect(try await a.pull(from: b, asking(Scope(items: ["content/posts": ["1"]]))).result?.created == 1)
    }

    @Test func whatWasDeletedThereIsStillKnown() async throws {
        try await b.put(.posts, #"{"_id":"1"}"#)
        try await a.pull(from: b)
        try await b.remove(.posts, "1")
        #expect(try await refusal(asking(Scope(items: ["content/posts": ["1"]]))) == nil)
    }

    /// What only the destination has goes with a mirror; then it was no mistake to name it.
    @Test func aMirrorIsOpenedAndToldAllTheSame() async throws {
        try await a.put(.posts, #"{"_id":"own"}"#)
        try await b.put(.posts, #"{"_id":"1"}"#)
        let scope = Scope(mode: .mirror, items: ["content/posts": ["own"]])
        #expect(try await a.pull(from: b, asking(scope)).result?.deleted == 1)
        let answer = try await open(Scope(mode: .mirror, items: ["content/posts": ["nope"]]))
        #expect(answer.status == .open && answer.unknown?.name == "nope")
    }

    @Test func namedItemsThatHandlersHoldBackAreToldWithTheirReasons() async throws {
        try await b.put(.posts, #"{"_id":"1"}"#, #"{"_id":"2"}"#, #"{"_id":"3"}"#)
        b.hooks.install("holds") { _, item in
            switch item.id {
            case "1": .dropped(reason: "a draft")
            case "2": .skipped(reason: "not now")
            default: .unchanged
            }
        }
        let answer = try await open(Scope(items: ["content/posts": ["1", "2", "3"]], itemRule: .existing))
        #expect(
            answer.heldBack == [
                ExcludedItem(kind: "content/posts", id: "1", isDropped: true, reason: "a draft"),
                ExcludedItem(kind: "content/posts", id: "2", isDropped: false, reason: "not now"),
            ])
        #expect(try await open(Scope(items: ["content/posts": ["3"]], itemRule: .existing)).heldBack == nil)
        #expect(b.hooks.pinned == 0)
    }

    /// It is not sent back, whatever handlers say of it.
    @Test func anItemThatCameFromTheOneWhoAsksIsNotHeldBack() async throws {
        try await a.put(.posts, #"{"_id":"1"}"#)
        try await a.push(to: b)
        b.hooks.install("holds") { _, _ in .dropped(reason: "no") }
        #expect(try await open(Scope(items: ["content/posts": ["1"]], itemRule: .existing)).heldBack == nil)
    }
}
