import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// What an instance pushed in filtered form never replaces the unfiltered original when it comes back.
@Suite struct FilteredOriginalTests: PairSuite {
    let a: TestInstance
    let b: TestInstance
    private static let original = #"{"_id":"1","v":1,"secret":7}"#

    init() throws {
        (a, b) = try TestInstance.pair()
        a.hooks.install("strips") { _, item in
            guard item.body.member("secret") != nil else { return .unchanged }
            return .changed(
                try JSONDocument(validating: "{\"_id\":\"\(item.id)\",\"v\":\(item.body.integer("v") ?? 0)}"))
        }
    }

    /// A has the original, B the filtered form with an edit of its own.
    private func edited() async throws {
        try await a.put(.posts, Self.original)
        try await a.push(to: b)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":1}"#)
        try await b.put(.posts, #"{"_id":"1","v":2}"#)
    }

    /// A has an original with something held back inside objects and a list without ids.
    private func nested() async throws {
        a.hooks.install("strips nested", version: 1) { _, item in
            .changed(try JSONDocument(validating: item.body.text.replacing(#/,?"hid":"[^"]*"/#, with: "")))
        }
        try await a.put(.posts, Self.nestedOriginal)
        try await a.push(to: b)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","seo":{"a":1},"list":[{"x":1},{"x":2}]}"#)
    }

    private static let nestedOriginal =
        #"{"_id":"1","seo":{"a":1,"hid":"H"},"list":[{"x":1,"hid":"L1"},{"x":2,"hid":"L2"}]}"#

    private func expectKept(_ run: TestRunResult) async throws {
        #expect(run.result?.conflicts.map(\.verdict) == [.parked])
        #expect(run.result?.kept == 1 && run.result?.conflictCount == 1)
        #expect(try await a.text(.posts, "1") == Self.original)
        let waiting = try await a.store.conflicts()
        #expect(waiting.map(\.item) == ["1"] && waiting.map(\.hasMoved) == [false])
        let versions = try await a.store.conflict(try #require(waiting.first).id).versions
        let there = try await b.text(.posts, "1")
        #expect(versions.source?.text == there && versions.target?.text == Self.original)
        #expect(try a.problems() == [])
    }

    private func expectPatched(_ run: TestRunResult, _ text: String) async throws {
        #expect(run.result?.updated == 1 && run.result?.conflictCount == 0)
        #expect(try await a.text(.posts, "1") == text)
        try expectNoProblems()
    }

    @Test func anEditOfTheFilteredFormArrivesAndWhatWasHeldBackStays() async throws {
        try await edited()
        try await expectPatched(try await a.pull(from: b), #"{"_id":"1","v":2,"secret":7}"#)
        #expect(a.hooks.pinned == 0)
    }

    @Test func whatWasHeldBackInAListStaysWhenOneElementIsEdited() async throws {
        try await nested()
        try await b.put(.posts, #"{"_id":"1","seo":{"a":1},"list":[{"x":1},{"x":22}]}"#)
        try await expectPatched(
            try await a.pull(from: b),
            #"{"_id":"1","seo":{"a":1,"hid":"H"},"list":[{"x":1,"hid":"L1"},{"x":22,"hid":"L2"}]}"#)
        try await b.put(.posts, #"{"_id":"1","seo":{"a":1},"list":[{"x":1},{"x":22},{"x":3}]}"#)
        try await expectPatched(
            try await a.pull(from: b),
            #"{"_id":"1","seo":{"a":1,"hid":"H"},"list":[{"x":1,"hid":"L1"},{"x":22,"hid":"L2"},{"x":3}]}"#)
    }

    @Test func anObjectThatIsRemovedThereLeavesWhatWasHeldBackOfIt() async throws {
        try await nested()
        try await b.put(.posts, #"{"_id":"1","list":[{"x":1},{"x":2}]}"#)
        try await expectPatched(
            try await a.pull(from: b),
            #"{"_id":"1","seo":{"hid":"H"},"list":[{"x":1,"hid":"L1"},{"x":2,"hid":"L2"}]}"#)
    }

    @Test func aChangeThatWouldEraseWhatWasHeldBackWaitsAlsoAfterLaterOnes() async throws {
        try await nested()
        try await b.put(.posts, #"{"_id":"1","seo":{"a":1},"list":[{"x":2}]}"#)
        let run = try await a.pull(from: b)
        #expect(run.result?.conflicts.map(\.verdict) == [.mergedParked])
        #expect(try await a.text(.posts, "1") == Self.nestedOriginal)
        #expect(try await a.store.conflicts().map(\.fields) == [["list"]])
        try await b.put(.posts, #"{"_id":"1","seo":{"a":5},"list":[{"x":2}]}"#)
        try await a.pull(from: b)
        #expect(
            try await a.text(.posts, "1") == Self.nestedOriginal.replacing(#""a":1"#, with: #""a":5"#))
        #expect(try await a.store.conflicts().map(\.fields) == [["list"]])
        #expect(try a.problems() == [])
    }

    @Test(arguments: [false, true])
    func anItemThatWasDeletedAndMadeAnewIsNoOriginalOfWhatWasSentBefore(isAnswerLost: Bool) async throws {
        try await a.put(.posts, Self.original)
        try await a.push(to: b)
        try await a.remove(.posts, "1")
        if isAnswerLost {
            await #expect(throws: TestRunFailure.self) {
                try await a.push(to: b, TestRun(fault: .init(call: 1, isCarriedOut: true)))
            }
        }
        try await a.push(to: b)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":1}"#)
        try await a.put(.posts, #"{"_id":"1","v":5,"secret":5}"#)
        let pull = try await a.pull(from: b)
        #expect(pull.result?.conflicts.map(\.verdict) == [.replaced])
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","v":1}"#)
    }

    @Test func aPatchIsMadeOnceAndNothingGoesBackAndForth() async throws {
        try await edited()
        try await a.pull(from: b)
        let again = try await a.pull(from: b)
        #expect(again.isNoOp)
        #expect(again.calls == ["open"])
        let texts = (try await a.text(.posts, "1"), try await b.text(.posts, "1"))
        // Each side learns once that the other holds what it has; no item changes.
        let push = try await a.push(to: b)
        #expect(push.result.map { $0.created + $0.updated + $0.deleted + $0.conflictCount } ?? 0 == 0)
        let pull = try await a.pull(from: b)
        #expect(pull.result.map { $0.created + $0.updated + $0.deleted + $0.conflictCount } ?? 0 == 0)
        for _ in 0..<2 {
            #expect(try await a.push(to: b).isNoOp)
            #expect(try await a.pull(from: b).isNoOp)
        }
        #expect(try await a.text(.posts, "1") == texts.0)
        #expect(try await b.text(.posts, "1") == texts.1)
    }

    @Test func everyLaterEditThereArrivesToo() async throws {
        try await edited()
        try await a.pull(from: b)
        try await b.put(.posts, #"{"_id":"1","v":3}"#)
        try await expectPatched(try await a.pull(from: b), #"{"_id":"1","v":3,"secret":7}"#)
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","v":4,"w":1}"#)
        try await expectPatched(try await a.pull(from: b), #"{"_id":"1","v":4,"secret":7,"w":1}"#)
    }

    @Test func editsOnBothSidesAreMerged() async throws {
        try await edited()
        try await a.put(.posts, #"{"_id":"1","v":1,"secret":8,"here":true}"#)
        let run = try await a.pull(from: b)
        #expect(run.result?.conflicts.map(\.verdict) == [.merged])
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","v":2,"secret":8,"here":true}"#)
        #expect(try a.problems() == [])
    }

    // MARK: Where it is not known what was sent

    private func strip() {
        a.hooks.install("strips") { _, item in .changed(item.body.removing("secret")) }
    }

    @Test func theVersionOverThereWaitsWhenTheHandlerIsGone() async throws {
        try await edited()
        a.hooks.clear()
        try await expectKept(try await a.pull(from: b))
        #expect(try await a.pull(from: b).isNoOp)
        #expect(try await a.store.conflicts().count == 1)
    }

    @Test(
        arguments: [
            (.source, .parked), (.mergeFields, .parked), (.park, .parked), (.target, .keptTarget),
        ] as [(ConflictPolicy, Conflict.Verdict)])
    func whatCannotBeMergedWaitsUnlessThePolicyChooses(policy: ConflictPolicy, verdict: Conflict.Verdict) async throws {
        try await edited()
        a.hooks.clear()
        let run = try await a.pull(from: b, .with(policy))
        #expect(run.result?.conflicts.map(\.verdict) == [verdict])
        #expect(try await a.text(.posts, "1") == Self.original)
        #expect(try await a.store.conflicts().count == (verdict == .parked ? 1 : 0))
        #expect(try a.problems() == [])
    }

    @Test func whatCannotBeMergedStopsARunThatFailsOnConflicts() async throws {
        try await edited()
        a.hooks.clear()
        await #expect(throws: TestRunFailure.self) {
            try await a.pull(from: b, .with(.fail))
        }
        #expect(try await a.text(.posts, "1") == Self.original)
    }

    @Test func aWaitingVersionCanBeChosen() async throws {
        try await edited()
        a.hooks.clear()
        try await a.pull(from: b)
        let run = try await a.applyParked(a.store.conflicts().map(\.id))
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","v":2}"#)
        #expect(try await a.store.conflicts().isEmpty)
        #expect(try a.problems() == [])
        #expect(try await a.store.rollback(run, as: a.newID()).restored == 1)
        #expect(try await a.text(.posts, "1") == Self.original)
        #expect(try a.problems() == [])
    }

    @Test func aLaterEditThereTakesThePlaceOfTheOneThatWaits() async throws {
        try await edited()
        a.hooks.clear()
        try await a.pull(from: b)
        try await b.put(.posts, #"{"_id":"1","v":2,"w":1}"#)
        try await expectKept(try await a.pull(from: b))
    }

    @Test func whatWaitedIsMergedWhenTheHandlerIsBack() async throws {
        strip()
        try await edited()
        a.hooks.clear()
        try await a.pull(from: b)
        strip()
        try await b.put(.posts, #"{"_id":"1","v":2,"w":1}"#)
        try await a.pull(from: b)
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","v":2,"secret":7,"w":1}"#)
        #expect(try await a.store.conflicts().isEmpty)
        #expect(try a.problems() == [])
    }

    @Test(arguments: 1...9, [false, true])
    func aWaitingVersionOutlivesARunThatBreaks(call: Int, isCarriedOut: Bool) async throws {
        try await edited()
        try await a.put(.posts, #"{"_id":"1","v":9,"secret":7}"#)
        let run = TestRun.with(.park)
        var broken = run
        broken.fault = .init(call: call, isCarriedOut: isCarriedOut)
        _ = try? await a.pull(from: b, broken)
        a.clock.advance(by: .seconds(2 * Limits.leaseSeconds))
        try await a.pull(from: b, run)
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","v":9,"secret":7}"#)
        #expect(try await a.store.conflicts().count == 1)
        #expect(try a.problems() == [])
    }

    // MARK: How long it is known what was sent

    /// Frees all undo at A.
    private func forgetUndo() async throws {
        try await a.deliverEvents()
        a.clock.advance(by: .seconds(8 * 86_400))
        _ = try await a.store.collectGarbage(looksForOrphans: true)
        #expect(try StoreInspector(a.store).count("SELECT count(*) FROM undo") == 0)
    }

    private func isKept(_ text: String) throws -> Bool {
        let hash = try JSONDocument(validating: text).hash.hex
        return try StoreInspector(a.store).count("SELECT count(*) FROM base_body WHERE hex(hash) = upper('\(hash)')")
            > 0
    }

    @Test func editsOfOtherItemsLeaveWhatWasSentKnown() async throws {
        try await edited()
        try await a.put(.posts, #"{"_id":"1","v":1,"secret":7,"here":true}"#)
        for version in 1...11 { try await a.put(.posts, "{\"_id\":\"other\",\"v\":\(version)}") }
        let run = try await a.pull(from: b)
        #expect(run.result?.conflicts.map(\.verdict) == [.merged])
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","v":2,"secret":7,"here":true}"#)
        #expect(try a.problems() == [])
    }

    @Test func whatWasSentStaysKnownWithoutUndoUntilSomethingNewerIsSent() async throws {
        try await edited()
        try await a.put(.posts, #"{"_id":"1","v":1,"secret":8,"here":true}"#)
        try await a.put(.posts, #"{"_id":"1","v":1,"secret":9,"here":true}"#)
        try await forgetUndo()
        #expect(try isKept(Self.original))
        let run = try await a.pull(from: b)
        #expect(run.result?.conflicts.map(\.verdict) == [.merged])
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","v":2,"secret":9,"here":true}"#)
        #expect(try a.problems() == [])
        try await a.push(to: b)
        #expect(try !isKept(Self.original))
        #expect(try a.problems() == [])
    }

    @Test func anEditThatChangesNothingOfWhatWasSentFreesTheEarlierOriginal() async throws {
        try await a.put(.posts, Self.original)
        try await a.push(to: b)
        try await a.put(.posts, #"{"_id":"1","v":1,"secret":8}"#)
        try await forgetUndo()
        #expect(try isKept(Self.original))
        #expect(try await a.push(to: b).isNoOp)
        #expect(try !isKept(Self.original))
        #expect(try a.problems() == [])
        try await b.put(.posts, #"{"_id":"1","v":2}"#)
        try await expectPatched(try await a.pull(from: b), #"{"_id":"1","v":2,"secret":8}"#)
    }

    @Test func anItemThatWentAsItIsIsNotKept() async throws {
        try await a.put(.posts, #"{"_id":"2","v":1}"#)
        try await a.push(to: b)
        try await a.put(.posts, #"{"_id":"2","v":2}"#)
        #expect(try StoreInspector(a.store).count("SELECT count(*) FROM base_body") == 0)
    }

    @Test(
        arguments: [
            (.source, 2, .merged), (.mergeFields, 9, .mergedParked), (.target, 9, .keptTarget), (.park, 9, .parked),
        ] as [(ConflictPolicy, Int, Conflict.Verdict)])
    func aFieldEditedOnBothSidesGoesByThePolicy(policy: ConflictPolicy, value: Int, verdict: Conflict.Verdict)
        async throws
    {
        try await edited()
        try await a.put(.posts, #"{"_id":"1","v":9,"secret":7}"#)
        let run = try await a.pull(from: b, .with(policy))
        #expect(run.result?.conflicts.map(\.verdict) == [verdict])
        #expect(try await a.text(.posts, "1") == "{\"_id\":\"1\",\"v\":\(value),\"secret\":7}")
        #expect(try a.problems() == [])
    }

    @Test func anEditThereArrivesUnderEveryPolicyWhereNothingChangedHere() async throws {
        try await edited()
        for (policy, version) in zip(ConflictPolicy.allCases, 11...) {
            try await b.put(.posts, "{\"_id\":\"1\",\"v\":\(version)}")
            let run = try await a.pull(from: b, .with(policy))
            try await expectPatched(run, "{\"_id\":\"1\",\"v\":\(version),\"secret\":7}")
        }
    }

    @Test func aPlanOfAPushInBetweenChangesNothing() async throws {
        try await edited()
        try await a.push(to: b, TestRun(isDryRun: true))
        try await expectPatched(try await a.pull(from: b), #"{"_id":"1","v":2,"secret":7}"#)
    }

    @Test func aLostAcknowledgementChangesNothing() async throws {
        try await edited()
        try await a.put(.posts, #"{"_id":"1","v":1,"secret":8}"#)
        await #expect(throws: TestRunFailure.self) {
            try await a.push(to: b, TestRun(fault: .init(call: 1, isCarriedOut: false)))
        }
        try await a.pull(from: b)
        #expect(try await a.text(.posts, "1") == #"{"_id":"1","v":2,"secret":8}"#)
    }

    @Test func anOriginalStaysWhereItIsNotKnownWhatWasSent() async throws {
        try await edited()
        a.hooks.install("strips", version: 2) { _, item in .changed(item.body.removing("v")) }
        try await expectKept(try await a.pull(from: b))
    }

    @Test func anOriginalThatStaysCountsWhenADefinitionBreaksIt() async throws {
        try await a.put(.models, #"{"name":"posts","fields":[{"name":"v"},{"name":"secret"}]}"#)
        try await edited()
        a.hooks.install("strips", version: 2) { _, item in .changed(item.body.removing("v")) }
        try await b.put(.models, #"{"name":"posts","fields":[{"name":"v"}]}"#)
        let run = try await a.pull(from: b)
        try await expectKept(run)
        #expect(run.result?.schemaChanges?.changes.map(\.field) == ["secret"])
        #expect(run.result?.schemaChanges?.changes.map(\.items) == [1])
    }

    @Test func aHandlerThatFailsByNowKeepsTheOriginal() async throws {
        try await edited()
        a.hooks.install("strips", version: 2) { _, _ in throw TidelockError(.hookFailed, "Broken by now.") }
        try await expectKept(try await a.pull(from: b))
        #expect(a.hooks.pinned == 0)
    }

    @Test func anItemThatIsDroppedByNowKeepsItsOriginal() async throws {
        try await edited()
        a.hooks.install("strips", version: 2) { _, _ in .dropped(reason: "no more") }
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","v":5}"#)
        try await expectKept(try await a.pull(from: b))
    }

    @Test func theFieldThatWasStrippedIsNowhereAtTheDestination() async throws {
        try await edited()
        try await a.push(to: b)
        #expect(try StoreInspector(b.store).count("SELECT count(*) FROM body WHERE instr(bytes, 'secret') > 0") == 0)
        #expect(try StoreInspector(b.store).count("SELECT count(*) FROM body") > 0)
    }
}
