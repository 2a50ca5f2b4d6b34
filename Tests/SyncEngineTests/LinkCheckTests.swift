import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Links that lead nowhere, and trees that would bite their tails.
@Suite struct LinkCheckTests: PairSuite {
    let a: TestInstance
    let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    @Test func danglingLinksAreReportedOnceAndAllOfThem() async throws {
        try await b.put(.pageItems, #"{"_id":"there"}"#)
        try await a.put(
            .posts, #"{"_id":"1","a":{"_model":"pages","_id":"there"},"b":{"_model":"unheard","_id":"x"}}"#,
            #"{"_id":"2","a":[{"_model":"posts","_id":"1"},{"_model":"posts","_id":"gone"}]}"#,
            #"{"_id":"3","_pid":"nobody"}"#)
        let run = try await a.push(to: b, TestRun(options: PlanOptions(batchSize: 1)))
        let found = try #require(run.result?.dangling)
        #expect(found.count == 3)
        #expect(
            Set(found.links.map { "\($0.id) to \($0.missingKind)/\($0.missingID)" }) == [
                "1 to content/unheard/x", "2 to content/posts/gone", "3 to content/posts/nobody",
            ])
        #expect(try await !b.store.kinds().contains(Kind.content("unheard")))
        try await a.put(.posts, #"{"_id":"4"}"#)
        #expect(try await a.push(to: b).result?.dangling == nil, "only items that are sent are looked at")
        try expectNoProblems()
    }

    @Test func linksOfPagesMenusAndFoldersAreCountedInTheSameWay() async throws {
        let copy = #"{"_id":"none","path":"/x.png","mime":"image/png","_hash":"0"}"#
        try await a.put(.pages, #"{"_id":"1"}"#, #"{"_id":"2","_pid":"gone","_cby":"nobody","image":\#(copy)}"#)
        try await a.put(.menus, #"{"name":"main","items":[{"page":"1","children":[{"page":"gone"}]}]}"#)
        try await a.put(.assetFolders, #"{"_id":"f","_p":""}"#, #"{"_id":"g","_p":"f"}"#, #"{"_id":"h","_p":"lost"}"#)
        try await a.put(.posts, #"{"_id":"p","image":\#(copy)}"#)
        let found = try #require(try await a.push(to: b).result?.dangling)
        #expect(found.count == 5)
        #expect(
            Set(found.links.map { "\($0.kind)/\($0.id) to \($0.missingKind)/\($0.missingID)" }) == [
                "pages/2 to pages/gone", "pages/2 to assets/none", "pages/menus/main to pages/gone",
                "assets/folders/h to assets/folders/lost", "content/posts/p to assets/none",
            ])
        try expectNoProblems()
    }

    @Test func aComponentThatIsNoItemIsNotMissed() async throws {
        try await a.put(.pages, #"{"_id":"1","layout":[{"component":"carousel-of-an-extension","data":{}}]}"#)
        let result = try #require(try await a.push(to: b).result)
        #expect(result.created == 1)
        #expect(result.dangling == nil)
        try expectNoProblems()
    }

    @Test(arguments: [Kind.pages, .assetFolders])
    func circlesAreRefusedInEveryTree(_ kind: Kind) async throws {
        let parent = try #require(kind.parentMember)
        try await a.put(kind, #"{"_id":"1"}"#, #"{"_id":"2","\#(parent)":"1"}"#)
        #expect(try await a.push(to: b).result?.created == 2)
        try await a.put(kind, #"{"_id":"1","\#(parent)":"2"}"#)
        let error = try await refusal(.treeCycle) { try await a.push(to: b) }
        #expect(error?.message.contains(kind.name) == true)
        #expect(try await b.text(kind, "1") == #"{"_id":"1"}"#)
        #expect(try b.problems() == [])
    }

    @Test func aParentWhoseIdOnlyLooksAlikeIsAnotherItem() async throws {
        let (top, below) = ("\u{e9}", "e\u{301}")
        try await a.put(.pages, "{\"_id\":\"\(top)\"}", "{\"_id\":\"\(below)\",\"_pid\":\"\(top)\"}")
        #expect(try await a.push(to: b).result?.created == 2)
        try await a.put(.pages, "{\"_id\":\"\(top)\",\"_pid\":\"\(below)\"}")
        _ = try await refusal(.treeCycle) { try await a.push(to: b) }
        try expectNoProblems()
    }

    @Test func whatIsNoTreeMayNameAnythingAsItsParent() async throws {
        try await a.put(.singletons, #"{"_model":"site","_pid":"site"}"#)
        try await a.put(.layoutComponents, #"{"name":"hero","_pid":"hero","_p":"hero"}"#)
        #expect(try await a.push(to: b).result?.created == 2)
    }

    @Test func danglingLinksStopARunThatAsksForIt() async throws {
        try await a.put(.posts, #"{"_id":"1","b":{"_model":"pages","_id":"x"}}"#)
        let strict = TestRun(confirmations: Confirmations(refusesDangling: true))
        _ = try await refusal(.danglingLinks) { try await a.push(to: b, strict) }
        #expect(try StoreInspector(b.store).heads().isEmpty)
        try await a.put(.pageItems, #"{"_id":"x"}"#)
        #expect(try await a.push(to: b, strict).result?.created == 2)
        try expectNoProblems()
    }

    @Test func aTreeArrivesWithItsParentsInAnyOrder() async throws {
        try await a.put(
            .pageItems, #"{"_id":"1","_pid":"2","_o":0}"#, #"{"_id":"2","_pid":"3","_o":1}"#,
            #"{"_id":"3","_pid":null,"_o":0}"#)
        let run = try await a.push(to: b, TestRun(options: PlanOptions(batchSize: 1)))
        #expect(run.result?.created == 3)
        #expect(run.result?.dangling == nil)
        #expect(try await b.text(.pageItems, "1") == #"{"_id":"1","_pid":"2","_o":0}"#)
    }

    @Test func aCircleAmongWhatIsSentIsRefusedByName() async throws {
        try await a.put(
            .pageItems, #"{"_id":"1","_pid":"2"}"#, #"{"_id":"2","_pid":"3"}"#, #"{"_id":"3","_pid":"1"}"#,
            #"{"_id":"4","_pid":"1"}"#)
        let error = try await refusal(.treeCycle) { try await a.push(to: b) }
        for id in ["1", "2", "3"] { #expect(error?.message.contains(id) == true) }
        #expect(try StoreInspector(b.store).heads().isEmpty)
        #expect(try b.problems() == [])
    }

    @Test func aCircleThatOnlyTheDestinationWouldHaveIsRefused() async throws {
        try await a.put(.pageItems, #"{"_id":"1"}"#, #"{"_id":"2"}"#)
        try await a.push(to: b)
        try await b.put(.pageItems, #"{"_id":"1","_pid":"2"}"#)
        try await a.put(.pageItems, #"{"_id":"2","_pid":"1"}"#)
        let run = TestRun(scope: Scope(items: ["content/pages": ["2"]]))
        _ = try await refusal(.treeCycle) { try await a.push(to: b, run) }
        #expect(try await b.text(.pageItems, "2") == #"{"_id":"2"}"#)
        #expect(try await a.push(to: b).result != nil, "sent together, they make no circle")
    }

    @Test func aCircleThatWasThereBeforeStopsNobody() async throws {
        try await b.put(.pageItems, #"{"_id":"x","_pid":"y"}"#, #"{"_id":"y","_pid":"x"}"#)
        try await a.put(.pageItems, #"{"_id":"1","_pid":"x"}"#, #"{"_id":"2","_pid":"1"}"#)
        #expect(try await a.push(to: b).result?.created == 2)
    }

    @Test func anItemIsNotItsOwnParent() async throws {
        try await a.put(.pageItems, #"{"_id":"1","_pid":"1"}"#)
        _ = try await refusal(.treeCycle) { try await a.push(to: b) }
    }
}
