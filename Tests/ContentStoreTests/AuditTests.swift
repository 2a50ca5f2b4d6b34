import ContentModel
import GRDB
import HookCatalog
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

@testable import ContentStore

/// Records of the audit log: they stay as they are, and are there if and only if what they tell of is.
@Suite struct AuditTests {
    private let fixture: TransferFixture
    private let caller = Principal(id: "ada", address: "192.0.2.7")

    init() throws {
        fixture = try TransferFixture()
    }

    private var store: Store { fixture.store }

    private func records(_ action: AuditAction? = nil, run: String? = nil) async throws -> [AuditRecord] {
        try await store.audit(AuditQuery(action: action, run: run, limit: 1_000))
    }

    private func inName<Value>(_ body: () async throws -> Value) async throws -> Value {
        try await Principal.$current.withValue(caller) { try await body() }
    }

    private func expectRefused(_ sql: String, at location: SourceLocation = #_sourceLocation) async throws {
        let before = try await records()
        try #require(!before.isEmpty)
        await #expect(throws: DatabaseError.self, sourceLocation: location) {
            try await store.pool.write { db in try db.execute(sql: sql) }
        }
        #expect(try await records() == before, sourceLocation: location)
    }

    // MARK: Append-only

    @Test(arguments: [
        "UPDATE audit SET actor = 'nobody'", "DELETE FROM audit", "DELETE FROM audit WHERE aid = 1",
        "INSERT OR REPLACE INTO audit (aid, time, action, outcome) VALUES (1, 0, 'push', 'ok')",
    ])
    func nobodyChangesOrRemovesARecord(sql: String) async throws {
        for _ in 1...2 { try await store.append(AuditEntry(.keyShow, by: caller)) }
        fixture.clock.advance(by: .seconds(300 * 86_400))
        try await store.append(AuditEntry(.keyShow, by: caller))
        try await expectRefused(sql)
    }

    @Test func aYearLaterGarbageCollectionFreesItAndSaysSo() async throws {
        try await store.append(AuditEntry(.keyShow, by: caller))
        fixture.clock.advance(by: .seconds(Retention.auditSeconds))
        #expect(try await store.collectGarbage(looksForOrphans: false).auditRecords == 0)
        fixture.clock.advance(by: .seconds(1))
        #expect(try await store.collectGarbage(isDryRun: true, looksForOrphans: false).auditRecords == 1)
        #expect(try await records().count == 1)
        #expect(try await store.collectGarbage(looksForOrphans: false).auditRecords == 1)
        let left = try await records()
        #expect(left.map(\.action) == ["forget"] && left[0].counts == ["records": 1], "\(left)")
        #expect(try await store.collectGarbage(looksForOrphans: false).isEmpty)
    }

    @Test func refusalsOfCallersWhoProvedNothingGoAfterAMonth() async throws {
        try await store.append(AuditEntry(.refuse, by: Principal(address: "192.0.2.1"), failure: .unknownKey))
        try await store.append(AuditEntry(.refuse, by: caller, failure: .permissionDenied))
        fixture.clock.advance(by: .seconds(Retention.refusalSeconds + 1))
        #expect(try await store.collectGarbage(looksForOrphans: false).auditRecords == 1)
        #expect(try await records(.refuse).map(\.outcome) == ["permission_denied"])
    }

    // MARK: In the transaction

    @Test func aCommitIsThereOnceAndARefusedOneIsNot() async throws {
        let lease = try await fixture.open("t1")
        let batch = try TransferFixture.batch(1, puts: [#"{"_id":"1","secret":"hidden"}"#])
        _ = try await store.stage(transfer: "t1", fence: lease.fence, batch)
        let wrong = TransferFixture.commit(
            [batch], fence: lease.fence, roots: ["content/posts": Digest(over: [1]).hex])
        let code = await fixture.refusal { _ = try await store.commit(transfer: "t1", wrong, events: []) }
        #expect(code == .rootMismatch)
        #expect(try await records().isEmpty)
        let right = TransferFixture.commit([batch], fence: lease.fence)
        try await inName {
            for _ in 1...2 { _ = try await store.commit(transfer: "t1", right, events: []) }
        }
        let found = try await records()
        let record = try #require(found.first)
        #expect(found.count == 1 && record.action == "commit" && record.outcome == "ok", "\(found)")
        #expect(record.actor == "ada" && record.address == "192.0.2.7" && record.run == "t1", "\(record)")
        #expect(record.target == "a" && record.counts == ["created": 1], "\(record)")
        #expect(!"\(record)".contains("hidden"))
    }

    @Test func anInstanceIsNamedAsItCallsItself() async throws {
        try await Principal.$current.withValue(Principal(id: TransferFixture.a.id, address: "192.0.2.7")) {
            _ = try await fixture.transfer("t1", puts: [#"{"_id":"1"}"#])
        }
        #expect(try await records(.commit).map(\.name) == ["a"])
    }

    @Test func aRollbackIsThereOnceAndARefusedOneIsNot() async throws {
        _ = try await fixture.transfer("t1", puts: [#"{"_id":"1"}"#])
        let lease = try await fixture.open("t2", by: TransferFixture.b)
        let code = await fixture.refusal { _ = try await store.rollback("t1", as: "r0") }
        #expect(code == .leaseHeld && lease.fence > 0)
        #expect(try await records(.rollback).isEmpty)
        _ = try await inName { try await store.resetLease() }
        #expect(try await records(.lockReset).map(\.run) == ["t2"])
        #expect(try await records(.lockReset).map(\.actor) == ["ada"])
        try await inName {
            for number in 1...2 { _ = try await store.rollback("t1", as: "r\(number)") }
        }
        let found = try await records(.rollback, run: "t")
        #expect(found.count == 1 && found[0].run == "t1" && found[0].counts == ["restored": 1], "\(found)")
        #expect(found[0].actor == "ada" && found[0].address == "192.0.2.7", "\(found)")
    }

    @Test func editsNameTheItemAndFailedOnesLeaveNothing() async throws {
        try await inName {
            try await fixture.instance.put(.posts, #"{"_id":"1","title":"hidden"}"#)
            try await fixture.instance.put(.posts, #"{"_id":"2"}"#, #"{"_id":"3"}"#)
            try await fixture.instance.remove(.posts, "1")
        }
        let found = try await records()
        #expect(found.map(\.action) == ["put", "import", "remove"], "\(found)")
        #expect(found.map(\.target) == ["content/posts/1", "test", "content/posts/1"], "\(found)")
        #expect(found.map(\.counts) == [["created": 1], ["created": 2], ["removed": 1]], "\(found)")
        #expect(found.allSatisfy { $0.actor == "ada" && $0.run != nil })
        #expect(!"\(found)".contains("hidden"))
        let code = await fixture.refusal { try await fixture.instance.remove(.posts, "nobody") }
        #expect(code == .unknownItem)
        #expect(try await records() == found)
    }

    @Test func administrationNeverShowsAKey() async throws {
        let key = try SyncKey("the-key-of-the-target-x")
        try await store.saveTarget(
            TargetRecord(name: "live", uri: "https://x.example", key: .stored(key), allowsPush: true, allowsPull: true))
        let secret = try await store.addAPIKey(name: "app")
        #expect(await fixture.refusal { _ = try await store.addAPIKey(name: "app") } == .usage)
        try await store.removeAPIKey(name: "app")
        try await store.removeTarget(name: "live")
        #expect(await fixture.refusal { try await store.removeTarget(name: "live") } == .unknownTarget)
        let found = try await records()
        #expect(found.map(\.action) == ["target-add", "apikey-add", "apikey-remove", "target-remove"], "\(found)")
        #expect(!"\(found)".contains(secret) && !"\(found)".contains(key.secret))
    }

    // MARK: A new identity

    @Test func aNewIdentityIsOnTheRecordAndTellsObserversNothingOfTheOriginal() async throws {
        let old = store.identity.id
        let events = [QueuedEvent(event: .receiveFinished, run: "t1", direction: .push)]
        try await store.queue(events)
        try await store.pool.write { db in
            try db.execute(
                sql: """
                    INSERT INTO delivery (oid, handler, state, attempts, due, since)
                    SELECT oid, 'h', 0, 1, 0, 0 FROM outbox
                    """)
        }
        let new = try await inName { try await store.renewIdentity() }
        #expect(try await store.dueEvents(limit: 10).isEmpty)
        #expect(try StoreInspector(store).count("SELECT count(*) FROM delivery") == 0)
        let found = try await records(.newIdentity)
        #expect(found.map(\.target) == [new] && found.map(\.note) == ["was \(old)"], "\(found)")
        #expect(found.map(\.actor) == ["ada"])
    }

    // MARK: Reading

    @Test func recordsAreFoundByActionRunAndTime() async throws {
        for number in 1...5 {
            try await store.append(AuditEntry(number % 2 == 0 ? .pull : .push, by: caller, run: "0190-\(number)"))
            fixture.clock.advance(by: .seconds(10))
        }
        #expect(try await records(.pull).map(\.run) == ["0190-2", "0190-4"])
        #expect(try await records(run: "0190-3").map(\.action) == ["push"])
        #expect(try await records(run: "%").isEmpty)
        let since = fixture.clock.seconds - 25
        let late = try await store.audit(AuditQuery(since: since, limit: 10))
        #expect(late.map(\.run) == ["0190-4", "0190-5"])
        #expect(try await store.audit(AuditQuery(limit: 2)).map(\.run) == ["0190-4", "0190-5"])
    }
}
