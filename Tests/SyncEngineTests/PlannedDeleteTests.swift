import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// What a plan says of the rows that a mirror deletes is what the run does to them.
@Suite struct PlannedDeleteTests: PairSuite {
    let a: TestInstance
    let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    /// Items of these ids, made alike.
    private func put(_ ids: String..., at instance: TestInstance, value: Int = 1) async throws {
        for id in ids { try await instance.put(.posts, "{\"_id\":\"\(id)\",\"v\":\(value)}") }
    }

    private func mirror(_ policy: ConflictPolicy = .source, isDryRun: Bool = false) -> TestRun {
        TestRun(
            scope: Scope(mode: .mirror, policy: policy), confirmations: Confirmations(deletes: 1_000),
            isDryRun: isDryRun)
    }

    private func plan(_ direction: Direction = .push, _ policy: ConflictPolicy = .source) async throws -> KindPlan {
        let run = try await start(direction, mirror(policy, isDryRun: true))
        return try #require(run.plan?.kinds.first { $0.kind == Kind.posts.name }, "\(run)")
    }

    // MARK: Edits

    @Test(arguments: [Direction.push, .pull])
    func anEditThatADeleteMeetsIsAnnounced(direction: Direction) async throws {
        let (source, destination) = direction == .push ? (a, b) : (b, a)
        try await put("1", "2", "3", "4", at: source)
        try await start(direction)
        try await source.remove(.posts, "1", "2")
        try await put("3", at: source, value: 2)
        try await put("1", "3", at: destination, value: 9)
        let plan = try await plan(direction)
        #expect(plan.deletes == 2 && plan.updates == 1 && plan.overwrites == 2, "\(plan)")
        #expect(plan.possibleOverwrites == nil, "\(plan)")
        let run = try await start(direction, mirror())
        #expect(run.result?.deleted == 2 && run.result?.conflictCount == plan.overwrites, "\(run)")
        #expect(Set(run.result?.conflicts.map(\.id) ?? []) == ["1", "3"], "\(run)")
        try expectNoProblems()
    }

    @Test func aPlanCountsWhatAPolicyStopsFor() async throws {
        try await put("1", "2", at: a)
        try await a.push(to: b)
        try await a.remove(.posts, "1")
        try await put("1", at: b, value: 9)
        let plan = try await plan(.push, .fail)
        #expect(plan.deletes == 1 && plan.overwrites == 1, "\(plan)")
        let failure = await #expect(throws: TestRunFailure.self) { try await a.push(to: b, mirror(.fail)) }
        #expect(failure?.error.code == .conflicts)
        #expect(failure?.error.details[ConflictDetails.count] == "1")
    }

    @Test func anEditThatCameHereAndIsDeletedAllTheSameIsAnnounced() async throws {
        try await put("1", "2", at: a)
        try await a.push(to: b)
        try await put("1", at: b, value: 2)
        try await a.pull(from: b)
        // It is the source's own again, and is gone here.
        try await put("1", at: a, value: 3)
        try await a.remove(.posts, "1")
        let plan = try await plan()
        #expect(plan.deletes == 1 && plan.overwrites == 1, "\(plan)")
        #expect(try await a.push(to: b, mirror()).result?.conflictCount == 1)
    }

    @Test func anEditOfWhatAHandlerDropsIsAnnounced() async throws {
        try await put("1", "2", at: a)
        try await a.push(to: b)
        try await put("1", at: b, value: 9)
        a.hooks.install("drops") { _, _ in .dropped(reason: "no") }
        let plan = try await plan()
        #expect(plan.deletes == 2 && plan.droppedThere == 2 && plan.overwrites == 1, "\(plan)")
        #expect(try await a.push(to: b, mirror()).result?.conflictCount == 1)
        try expectNoProblems()
    }

    /// Which rows were kept before is known there alone.
    @Test func anEditThatWasKeptBeforeMayBeMet() async throws {
        try await put("1", "2", at: a)
        try await a.push(to: b)
        try await put("1", at: b, value: 9)
        try await put("1", at: a, value: 2)
        try await a.push(to: b, .with(.target))
        try await a.remove(.posts, "1")
        let plan = try await plan()
        #expect(plan.deletes == 1 && plan.overwrites == 0 && plan.possibleOverwrites == 1, "\(plan)")
        #expect(try await a.push(to: b, mirror()).result?.conflictCount == 1)
    }

    /// An item that is deleted while the plan is made, and one that comes back meanwhile.
    @Test func editsAreNotCountedTwiceWhereTheSourceChangesMeanwhile() async throws {
        try await put("1", "2", "3", at: a)
        try await a.push(to: b)
        try await put("1", "2", at: b, value: 9)
        try await put("1", at: a, value: 2)
        try await a.remove(.posts, "2")
        a.hooks.install("looks") { _, _ in .unchanged }
        let (store, id) = (a.store, a.newID())
        try await store.beginRun(id: id, direction: "local", target: "test")
        let back = try JSONDocument(validating: #"{"_id":"2","v":5}"#)
        a.hooks.meanwhile {
            _ = try store.writeBlocking(
                [.remove(kind: .posts, id: "1"), .put(kind: .posts, body: back, hash: back.hash)], run: id)
        }
        let run = try await a.push(to: b, mirror())
        a.hooks.meanwhile(nil)
        try await store.markUndoable(id: id)
        let plan = try #require(run.plan?.kinds.first { $0.kind == Kind.posts.name }, "\(run)")
        #expect(plan.deletes == 1 && plan.updates == 1 && plan.overwrites == 2, "\(plan)")
        #expect(run.result?.deleted == 1 && run.result?.conflictCount == 2, "\(run)")
        try expectNoProblems()
    }

    // MARK: Items that were deleted at the destination

    @Test(arguments: [Direction.push, .pull])
    func anItemThatWasDeletedThereIsMadeAgain(direction: Direction) async throws {
        let (source, destination) = direction == .push ? (a, b) : (b, a)
        try await put("1", "2", "3", "4", at: source)
        try await start(direction)
        try await destination.remove(.posts, "1", "2")
        try await put("3", at: destination, value: 9)
        try await put("2", at: source, value: 2)
        let look = try await start(direction, TestRun(isDryRun: true))
        let plan = try #require(look.plan?.kinds.first { $0.kind == Kind.posts.name }, "\(look)")
        #expect(plan.creates == 2 && plan.updates == 1 && plan.overwrites == 3, "\(plan)")
        #expect(plan.undecided == 0 && plan.possibleOverwrites == nil && plan.unchanged == 1, "\(plan)")
        let run = try await start(direction, TestRun())
        #expect(run.result?.created == 2 && run.result?.updated == 1, "\(run)")
        #expect(run.result?.conflictCount == plan.overwrites, "\(run)")
        #expect(try await start(direction, TestRun()).isNoOp)
        try expectNoProblems()
    }

    @Test func anItemThatWasDeletedAndMadeAnewThereIsUpdated() async throws {
        try await put("1", at: a)
        try await a.push(to: b)
        try await b.remove(.posts, "1")
        _ = try await a.push(to: b, TestRun(isDryRun: true))
        try await put("1", at: b, value: 9)
        let plan = try await plan()
        #expect(plan.creates == 0 && plan.updates == 1 && plan.overwrites == 1, "\(plan)")
        #expect(try await a.push(to: b).result?.updated == 1)
    }

    @Test(arguments: [Direction.push, .pull])
    func nothingIsDeletedThatBothSidesHaveDeleted(direction: Direction) async throws {
        let (source, destination) = direction == .push ? (a, b) : (b, a)
        try await put("1", "2", "3", at: source)
        try await start(direction)
        try await source.remove(.posts, "1", "2")
        try await destination.remove(.posts, "1")
        let plan = try await plan(direction)
        #expect(plan.deletes == 1 && plan.goneThere == 1 && plan.overwrites == 0, "\(plan)")
        let run = try await start(direction, mirror())
        #expect(run.result?.deleted == 1 && run.result?.conflictCount == 0, "\(run)")
        try expectNoProblems()
    }

    @Test func rowsSayWhichOfThemAreDeletedThere() async throws {
        try await put("1", "2", "3", at: a)
        try await a.push(to: b)
        try await b.remove(.posts, "1", "2")
        try await put("3", at: b, value: 9)
        try await a.remove(.posts, "2")
        let told = try await mirror().plannedRows { try await a.push(to: b, $0) }
        #expect(told.map(\.id) == ["1", "3"] && told.allSatisfy { $0.operation == .put }, "\(told)")
        #expect(told.map(\.isDeletedThere) == [true, nil], "\(told)")
    }

    // MARK: Deletes that a rollback took back

    @Test(arguments: [Direction.push, .pull])
    func aDeleteThatIsDoneOnceMoreIsNotSaidToBeLeftAlone(direction: Direction) async throws {
        let (source, destination) = direction == .push ? (a, b) : (b, a)
        try await put("1", "2", at: source)
        try await start(direction)
        try await source.remove(.posts, "1")
        let first = try await start(direction, mirror())
        #expect(try await destination.store.rollback(first.transfer, as: destination.newID()).restored == 1)
        let without = try await plan(direction)
        #expect(without.deletes == 0 && without.reverted == 1, "\(without)")
        var run = mirror(isDryRun: true)
        run.options.includesReverted = true
        for isDryRun in [true, false] {
            run.isDryRun = isDryRun
            let result = try await start(direction, run)
            let kind = try #require(result.plan?.kinds.first { $0.kind == Kind.posts.name }, "\(result)")
            #expect(kind.deletes == 1 && kind.reverted == 0, "\(kind)")
        }
        #expect(try destination.ids(.posts) == ["2"])
        try expectNoProblems()
    }
}
