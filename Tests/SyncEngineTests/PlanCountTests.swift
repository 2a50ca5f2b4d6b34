import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// What a plan says beforehand is what the run does; what only the destination can decide is said to be decided there.
@Suite struct PlanCountTests: PairSuite {
    let a: TestInstance
    let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    /// Items of these ids, made alike.
    private func put(_ ids: String..., at instance: TestInstance, value: Int = 1) async throws {
        for id in ids { try await instance.put(.posts, "{\"_id\":\"\(id)\",\"v\":\(value)}") }
    }

    private func kind(_ run: TestRunResult) throws -> KindPlan {
        try #require(run.plan?.kinds.first { $0.kind == Kind.posts.name }, "\(run)")
    }

    private func planPush(_ run: TestRun = TestRun()) async throws -> KindPlan {
        var run = run
        run.isDryRun = true
        return try kind(try await a.push(to: b, run))
    }

    private func planPull() async throws -> KindPlan {
        try kind(try await a.pull(from: b, TestRun(isDryRun: true)))
    }

    // MARK: Items of which this stream has sent nothing

    @Test func aDestinationWithoutItemsOfItsOwnGetsCreates() async throws {
        try await put("1", "2", at: a)
        let plan = try await planPush()
        #expect(plan.creates == 2 && plan.undecided == 0, "\(plan)")
        #expect(try await a.push(to: b).result?.created == 2)
        try await put("3", at: a)
        let next = try await planPush()
        #expect(next.creates == 1 && next.undecided == 0, "\(next)")
    }

    @Test func whatBothSidesHaveAlikeIsNotPlannedToBeCreated() async throws {
        try await put("1", "2", "3", "4", at: a)
        try await put("1", "2", "3", "4", at: b)
        let plan = try await planPush()
        #expect(plan.puts == 4 && plan.creates - plan.undecided == 0, "\(plan)")
        let run = try await a.push(to: b)
        #expect(run.result?.created == 0 && run.result?.adopted == 4, "\(run)")
    }

    @Test func noMoreItemsAreOpenThanTheDestinationHasOfItsOwn() async throws {
        try await put("1", "2", "3", at: a)
        try await put("own", at: b)
        let plan = try await planPush()
        #expect(plan.creates == 3 && plan.undecided == 1, "\(plan)")
    }

    @Test func whatTheDestinationHoldsBackMayBeMetAsWell() async throws {
        try await put("1", at: b)
        b.hooks.install("drops") { _, _ in .dropped(reason: "stays there") }
        try await b.push(to: a)
        try await put("1", "2", at: a, value: 2)
        let plan = try await planPush()
        #expect(plan.creates == 2 && plan.undecided == 1, "\(plan)")
        let run = try await a.push(to: b)
        #expect(run.result?.created == 1 && run.result?.updated == 1, "\(run)")
    }

    @Test func whatCameFromTheDestinationIsNotPlannedToBeCreatedThere() async throws {
        try await put("1", "2", "3", at: a)
        try await a.push(to: b)
        try await put("1", "2", at: b, value: 2)
        let plan = try await planPull()
        #expect(plan.puts == 2 && plan.undecided == 2, "\(plan)")
        let run = try await a.pull(from: b)
        #expect(run.result?.created == 0 && run.result?.updated == 2, "\(run)")
    }

    @Test func betweenTwoThatWorkBothWaysANewItemIsACreate() async throws {
        try await put("1", "2", "3", at: a)
        try await a.push(to: b)
        try await put("1", at: b, value: 2)
        try await a.pull(from: b)
        try await put("new", at: b)
        let plan = try await planPull()
        #expect(plan.creates == 1 && plan.undecided == 0, "\(plan)")
        #expect(try await a.pull(from: b).result?.created == 1)
    }

    @Test func whatCameFromTheDestinationAndWasDeletedThereIsNoneOfWhatItHas() async throws {
        try await put("1", "2", at: b)
        try await a.pull(from: b)
        try await b.remove(.posts, "1")
        try await put("3", at: b)
        try await put("3", at: a, value: 2)
        let plan = try await planPush()
        #expect(plan.creates == 1 && plan.undecided == 1, "\(plan)")
        let run = try await a.push(to: b)
        #expect(run.result?.created == 0 && run.result?.updated == 1, "\(run)")
    }

    @Test func aMirrorThatHasSeenTheListKnowsWhichItemsAreThere() async throws {
        try await put("1", "2", at: a)
        try await put("1", at: b, value: 9)
        let plan = try await planPush(.mirror)
        #expect(plan.creates == 2 && plan.undecided == 1, "\(plan)")
        let run = try await a.push(to: b, .mirror)
        #expect(run.result?.created == 1 && run.result?.updated == 1, "\(run)")
    }

    @Test func rowsSayWhichItemsCameFromTheDestination() async throws {
        try await put("1", at: b)
        try await a.pull(from: b)
        try await put("1", at: a, value: 2)
        try await put("2", at: a)
        let told = try await TestRun().plannedRows { try await a.push(to: b, $0) }
        #expect(told.map(\.id) == ["1", "2"] && told.map(\.cameFromThere) == [true, nil], "\(told)")
    }

    /// Looking at every row is for those who look at a plan.
    @Test func aRunIsNotToldWhatIsThereOfOthers() async throws {
        try await put("own", at: b)
        try await put("1", at: a)
        var open = OpenTransfer(
            id: a.newID(), direction: .push, initiator: a.identity, scope: .everything, nonce: "n",
            offer: SourceOffer(kinds: [Kind.posts.name], root: "", isQuiet: false, reverted: 0))
        #expect(try await b.responder.open(open).held?.state(of: .posts)?.unseen == nil)
        open.id = a.newID()
        open.isPlanOnly = true
        #expect(try await b.responder.open(open).held?.state(of: .posts)?.unseen?.others == 1)
    }

    // MARK: Edits

    @Test func anEditThatWasKeptIsAnnouncedBeforeALaterVersionReplacesIt() async throws {
        try await put("1", "2", "3", at: a)
        try await a.push(to: b)
        try await put("1", at: b, value: 9)
        try await put("1", at: a, value: 2)
        try await a.push(to: b, .with(.target))
        #expect(try await planPushOrNothing() == nil)
        try await put("1", "2", at: a, value: 3)
        let plan = try await planPush()
        // Only the destination knows which of the two it is.
        #expect(plan.updates == 2 && plan.overwrites == 0 && plan.possibleOverwrites == 1, "\(plan)")
        let run = try await a.push(to: b)
        #expect(run.result?.conflicts.map(\.id) == ["1"], "\(run)")
        try await put("1", at: a, value: 4)
        #expect(try await planPush().possibleOverwrites == nil)
    }

    @Test func aDeleteThatWasKeptMakesALaterVersionNoCertainUpdate() async throws {
        try await put("1", "2", "3", at: a)
        try await a.push(to: b)
        try await b.remove(.posts, "1")
        try await put("1", at: a, value: 2)
        #expect(try await a.push(to: b, .with(.target)).result?.conflicts.map(\.verdict) == [.keptTarget])
        try await put("1", "2", "3", at: a, value: 3)
        let plan = try await planPush()
        #expect(plan.updates == 3 && plan.undecided == 1 && plan.possibleOverwrites == 1, "\(plan)")
        let run = try await a.push(to: b)
        #expect(run.result?.created == 1 && run.result?.updated == 2, "\(run)")
        #expect(run.result?.conflicts.map(\.id) == ["1"])
        try expectNoProblems()
    }

    @Test(arguments: [Mode.merge, .mirror])
    func nothingIsPlannedForCertainOfAnItemThatMayBeGone(mode: Mode) async throws {
        try await put("1", "2", "3", at: a)
        try await a.push(to: b)
        try await b.remove(.posts, "1")
        try await put("1", at: a, value: 2)
        #expect(try await a.push(to: b, .with(.park)).result?.conflicts.map(\.verdict) == [.parked])
        for id in ["1", "2"] { try await a.remove(.posts, id) }
        let plan = try await planPush(.with(.source, mode))
        #expect(plan.deletes == (mode == .mirror ? 2 : 0) && plan.releases == (mode == .mirror ? 0 : 2), "\(plan)")
        #expect(plan.openDeletes == (mode == .mirror ? 1 : nil), "\(plan)")
        #expect(plan.openReleases == (mode == .mirror ? nil : 1), "\(plan)")
        let run = try await a.push(to: b, .with(.source, mode))
        #expect(run.result?.deleted == (mode == .mirror ? 1 : 0), "\(run)")
        #expect(run.result?.released == (mode == .mirror ? 0 : 1), "\(run)")
        try expectNoProblems()
    }

    /// The source holds more than it sends; what was edited there came back and was taken into that.
    @Test func whatTheDestinationHoldsAlreadyIsNoEditToReplace() async throws {
        a.hooks.install("strips") { _, item in
            item.body.member("s") == nil ? .unchanged : .changed(item.body.removing("s"))
        }
        for id in ["1", "2"] { try await a.put(.posts, "{\"_id\":\"\(id)\",\"v\":1,\"s\":0}") }
        try await a.push(to: b)
        try await put("1", "2", at: b, value: 2)
        try await a.pull(from: b)
        try await a.put(.posts, #"{"_id":"2","v":3,"s":0}"#)
        let plan = try await planPush()
        #expect(plan.updates == 2 && plan.undecided == 1 && plan.overwrites == 0, "\(plan)")
        // It knows that what it has is what it sent, of which the other was made.
        let run = try await a.push(to: b)
        #expect(run.result?.conflicts == [] && run.result?.updated == 1 && run.result?.adopted == 1, "\(run)")
    }

    /// What a plan announces of the edits that it meets, and what the run that follows says it replaced.
    private func expectReplaced(
        _ replaced: Set<String>, updates: Int, pulling: Bool = false, _ location: SourceLocation = #_sourceLocation
    ) async throws {
        let plan = pulling ? try await planPull() : try await planPush()
        #expect(plan.overwrites == replaced.count && plan.updates == updates, "\(plan)", sourceLocation: location)
        #expect(plan.possibleOverwrites == nil, "\(plan)", sourceLocation: location)
        let run = pulling ? try await a.pull(from: b) : try await a.push(to: b)
        #expect(Set(run.result?.conflicts.map(\.id) ?? []) == replaced, "\(run)", sourceLocation: location)
        #expect(run.result?.updated == updates, "\(run)", sourceLocation: location)
        try expectNoProblems(at: location)
    }

    @Test func anEditThatCameHereAndWasEditedOnIsNotReplaced() async throws {
        try await put("1", "2", "3", at: a)
        try await a.push(to: b)
        try await put("1", "2", "3", at: b, value: 2)
        try await a.pull(from: b)
        try await put("1", "2", at: a, value: 3)
        try await expectReplaced([], updates: 2)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":3}"#)
    }

    @Test func anEditMadeAfterThatIs() async throws {
        try await put("1", "2", "3", at: a)
        try await a.push(to: b)
        try await put("1", "2", at: b, value: 2)
        try await a.pull(from: b)
        try await put("1", "2", at: a, value: 3)
        #expect(try await planPush().overwrites == 0)
        // What an earlier plan found out does not hide what was edited since.
        try await put("2", at: b, value: 9)
        try await put("3", at: b, value: 9)
        try await put("3", at: a, value: 3)
        try await expectReplaced(["2", "3"], updates: 3)
    }

    @Test func anItemThatWasDeletedThereAfterItCameHereIsAnEditToReplace() async throws {
        try await put("1", at: a)
        try await a.push(to: b)
        try await put("1", at: b, value: 2)
        try await a.pull(from: b)
        try await b.remove(.posts, "1")
        try await put("1", at: a, value: 3)
        #expect(try await planPush().overwrites == 1)
        #expect(try await a.push(to: b).result?.conflicts.map(\.id) == ["1"])
    }

    @Test(arguments: [.target, .park] as [ConflictPolicy])
    func anEditThatCameHereAndWasKeptAwayIs(policy: ConflictPolicy) async throws {
        try await put("1", at: a)
        try await a.push(to: b)
        try await put("1", at: b, value: 2)
        try await put("1", at: a, value: 3)
        try await a.pull(from: b, .with(policy))
        try await put("1", at: a, value: 4)
        try await expectReplaced(["1"], updates: 1)
    }

    @Test func anEditThatWentThereIsNotReplacedByAPull() async throws {
        try await put("1", "2", at: b)
        try await a.pull(from: b)
        try await put("1", "2", at: a, value: 2)
        try await b.pull(from: a)
        try await put("1", "2", at: b, value: 3)
        try await put("2", at: a, value: 9)
        try await expectReplaced(["2"], updates: 2, pulling: true)
    }

    @Test func rowsSayWhichOfThemReplaceNoEdit() async throws {
        try await put("1", "2", at: a)
        try await a.push(to: b)
        try await put("1", "2", at: b, value: 2)
        try await a.pull(from: b)
        try await put("1", "2", at: a, value: 3)
        try await put("2", at: b, value: 9)
        let told = try await TestRun().plannedRows { try await a.push(to: b, $0) }
        #expect(told.map(\.followsEdit) == [true, nil], "\(told)")
        #expect(told.map(\.destination.holder) == [.edited, .edited], "\(told)")
    }

    /// Nil where both sides are equal.
    private func planPushOrNothing() async throws -> KindPlan? {
        let run = try await a.push(to: b, TestRun(isDryRun: true))
        return run.plan.map(\.operations) ?? 0 > 0 ? try kind(run) : nil
    }

    // MARK: Figures

    @Test func aPlanCountsTheItemsOfTheSource() async throws {
        try await put("1", "2", "3", at: a)
        try await a.push(to: b)
        try await put("1", at: a, value: 2)
        try await a.remove(.posts, "3")
        let plan = try await planPush()
        #expect(plan.updates == 1 && plan.sourceItems == 2, "\(plan)")
    }

    @Test func whatIsSentAgainIsNotSaidToBeLeftAlone() async throws {
        try await put("1", at: a)
        let run = try await a.push(to: b)
        _ = try await b.store.rollback(run.transfer, as: b.newID())
        #expect(try await planPush().reverted == 1)
        let included = TestRun(options: PlanOptions(includesReverted: true))
        let plan = try await planPush(included)
        #expect(plan.puts == 1 && plan.reverted == 0, "\(plan)")
        #expect(try kind(try await a.push(to: b, included)).reverted == 0)
    }

    @Test func aDroppedItemThatHasToGoIsOneRow() async throws {
        try await put("1", "2", at: a)
        try await a.push(to: b)
        try await put("3", at: a)
        a.hooks.install("drops") { _, _ in .dropped(reason: "no") }
        let plan = try await planPush(.mirror)
        #expect(plan.drops == 3 && plan.deletes == 2 && plan.droppedThere == 2 && plan.rows == 3, "\(plan)")
    }
}
