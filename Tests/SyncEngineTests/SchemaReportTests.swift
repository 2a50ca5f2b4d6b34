import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// What plans and runs say about definitions that break items at the destination.
@Suite struct SchemaReportTests: PairSuite {
    let a: TestInstance
    let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    /// A definition with text fields of these names.
    private func model(_ name: String = "posts", _ fields: String..., type: String = "collection") -> String {
        let list = fields.map { #"{"name":"\#($0)","type":"text"}"# }.joined(separator: ",")
        return #"{"name":"\#(name)","type":"\#(type)","fields":[\#(list)]}"#
    }

    /// What the plan of a run says and then the run itself; both must say the same.
    private func report(_ direction: Direction = .push, _ scope: Scope = .everything) async throws -> [SchemaFinding] {
        let planned = try await move(direction, TestRun(scope: scope, isDryRun: true)).plan?.schemaChanges
        let done = try #require(
            try await move(direction, TestRun(scope: scope, confirmations: Confirmations(deletes: 10))).result)
        #expect(planned == done.schemaChanges)
        try expectNoProblems()
        return done.schemaChanges?.changes ?? []
    }

    private static let strict = TestRun(confirmations: Confirmations(refusesSchemaChanges: true))

    /// Two posts with a subtitle at both sides, and then a definition at the source that has none.
    private func removeSubtitle(_ direction: Direction = .push) async throws {
        try await a.put(.models, model("posts", "title", "subtitle"))
        try await a.put(.posts, #"{"_id":"1","subtitle":"s"}"#, #"{"_id":"2","subtitle":"s"}"#)
        try await move(direction)
        try await a.put(.models, model("posts", "title"))
    }

    @Test(arguments: [Direction.push, .pull])
    func itemsCountAsTheyAreAfterTheRun(_ direction: Direction) async throws {
        try await removeSubtitle(direction)
        try await b.put(.posts, #"{"_id":"8","title":"t"}"#, #"{"_id":"9","subtitle":"s"}"#)
        try await a.put(
            .posts, #"{"_id":"1","title":"t"}"#, #"{"_id":"3","subtitle":"s"}"#, #"{"_id":"4","title":"t"}"#)
        let found = try #require(try await report(direction).first)
        #expect(found.model == "posts" && found.field == "subtitle" && found.change == .fieldRemoved)
        #expect(found.items == 3)
        #expect(found.examples.map { "\($0.kind)/\($0.id)" } == ["2", "3", "9"].map { "content/posts/\($0)" })
        try await a.put(.posts, #"{"_id":"5","subtitle":"s"}"#)
        #expect(try await report(direction).isEmpty, "only definitions that the run changes are looked at")
    }

    @Test func aPlanAsksNothingWithoutADefinitionThatBreaksSomething() async throws {
        let look = TestRun(isDryRun: true)
        try await a.put(.models, model("posts", "title"))
        try await a.put(.posts, #"{"_id":"1","title":"t"}"#)
        try await a.push(to: b)
        try await a.put(.posts, #"{"_id":"1","title":"u"}"#)
        #expect(try await !a.push(to: b, look).calls.contains("survey"))
        try await a.put(.models, model("posts", "title", "new"))
        let plan = try await a.push(to: b, look)
        #expect(plan.calls.filter { $0 == "survey" }.count == 1, "\(plan.calls)")
        #expect(plan.plan?.schemaChanges == nil)
        #expect(try StoreInspector(b.store).count("SELECT count(*) FROM transfer WHERE phase = 'plan_only'") == 0)
    }

    @Test func aDefinitionThatIsNewBreaksNothing() async throws {
        try await b.put(.posts, #"{"_id":"1","old":"x"}"#)
        try await a.put(.models, #"{"name":"posts","fields":[{"name":"title","required":true}]}"#)
        #expect(try await report().isEmpty)
    }

    @Test func aDeletedDefinitionIsToldWhileItemsStay() async throws {
        try await a.put(.models, model("posts", "title"), model("pages", "title"))
        try await a.put(.posts, #"{"_id":"1","title":"t"}"#, #"{"_id":"2"}"#)
        try await a.push(to: b)
        try await a.remove(.models, "posts")
        #expect(try await report(.push, .everything).isEmpty, "a merge deletes nothing")
        try await a.put(.models, model("pages", "title", "more"))
        let found = try await report(.push, Scope(mode: .mirror))
        #expect(found.map(\.change) == [.modelDeleted] && found.first?.items == 2, "\(found)")
    }

    @Test func anotherTypeOfAModelIsToldWhileItemsStay() async throws {
        try await a.put(.models, model("posts", type: "tree"))
        try await a.put(.posts, #"{"_id":"1"}"#)
        try await a.push(to: b)
        try await a.put(.models, model("posts", type: "singleton"))
        let found = try await report()
        #expect(found.map(\.change) == [.modelType] && found.first?.items == 1, "\(found)")
        #expect(found.first?.from == "tree" && found.first?.to == "singleton")
    }

    @Test func aSingletonIsAnItemOfItsModel() async throws {
        try await a.put(
            .models, model("site", "a", "b", type: "singleton"), model("other", "a", "b", type: "singleton"))
        try await a.put(
            .singletons, #"{"_model":"site","a":"x","b":"y"}"#, #"{"_model":"other","a":"x","b":"y"}"#)
        try await a.push(to: b)
        try await a.put(.models, model("site", "b", type: "singleton"), model("other", "b", type: "singleton"))
        try await a.put(.singletons, #"{"_model":"other","b":"y"}"#)
        let found = try await report()
        #expect(found.map(\.model) == ["site"] && found.first?.items == 1, "\(found)")
        #expect(found.first?.examples == [ItemReference(kind: "singletons", id: "site")])
    }

    @Test func anEditThatStaysCountsByItself() async throws {
        try await removeSubtitle()
        try await b.put(.posts, #"{"_id":"1","subtitle":"edited"}"#)
        try await a.put(.posts, #"{"_id":"1","title":"t"}"#, #"{"_id":"2","title":"t"}"#)
        let kept = try await a.push(to: b, .with(.target))
        let found = try #require(kept.result?.schemaChanges)
        #expect(found.changes.map(\.items) == [1] && found.changes.first?.examples.map(\.id) == ["1"], "\(found)")
    }

    @Test func whatLiesOutsideTheScopeIsCountedAndNotNamed() async throws {
        try await removeSubtitle()
        let found = try await report(.push, Scope(items: ["models": ["posts"]]))
        #expect(found.map(\.items) == [2] && found.first?.examples == [], "\(found)")
    }

    @Test func aRunThatAsksForItIsRefusedBeforeAnythingChanges() async throws {
        try await removeSubtitle()
        try await a.put(.posts, #"{"_id":"2","title":"t"}"#, #"{"_id":"3"}"#)
        let before = try StoreInspector(b.store).heads()
        try await refusal(.breakingSchema) { try await a.push(to: b, Self.strict) }
        #expect(try StoreInspector(b.store).heads() == before)
        try await a.put(.posts, #"{"_id":"1","title":"t"}"#)
        let run = try await a.push(to: b, Self.strict)
        #expect(run.result?.isVerified == true && run.result?.schemaChanges == nil)
        #expect(try await b.text(.models, "posts") == model("posts", "title"))
    }

    @Test func everyDefinitionIsLookedAtHoweverManyThereAre() async throws {
        let names = (0..<Limits.schemaDefinitions + 5).map { "m\($0)" }
        for name in names {
            try await a.put(.models, model(name, "a"))
            try await a.put(try .content(name), #"{"_id":"1","a":"x"}"#)
        }
        try await a.push(to: b)
        for name in names { try await a.put(.models, model(name, "b")) }
        let found = try await report()
        #expect(Set(found.map(\.model)) == Set(names))
        #expect(found.allSatisfy { $0.items == 1 && $0.change == .fieldRemoved })
    }

    @Test func everyItemIsCountedHoweverManyThereAre() async throws {
        try await a.put(.models, model("posts", "a"))
        try await a.push(to: b)
        let count = Limits.schemaPage + 7
        try await b.change(
            try (0..<count).map { number in
                let body = try JSONDocument(validating: #"{"_id":"\#(number)","a":"x"}"#)
                return .put(kind: .posts, body: body, hash: body.hash)
            })
        try await a.put(.models, model("posts", "b"))
        try await a.put(.posts, #"{"_id":"5","b":"x"}"#)
        let planned = try await a.push(to: b, TestRun(isDryRun: true)).plan?.schemaChanges
        #expect(planned?.changes.map(\.items) == [count - 1])
        #expect(planned?.changes.first?.examples.count == Limits.schemaExamples)
        #expect(try await a.push(to: b).result?.schemaChanges?.changes.map(\.items) == [count - 1])
    }

    @Test func everyItemIsCountedHoweverLargeTheyAre() async throws {
        let names = (0..<40).map { "f\($0)" }
        func definition(_ names: [String]) -> String {
            #"{"name":"posts","fields":[\#(names.map { #"{"name":"\#($0)","type":"text"}"# }.joined(separator: ","))]}"#
        }
        try await a.put(.models, definition(names))
        let long = String(repeating: "x", count: 64 << 10)
        let count = Limits.schemaBytes / (names.count * long.utf8.count) + 5
        for id in 0..<count { try await a.put(.posts, #"{"_id":"\#(id)","f0":"\#(long)","kept":""}"#) }
        try await a.push(to: b)
        try await a.put(.models, definition([]))
        // Replaced items are asked about by name, in as many steps.
        for id in 0..<count { try await a.put(.posts, #"{"_id":"\#(id)","f1":"\#(long)","kept":""}"#) }
        let plan = try await a.push(to: b, TestRun(isDryRun: true))
        #expect(plan.calls.filter { $0 == "survey" }.count == 5, "changes once, all items and named ones in two steps")
        #expect(plan.plan?.schemaChanges?.changes.map(\.field) == ["f1"])
        #expect(plan.plan?.schemaChanges?.changes.map(\.items) == [count])
    }

    /// Opens a plan at `b` that nobody carries out, and asks there about the definition of a model.
    private func survey(
        _ scope: Scope, _ model: String, _ part: SurveySchema.Part, _ text: String? = "{}"
    ) async throws -> SchemaPage {
        let open = OpenTransfer(
            id: a.newID(), direction: .push, initiator: a.identity, scope: scope, nonce: "n",
            offer: SourceOffer(kinds: [Kind.models.name], root: "", isQuiet: false, reverted: 0), isPlanOnly: true)
        _ = try await b.responder.open(open)
        return try await b.responder.survey(
            transfer: open.id, SurveySchema([ProposedDefinition(model: model, text: text)], part))
    }

    @Test func aPlanIsToldOnlyAboutModelsInItsScope() async throws {
        try await b.put(.models, model("posts", "a"), model("pages", "a"))
        try await b.put(.posts, #"{"_id":"1","a":"x"}"#)
        let scope = Scope(models: ["pages"])
        #expect(try await survey(scope, "pages", .changes).counts.map(\.change.effect) == [.fieldRemoved])
        await #expect(throws: TidelockError.self) { try await survey(scope, "posts", .changes) }
        await #expect(throws: TidelockError.self) { try await survey(scope, "pages", .changes, "{") }
        let many = (0...Limits.batchItems).map(String.init)
        await #expect(throws: TidelockError.self) {
            try await survey(scope, "pages", .named(kind: Kind.pageItems.name, ids: many))
        }
    }

    @Test func aPlanIsToldOnlyAboutNamedItemsInItsScope() async throws {
        try await b.put(.models, model("posts", "a"))
        try await b.put(.posts, #"{"_id":"1","a":"x"}"#, #"{"_id":"2","a":"x"}"#)
        let scope = Scope(items: ["models": ["posts"], "content/posts": ["1"]])
        func named(_ ids: String...) -> SurveySchema.Part { .named(kind: Kind.posts.name, ids: ids) }
        #expect(try await survey(scope, "posts", named("1")).counts.map(\.items) == [1])
        for part in [named("2"), named("1", "2"), .named(kind: Kind.singletons.name, ids: ["posts"])] {
            await #expect {
                try await survey(scope, "posts", part)
            } throws: {
                ($0 as? TidelockError)?.code == .permissionDenied
            }
        }
    }
}
