import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// What a selection leaves alone, on either side.
@Suite struct SelectionTests: PairSuite {
    let a: TestInstance
    let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    @Test func chosenItemsMoveAndNothingElse() async throws {
        try await a.put(.posts, #"{"_id":"1"}"#, #"{"_id":"2"}"#, #"{"_id":"3"}"#)
        try await a.put(.locales, #"{"i18n":"de"}"#)
        let scope = Scope(items: ["content/posts": ["1", "3", "missing"]])
        let run = try await a.push(to: b, TestRun(scope: scope, options: PlanOptions(batchSize: 1)))
        #expect(run.result?.created == 2)
        #expect(try StoreInspector(b.store).heads().keys.sorted() == [ItemKey(.posts, "1"), ItemKey(.posts, "3")])
        #expect(try await a.push(to: b, TestRun(scope: scope)).isNoOp)
        let rest = try await a.push(to: b)
        #expect(rest.result?.created == 2, "the checkpoint must not have moved")
    }

    @Test func chosenItemsWhoseIdsOnlyLookAlikeAreSeveral() async throws {
        let ids = ["caf\u{e9}", "cafe\u{301}"]
        func put(_ value: Int) async throws {
            for id in ids { try await a.put(.posts, "{\"_id\":\"\(id)\",\"v\":\(value)}") }
        }
        try await put(1)
        let run = try await a.push(to: b, TestRun(scope: Scope(items: ["content/posts": ids])))
        #expect(run.result?.created == 2)
        try await put(2)
        let one = try await a.push(to: b, TestRun(scope: Scope(items: ["content/posts": [ids[0]]])))
        #expect(one.result?.updated == 1)
        #expect(try await b.text(.posts, ids[0])?.contains("\"v\":2") == true)
        #expect(try await b.text(.posts, ids[1])?.contains("\"v\":1") == true)
        try expectNoProblems()
    }

    @Test func aChosenItemIsSentAgainAfterWholeRuns() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#)
        try await a.push(to: b)
        try await a.put(.posts, #"{"_id":"1","v":2}"#, #"{"_id":"2","v":2}"#)
        let run = try await a.push(to: b, TestRun(scope: Scope(items: ["content/posts": ["2"]])))
        #expect(run.result?.updated == 1)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":1}"#)
        #expect(try await a.push(to: b).result?.updated == 1)
        #expect(try await a.push(to: b).outcome == .inSync)
    }

    /// A destination tells a limited key nothing of what others have there.
    @Test func aListThatIsSilentAboutTheRestLeavesWhatAnotherSourceTookOver() async throws {
        let made = try TestInstance.make("a", "b", "c")
        let (a, b, c) = (made[0], made[1], made[2])
        let posts = #"{"name":"posts"}"#
        let scope = Scope(models: ["posts"])
        try await a.put(.models, posts, #"{"name":"other","v":1}"#)
        try await a.push(to: b)
        try await c.put(.models, #"{"name":"other","v":2}"#)
        try await c.push(to: b)
        try await a.push(to: b, TestRun(scope: scope))

        let plan = a.newID()
        try await a.store.beginPlanOnly(
            transfer: plan, peer: b.identity, initiator: a.identity.id, direction: .push, scope: scope)
        let base = try JSONDocument(validating: posts).hash.hex
        try await a.store.reconcile(
            transfer: plan,
            HeldPage(items: [HeldItem(id: "posts", base: base, isEdited: false, isReverted: false)], next: nil),
            request: ListHeld(kind: "models", part: .all), kind: .models, peer: b.identity.id)
        #expect(try await a.push(to: b).isNoOp)
        #expect(try await b.text(.models, "other") == #"{"name":"other","v":2}"#)
        try expectNoProblems()
    }

    @Test func aChosenItemIsSentAlsoWhereAnotherSourceDeletedOthers() async throws {
        let made = try TestInstance.make("a", "b", "c")
        let (a, b, c) = (made[0], made[1], made[2])
        try await a.put(.posts, #"{"_id":"1","v":1}"#, #"{"_id":"2","v":1}"#)
        try await a.push(to: b)
        try await c.put(.posts, #"{"_id":"3"}"#)
        #expect(try await c.push(to: b, .mirror).result?.deleted == 2)
        try await a.put(.posts, #"{"_id":"1","v":2}"#)
        let run = try await a.push(to: b, TestRun(scope: Scope(items: ["content/posts": ["1"]])))
        #expect(run.result?.created == 1)
        #expect(try await b.text(.posts, "2") == nil)
        #expect(try await a.push(to: b).result?.created == 1)
        try expectNoProblems()
    }

    @Test func itemsOfAModelThatTheDestinationLacksBringIt() async throws {
        try await a.put(.models, #"{"name":"posts"}"#)
        try await a.put(.posts, #"{"_id":"1"}"#)
        let alone = TestRun(scope: Scope(items: ["content/posts": ["1"]]))
        do {
            try await a.push(to: b, alone)
            Issue.record("the run should have been refused")
        } catch let failure as TestRunFailure {
            #expect(failure.error.code == .modelMissing)
            #expect(failure.error.hint?.contains("--models posts") == true)
        }
        #expect(try StoreInspector(b.store).heads().isEmpty)
        let together = TestRun(scope: Scope(items: ["content/posts": ["1"], "models": ["posts"]]))
        #expect(try await a.push(to: b, together).result?.created == 2)
        try await a.put(.posts, #"{"_id":"1","v":2}"#)
        #expect(try await a.push(to: b, alone).result?.updated == 1)
        try expectNoProblems()
    }

    @Test func aSingletonOfAModelThatTheDestinationLacksBringsIt() async throws {
        try await a.put(.models, #"{"name":"site","type":"singleton"}"#, #"{"name":"shop","type":"singleton"}"#)
        try await a.put(.singletons, #"{"_model":"site"}"#, #"{"_model":"shop"}"#, #"{"_model":"loose"}"#)
        let alone = TestRun(scope: Scope(items: ["singletons": ["site"]]))
        do {
            try await a.push(to: b, alone)
            Issue.record("the run should have been refused")
        } catch let failure as TestRunFailure {
            #expect(failure.error.code == .modelMissing && failure.error.message.contains("'site'"))
        }
        do {
            try await b.pull(from: a, alone)
            Issue.record("the run should have been refused")
        } catch let failure as TestRunFailure {
            #expect(failure.error.code == .modelMissing)
        }
        #expect(try StoreInspector(b.store).heads().isEmpty)
        #expect(try await a.push(to: b, TestRun(scope: Scope(models: ["site"]))).result?.created == 2)
        try await a.put(.singletons, #"{"_model":"site","v":2}"#)
        #expect(try await a.push(to: b, alone).result?.updated == 1)
        // A singleton without a definition is nobody's mistake, and one that is not sent needs none.
        let loose = TestRun(scope: Scope(items: ["singletons": ["loose", "site"]]))
        #expect(try await a.push(to: b, loose).result?.created == 1)
        #expect(try await a.push(to: b).result?.created == 2)
        try expectNoProblems()
    }

    @Test func aMirrorOfChosenItemsDeletesOnlyAmongThem() async throws {
        try await a.put(.posts, #"{"_id":"1"}"#, #"{"_id":"2"}"#, #"{"_id":"3"}"#)
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"own"}"#, #"{"_id":"own2"}"#)
        try await a.remove(.posts, "1", "2")
        let scope = Scope(mode: .mirror, items: ["content/posts": ["1", "own"]])
        let run = try await a.push(to: b, TestRun(scope: scope))
        #expect(run.result?.deleted == 2)
        #expect(try await b.text(.posts, "1") == nil)
        #expect(try await b.text(.posts, "own") == nil)
        for id in ["2", "3", "own2"] { #expect(try await b.text(.posts, id) != nil, "\(id)") }
        try expectNoProblems()
    }

    /// What lies outside of the scope stays whatever happens, so it is nothing to compare, and nothing to tell.
    @Test func aMirrorOfAModelIsInSyncWhateverOthersHaveBesideIt() async throws {
        try await a.put(.models, #"{"name":"posts"}"#)
        try await a.put(.singletons, #"{"_model":"posts"}"#)
        try await a.put(.posts, #"{"_id":"1"}"#)
        try await a.push(to: b)
        try await b.put(.models, #"{"name":"other"}"#, #"{"name":"third"}"#)
        try await b.put(.singletons, #"{"_model":"other"}"#)
        func mirror(_ models: String...) -> TestRun { TestRun(scope: Scope(models: models, mode: .mirror)) }
        func foreign(_ models: String...) async throws -> [Kind: Int] {
            let held = try await b.store.held(
                of: a.identity.id, scope: Scope(models: models, mode: .mirror), sourceKinds: [], nonce: "n")
            return Dictionary(uniqueKeysWithValues: try held.kinds.map { (try Kind($0.kind), $0.foreign) })
        }
        #expect(try await foreign("posts") == [.models: 0, .singletons: 0, .posts: 0])
        #expect(try await a.push(to: b, mirror("posts")).outcome == .inSync)

        let items = try Kind.content("other")
        #expect(try await foreign("posts", "other") == [.models: 1, .singletons: 1, .posts: 0, items: 0])
        #expect(try await a.push(to: b, mirror("posts", "other")).result?.deleted == 2)
        #expect(try b.ids(.models) == ["posts", "third"])
        try expectNoProblems()
    }

    @Test func localesTakePartWhenAsked() async throws {
        try await a.put(.posts, #"{"_id":"1"}"#)
        try await a.put(.locales, #"{"i18n":"de"}"#)
        try await a.push(to: b, TestRun(scope: Scope(locales: false)))
        #expect(try await b.text(.locales, "de") == nil)
        try await a.push(to: b, TestRun(scope: Scope(models: ["posts"])))
        #expect(try await b.text(.locales, "de") == nil)
        try await a.push(to: b, TestRun(scope: Scope(models: ["posts"], locales: true)))
        #expect(try await b.text(.locales, "de") != nil)
    }

    /// Random contents, random scopes: whatever lies outside is the same row before and after.
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func nothingOutsideTheScopeChanges(_ seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        let made = try TestInstance.make("a", "b", seed: seed)
        for _ in 0..<4 {
            for instance in made { try await scramble(instance, &random) }
            let scope = Self.scope(&random)
            let (before, source) = (
                try StoreInspector(made[1].store).heads(), try StoreInspector(made[0].store).heads()
            )
            let run = TestRun(scope: scope, confirmations: Confirmations(deletes: 1_000))
            do {
                _ = try await random.next() % 2 == 0 ? made[0].push(to: made[1], run) : made[1].pull(from: made[0], run)
            } catch let failure as TestRunFailure
                where [.emptySource, .modelMissing].contains(failure.error.code)
            {}
            let after = try StoreInspector(made[1].store).heads()
            #expect(try StoreInspector(made[0].store).heads() == source, "seed \(seed)")
            for key in Set(before.keys).union(after.keys) where try !Self.includes(scope, key) {
                #expect(before[key] == after[key], "seed \(seed): \(key) lies outside of \(scope)")
            }
            for instance in made { #expect(try instance.problems() == [], "seed \(seed)") }
        }
    }

    private static func includes(_ scope: Scope, _ key: ItemKey) throws -> Bool {
        try scope.kinds(among: [key.kind]).first { $0.kind == key.kind }?.includes(key.id) ?? false
    }

    private func scramble(_ instance: TestInstance, _ random: inout SeededRandom) async throws {
        for kind in [Kind.posts, .pageItems, .locales, .models] {
            for id in ["1", "2", "3", "posts"] where random.next() % 3 == 0 {
                if random.next() % 3 > 0 {
                    try await instance.put(kind, "{\"\(kind.keyMember)\":\"\(id)\",\"v\":\(random.next() % 5)}")
                } else if try await instance.text(kind, id) != nil {
                    try await instance.remove(kind, id)
                }
            }
        }
    }

    private static func scope(_ random: inout SeededRandom) -> Scope {
        let ids = ["1", "2", "3", "posts"].filter { _ in random.next() % 2 == 0 }
        let kinds = ["content/posts", "content/pages", "models", "locales"].filter { _ in random.next() % 3 == 0 }
        let items = ids.isEmpty ? nil : Dictionary(uniqueKeysWithValues: kinds.map { ($0, ids) })
        let models = [nil, ["posts"], ["pages", "posts"]][Int(random.next() % 3)]
        return Scope(
            models: models, mode: random.next() % 2 == 0 ? .mirror : .merge,
            locales: [nil, true, false][Int(random.next() % 3)],
            items: items)
    }
}
