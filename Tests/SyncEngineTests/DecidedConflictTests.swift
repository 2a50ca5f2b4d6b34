import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Conflicts that were decided with an item of one's own, or for what is here: that holds for the version of the source
/// that was decided about.
@Suite struct DecidedConflictTests: PairSuite {
    let a: TestInstance
    let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private static let parking = TestRun.with(.park)

    private func park() async throws -> ConflictRecord {
        try await diverge(
            from: #"{"_id":"1","t":"first"}"#, here: #"{"_id":"1","t":"A"}"#, there: #"{"_id":"1","t":"B"}"#)
        #expect(try await a.push(to: b, Self.parking).result?.conflicts.map(\.verdict) == [.parked])
        return try #require(try await b.store.conflicts().first)
    }

    private func decide(_ conflict: Int64, _ text: String) async throws -> String {
        let body = try JSONDocument(validating: text)
        let run = b.newID()
        try await b.store.beginRun(id: run, direction: "local", target: "test")
        let change = LocalChange.put(kind: .posts, body: body, hash: body.hash)
        _ = try b.store.writeBlocking([change], run: run, editor: Editor(user: nil), deciding: conflict)
        try await b.store.markUndoable(id: run)
        try await b.deliverEvents()
        return run
    }

    private func expectItHolds(_ text: String) async throws {
        #expect(try await b.store.conflicts() == [])
        #expect(try await b.store.drift(limit: 10).items.map(\.state) == [.kept])
        try expectNoProblems()
        #expect(try await a.push(to: b).isNoOp)
        #expect(try await a.push(to: b, Self.parking).isNoOp)
        #expect(try await b.text(.posts, "1") == text)
        try await a.put(.posts, #"{"_id":"1","t":"A2"}"#)
        #expect(try await a.push(to: b, Self.parking).result?.conflicts.map(\.verdict) == [.parked])
        #expect(try await b.text(.posts, "1") == text)
        try expectNoProblems()
    }

    @Test func anItemOfOnesOwnHoldsUntilTheSourceHasAnotherVersion() async throws {
        _ = try await decide(park().id, #"{"_id":"1","t":"DECIDED"}"#)
        try await expectItHolds(#"{"_id":"1","t":"DECIDED"}"#)
    }

    @Test func theItemAsItIsHoldsTooWhenItIsGivenAgain() async throws {
        let conflict = try await park()
        try await b.put(.posts, #"{"_id":"1","t":"B2"}"#)
        _ = try await decide(conflict.id, #"{"_id":"1","t":"B2"}"#)
        try await expectItHolds(#"{"_id":"1","t":"B2"}"#)
    }

    @Test func whatIsHereHoldsAlsoWhereItWasEditedSince() async throws {
        let conflict = try await park()
        try await b.put(.posts, #"{"_id":"1","t":"B2"}"#)
        try await b.store.dropConflicts([conflict.id])
        try await expectItHolds(#"{"_id":"1","t":"B2"}"#)
    }

    @Test func anItemOfOnesOwnHoldsWhereTheItemHadBeenDeleted() async throws {
        try await a.put(.posts, #"{"_id":"1","t":"first"}"#)
        try await a.push(to: b)
        try await b.remove(.posts, "1")
        try await a.put(.posts, #"{"_id":"1","t":"A"}"#)
        try await a.push(to: b, Self.parking)
        let conflict = try #require(try await b.store.conflicts().first)
        _ = try await decide(conflict.id, #"{"_id":"1","t":"DECIDED"}"#)
        try await expectItHolds(#"{"_id":"1","t":"DECIDED"}"#)
    }

    @Test func theSourcesOwnVersionIsNoEditWhenItIsGiven() async throws {
        _ = try await decide(park().id, #"{"_id":"1","t":"A"}"#)
        #expect(try await b.store.drift(limit: 10).count == 0)
        try expectNoProblems()
        #expect(try await a.push(to: b).isNoOp)
    }

    @Test func aDecisionAboutAConflictThatIsGoneStoresNothing() async throws {
        let conflict = try await park()
        let error = await #expect(throws: TidelockError.self) {
            try await decide(conflict.id + 1, #"{"_id":"1","t":"DECIDED"}"#)
        }
        #expect(error?.code == .unknownConflict)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"B"}"#)
        #expect(try await b.store.conflicts().map(\.id) == [conflict.id])
    }

    @Test func theDecisionIsInTheAuditLogWithItsRun() async throws {
        let run = try await decide(park().id, #"{"_id":"1","t":"DECIDED"}"#)
        let records = try await b.store.audit(AuditQuery(action: .resolve, limit: 10))
        #expect(records.map(\.target) == ["content/posts/1"] && records.map(\.run) == [run])
    }

    @Test func aDecisionThatIsTakenBackLeavesTheEdit() async throws {
        let run = try await decide(park().id, #"{"_id":"1","t":"DECIDED"}"#)
        #expect(try await b.store.rollback(run, as: b.newID()).restored == 1)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","t":"B"}"#)
        try expectNoProblems()
    }
}
