import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Decisions about conflicts that are taken back: the conflicts wait again, as they were.
@Suite struct ReopenedConflictTests: PairSuite {
    let a: TestInstance
    let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private static let parking = TestRun.with(.park)

    /// Items that both sides changed, of which the source's versions wait.
    @discardableResult
    private func park(_ ids: String..., policy: ConflictPolicy = .park) async throws -> [ConflictRecord] {
        for id in ids { try await a.put(.posts, "{\"_id\":\"\(id)\",\"t\":\"first\",\"n\":1}") }
        try await a.push(to: b)
        for id in ids {
            try await a.put(.posts, "{\"_id\":\"\(id)\",\"t\":\"A\",\"n\":1}")
            try await b.put(.posts, "{\"_id\":\"\(id)\",\"t\":\"B\",\"n\":2}")
        }
        try await a.push(to: b, .with(policy))
        let open = try await b.store.conflicts()
        #expect(Set(open.map(\.item)) == Set(ids))
        try expectNoProblems()
        return open
    }

    private func applySource(_ conflicts: [ConflictRecord]) async throws -> String {
        let run = try await b.applyParked(conflicts.map(\.id))
        #expect(try await b.store.conflicts() == [])
        try expectNoProblems()
        return run
    }

    private func decide(_ conflict: ConflictRecord, _ text: String) async throws -> String {
        let body = try JSONDocument(validating: text)
        let run = b.newID()
        try await b.store.beginRun(id: run, direction: "local", target: "test")
        let change = LocalChange.put(kind: .posts, body: body, hash: body.hash)
        _ = try b.store.writeBlocking([change], run: run, editor: Editor(user: nil), deciding: conflict.id)
        try await b.store.markUndoable(id: run)
        try await b.deliverEvents()
        #expect(try await b.store.conflicts() == [])
        try expectNoProblems()
        return run
    }

    private func rollBack(_ run: String) async throws -> String {
        let id = b.newID()
        #expect(try await b.store.rollback(run, as: id).restored > 0)
        try expectNoProblems()
        return id
    }

    /// The item and its versions, whatever became of them in between.
    private func texts(_ conflict: Int64) async throws -> [String?] {
        let versions = try await b.store.conflict(conflict).versions
        return [versions.source?.text, versions.target?.text, versions.base?.text]
    }

    private func kept() throws -> Int { try StoreInspector(b.store).count("SELECT count(*) FROM decided_conflict") }

    @Test func oneThatWasDecidedForTheSourceWaitsAgainAsItWas() async throws {
        let open = try await park("1")
        let before = try await texts(open[0].id)
        let made = [#"{"_id":"1","t":"A","n":1}"#, #"{"_id":"1","t":"B","n":2}"#, #"{"_id":"1","t":"first","n":1}"#]
        #expect(before == made)
        _ = try await rollBack(applySource(open))
        #expect(try await b.store.conflicts() == open)
        #expect(try await texts(open[0].id) == before)
        #expect(try await a.push(to: b, Self.parking).isNoOp)
        // It can be decided once more, and that taken back too.
        _ = try await rollBack(applySource(open))
        #expect(try await b.store.conflicts() == open)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"B","n":2}"#)
    }

    @Test func oneThatWasDecidedWithAnItemOfOnesOwnWaitsAgain() async throws {
        let open = try await park("1")
        let before = try await texts(open[0].id)
        _ = try await rollBack(decide(open[0], #"{"_id":"1","t":"OWN"}"#))
        #expect(try await b.store.conflicts() == open)
        #expect(try await texts(open[0].id) == before)
        #expect(try await b.store.drift(limit: 10).count == 1)
    }

    @Test func fieldsOfAMergeWaitAgain() async throws {
        let open = try await park("1", policy: .mergeFields)
        #expect(open.map(\.fields) == [["t"]])
        let before = try await texts(open[0].id)
        _ = try await rollBack(applySource(open))
        #expect(try await b.store.conflicts() == open)
        #expect(try await texts(open[0].id) == before)
    }

    @Test(arguments: [true, false])
    func aDeleteWaitsAgain(isApplied: Bool) async throws {
        let mirror = TestRun(scope: Scope(mode: .mirror, policy: .park))
        try await a.put(.posts, #"{"_id":"1","t":"first"}"#, #"{"_id":"2"}"#)
        try await a.push(to: b)
        try await b.put(.posts, #"{"_id":"1","t":"there"}"#)
        try await a.remove(.posts, "1")
        try await a.push(to: b, mirror)
        let open = try await b.store.conflicts()
        #expect(open.map(\.isDelete) == [true])
        let own = #"{"_id":"1","t":"own"}"#
        let run = isApplied ? try await applySource(open) : try await decide(open[0], own)
        #expect(try await b.text(.posts, "1") == (isApplied ? nil : own))
        let first = try await rollBack(run)
        #expect(try await b.store.conflicts() == open)
        let second = try await rollBack(first)
        #expect(try await b.store.conflicts() == [])
        #expect(try await b.text(.posts, "1") == (isApplied ? nil : own))
        _ = try await rollBack(second)
        #expect(try await b.store.conflicts() == open)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"there"}"#)
        #expect(try await a.push(to: b, mirror).outcome == .inSync)
        #expect(try await b.store.conflicts() == open)
        try expectNoProblems()
    }

    @Test func ofOneItemThatIsTakenBackOnlyItsConflictWaitsAgain() async throws {
        let open = try await park("1", "2")
        let run = try await applySource(open)
        for (number, item) in ["2", "1"].enumerated() {
            let reference = ItemReference(kind: Kind.posts.name, id: item)
            #expect(try await b.store.rollback(run, only: reference, as: b.newID()).restored == 1)
            let waiting = number == 0 ? open.filter { $0.item == item } : open
            #expect(try await b.store.conflicts() == waiting)
            try expectNoProblems()
        }
    }

    @Test func aRollbackThatIsTakenBackDecidesThemAgain() async throws {
        let open = try await park("1", "2")
        let before = try await texts(open[0].id)
        let first = try await rollBack(applySource(open))
        let second = try await rollBack(first)
        #expect(try await b.store.conflicts() == [])
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"A","n":1}"#)
        #expect(try await b.store.drift(limit: 10).count == 0)
        _ = try await rollBack(second)
        #expect(try await b.store.conflicts() == open)
        #expect(try await texts(open[0].id) == before)
    }

    @Test func anItemThatHasANewerVersionOfTheSourceStaysAndItsConflictIsOver() async throws {
        let open = try await park("1")
        let run = try await applySource(open)
        try await a.put(.posts, #"{"_id":"1","t":"A2","n":1}"#)
        try await a.push(to: b)
        let result = try await b.store.rollback(run, as: b.newID())
        #expect(result.restored == 0 && result.kept.map(\.id) == ["1"])
        #expect(try await b.store.conflicts() == [])
        try expectNoProblems()
    }

    @Test func aRollbackThatWouldListMoreThanCanWaitTakesNothingBack() async throws {
        let run = try await applySource(park("1"))
        try StoreVandal(b.store).execute(
            """
            WITH RECURSIVE number (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM number WHERE n < \(Limits.parkedConflicts))
            INSERT INTO conflict (transfer, pid, kid, bucket, id, seen, created)
            SELECT 'x', 1, 1, 0, 'other ' || n, x'', 0 FROM number
            """)
        let failure = await #expect(throws: TidelockError.self) { try await b.store.rollback(run, as: b.newID()) }
        #expect(failure?.code == .conflicts)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"A","n":1}"#)
        #expect(try StoreInspector(b.store).count("SELECT count(*) FROM conflict") == Limits.parkedConflicts)
        try expectNoProblems()
    }

    // MARK: Space

    @Test func whatWasDecidedIsFreedWithTheUndoOfItsRun() async throws {
        _ = try await rollBack(applySource(park("1", "2")))
        _ = try await applySource(b.store.conflicts())
        #expect(try kept() == 4)
        b.clock.advance(by: .seconds(8 * 86_400))
        try await a.deliverEvents()
        try await b.deliverEvents()
        let freed = try await b.store.collectGarbage(looksForOrphans: true)
        #expect(freed.orphanedBodies == 0)
        #expect(try kept() == 0)
        #expect(try StoreInspector(b.store).count("SELECT count(*) FROM base_body") == 0)
        #expect(try StoreInspector(b.store).count("SELECT count(*) FROM body") == 2)
        try expectNoProblems()
    }

    @Test func aCollectionOfGarbageBeforeThatLeavesIt() async throws {
        let open = try await park("1")
        let before = try await texts(open[0].id)
        let run = try await applySource(open)
        #expect(try await b.store.collectGarbage(looksForOrphans: true).orphanedBodies == 0)
        _ = try await rollBack(run)
        #expect(try await b.store.conflicts() == open)
        #expect(try await texts(open[0].id) == before)
    }

    @Test func aDecisionThatChangedNothingLeavesNothingBehind() async throws {
        let open = try await park("1")
        _ = try await decide(open[0], #"{"_id":"1","t":"B","n":2}"#)
        #expect(try kept() == 0)
    }
}
