import ContentModel
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

@testable import ContentStore

/// Whose undo makes room for whose, and how much of it there may be.
@Suite struct UndoOrderTests {
    private let a: TestInstance
    private let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private func rollback(_ run: String, at instance: TestInstance) async throws -> RollbackResult {
        try await instance.store.rollback(run, as: instance.newID())
    }

    private func undoable(at instance: TestInstance) throws -> Int {
        try StoreInspector(instance.store).count("SELECT count(*) FROM run WHERE undoable = 1")
    }

    /// Item 1 changes at A and is pushed.
    private func pushChange() async throws -> String {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await a.push(to: b)
        try await a.put(.posts, #"{"_id":"1","v":2}"#)
        let run = try await a.push(to: b)
        try await b.deliverEvents()
        return run.transfer
    }

    private func expectTakenBack(_ run: String) async throws {
        #expect(try await rollback(run, at: b).restored == 1)
        #expect(try await b.text(.posts, "1") == #"{"_id":"1","v":1}"#)
        #expect(try b.problems() == [])
    }

    @Test func manySavesLeaveTheWayBackBehindARun() async throws {
        let run = try await pushChange()
        for version in 1...25 { try await b.put(.posts, "{\"_id\":\"other\",\"v\":\(version)}") }
        try await expectTakenBack(run)
    }

    @Test func runsThatChangeNoItemLeaveTheWayBackBehindOneThatDid() async throws {
        let ids = (2...13).map(String.init)
        for id in ids { try await a.put(.posts, "{\"_id\":\"\(id)\"}") }
        let run = try await pushChange()
        for id in ids {
            try await a.remove(.posts, id)
            #expect(try await a.push(to: b).result?.released == 1)
            try await b.deliverEvents()
        }
        try await expectTakenBack(run)
    }

    @Test func runsBetweenInstancesLeaveTheUndoOfEdits() async throws {
        let edit = try await b.put(.pageItems, #"{"_id":"p"}"#)
        for version in 1...12 {
            try await a.put(.posts, "{\"_id\":\"1\",\"v\":\(version)}")
            try await a.push(to: b)
            try await b.deliverEvents()
        }
        #expect(try await rollback(edit, at: b).restored == 1)
        #expect(try await b.text(.pageItems, "p") == nil)
        #expect(try undoable(at: b) == 11)
        #expect(try b.problems() == [])
    }

    @Test func aWeekOfSmallEditsCanBeTakenBack() async throws {
        let first = try await b.put(.posts, #"{"_id":"1","v":1}"#)
        for number in 2...60 { try await b.put(.posts, "{\"_id\":\"\(number)\"}") }
        #expect(try await rollback(first, at: b).restored == 1)
        #expect(try await b.text(.posts, "1") == nil)
    }

    @Test func largeLocalChangesMakeRoomForOneAnother() async throws {
        for number in 1...12 { try await b.put(.posts, "{\"_id\":\"\(number)\"}") }
        #expect(try undoable(at: b) == 12)
        try StoreVandal(b.store).execute(
            """
            UPDATE run SET undo_rows = \(Retention.localUndoRows + 1)
            WHERE undo_before = (SELECT max(undo_before) FROM run WHERE undoable = 1)
            """)
        try await b.put(.posts, #"{"_id":"13"}"#)
        #expect(try undoable(at: b) == Retention.undoRuns)
        #expect(try b.problems() == [])
    }

    @Test func aChangeFreesSomeOfManyOldRunsAndTheCollectionTheRest() async throws {
        for number in 1...40 { try await b.put(.posts, "{\"_id\":\"\(number)\"}") }
        b.clock.advance(by: .seconds(8 * 86_400))
        try await b.put(.posts, #"{"_id":"41"}"#)
        let left = 41 - Retention.undoRunsFreedAtOnce
        #expect(try undoable(at: b) == left)
        #expect(try await b.store.collectGarbage(looksForOrphans: true).undoRuns == left - 1)
        #expect(try undoable(at: b) == 1)
        #expect(try b.problems() == [])
    }

    @Test func whatIsLeftOfTheTimeIsTold() async throws {
        let run = try await pushChange()
        let edit = try await b.put(.posts, #"{"_id":"2"}"#, #"{"_id":"3"}"#)
        try await b.put(.posts, #"{"_id":"4"}"#)
        let ofRun = try await b.store.runDetail(run).undo
        #expect(ofRun?.newerChangesLeft == Retention.undoRuns && ofRun?.newerRowsLeft == nil)
        let ofEdit = try await b.store.runDetail(edit).undo
        #expect(ofEdit?.newerChangesLeft == Retention.undoRuns - 1)
        #expect(ofEdit?.newerRowsLeft == Retention.localUndoRows - 3)
    }
}
