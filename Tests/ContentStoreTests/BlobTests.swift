import ContentModel
import Foundation
import SyncEngine
import Synchronization
import Testing
import TidelockTestSupport

@testable import ContentStore

/// The bytes of assets: how they come in, where they stay, and what becomes of those that nobody names.
@Suite struct BlobTests {
    private let a: TestInstance
    private var folder: BlobFolder { a.store.blobs }
    private let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    private var blob: Blob { Blob(hash: ContentHash(bytes: sha256(bytes)), size: Int64(bytes.count)) }

    init() throws {
        a = try TestInstance.make("a")[0]
    }

    private func taken(_ bytes: [UInt8]) throws -> Blob {
        let file = a.store.folder.appending(path: "\(UUID().uuidString).bin")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try folder.take(file: file.path).blob
    }

    private func asset(_ blob: Blob, _ id: String, path: String) throws -> JSONDocument {
        try JSONDocument(
            validating: #"{"_id":"\#(id)","path":"\#(path)","size":\#(blob.size),"_sha256":"\#(blob.hash)"}"#)
    }

    private func put(_ asset: JSONDocument, run: String) throws {
        _ = try a.store.writeBlocking([.put(kind: .assets, body: asset, hash: asset.hash)], run: run)
    }

    @Test func aFileIsKnownByItsBytes() throws {
        #expect(try taken(bytes) == blob && folder.holds(blob))
        #expect(try folder.read(blob.hash, from: 99_990, count: 100) == Array(bytes[99_990...]))
        #expect(!folder.holds(Blob(hash: blob.hash, size: 1)))
        try folder.check(blob)
        let path = folder.path(of: blob.hash)
        var changed = bytes
        changed[5] ^= 1
        try Data(changed).write(to: URL(filePath: path))
        #expect { try folder.check(blob) } throws: { ($0 as? TidelockError)?.code == .blobDamaged }
        // Adding the file again mends it.
        _ = try taken(bytes)
        try folder.check(blob)
    }

    @Test func onlyAFileThatIsNotThereIsNotFound() {
        func code(_ path: String) -> ErrorCode? {
            do {
                _ = try BlobFile(reading: path)
                return nil
            } catch {
                return (error as? TidelockError)?.code
            }
        }
        #expect(code(a.store.folder.appending(path: "absent").path) == .notFound)
        #expect(code(a.store.folder.appending(path: "tidelock.sqlite/below").path) == .notFound)
        #expect(code("/" + String(repeating: "x", count: 5_000)) == .storageFailed)
    }

    @Test func rangesOfSeveralBlobsFollowEachOther() throws {
        let (first, second, empty) = (try taken(bytes), try taken([1, 2, 3]), try taken([]))
        let ranges = [
            BlobRange(hash: second.hash, offset: 1, count: 2), BlobRange(hash: empty.hash, offset: 0, count: 0),
            BlobRange(hash: first.hash, offset: 99_990, count: 10), BlobRange(hash: second.hash, offset: 0, count: 3),
        ]
        let expected: [UInt8] = [2, 3] + Array(bytes[99_990...]) + [1, 2, 3]
        #expect(try folder.read(ranges) == expected)
        // One that is shorter than is asked for leaves no hole.
        let short = [BlobRange(hash: second.hash, offset: 2, count: 100), ranges[0]]
        #expect(try folder.read(short) == [3, 2, 3])
        let absent = BlobRange(hash: ContentHash(bytes: sha256([9])), offset: 0, count: 1)
        #expect { try folder.read(ranges + [absent]) } throws: { ($0 as? TidelockError)?.code == .blobMissing }
    }

    @Test func aPartWaitsForTheOneBeforeItAndNotForEver() async throws {
        let isHere = Atomic(false)
        let patient = BlobTurns(clock: TestClock(sleep: .lastsUntilCancelled), patience: .seconds(5))
        let hash = blob.hash
        async let waited: Void = patient.wait(for: hash) { isHere.load(ordering: .sequentiallyConsistent) }
        patient.advance(hash)
        isHere.store(true, ordering: .sequentiallyConsistent)
        patient.advance(hash)
        await waited
        await BlobTurns(clock: TestClock(), patience: .seconds(5)).wait(for: hash) { false }
    }

    @Test func aLargeFileIsTheSameWhereverItIsCut() throws {
        let large = (0..<(17 << 20) + 1_234).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 7) }
        let blob = Blob(hash: ContentHash(bytes: sha256(large)), size: Int64(large.count))
        let arrivals = BlobArrivals(folder)
        var position = 0
        for count in [1, 4_095, 4_096, 3 << 20, (4 << 20) + 7, large.count] {
            let end = min(position + count, large.count)
            #expect(try arrivals.append(large[position..<end], to: blob, at: Int64(position)) == Int64(end))
            position = end
        }
        #expect(try arrivals.settle([blob]).isEmpty)
        try folder.check(blob)
        #expect(try folder.read(blob.hash, from: 0, count: large.count) == large)
    }

    @Test func partsAreTakenWhereTheyBelongAndOnlyThere() throws {
        let arrivals = BlobArrivals(folder)
        #expect(try arrivals.offset(of: blob) == 0)
        #expect(try arrivals.append(bytes[..<60_000], to: blob, at: 0) == 60_000)
        #expect(try arrivals.append(bytes[..<60_000], to: blob, at: 0) == 60_000)
        #expect(try arrivals.append(bytes[70_000...], to: blob, at: 70_000) == 60_000)
        #expect(try arrivals.offset(of: blob) == 60_000)
        #expect(throws: TidelockError.self) { try arrivals.append(bytes[...], to: blob, at: 60_000) }
        #expect(try arrivals.settle([blob]) == [blob])
        // Another process has seen nothing of it arrive.
        let others = BlobArrivals(folder)
        #expect(try others.append(bytes[60_000...], to: blob, at: 60_000) == 100_000)
        #expect(try others.offset(of: blob) == nil)
        #expect(!folder.holds(blob))
        #expect(try others.settle([blob, blob]).isEmpty && folder.holds(blob))
        #expect(try others.settle([blob]).isEmpty)
        #expect(try folder.read(blob.hash, from: 0, count: 100_000) == bytes)
    }

    private func settledFile(of blob: Blob) throws -> DiskFacts {
        try #require(DiskFacts(at: folder.path(of: blob.hash)))
    }

    private func hasArrived(_ blob: Blob) -> Bool {
        FileManager.default.fileExists(atPath: folder.arrivalPath(of: blob.hash))
    }

    /// Links lead to the file that lies there.
    @Test(arguments: [true, false])
    func aBlobThatSomebodyElseHasSettledStays(isSeenByOneProcess: Bool) throws {
        let first = BlobArrivals(folder)
        #expect(try first.append(bytes[...], to: blob, at: 0) == blob.size)
        _ = try taken(bytes)
        let settled = try settledFile(of: blob)
        #expect(hasArrived(blob))
        #expect(try (isSeenByOneProcess ? first : BlobArrivals(folder)).settle([blob]).isEmpty)
        #expect(try settledFile(of: blob).isSameFile(as: settled))
        #expect(try first.settle([blob]).isEmpty && !hasArrived(blob))
    }

    @Test func aFileOfAnotherSizeGivesWayToItsBlob() throws {
        let arrivals = BlobArrivals(folder)
        let place = URL(filePath: folder.path(of: blob.hash))
        #expect(try arrivals.append(bytes[...], to: blob, at: 0) == blob.size)
        try BlobFile.makeFolder(place.deletingLastPathComponent())
        try Data(bytes[..<10]).write(to: place)
        #expect(try arrivals.settle([blob]).isEmpty && !hasArrived(blob))
        try folder.check(blob)
    }

    @Test func aBlobThatIsNowhereAnyMoreIsMissing() throws {
        let arrivals = BlobArrivals(folder)
        #expect(try arrivals.append(bytes[...], to: blob, at: 0) == blob.size)
        try FileManager.default.removeItem(atPath: folder.arrivalPath(of: blob.hash))
        #expect(try arrivals.settle([blob]) == [blob] && !folder.holds(blob))
    }

    @Test(arguments: [true, false])
    func bytesThatAreNotWhatTheirNameSaysBeginAnew(isSeenByOneProcess: Bool) throws {
        var wrong = bytes
        wrong[70_000] ^= 1
        let first = BlobArrivals(folder)
        #expect(try first.append(wrong[..<60_000], to: blob, at: 0) == 60_000)
        let last = isSeenByOneProcess ? first : BlobArrivals(folder)
        #expect { try last.append(wrong[60_000...], to: blob, at: 60_000) } throws: {
            ($0 as? TidelockError)?.code == .blobDamaged
        }
        #expect(try last.offset(of: blob) == 0 && !folder.holds(blob))
        #expect(try last.append(bytes[...], to: blob, at: 0) == 100_000)
        #expect(try last.settle([blob]).isEmpty)
        try folder.check(blob)
    }

    /// What was hashed as it came is not what lies there any more.
    @Test func bytesThatSomebodyElseReplacedAreReadAgain() throws {
        let arrivals = BlobArrivals(folder)
        let place = URL(filePath: folder.arrivalPath(of: blob.hash))
        var wrong = bytes
        wrong[5] ^= 1
        #expect(try arrivals.append(bytes[..<60_000], to: blob, at: 0) == 60_000)
        try Data(wrong[..<60_000]).write(to: place, options: .atomic)
        #expect { try arrivals.append(bytes[60_000...], to: blob, at: 60_000) } throws: {
            ($0 as? TidelockError)?.code == .blobDamaged
        }
        #expect(try arrivals.append(bytes[...], to: blob, at: 0) == 100_000)
        try Data(wrong).write(to: place, options: .atomic)
        #expect(try arrivals.settle([blob]) == [blob] && !folder.holds(blob))
    }

    @Test func anEmptyFileIsABlobToo() throws {
        let empty = Blob(hash: ContentHash(bytes: sha256([])), size: 0)
        let arrivals = BlobArrivals(folder)
        #expect(try arrivals.offset(of: empty) == 0)
        #expect(try arrivals.append([], to: empty, at: 0) == 0)
        #expect(try arrivals.offset(of: empty) == nil)
        #expect(try arrivals.settle([empty]).isEmpty && folder.holds(empty))
    }

    @Test func anAssetIsStoredOnlyWithItsFile() async throws {
        let absent = try asset(blob, "1", path: "/a/b.bin")
        #expect { try put(absent, run: "r1") } throws: { ($0 as? TidelockError)?.code == .blobMissing }
        _ = try taken(bytes)
        try put(absent, run: "r2")
        #expect(FileManager.default.contents(atPath: a.store.uploads.appending(path: "a/b.bin").path) == Data(bytes))
        try put(try asset(blob, "1", path: "/c.bin"), run: "r3")
        #expect(!FileManager.default.fileExists(atPath: a.store.uploads.appending(path: "a").path))
        #expect(FileManager.default.fileExists(atPath: a.store.uploads.appending(path: "c.bin").path))
    }

    /// Web servers run as somebody else; what is not ours stays until somebody moves it away.
    @Test func aLinkCanBeReadByAllAndTakesNobodysPlace() throws {
        let blob = try taken(bytes)
        try put(try asset(blob, "1", path: "/a/b.bin"), run: "r1")
        try put(try asset(blob, "2", path: "/a/c.bin"), run: "r2")
        let settled = try settledFile(of: blob)
        for name in ["a/b.bin", "a/c.bin"] {
            let link = a.store.uploads.appending(path: name).path
            #expect(try #require(DiskFacts(at: link)).isSameFile(as: settled))
            let rights = try FileManager.default.attributesOfItem(atPath: link)[.posixPermissions] as? NSNumber
            #expect(rights?.intValue == 0o644)
        }
        let stranger = a.store.uploads.appending(path: "a/d.bin")
        try Data([1]).write(to: stranger)
        try put(try asset(blob, "3", path: "/a/d.bin"), run: "r3")
        #expect(try Data(contentsOf: stranger) == Data([1]))
        try FileManager.default.removeItem(at: stranger)
        a.store.linkUploadsBlocking()
        #expect(try #require(DiskFacts(at: stranger.path)).isSameFile(as: settled))
        // What is there already is no obstacle to what is left.
        try FileManager.default.removeItem(at: a.store.uploads.appending(path: "a/b.bin"))
        try StoreVandal(a.store).execute(
            "INSERT INTO unlinked_asset SELECT 'r1', bucket, id FROM head WHERE id IN ('1', '2')")
        a.store.linkUploadsBlocking()
        #expect(FileManager.default.fileExists(atPath: a.store.uploads.appending(path: "a/b.bin").path))
    }

    @Test(
        arguments: [
            "a.bin", "/", "/../a.bin", "/a//b.bin", "/.hidden", "/a/.htaccess", "/a.php", "/a.PHP.jpg", "/a/b.html",
            "/a\\\\b.bin", "/a\\u0000b.bin", "/x.sh",
        ])
    func aPathThatCouldDoHarmIsRefused(path: String) throws {
        _ = try taken(bytes)
        #expect { try put(try asset(blob, "1", path: path), run: "r") } throws: {
            ($0 as? TidelockError)?.code == .invalidAsset
        }
    }

    /// Files have times of the real clock, which the collection compares with its own.
    private func age(_ blob: Blob, days: Double) throws {
        let moment = Date(timeIntervalSince1970: Double(a.store.clock.seconds) - days * 86_400)
        try FileManager.default.setAttributes(
            [.modificationDate: moment], ofItemAtPath: folder.path(of: blob.hash))
    }

    @Test func filesThatNobodyNamesAreFreedAfterAWhile() async throws {
        let named = try taken(bytes)
        let kept = try taken([1, 2, 3])
        let fresh = try taken([4, 5])
        let old = try taken([6])
        try put(try asset(named, "1", path: "/a.bin"), run: "r1")
        try put(try asset(kept, "2", path: "/b.bin"), run: "r2")
        // Undo still names it.
        try await a.store.beginRun(id: "r3", direction: "local", target: "put")
        try put(try asset(named, "2", path: "/b2.bin"), run: "r3")
        try await a.store.markUndoable(id: "r3")
        try await a.store.endRun(id: "r3", phase: "committed", report: nil)
        for blob in [named, kept, old] { try age(blob, days: 2) }
        try age(fresh, days: 0.5)
        let dry = try await a.store.collectGarbage(isDryRun: true, looksForOrphans: false)
        #expect(dry.files == 1 && dry.fileBytes == 1 && folder.holds(old))
        let report = try await a.store.collectGarbage(looksForOrphans: false)
        #expect(report.files == 1)
        #expect(!folder.holds(old) && folder.holds(named) && folder.holds(kept) && folder.holds(fresh))
    }
}
