import ContentModel
import GRDB
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

@testable import ContentStore

/// Stores that may not grow any more: SQLite answers as it does where the disk is full.
@Suite struct FullDiskTests {
    private let a: TestInstance
    private let b: TestInstance

    init() async throws {
        (a, b) = try TestInstance.pair()
        try await fill()
        try await a.push(to: b)
        try await fill()
    }

    /// Writes items whose bodies do not get smaller by compression; others each time.
    private func fill() async throws {
        try await a.change(
            try (1...120).map { number in
                let text = "{\"_id\":\"i\(number)\",\"v\":\"\(a.random.bytes(3_000).hex)\"}"
                let body = try JSONDocument(validating: text)
                return .put(kind: .posts, body: body, hash: body.hash)
            })
    }

    /// Lets a store take so many pages more than it has; nil: as many as it needs.
    private func limit(_ instance: TestInstance, pages: Int?) async throws {
        try await instance.store.write { db in
            let size = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            // https://sqlite.org/pragma.html#pragma_max_page_count, of the only connection that writes.
            _ = try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(pages.map { size + $0 } ?? 4_294_967_294)")
        }
    }

    private func items(of instance: TestInstance) throws -> [ItemKey: String] {
        try StoreInspector(instance.store).heads().compactMapValues(\.body)
    }

    private func push() async throws -> TidelockError? {
        do {
            try await a.push(to: b, TestRun(options: PlanOptions(batchSize: 10)))
            return nil
        } catch let failure as TestRunFailure {
            return failure.error
        }
    }

    private func requireRepair() async throws {
        for instance in [a, b] {
            try await limit(instance, pages: nil)
            let problems = try instance.problems()
            #expect(problems.isEmpty, "\(problems)")
        }
        a.clock.advance(by: .seconds(2 * Limits.leaseSeconds))
        try await a.push(to: b)
        #expect(try items(of: b) == items(of: a))
        #expect(try a.problems() + b.problems() == [])
    }

    @Test(
        "T9, T64: a destination that cannot grow keeps what it had, and the run says so",
        arguments: [0, 4, 16, 40, 600])
    func aDestinationWhoseDiskIsFull(pages: Int) async throws {
        let before = try items(of: b)
        try await limit(b, pages: pages)
        let failure = try await push()
        if pages == 0 { #expect(failure != nil) }
        if pages == 600 { #expect(failure == nil) }
        if let failure {
            #expect(failure.code == .diskFull, "\(failure)")
            #expect(try items(of: b) == before)
        } else {
            #expect(try items(of: b) == items(of: a))
        }
        try await requireRepair()
    }

    @Test("T9: a source that cannot write its plan down sends nothing, and the run says so")
    func aSourceWhoseDiskIsFull() async throws {
        let before = try items(of: b)
        try await limit(a, pages: 0)
        let failure = try await push()
        #expect(failure?.code == .diskFull, "\(String(describing: failure))")
        #expect(try items(of: b) == before)
        try await requireRepair()
    }

    /// A step of a run that finds no room may be the last of those that took effect.
    @Test func whatAFullDiskKeptFromBeingWrittenIsSaidOfThatAlone() async throws {
        try await limit(a, pages: 0)
        let failure = await #expect(throws: TidelockError.self) { try await fill() }
        #expect(failure?.message.hasSuffix(" is full; nothing more could be written.") == true)
        #expect(failure?.hint == "Free some space and run again.")
    }

    /// Adds records until not even the shortest fits.
    private func fillAudit(_ instance: TestInstance) async throws {
        for length in [10_000, 1_000, 100, 0] {
            let entry = AuditEntry(.plan, note: String(repeating: "x", count: length))
            let failure = await #expect(throws: TidelockError.self) {
                while true { try await instance.store.append(entry) }
            }
            #expect(failure?.code == .diskFull)
        }
    }

    @Test func theLockIsFreedWhereNotEvenARecordOfItFits() async throws {
        let grant = try await b.store.grantLease(
            transfer: "t1", source: a.identity, initiator: a.identity.id, direction: .push, scope: .everything)
        let reserve = DiskReserve.path(beside: b.store.pool.path)
        #expect(BlobFile.size(at: reserve) == DiskReserve.bytes)
        try await limit(b, pages: 0)
        try await fillAudit(b)
        let reset = try await b.store.resetLease()
        #expect(!reset.isComplete && reset.lease?.transfer == "t1")
        #expect(try await b.store.leaseHolder() == nil)
        #expect(BlobFile.size(at: reserve) == DiskReserve.bytes)
        let failure = await #expect(throws: TidelockError.self) {
            try await b.store.renewLease(transfer: "t1", fence: grant.fence)
        }
        #expect(failure?.code == .fenced)
        try await limit(b, pages: nil)
        #expect(try await b.store.resetLease() == LeaseReset(lease: nil, isComplete: true))
        try await requireRepair()
        try Store.open(in: b.folder.url, name: "b", clock: b.clock, random: b.random).close()
        #expect(BlobFile.size(at: reserve) == DiskReserve.bytes)
    }

    @Test func whatIsWrittenHereIsThereWhollyOrNotAtAll() async throws {
        let before = try items(of: a)
        try await limit(a, pages: 0)
        let failure = await #expect(throws: TidelockError.self) { try await fill() }
        #expect(failure?.code == .diskFull)
        #expect(try items(of: a) == before)
        try await requireRepair()
    }
}
