import ContentModel
import Foundation
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

@testable import ContentStore

/// Files of assets that arrive, and the paths at which they are to lie.
@Suite struct AssetPathTests {
    private let fixture: TransferFixture
    private var instance: TestInstance { fixture.instance }
    private let blob: Blob

    init() throws {
        fixture = try TransferFixture()
        let file = fixture.store.folder.appending(path: "bytes.bin")
        try Data("bytes".utf8).write(to: file)
        blob = try fixture.store.blobs.take(file: file.path).blob
    }

    private func asset(_ id: String, _ path: String) -> String {
        #"{"_id":"\#(id)","path":"\#(path)","size":\#(blob.size),"_sha256":"\#(blob.hash)"}"#
    }

    /// Gives the lease back where the commit is refused.
    @discardableResult
    private func send(
        _ transfer: String, by source: InstanceIdentity = TransferFixture.a, _ assets: [String],
        deletes: [String] = []
    ) async throws -> CommitResult {
        let scope = Scope(mode: deletes.isEmpty ? .merge : .mirror)
        let lease = try await fixture.open(transfer, by: source, scope: scope)
        let batch = try TransferFixture.batch(1, puts: assets, deletes: deletes, kind: .assets)
        _ = try await fixture.store.stage(transfer: transfer, fence: lease.fence, batch)
        do {
            return try await fixture.store.commit(
                transfer: transfer, TransferFixture.commit([batch], fence: lease.fence), events: [])
        } catch {
            try await fixture.store.abandonTransfer(transfer: transfer)
            throw error
        }
    }

    private func expectRefusal(_ body: () async throws -> Void, naming names: String...) async throws {
        do {
            try await body()
            Issue.record("two files at one path should have been refused")
        } catch let error as TidelockError {
            #expect(error.code == .pathTaken)
            for name in names { #expect(error.message.contains(name), "\(error)") }
        }
    }

    @Test func aPathThatAnotherAssetHasIsRefusedByName() async throws {
        try await send("t1", [asset("1", "/a.bin"), asset("free", "/free.bin")])
        try await expectRefusal(
            {
                try await send("t2", by: TransferFixture.b, [asset("2", "/a.bin"), asset("3", "/b.bin")])
            }, naming: "assets/2 at /a.bin", "assets/1")
        #expect(try instance.ids(.assets) == ["1", "free"])
        // An asset that is there may not move there either.
        try await expectRefusal({ try await send("t3", [asset("free", "/a.bin")]) }, naming: "assets/free", "assets/1")
        let moved = try await send("t4", by: TransferFixture.b, [asset("2", "/c.bin"), asset("3", "/b.bin")])
        #expect(moved.created == 2)
        #expect(try instance.problems() == [])
    }

    @Test func twoOfOneRunAreRefusedToo() async throws {
        try await expectRefusal(
            { try await send("t1", [asset("1", "/a.bin"), asset("2", "/a.bin")]) }, naming: "assets/1", "assets/2")
        #expect(try instance.ids(.assets).isEmpty)
    }

    @Test func pathsMayChangeHands() async throws {
        try await send("t1", [asset("1", "/a.bin"), asset("2", "/b.bin")])
        #expect(try await send("t2", [asset("1", "/b.bin"), asset("2", "/a.bin")]).updated == 2)
        let taken = try await send("t3", [asset("3", "/b.bin")], deletes: ["1"])
        #expect(taken.created == 1 && taken.deleted == 1)
        #expect(try instance.ids(.assets) == ["2", "3"])
        #expect(try instance.problems() == [])
    }

    @Test func aVersionThatWaitsIsHeldToTheSameRuleWhenItIsApplied() async throws {
        try await send("t1", [asset("1", "/a.bin")])
        try await instance.put(.assets, asset("1", "/mine.bin"), asset("2", "/b.bin"))
        let lease = try await fixture.open("t2", scope: Scope(policy: .park))
        let batch = try TransferFixture.batch(1, puts: [asset("1", "/b.bin")], kind: .assets)
        let store = fixture.store
        _ = try await store.stage(transfer: "t2", fence: lease.fence, batch)
        let seen = try JSONDocument(validating: asset("1", "/mine.bin")).hash
        let parked = ConflictDecision(item: ItemKey(.assets, "1"), seen: seen, settlement: .parked)
        try await store.decide(transfer: "t2", fence: lease.fence, [parked])
        let request = TransferFixture.commit([batch], fence: lease.fence)
        _ = try await store.commit(transfer: "t2", request, events: [], Preparation(isDecided: true))
        let conflict = try #require(try await store.conflicts().first)
        let run = instance.newID()
        try await store.beginRun(id: run, direction: "local", target: "test")
        try await expectRefusal(
            { try await store.applyParked([conflict.id], run: run) }, naming: "assets/1 at /b.bin", "assets/2")
        #expect(try await store.conflicts().count == 1)
        #expect(try await instance.text(.assets, "1") == asset("1", "/mine.bin"))
    }

    @Test func whatSharedAPathBeforeStopsNobody() async throws {
        try await instance.put(.assets, asset("1", "/a.bin"), asset("2", "/a.bin"))
        let titled = asset("1", "/a.bin").replacing("{", with: #"{"title":"T","#)
        #expect(try await send("t1", [titled]).updated == 1)
        try await expectRefusal({ try await send("t2", [asset("3", "/a.bin")]) }, naming: "assets/3", "/a.bin")
    }
}
