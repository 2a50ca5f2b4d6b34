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

    init() throws { (a, b) = try TestInstance.pair() }

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

    private var blobs: URL { a.folder.appending("backup.sqlite.blobs") }

    /// Puts an asset whose file holds this text, and answers where its bytes lie below a folder of blobs.
    private func putAsset(_ id: String, _ text: String) async throws -> String {
        try a.takeFile(text)
        let hash = sha256(Array(text.utf8)).hex
        try await a.put(
            .assets, #"{"_id":"\#(id)","path":"/\#(id).txt","size":\#(text.utf8.count),"_sha256":"\#(hash)"}"#)
        return "\(hash.prefix(2))/\(hash)"
    }

    private func expect(
        _ report: BackupReport, count: Int, bytes: Int64, copied: Int, missing: Int,
        at place: SourceLocation = #_sourceLocation
    ) {
        let files = report.files
        #expect(files?.folder == blobs.path, sourceLocation: place)
        #expect(files?.count == count && files?.bytes == bytes, sourceLocation: place)
        #expect(files?.copied == copied && files?.missing == missing, sourceLocation: place)
    }

    private func backedUp(_ name: String) -> String? {
        (try? Data(contentsOf: blobs.appending(path: name))).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func theFilesOfAssetsAreCopiedAlsoThoseOfUndo() async throws {
        let old = try await putAsset("a", "old")
        let new = try await putAsset("a", "newer")
        let report = try await a.store.backup(to: file(), replacing: false)
        expect(report, count: 2, bytes: 8, copied: 2, missing: 0)
        #expect(backedUp(old) == "old" && backedUp(new) == "newer")
        // What happens to a file of the store happens to no copy.
        try Data("OTHER".utf8).write(to: a.store.folder.appending(path: "blobs/\(new)"), options: [])
        let handle = try FileHandle(forUpdating: a.store.folder.appending(path: "blobs/\(old)"))
        try handle.write(contentsOf: Data("bad".utf8))
        try handle.close()
        #expect(backedUp(old) == "old" && backedUp(new) == "newer")
    }

    @Test func aRestoredStoreHasItsFilesWhereWebServersLook() async throws {
        _ = try await putAsset("a", "text")
        _ = try await a.store.backup(to: file(), replacing: false)
        let folder = try TemporaryFolder()
        try FileManager.default.copyItem(at: file(), to: folder.appending("tidelock.sqlite"))
        try FileManager.default.copyItem(at: blobs, to: folder.appending("blobs"))
        let copy = try Store.open(in: folder.url, name: "a", clock: a.clock, random: a.random)
        await copy.linkUploads()
        #expect(try await copy.verify(isDeep: true).problems == [])
        #expect(try Data(contentsOf: folder.appending("uploads/a.txt")) == Data("text".utf8))
        try copy.close()
    }

    @Test func aRepeatedBackupKeepsWhatIsRightAndNothingElse() async throws {
        let (kept, spoilt) = (try await putAsset("a", "kept"), try await putAsset("b", "spoilt"))
        _ = try await a.store.backup(to: file(), replacing: false)
        try Data("SPOILT".utf8).write(to: blobs.appending(path: spoilt))
        let stray = "ab/" + String(repeating: "ab", count: 32)
        try FileManager.default.createDirectory(at: blobs.appending(path: "ab"), withIntermediateDirectories: true)
        try Data("x".utf8).write(to: blobs.appending(path: stray))
        let report = try await a.store.backup(to: file(), replacing: true)
        expect(report, count: 2, bytes: 10, copied: 1, missing: 0)
        #expect(backedUp(kept) == "kept" && backedUp(spoilt) == "spoilt" && backedUp(stray) == nil)
    }

    @Test func aFileThatTheStoreLacksIsCountedAndTheRestIsCopied() async throws {
        let (kept, gone) = (try await putAsset("a", "kept"), try await putAsset("b", "gone"))
        let damaged = try await putAsset("c", "damaged")
        try FileManager.default.removeItem(at: a.store.folder.appending(path: "blobs/\(gone)"))
        try Data("DAMAGED".utf8).write(to: a.store.folder.appending(path: "blobs/\(damaged)"))
        let report = try await a.store.backup(to: file(), replacing: false)
        expect(report, count: 1, bytes: 4, copied: 1, missing: 2)
        #expect(backedUp(kept) == "kept" && backedUp(gone) == nil && backedUp(damaged) == nil)
    }

    @Test func moreFilesThanAreListedAtOnceAreAllCopiedAndNoneIsFreed() async throws {
        let texts = (0..<600).map { "file \($0)" }
        try await a.change(
            texts.enumerated().map { number, text in
                try a.takeFile(text)
                let hash = sha256(Array(text.utf8)).hex
                let file = #""path":"/\#(number).txt","size":\#(text.utf8.count),"_sha256":"\#(hash)""#
                let body = try JSONDocument(validating: "{\"_id\":\"\(number)\",\(file)}")
                return .put(kind: .assets, body: body, hash: body.hash)
            })
        let bytes = texts.reduce(Int64(0)) { $0 + Int64($1.utf8.count) }
        let report = try await a.store.backup(to: file(), replacing: false)
        expect(report, count: 600, bytes: bytes, copied: 600, missing: 0)
        let again = try await a.store.backup(to: file(), replacing: true)
        expect(again, count: 600, bytes: bytes, copied: 0, missing: 0)
        for text in texts {
            let hash = sha256(Array(text.utf8)).hex
            #expect(backedUp("\(hash.prefix(2))/\(hash)") == text)
        }
    }

    @Test func aFolderInTheWayIsNotTouched() async throws {
        _ = try await putAsset("a", "text")
        try FileManager.default.createDirectory(at: blobs, withIntermediateDirectories: false)
        try Data("mine".utf8).write(to: blobs.appending(path: "note"))
        let error = await #expect(throws: TidelockError.self) {
            try await a.store.backup(to: file(), replacing: false)
        }
        #expect(error?.code == .usage)
        #expect(backedUp("note") == "mine" && !FileManager.default.fileExists(atPath: file().path))
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
