import ContentModel
import Foundation
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

@testable import ContentStore

/// Bytes of files that a transfer brings and that none of its assets names.
@Suite struct UnnamedArrivalTests {
    private let fixture: TransferFixture
    private var store: Store { fixture.store }
    private let named: [UInt8] = Array("what an asset names".utf8)
    private let unnamed: [UInt8] = Array("what no asset names".utf8)

    init() throws {
        fixture = try TransferFixture()
    }

    private func hash(_ bytes: [UInt8]) -> ContentHash { ContentHash(bytes: sha256(bytes)) }

    /// Brings the first bytes of a file, or all of them.
    private func bring(_ bytes: [UInt8], upTo count: Int? = nil, _ transfer: String, _ lease: LeaseGrant) async throws {
        let sent = Array(bytes.prefix(count ?? bytes.count))
        let part = BlobPart(sha256: "\(hash(bytes))", size: Int64(bytes.count), offset: 0, count: sent.count)
        let reached = try await store.append(transfer: transfer, fence: lease.fence, sent, of: [part])
        try #require(reached == [Int64(sent.count)])
    }

    /// An asset of the bytes that are named.
    private func assetBatch() throws -> EncodedBatch {
        let asset = #"{"_id":"1","path":"/a.txt","size":\#(named.count),"_sha256":"\#(hash(named))"}"#
        return try TransferFixture.batch(1, puts: [asset], kind: .assets)
    }

    private func hasArrived(_ bytes: [UInt8]) -> Bool {
        FileManager.default.fileExists(atPath: store.blobs.arrivalPath(of: hash(bytes)))
    }

    @Test(arguments: [true, false])
    func theyAreFreedWhenTheTransferEnds(isCommitted: Bool) async throws {
        let lease = try await fixture.open("t1")
        try await bring(named, "t1", lease)
        try await bring(unnamed, "t1", lease)
        let batch = try assetBatch()
        _ = try await store.stage(transfer: "t1", fence: lease.fence, batch)
        #expect(hasArrived(named) && hasArrived(unnamed))
        if isCommitted {
            try await store.settleBlobs(transfer: "t1")
            let request = TransferFixture.commit([batch], fence: lease.fence)
            #expect(try await store.commit(transfer: "t1", request, events: []).created == 1)
            #expect(store.blobs.holds(Blob(hash: hash(named), size: Int64(named.count))))
        } else {
            try await store.abandonTransfer(transfer: "t1")
            #expect(hasArrived(named), "the next run goes on with it")
        }
        #expect(!hasArrived(unnamed))
    }

    @Test func aTransferThatNamesNoFileAtAllLeavesNone() async throws {
        let lease = try await fixture.open("t1")
        try await bring(unnamed, upTo: 5, "t1", lease)
        try await store.settleBlobs(transfer: "t1")
        #expect(!hasArrived(unnamed))
        // What was known of it is forgotten too.
        try await bring(unnamed, "t1", lease)
        #expect(hasArrived(unnamed))
    }

    @Test func whatAnInterruptedTransferBroughtForItsAssetsStays() async throws {
        let first = try await fixture.open("t1", by: TransferFixture.b)
        _ = try await store.stage(transfer: "t1", fence: first.fence, try assetBatch())
        try await bring(named, upTo: 7, "t1", first)
        fixture.clock.advance(by: .seconds(Limits.leaseSeconds + 1))
        let second = try await fixture.open("t2")
        try await bring(unnamed, "t2", second)
        // One that has lost the lease frees nothing that the other may have brought.
        try await store.abandonTransfer(transfer: "t1")
        #expect(hasArrived(named) && hasArrived(unnamed))
        try await store.settleBlobs(transfer: "t2")
        #expect(hasArrived(named) && !hasArrived(unnamed))
    }

    @Test func whatAnotherHasLeftGoesWithATransferThatBringsNothing() async throws {
        let first = try await fixture.open("t1", by: TransferFixture.b)
        try await bring(unnamed, upTo: 5, "t1", first)
        fixture.clock.advance(by: .seconds(Limits.leaseSeconds + 1))
        _ = try await fixture.open("t2")
        try await store.settleBlobs(transfer: "t2")
        #expect(!hasArrived(unnamed))
    }

    /// Only then is the folder of arrivals listed when a transfer ends.
    @Test func whetherAnythingIsOnItsWayIsKnown() async throws {
        #expect(!store.blobs.mayHoldArrivals, "nothing has ever arrived")
        let lease = try await fixture.open("t1")
        try await bring(named, upTo: 7, "t1", lease)
        #expect(store.blobs.mayHoldArrivals)
        try FileManager.default.removeItem(atPath: store.blobs.arrivalPath(of: hash(named)))
        #expect(!store.blobs.mayHoldArrivals, "the folder is there, and empty")
    }

    @Test func theyGoSoonAfterWhoeverBroughtThemHasGone() async throws {
        let lease = try await fixture.open("t1")
        try await bring(unnamed, "t1", lease)
        try await bring(named, upTo: 7, "t1", lease)
        _ = try await store.stage(transfer: "t1", fence: lease.fence, try assetBatch())
        // Files have times of the real clock, which the collection compares with its own.
        for bytes in [named, unnamed] {
            let moment = Date(timeIntervalSince1970: Double(fixture.clock.milliseconds / 1_000))
            try FileManager.default.setAttributes(
                [.modificationDate: moment], ofItemAtPath: store.blobs.arrivalPath(of: hash(bytes)))
        }
        fixture.clock.advance(by: .seconds(Limits.leaseSeconds - 1))
        #expect(try await store.collectGarbage(looksForOrphans: false).files == 0)
        fixture.clock.advance(by: .seconds(2))
        let report = try await store.collectGarbage(looksForOrphans: false)
        #expect(report.files == 1 && report.fileBytes == Int64(unnamed.count))
        #expect(hasArrived(named) && !hasArrived(unnamed))
    }
}
