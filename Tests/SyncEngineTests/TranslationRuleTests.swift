import ContentModel
import ContentStore
import SyncProtocol
import Synchronization
import Testing
import TidelockTestSupport

@testable import SyncEngine

/// What becomes of translations that the destination has already.
@Suite struct TranslationRuleTests: TrioSuite {
    let a: TestInstance
    let b: TestInstance
    let c: TestInstance
    private let shop: Kind

    init() throws {
        (a, b, c) = try TestInstance.trio()
        shop = try .translations(of: "shop")
    }

    private func with(
        _ rule: TranslationSelection.Rule, _ policy: ConflictPolicy = .source, includesReverted: Bool = false
    ) -> TestRun {
        TestRun(
            scope: Scope(policy: policy, translations: TranslationSelection(rule: rule)),
            options: PlanOptions(includesReverted: includesReverted))
    }

    private func key(_ name: String, _ values: String) -> String {
        "{\"key\":\"\(name)\",\"values\":\(values)}"
    }

    /// Four keys at the destination, each there in another way, and one that is not; all are others at the source.
    private func fill() async throws {
        try await a.put(shop, key("edited", #"{"en":"1"}"#), key("sent", #"{"en":"1"}"#))
        try await a.push(to: b)
        try await c.put(shop, key("third", #"{"en":"c"}"#))
        try await c.push(to: b)
        try await b.put(shop, key("edited", #"{"en":"b"}"#), key("own", #"{"en":"b"}"#))
        for name in ["edited", "sent", "third", "own", "new"] {
            try await a.put(shop, key(name, #"{"en":"a","de":"a"}"#))
        }
    }

    private func texts() async throws -> [String: String?] {
        var texts: [String: String?] = [:]
        for name in ["edited", "sent", "third", "own", "new"] { texts[name] = try await b.text(shop, name) }
        return texts
    }

    private func all(_ values: String) -> [String: String?] {
        Dictionary(uniqueKeysWithValues: ["edited", "sent", "third", "own", "new"].map { ($0, key($0, values)) })
    }

    @Test func missingKeysOnlyAddsKeysAndTouchesNone() async throws {
        try await fill()
        let before = try await texts()
        let run = try await a.push(to: b, with(.missingKeys))
        #expect(run.result?.created == 1 && run.result?.updated == 0 && run.result?.kept == 4)
        #expect(run.result?.conflictCount == 0 && run.result?.conflicts == [])
        var expected = before
        expected["new"] = key("new", #"{"en":"a","de":"a"}"#)
        #expect(try await texts() == expected)
        let second = try await a.push(to: b, with(.missingKeys))
        #expect(second.isNoOp && second.calls.count == 1, "\(second.calls)")
        try expectNoProblems()
    }

    @Test(arguments: [TranslationSelection.Rule.missingKeys, .missingValues])
    func aPlanDoesNotAnnounceThatTranslationsAreReplacedThatAreKept(rule: TranslationSelection.Rule) async throws {
        try await fill()
        var look = with(rule)
        look.isDryRun = true
        let kinds = try await a.push(to: b, look).plan?.kinds
        let plan = try #require(kinds?.first { $0.kind == shop.name }, "\(kinds ?? [])")
        #expect(plan.overwrites == 0 && plan.possibleOverwrites == nil, "\(plan)")
        // Two that this source sent before, one of them edited there since: what becomes of them is decided there.
        #expect(plan.updates == 2 && plan.openUpdates == 2, "\(plan)")
        let run = try await a.push(to: b, with(rule))
        #expect(run.result?.conflictCount == 0 && run.result?.conflicts == [], "\(run)")
        look = with(.override)
        look.isDryRun = true
        let announced = try await a.push(to: b, look).plan?.kinds.first { $0.kind == shop.name }?.overwrites
        let replaced = try await a.push(to: b, with(.override)).result?.conflictCount ?? 0
        #expect(announced == replaced && replaced > 0, "without the rule, \(replaced) are replaced")
        try expectNoProblems()
    }

    @Test func missingValuesFillsWhatIsMissing() async throws {
        try await fill()
        let run = try await a.push(to: b, with(.missingValues))
        #expect(run.result?.created == 1 && run.result?.updated == 4 && run.result?.conflictCount == 0)
        #expect(try await b.text(shop, "edited") == key("edited", #"{"en":"b","de":"a"}"#))
        #expect(try await b.text(shop, "sent") == key("sent", #"{"en":"1","de":"a"}"#))
        #expect(try await b.text(shop, "third") == key("third", #"{"en":"c","de":"a"}"#))
        #expect(try await b.text(shop, "own") == key("own", #"{"en":"b","de":"a"}"#))
        #expect(try await a.push(to: b, with(.missingValues)).calls.count == 1)
        #expect(try await a.push(to: b, with(.missingKeys)).isNoOp)
        try expectNoProblems()
    }

    @Test func whatOneRuleKeptIsLookedAtByOneThatKeepsLess() async throws {
        try await fill()
        try await a.push(to: b, with(.missingKeys))
        #expect(try await a.push(to: b, with(.missingValues)).result?.updated == 4)
        #expect(try await b.text(shop, "own") == key("own", #"{"en":"b","de":"a"}"#))
        let run = try await a.push(to: b, with(.override))
        #expect(run.result?.updated == 4)
        #expect(run.result?.conflicts.map(\.verdict) == Array(repeating: .replaced, count: 4))
        #expect(try await texts() == all(#"{"en":"a","de":"a"}"#))
        #expect(try await a.push(to: b, with(.override)).isNoOp)
        try expectNoProblems()
    }

    @Test func whatWasKeptIsListedAndComesBackAfterARunThatOverrides() async throws {
        try await fill()
        let before = try await texts()
        try await a.push(to: b, with(.missingKeys))
        #expect(try await b.store.drift(kind: shop, limit: 10).count == 4)
        let run = try await a.push(to: b)
        #expect(try await texts() == all(#"{"en":"a","de":"a"}"#))
        #expect(try await b.store.drift(limit: 10).count == 0)
        _ = try await b.store.rollback(run.transfer, as: b.newID())
        let after = try await texts()
        for name in ["edited", "sent", "third", "own"] { #expect(after[name] == before[name]) }
        try expectNoProblems()
    }

    @Test func aRunCanBeTakenBackAndMadeAgain() async throws {
        try await fill()
        let before = try await texts()
        let run = try await a.push(to: b, with(.missingKeys))
        _ = try await b.store.rollback(run.transfer, as: b.newID())
        #expect(try await texts() == before)
        try expectNoProblems()
        // What a rollback took back counts as there like everything else.
        try await a.push(to: b, with(.missingKeys, includesReverted: true))
        var expected = before
        expected["new"] = key("new", #"{"en":"a","de":"a"}"#)
        #expect(try await texts() == expected)
        try expectNoProblems()
    }

    @Test func aDeletedKeyIsMissing() async throws {
        try await a.put(shop, key("gone", #"{"en":"1"}"#))
        try await a.push(to: b)
        try await b.remove(shop, "gone")
        let run = try await a.push(to: b, with(.missingKeys))
        #expect(run.result?.created == 1)
        #expect(try await b.text(shop, "gone") == key("gone", #"{"en":"1"}"#))
        try expectNoProblems()
    }

    @Test func editsOfKeptTranslationsAreKeptToo() async throws {
        try await fill()
        try await a.push(to: b, with(.missingKeys))
        try await b.put(shop, key("own", #"{"en":"later"}"#), key("new", #"{"en":"later"}"#))
        let run = try await a.push(to: b, with(.missingKeys))
        #expect(run.result?.kept == 2 && run.result?.conflictCount == 0)
        #expect(try await b.text(shop, "own") == key("own", #"{"en":"later"}"#))
        #expect(try await b.text(shop, "new") == key("new", #"{"en":"later"}"#))
        #expect(try await a.push(to: b, with(.missingKeys)).isNoOp)
        #expect(try await a.push(to: b).result?.updated == 5)
        #expect(try await texts() == all(#"{"en":"a","de":"a"}"#))
        try expectNoProblems()
    }

    @Test func aProjectThatIsThereStaysAsItIs() async throws {
        try await a.put(.translationProjects, #"{"name":"shop","locales":["en"]}"#)
        try await b.put(.translationProjects, #"{"name":"shop","locales":["en","de"]}"#)
        for rule in [TranslationSelection.Rule.missingKeys, .missingValues] {
            try await a.push(to: b, with(rule))
            #expect(try await b.text(.translationProjects, "shop") == #"{"name":"shop","locales":["en","de"]}"#)
        }
        try await a.push(to: b)
        #expect(try await b.text(.translationProjects, "shop") == #"{"name":"shop","locales":["en"]}"#)
        try expectNoProblems()
    }

    @Test func neitherHandlersNorPoliciesAreAskedAboutTranslationsThatStay() async throws {
        try await fill()
        let asked = Mutex<[String]>([])
        b.hooks.decide { conflict in
            asked.withLock { $0.append(conflict.id) }
            return .source
        }
        let before = try await texts()
        let run = try await a.push(to: b, with(.missingKeys, .fail))
        #expect(run.result?.kept == 4)
        #expect(asked.withLock { $0 } == [])
        #expect(try await b.text(shop, "own") == before["own"])
    }

    @Test func otherKindsOfTheSameRunAreDecidedAsEver() async throws {
        try await a.put(.posts, #"{"_id":"1","t":"first"}"#)
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","t":"there"}"#)
        try await b.put(shop, key("own", #"{"en":"b"}"#))
        try await a.put(shop, key("own", #"{"en":"a"}"#))
        let run = try await a.push(to: b, with(.missingKeys))
        #expect(run.result?.conflicts.map(\.kind) == ["content/posts"] && run.result?.conflictCount == 1)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"first"}"#)
        #expect(try await b.text(shop, "own") == key("own", #"{"en":"b"}"#))
        try expectNoProblems()
    }

    @Test func aKeyThatIsMadeWhileTheRunIsDecidedIsKept() async throws {
        try await a.put(.posts, #"{"_id":"1","t":"first"}"#)
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","t":"there"}"#)
        try await a.put(shop, key("late", #"{"en":"a"}"#))
        b.hooks.decide { [b, shop] _ in
            try await b.put(shop, #"{"key":"late","values":{"en":"b"}}"#)
            return .source
        }
        try await a.push(to: b, with(.missingKeys))
        #expect(try await b.text(shop, "late") == key("late", #"{"en":"b"}"#))
        try expectNoProblems()
    }

    private func pushed(_ values: String, _ rule: TranslationSelection.Rule) async throws {
        try await a.put(shop, key("k", values))
        try await a.push(to: b, with(rule))
    }

    /// What was kept never was what the source sent, so a merge begins at what both had before.
    @Test(arguments: [TranslationSelection.Rule.missingKeys, .missingValues], [true, false])
    func aMergeBringsWhatARuleHeldBack(_ rule: TranslationSelection.Rule, isEdited: Bool) async throws {
        try await pushed(#"{"en":"1","de":"1"}"#, .override)
        try await pushed(#"{"en":"2","de":"1"}"#, rule)
        #expect(try await b.text(shop, "k") == key("k", #"{"en":"1","de":"1"}"#))
        if isEdited { try await b.put(shop, key("k", #"{"en":"1","de":"b"}"#)) }
        try await a.put(shop, key("k", #"{"en":"2","de":"1","fr":"a"}"#))
        let run = try await a.push(to: b, with(.override, .mergeFields))
        #expect(run.result?.conflicts.map(\.verdict) == [.merged])
        let german = isEdited ? "b" : "1"
        #expect(try await b.text(shop, "k") == key("k", #"{"en":"2","de":"\#(german)","fr":"a"}"#))
        #expect(try await b.store.conflicts() == [])
        try expectNoProblems()
    }

    @Test func aMergeTellsOfWhatBothSidesChangedBeforeARuleKeptOneOfThem() async throws {
        try await pushed(#"{"en":"1"}"#, .override)
        try await b.put(shop, key("k", #"{"en":"b"}"#))
        try await pushed(#"{"en":"2"}"#, .missingKeys)
        try await b.put(shop, key("k", #"{"en":"b","de":"b"}"#))
        try await a.put(shop, key("k", #"{"en":"2","fr":"a"}"#))
        let run = try await a.push(to: b, with(.override, .mergeFields))
        #expect(run.result?.conflicts.map(\.verdict) == [.mergedParked])
        #expect(try await b.text(shop, "k") == key("k", #"{"en":"b","de":"b","fr":"a"}"#))
        #expect(try await b.store.conflicts().map(\.fields) == [["values.en"]])
        try expectNoProblems()
    }

    @Test func ofAKeyThatNeverWasTheSameAMergeTakesWhatIsMissing() async throws {
        try await b.put(shop, key("k", #"{"en":"b"}"#))
        try await pushed(#"{"en":"a","de":"a"}"#, .missingKeys)
        try await b.put(shop, key("k", #"{"en":"later"}"#))
        let run = try await a.push(to: b, with(.override, .mergeFields))
        #expect(run.result?.conflicts.map(\.verdict) == [.mergedParked])
        #expect(try await b.text(shop, "k") == key("k", #"{"en":"later","de":"a"}"#))
        try expectNoProblems()
    }

    @Test func whatWasFilledInIsCommonFromThenOn() async throws {
        try await pushed(#"{"en":"1"}"#, .override)
        try await b.put(shop, key("k", #"{"en":"b"}"#))
        try await pushed(#"{"en":"1","de":"a"}"#, .missingValues)
        #expect(try await b.text(shop, "k") == key("k", #"{"en":"b","de":"a"}"#))
        try await a.put(shop, key("k", #"{"en":"1","de":"a2"}"#))
        let run = try await a.push(to: b, with(.override, .mergeFields))
        #expect(run.result?.conflicts.map(\.verdict) == [.merged])
        #expect(try await b.text(shop, "k") == key("k", #"{"en":"b","de":"a2"}"#))
        try expectNoProblems()
    }

    @Test func anEditAfterARunThatOverridesBeginsAtWhatThatRunBrought() async throws {
        try await pushed(#"{"en":"1","de":"1"}"#, .override)
        try await pushed(#"{"en":"2","de":"1"}"#, .missingKeys)
        try await a.push(to: b)
        #expect(try await b.text(shop, "k") == key("k", #"{"en":"2","de":"1"}"#))
        // As it was before: an edit all the same.
        try await b.put(shop, key("k", #"{"en":"1","de":"1"}"#))
        try await a.put(shop, key("k", #"{"en":"2","de":"a"}"#))
        let run = try await a.push(to: b, with(.override, .mergeFields))
        #expect(run.result?.conflicts.map(\.verdict) == [.merged])
        #expect(try await b.text(shop, "k") == key("k", #"{"en":"1","de":"a"}"#))
        try expectNoProblems()
    }

    /// What `b` has was not made of what `a` has, whether they had something in common before or not.
    @Test(arguments: [TranslationSelection.Rule.missingKeys, .missingValues], [true, false])
    func whatARuleKeptDoesNotReplaceWhatTheSourceHas(rule: TranslationSelection.Rule, isCommon: Bool) async throws {
        if isCommon { try await pushed(#"{"en":"1","de":"1"}"#, .override) }
        try await b.put(shop, key("k", #"{"en":"b"}"#))
        try await pushed(#"{"en":"a","de":"a"}"#, rule)
        let run = try await b.push(to: a, with(.override, .park))
        #expect(run.result?.conflicts.map(\.verdict) == [.parked])
        #expect(try await a.text(shop, "k") == key("k", #"{"en":"a","de":"a"}"#))
        #expect(try await a.store.conflicts().map(\.source) == ["b"])
        for instance in [a, b] { #expect(try instance.problems() == []) }
    }

    @Test(arguments: [TranslationSelection.Rule.missingKeys, .missingValues])
    func norDoesAnEditOfWhatItKept(rule: TranslationSelection.Rule) async throws {
        try await b.put(shop, key("k", #"{"en":"b"}"#))
        try await pushed(#"{"en":"a","de":"a"}"#, rule)
        try await b.put(shop, key("k", #"{"en":"later"}"#))
        let run = try await b.push(to: a)
        #expect(run.result?.conflicts.map(\.verdict) == [.replaced])
        #expect(try await a.text(shop, "k") == key("k", #"{"en":"later"}"#))
        #expect(try await a.store.rollback(run.transfer, as: a.newID()).restored == 1)
        #expect(try await a.text(shop, "k") == key("k", #"{"en":"a","de":"a"}"#))
        for instance in [a, b] { #expect(try instance.problems() == []) }
    }

    @Test func aPullKeepsThemAlike() async throws {
        try await fill()
        let before = try await texts()
        let run = try await b.pull(from: a, with(.missingKeys))
        #expect(run.result?.created == 1 && run.result?.kept == 4)
        #expect(try await b.text(shop, "third") == before["third"])
        #expect(try await b.pull(from: a, with(.missingKeys)).isNoOp)
        #expect(try await b.pull(from: a).result?.updated == 4)
        #expect(try await texts() == all(#"{"en":"a","de":"a"}"#))
        try expectNoProblems()
    }

    @Test func aMirrorThatIsToKeepTranslationsIsRefused() async throws {
        try await fill()
        let before = try await texts()
        var run = with(.missingKeys)
        run.scope.mode = .mirror
        do {
            try await a.push(to: b, run)
            Issue.record("a mirror that keeps translations was carried out")
        } catch let failure as TestRunFailure {
            #expect(failure.error.code == .usage)
        }
        #expect(try await texts() == before)
        #expect(throws: TidelockError.self) { try run.scope.checkFilters() }
    }
}

@Suite struct TranslationRuleDecisionTests {
    private func conflict(_ kind: Kind, source: String?, target: String?) throws -> ItemConflict {
        ItemConflict(
            kind: kind, id: "k", origin: InstanceIdentity(id: "a", name: "a"),
            versions: ConflictVersions(
                source: try source.map { try JSONDocument(validating: $0) },
                target: try target.map { try JSONDocument(validating: $0) }))
    }

    private let here = #"{"key":"k","values":{"en":"b"}}"#
    private let there = #"{"key":"k","values":{"en":"a","de":"a"}}"#

    @Test func everyRuleDecidesItsWay() throws {
        let keys = try Kind.translations(of: "shop")
        let met = try conflict(keys, source: there, target: here)
        #expect(TranslationRules(rule: .override).settlement(of: met) == nil)
        #expect(TranslationRules(rule: .missingKeys).settlement(of: met) == .spared)
        let filled = try JSONDocument(validating: #"{"key":"k","values":{"en":"b","de":"a"}}"#)
        #expect(TranslationRules(rule: .missingValues).settlement(of: met) == .filled(filled))
        let complete = try conflict(keys, source: here, target: there)
        #expect(TranslationRules(rule: .missingValues).settlement(of: complete) == .spared)
    }

    @Test func nothingIsSaidOfOtherKindsAndOfWhatIsGone() throws {
        let rules = TranslationRules(rule: .missingKeys)
        let keys = try Kind.translations(of: "shop")
        #expect(rules.settlement(of: try conflict(keys, source: there, target: nil)) == nil)
        #expect(rules.settlement(of: try conflict(keys, source: nil, target: here)) == nil)
        #expect(rules.settlement(of: try conflict(.posts, source: there, target: here)) == nil)
    }
}
