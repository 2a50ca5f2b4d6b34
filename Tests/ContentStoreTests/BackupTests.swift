import ContentModel
import ContentStore
import Foundation
import SyncEngine
import SyncProtocol
import Testing
import TidelockTestSupport

/// Copies of a store, and what follows when an older one takes its place.
@Suite struct BackupTests {
    private let a: TestInstance
    private let b: TestInstance

    init() throws {
        let made = try TestInstance.make("a", "b")
        (a, b) = (made[0], made[1])
    }

    private func file(_ name: String = "backup.sqlite") -> URL { a.folder.appending(name) }

    @Test func aCopyHoldsEverythingAndStaysAsItIs() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        let report = try await a.store.backup(to: file(), replacing: false)
        #expect(report.sequence == 1 && report.bytes > 0)
        try await a.put(.posts, #"{"_id":"1","v":2}"#)
        let folder = try TemporaryFolder()
        try FileManager.default.copyItem(at: file(), to: folder.appending("tidelock.sqlite"))
        let copy = try Store.open(in: folder.url, name: "a", clock: a.clock, random: a.random)
        #expect(copy.identity.id == a.identity.id)
        #expect(try await copy.item(.posts, "1").text == #"{"_id":"1","v":1}"#)
        #expect(try await copy.verify(isDeep: true).problems == [])
        try copy.close()
        // It holds keys, so only its owner reads it, and nothing else is left beside it.
        let mode = try FileManager.default.attributesOfItem(atPath: file().path)[.posixPermissions] as? NSNumber
        #expect(mode?.intValue == 0o600)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: a.folder.path).filter { $0.contains("backup") } == [
                "backup.sqlite"
            ])
    }

    @Test func aFileIsReplacedOnlyWhenAskedFor() async throws {
        try await a.put(.posts, #"{"_id":"1","v":1}"#)
        try Data("mine".utf8).write(to: file())
        await #expect(throws: TidelockError.self) { try await a.store.backup(to: file(), replacing: false) }
        #expect(try Data(contentsOf: file()) == Data("mine".utf8))
        #expect(try await a.store.backup(to: file(), replacing: true).bytes > 4)
        let own = a.store.folder.appending(path: "tidelock.sqlite")
        await #expect(throws: TidelockError.self) { try await a.store.backup(to: own, replacing: true) }
        let nowhere = file("missing/backup.sqlite")
        await #expect(throws: TidelockError.self) { try await a.store.backup(to: nowhere, replacing: false) }
        #expect(try await a.text(.posts, "1") != nil)
    }

    @Test func aCopyMadeInTheMiddleOfATransferIsSound() async throws {
        let fixture = try TransferFixture()
        let lease = try await fixture.open("t1")
        _ = try await fixture.store.stage(
            transfer: "t1", fence: lease.fence, TransferFixture.batch(1, puts: [#"{"_id":"1"}"#]))
        _ = try await fixture.store.backup(to: file(), replacing: false)
        let folder = try TemporaryFolder()
        try FileManager.default.copyItem(at: file(), to: folder.appending("tidelock.sqlite"))
        let copy = try Store.open(in: folder.url, name: "x", clock: fixture.clock, random: a.random)
        #expect(try await copy.verify(isDeep: true).problems == [])
        #expect(try await copy.kinds() == [])
        try copy.close()
    }
}
