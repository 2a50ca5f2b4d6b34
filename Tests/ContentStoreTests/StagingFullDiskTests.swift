import ContentModel
import GRDB
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

@testable import ContentStore

/// Disks that are filled by what a transfer stages.
@Suite struct StagingFullDiskTests {
    private let fixture: TransferFixture
    private var store: Store { fixture.store }

    init() throws {
        fixture = try TransferFixture()
    }

    /// Lets the store take so many pages more than it has; SQLite then answers as it does where the disk is full.
    private func limit(pages: Int?) async throws {
        try await store.write { db in
            let size = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            _ = try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(pages.map { size + $0 } ?? 4_294_967_294)")
        }
    }

    private func batch(_ number: Int) throws -> EncodedBatch {
        let random = fixture.instance.random
        return try TransferFixture.batch(
            number, puts: (0..<100).map { "{\"_id\":\"\(number)-\($0)\",\"v\":\"\(random.bytes(1_500).hex)\"}" })
    }

    /// Stages until there is no room, and answers why no more was taken.
    private func fill(_ transfer: String, fence: Int64) async throws -> ErrorCode? {
        for number in 1...20 {
            let next = try batch(number)
            let refusal = await fixture.refusal {
                _ = try await store.stage(transfer: transfer, fence: fence, next)
            }
            if let refusal { return refusal }
        }
        return nil
    }

    private func put(_ id: String) async throws {
        let text = "{\"_id\":\"\(id)\",\"v\":\"\(fixture.instance.random.bytes(1_500).hex)\"}"
        let body = try JSONDocument(validating: text)
        try await fixture.instance.change([.put(kind: .posts, body: body, hash: body.hash)])
    }

    private func rows(_ table: String) throws -> Int {
        try StoreInspector(store).count("SELECT count(*) FROM \(table)")
    }

    private func expectNothingStaged() throws {
        for table in ["stage", "staged_batch", "body"] { #expect(try rows(table) == 0, "\(table)") }
    }

    @Test func whatFilledTheDiskIsGivenUpAndOthersHaveItsRoom() async throws {
        let lease = try await fixture.open("t1")
        try await limit(pages: 120)
        #expect(try await fill("t1", fence: lease.fence) == .diskFull)
        try expectNothingStaged()
        #expect(try await store.transferState(transfer: "t1").phase == .abandoned)
        #expect(try await store.leaseHolder() == nil)
        for number in 1...20 { try await put("\(number)") }
        try await limit(pages: nil)
        #expect(try fixture.instance.problems() == [])
    }

    /// Batches that came together, and renewals, are not told that somebody else took the right to write.
    @Test func whatComesLateIsToldOfTheFullDiskToo() async throws {
        let lease = try await fixture.open("t1")
        await store.giveUp(transfer: "t1", fence: lease.fence)
        let late = try batch(1)
        let refusal = await fixture.refusal { _ = try await store.stage(transfer: "t1", fence: lease.fence, late) }
        #expect(refusal == .diskFull)
        #expect(
            await fixture.refusal { _ = try await store.renewLease(transfer: "t1", fence: lease.fence) } == .diskFull)
        _ = try await fixture.open("t2", by: TransferFixture.b)
        #expect(try await store.leaseHolder()?.transfer == "t2")
        #expect(try fixture.instance.problems() == [])
    }

    @Test func aSourceThatHasNoRightToWriteGivesNothingUp() async throws {
        let first = try await fixture.open("t1")
        _ = try await store.stage(transfer: "t1", fence: first.fence, try batch(1))
        await store.giveUp(transfer: "t1", fence: first.fence - 1)
        #expect(try await store.leaseHolder()?.transfer == "t1")
        #expect(try rows("stage") == 100)
        #expect(try await store.transferState(transfer: "t1").phase == .open)
    }

    @Test func theLogIsGivenBackToADiskThatNeedsIt() async throws {
        for number in 1...20 { try await put("\(number)") }
        let log = "\(store.pool.path)-wal"
        #expect(try #require(BlobFile.size(at: log)) > 0)
        let (hasRoom, isFull) = try await store.pool.writeWithoutTransaction { [store] db in
            // More than any disk has.
            (LogRoom.has(for: 0, db, in: store), !LogRoom.has(for: 1 << 60, db, in: store))
        }
        #expect(hasRoom && isFull)
        #expect(BlobFile.size(at: log) == 0)
        #expect(try rows("head") == 20)
    }

    @Test func aResetOfTheLockFreesWhatWasStagedInManySteps() async throws {
        let lease = try await fixture.open("t1")
        for number in 1...3 {
            _ = try await store.stage(transfer: "t1", fence: lease.fence, try batch(number))
        }
        try await store.giveUpStages()
        try expectNothingStaged()
        let refusal = await fixture.refusal {
            _ = try await store.stage(transfer: "t1", fence: lease.fence, try batch(4))
        }
        #expect(refusal == .fenced)
        #expect(try await store.resetLease().lease?.transfer == "t1")
        #expect(try fixture.instance.problems() == [])
    }

    @Test(arguments: [true, false])
    func theReserveIsUsedOnAFullDiskAndMadeAgain(succeeds: Bool) async throws {
        let path = DiskReserve.path(beside: store.pool.path)
        let full = TidelockError(.diskFull, "The disk is full.")
        #expect(BlobFile.size(at: path) == DiskReserve.bytes)
        let refusal = await fixture.refusal {
            try await store.fromReserve { isLastRoom in
                #expect(BlobFile.size(at: path) == (isLastRoom ? nil : DiskReserve.bytes))
                guard isLastRoom && succeeds else { throw full }
            }
        }
        #expect(refusal == (succeeds ? nil : .diskFull))
        #expect(BlobFile.size(at: path) == DiskReserve.bytes)
    }

    /// Whatever else fails, nothing is done twice.
    @Test func theReserveIsForFullDisksOnly() async throws {
        let path = DiskReserve.path(beside: store.pool.path)
        let refusal = await fixture.refusal {
            try await store.fromReserve { isLastRoom in
                #expect(!isLastRoom)
                throw TidelockError(.databaseBusy, "Somebody else is writing.")
            }
        }
        #expect(refusal == .databaseBusy)
        #expect(BlobFile.size(at: path) == DiskReserve.bytes)
    }
}
