import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// What is freed when, and what never is.
@Suite struct GarbageTests {
    private let a: TestInstance
    private let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private func collect(_ instance: TestInstance, isDryRun: Bool = false) async throws -> GarbageReport {
        try await instance.store.collectGarbage(isDryRun: isDryRun, looksForOrphans: true)
    }

    private func count(_ sql: String, at instance: TestInstance) throws -> Int {
        try StoreInspector(instance.store).count(sql)
    }

    private func pass(days: Int) { b.clock.advance(by: .seconds(days * 86_400)) }

    @Test func aFreshStoreHasNothingToFree() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try await a.push(to: b)
        try await a.deliverEvents()
        #expect(try await collect(a).isEmpty)
        #expect(try await collect(b).isEmpty)
    }

    @Test func undoGoesAfterAWeekWithItsBodiesAndNothingElse() async throws {
        for version in 1...3 { try await b.put(.posts, "{\"_id\":\"1\",\"v\":\(version)}") }
        for item in 0..<200 { try await b.put(.pageItems, "{\"_id\":\"\(item)\",\"v\":1}") }
        pass(days: 8)
        let expected = try await collect(b, isDryRun: true)
        #expect(expected.undoRuns == 203 && expected.undoRows == 203)
        #expect(try count("SELECT count(*) FROM undo", at: b) == 203)
        var freed = try await collect(b)
        freed.isDryRun = true
        #expect(freed == expected)
        #expect(try count("SELECT count(*) FROM undo", at: b) == 0)
        #expect(try count("SELECT count(*) FROM body", at: b) == 201)
        #expect(try b.problems() == [])
        #expect(try await collect(b).isEmpty)
    }

    @Test func aLargeUndoGoesInPages() async throws {
        let old = (0..<500).map { "{\"_id\":\"\($0)\",\"v\":1}" }
        let new = (0..<500).map { "{\"_id\":\"\($0)\",\"v\":2}" }
        for texts in [old, new] {
            try await b.change(
                texts.map { text in
                    let body = try JSONDocument(validating: text)
                    return .put(kind: .posts, body: body, hash: body.hash)
                })
        }
        #expect(try count("SELECT count(*) FROM body", at: b) == 1_000)
        pass(days: 8)
        #expect(try await collect(b).undoRows == 1_000)
        #expect(try count("SELECT count(*) FROM body", at: b) == 500)
        #expect(try b.problems() == [])
    }

    @Test func undoThatObserversStillNeedStays() async throws {
        try await b.put(.posts, #"{"_id":"1","v":1}"#)
        try await a.pull(from: b)
        pass(days: 8)
        #expect(try await collect(a).undoRuns == 0)
        try await a.deliverEvents()
        #expect(try await collect(a).undoRuns == 1)
    }

    @Test func undoOfAnImportThatWasKilledGoesAfterAWeek() async throws {
        try await b.put(.posts, #"{"_id":"1","v":1}"#)
        let body = try JSONDocument(validating: #"{"_id":"1","v":2}"#)
        let run = b.newID()
        try await b.store.beginRun(id: run, direction: "import", target: "x")
        _ = try b.store.writeBlocking([.put(kind: .posts, body: body, hash: body.hash)], run: run)
        #expect(try await collect(b).undoRuns == 0)
        pass(days: 8)
        #expect(try await collect(b).undoRuns == 2)
        #expect(try b.problems() == [])
    }

    @Test func whatATransferStagedGoesWhenNobodyTouchedItForADay() async throws {
        let fixture = try TransferFixture()
        let store = fixture.store
        let lease = try await fixture.open("t1")
        _ = try await store.stage(
            transfer: "t1", fence: lease.fence,
            TransferFixture.batch(1, puts: (0..<150).map { "{\"_id\":\"\($0)\"}" }))
        #expect(try await store.collectGarbage(looksForOrphans: true).isEmpty)
        fixture.clock.advance(by: .seconds(Limits.transferSeconds + 1))
        let dry = try await store.collectGarbage(isDryRun: true, looksForOrphans: true)
        #expect(dry.abandonedTransfers == 1 && dry.stagedRows == 150)
        let freed = try await store.collectGarbage(looksForOrphans: true)
        #expect(freed.abandonedTransfers == 1 && freed.stagedRows == 150 && freed.orphanedBodies == 0)
        let inspector = try StoreInspector(store)
        #expect(try inspector.count("SELECT count(*) FROM body") == 0)
        #expect(try inspector.count("SELECT count(*) FROM staged_batch") == 0)
        #expect(try await store.transferState(transfer: "t1").phase == .abandoned)
        #expect(
            await fixture.refusal {
                _ = try await store.stage(
                    transfer: "t1", fence: lease.fence, TransferFixture.batch(2, puts: [#"{"_id":"x"}"#]))
            } == .fenced)
    }

    @Test func aMarkOfARollbackKeepsItsTransfer() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        let undone = try await a.push(to: b)
        _ = try await b.store.rollback(undone.transfer, as: b.newID())
        try await a.put(.posts, #"{"_id":"2","v":1}"#)
        let plain = try await a.push(to: b)
        try await b.deliverEvents()
        pass(days: 100)
        #expect(try await collect(b).transfers == 1)
        #expect(try count("SELECT count(*) FROM transfer WHERE id = '\(undone.transfer)'", at: b) == 1)
        #expect(try count("SELECT count(*) FROM transfer WHERE id = '\(plain.transfer)'", at: b) == 0)
        // What was taken back is still known to be, and is left alone.
        let next = try await a.push(to: b)
        #expect(next.isNoOp && next.plan?.kinds.map(\.reverted).reduce(0, +) ?? 1 == 1)
        #expect(try await b.text(.posts, "1") == nil)
    }

    @Test func aPlanThatSomebodyMayStillAcknowledgeStays() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        let begin = { (transfer: String) in
            try await a.store.beginPlan(
                transfer: transfer, peer: b.identity, initiator: a.identity.id, direction: .push, scope: .everything)
        }
        try await begin("t1")
        try await a.store.beginRun(id: "t1", direction: "push", target: "b")
        pass(days: 5)
        #expect(try await collect(a).plans == 0)
        try await a.store.settleRun(id: "t1", phase: "interrupted")
        #expect(try await collect(a).plans == 1)
    }

    @Test func oldRunsGoAndTheNewestStay() async throws {
        for number in 0..<30 {
            b.clock.advance(by: .seconds(1))
            try await b.store.beginRun(id: "run-\(number)", direction: "push", target: "x")
            try await b.store.endRun(id: "run-\(number)", phase: number == 0 ? "unsettled" : "unchanged", report: nil)
        }
        pass(days: 100)
        // The newest twenty are kept however old they are, and one of which nobody knows how it ended.
        #expect(try await collect(b).runs == 9)
        #expect(try count("SELECT count(*) FROM run", at: b) == 21)
    }

    @Test func anOrphanIsFoundAndFreed() async throws {
        try await b.put(.posts, #"{"_id":"1","v":1}"#)
        try await b.put(.posts, #"{"_id":"1","v":2}"#)
        try StoreVandal(b.store).execute("INSERT INTO body (rid, bytes) VALUES (40000000, x'7B7D'), (7, x'7B7D')")
        #expect(try await collect(b, isDryRun: true).orphanedBodies == 2)
        #expect(try await collect(b).orphanedBodies == 2)
        #expect(try b.problems() == [])
        #expect(try await collect(b).isEmpty)
    }

    @Test func everyColumnThatHoldsBodiesIsKnown() async throws {
        let columns = try StoreInspector(b.store).texts(
            """
            SELECT m.name || '.' || c.name FROM sqlite_schema m, pragma_table_info(m.name) c
            WHERE m.type = 'table' AND c.name LIKE '%rid' AND m.name <> 'body'
            """)
        let known = [
            "head.rid", "stage.rid", "undo.old_rid", "undo.new_rid", "base_body.rid", "conflict.rid",
            "decided_conflict.rid",
        ]
        #expect(Set(columns).subtracting(known).isEmpty, "say in BodyOwner who owns the bodies of a new column")
    }

    @Test func compactingGivesSpaceBack() async throws {
        let body = String(repeating: "x", count: 100_000)
        for item in 0..<30 { try await b.put(.posts, "{\"_id\":\"\(item)\",\"v\":\"\(body)\"}") }
        for item in 0..<30 { try await b.remove(.posts, "\(item)") }
        pass(days: 8)
        _ = try await collect(b)
        try await b.store.releaseSpace()
        let before = try await b.store.space()
        #expect(before.freeBytes > 2_000_000)
        try await b.store.compact()
        let after = try await b.store.space()
        #expect(after.freeBytes == 0 && after.fileBytes < before.fileBytes - 2_000_000)
    }

    @Test func nothingIsCompactedWhileSomebodyWrites() async throws {
        let fixture = try TransferFixture()
        _ = try await fixture.open("t1")
        #expect(await fixture.refusal { try await fixture.store.compact() } == .leaseHeld)
    }
}
