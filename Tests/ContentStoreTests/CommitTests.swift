import ContentModel
import ContentStore
import HookCatalog
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// One transaction that makes a transfer visible, or changes nothing.
@Suite struct CommitTests {
    private let fixture: TransferFixture
    private var store: Store { fixture.store }
    private var instance: TestInstance { fixture.instance }

    init() throws {
        fixture = try TransferFixture()
    }

    @Test func aRepeatedCommitAnswersTheFirstResult() async throws {
        let lease = try await fixture.open("t1")
        let batch = try TransferFixture.batch(1, puts: [#"{"_id":"1"}"#])
        _ = try await store.stage(transfer: "t1", fence: lease.fence, batch)
        let request = TransferFixture.commit([batch], fence: lease.fence)
        let event = QueuedEvent(event: .receiveFinished, run: "t1", direction: .push)
        let first = try await store.commit(transfer: "t1", request, events: [event])
        try await instance.put(.posts, #"{"_id":"1","later":true}"#)
        _ = try await fixture.open("t2")
        #expect(try await store.commit(transfer: "t1", request, events: [event]) == first)
        #expect(try await store.dueEvents(limit: 10).count == 1)
        #expect(try await instance.text(.posts, "1") == #"{"_id":"1","later":true}"#)
    }

    @Test func aWrongRootLeavesNothing() async throws {
        try await instance.put(.posts, #"{"_id":"own"}"#)
        let before = try StoreInspector(store).heads()
        let lease = try await fixture.open("t1")
        let batch = try TransferFixture.batch(1, puts: [#"{"_id":"1"}"#, #"{"_id":"own","v":2}"#])
        _ = try await store.stage(transfer: "t1", fence: lease.fence, batch)
        let roots = ["content/posts": Digest(over: [1]).hex]
        let event = QueuedEvent(event: .receiveFinished, run: "t1", direction: .push)
        let code = await fixture.refusal {
            _ = try await store.commit(
                transfer: "t1", TransferFixture.commit([batch], fence: lease.fence, roots: roots), events: [event])
        }
        #expect(code == .rootMismatch)
        #expect(try StoreInspector(store).heads() == before)
        #expect(try await store.dueEvents(limit: 10).isEmpty)
        #expect(try await store.transferState(transfer: "t1").phase == .open)
        #expect(try instance.problems() == [])
    }

    @Test func aCommitNamesExactlyTheBatchesThatAreStaged() async throws {
        let lease = try await fixture.open("t1")
        let batches = try (1...2).map { try TransferFixture.batch($0, puts: ["{\"_id\":\"\($0)\"}"]) }
        _ = try await store.stage(transfer: "t1", fence: lease.fence, batches[0])
        for named in [batches, [], [batches[1]]] {
            let code = await fixture.refusal {
                _ = try await store.commit(
                    transfer: "t1", TransferFixture.commit(named, fence: lease.fence), events: [])
            }
            #expect(code == .batchConflict)
        }
        _ = try await store.commit(transfer: "t1", TransferFixture.commit([batches[0]], fence: lease.fence), events: [])
    }

    @Test func theDeleteGuardIsAppliedOnceMoreWhereTheRowsAre() async throws {
        try await fixture.transfer("t1", puts: (1...20).map { "{\"_id\":\"\($0)\"}" })
        let lease = try await fixture.open("t2", scope: Scope(mode: .mirror))
        let batch = try TransferFixture.batch(1, deletes: (1...6).map(String.init))
        _ = try await store.stage(transfer: "t2", fence: lease.fence, batch)
        let code = await fixture.refusal {
            _ = try await store.commit(transfer: "t2", TransferFixture.commit([batch], fence: lease.fence), events: [])
        }
        #expect(code == .deleteGuard)
        let result = try await store.commit(
            transfer: "t2", TransferFixture.commit([batch], fence: lease.fence, deletes: 6), events: [])
        #expect(result.deleted == 6)
        #expect(try instance.problems() == [])
    }

    @Test func theDeleteGuardTellsOnlyOfRowsThatTheSourceMayKnow() async throws {
        let names = (1...8).map { "m\($0)" }
        let lease = try await fixture.open("t1")
        let puts = try TransferFixture.batch(1, puts: names.map { "{\"name\":\"\($0)\"}" }, kind: .models)
        _ = try await store.stage(transfer: "t1", fence: lease.fence, puts)
        _ = try await store.commit(transfer: "t1", TransferFixture.commit([puts], fence: lease.fence), events: [])
        try await instance.change(
            (1...100).map { number in
                let body = JSONDocument.object([("name", JSONDocument(string: "own\(number)"))])
                return .put(kind: .models, body: body, hash: body.hash)
            })

        let deleted = Array(names.prefix(6))
        let mirror = try await fixture.open("t2", scope: Scope(models: deleted, mode: .mirror))
        let batch = try TransferFixture.batch(1, deletes: deleted, kind: .models)
        _ = try await store.stage(transfer: "t2", fence: mirror.fence, batch)
        do {
            _ = try await store.commit(
                transfer: "t2", TransferFixture.commit([batch], fence: mirror.fence), events: [])
            Issue.record("a tenth of rows that the source knows nothing of is no leave to delete")
        } catch let error as TidelockError {
            #expect(error.code == .deleteGuard && error.message.contains("6 of the 8 items of models"), "\(error)")
        }
        let allowed = TransferFixture.commit([batch], fence: mirror.fence, deletes: 6)
        #expect(try await store.commit(transfer: "t2", allowed, events: []).deleted == 6)
        #expect(try instance.problems() == [])
    }

    @Test func everyEditThatIsReplacedIsListedAndInUndo() async throws {
        try await fixture.transfer(
            "t1", puts: [#"{"_id":"edited","v":1}"#, #"{"_id":"quiet","v":1}"#, #"{"_id":"gone","v":1}"#])
        try await instance.put(.posts, #"{"_id":"edited","v":"mine"}"#, #"{"_id":"own","v":"mine"}"#)
        try await instance.remove(.posts, "gone")
        let edited = try #require(try instance.head(.posts, "edited"))
        let result = try await fixture.transfer(
            "t2",
            puts: ["edited", "quiet", "gone", "own"].map { "{\"_id\":\"\($0)\",\"v\":2}" })
        #expect(result.conflicts.map(\.id) == ["edited", "gone", "own"])
        #expect(result.conflictCount == 3)
        #expect(result.updated == 3)
        #expect(result.created == 1)
        #expect(try StoreInspector(store).undone(by: "t2")[ItemKey(.posts, "edited")] == edited.hash)
    }

    @Test func aDeletedRowLeavesATombstoneWithItsNumber() async throws {
        try await fixture.transfer("t1", puts: [#"{"_id":"1"}"#])
        let result = try await fixture.transfer("t2", scope: Scope(mode: .mirror), deletes: ["1", "never there"])
        #expect(result.deleted == 1)
        let head = try #require(try instance.head(.posts, "1"))
        #expect(head.body == nil)
        #expect(head.origin == nil)
        #expect(Int64(head.sequence) == result.sequence)
        #expect(try instance.problems() == [])
    }

    @Test func onlyWhatBelongsToTheSourceIsReleased() async throws {
        try await fixture.transfer("t1", puts: [#"{"_id":"1"}"#])
        try await fixture.transfer("t2", by: TransferFixture.b, puts: [#"{"_id":"2"}"#])
        let result = try await fixture.transfer("t3", releases: ["1", "2", "3"])
        #expect(result.released == 1)
        #expect(try instance.head(.posts, "1")?.origin == nil)
        #expect(try instance.head(.posts, "2")?.origin == TransferFixture.b.id)
        #expect(try instance.problems() == [])
    }

    @Test func aMirrorThatWasForcedThroughAFilterSparesRowsOfOthers() async throws {
        try await instance.put(.posts, #"{"_id":"own"}"#)
        try await fixture.transfer("t1", puts: [#"{"_id":"1"}"#])
        let scope = Scope(mode: .mirror, filter: #"{"v":1}"#, allowsMirrorWithFilter: true)
        let result = try await fixture.transfer("t2", scope: scope, deletes: ["own", "1"])
        #expect(result.deleted == 1)
        #expect(try await instance.text(.posts, "own") != nil)
    }

    @Test func whatASourceWithoutItemsWouldDeleteIsAskedAboutHereToo() async throws {
        try await fixture.transfer("t1", puts: [#"{"_id":"1"}"#, #"{"_id":"2"}"#])
        let lease = try await fixture.open("t2", scope: Scope(mode: .mirror))
        let batch = try TransferFixture.batch(1, deletes: ["1", "2"])
        _ = try await store.stage(transfer: "t2", fence: lease.fence, batch)
        var commit = TransferFixture.commit([batch], fence: lease.fence)
        commit.emptyKinds = ["content/posts"]
        let code = await fixture.refusal { [commit] in
            _ = try await store.commit(transfer: "t2", commit, events: [])
        }
        #expect(code == .emptySource)
        #expect(try instance.ids(.posts) == ["1", "2"])
        commit.confirmations.emptySource = true
        #expect(try await store.commit(transfer: "t2", commit, events: []).deleted == 2)
        #expect(try instance.problems() == [])
    }

    @Test func aSourceThatIsEmptyOfOtherKindsDeletesAsEver() async throws {
        try await fixture.transfer("t1", puts: [#"{"_id":"1"}"#])
        let lease = try await fixture.open("t2", scope: Scope(mode: .mirror))
        let batch = try TransferFixture.batch(1, deletes: ["1"])
        _ = try await store.stage(transfer: "t2", fence: lease.fence, batch)
        var commit = TransferFixture.commit([batch], fence: lease.fence)
        commit.emptyKinds = ["content/pages"]
        #expect(try await store.commit(transfer: "t2", commit, events: []).deleted == 1)
    }

    @Test func nothingCanBeAddedAfterTheCommit() async throws {
        try await fixture.transfer("t1", puts: [#"{"_id":"1"}"#])
        let code = await fixture.refusal {
            _ = try await store.stage(transfer: "t1", fence: 1, try TransferFixture.batch(2, puts: [#"{"_id":"2"}"#]))
        }
        #expect(code == .fenced)
    }
}
