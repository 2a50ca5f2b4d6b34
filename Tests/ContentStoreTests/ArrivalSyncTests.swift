import ContentModel
import Foundation
import SyncEngine
import Synchronization
import Testing
import TidelockTestSupport

@testable import ContentStore

/// Files that go to the disk while others still arrive.
@Suite struct ArrivalSyncTests {
    private let count = Counter()
    private let instance: TestInstance
    private var folder: BlobFolder { instance.store.blobs }

    init() throws {
        instance = try TestInstance.make("a")[0]
    }

    @Test func theDiskIsWrittenOutOnceForEachGroup() throws {
        let ahead = ArrivalSync(every: 3) { [count] in count.increase() }
        for _ in 0..<2 { ahead.note() }
        try ahead.finish()
        #expect(count.value == 0)
        ahead.note()
        try ahead.finish()
        #expect(count.value == 1)
        for _ in 0..<3 { ahead.note() }
        try ahead.finish()
        #expect(count.value == 2)
    }

    /// The disk tells of it only once, so a sync that follows knows nothing of it.
    @Test func aFailureIsToldToWhoeverSettlesNext() throws {
        let ahead = ArrivalSync(every: 1) { throw TidelockError(.storageFailed, "The disk is broken.") }
        ahead.note()
        #expect { try ahead.finish() } throws: { ($0 as? TidelockError)?.code == .storageFailed }
        try ahead.finish()
    }

    /// The disk does not say whose bytes it could not take, and says it only once.
    @Test func afterAFailureOfTheDiskAllThatWaitsHasToComeAgain() throws {
        let broken = ArrivalSync(every: 1) { [count] in
            count.increase()
            if count.value == 1 { throw TidelockError(.storageFailed, "The disk is broken.") }
        }
        let arrivals = BlobArrivals(folder, on: BlobDisk(of: folder.rootPath), ahead: broken)
        let texts = ["ours", "of another transfer"].map { Array($0.utf8) }
        let blobs = texts.map { Blob(hash: ContentHash(bytes: sha256($0)), size: Int64($0.count)) }
        for (text, blob) in zip(texts, blobs) { _ = try arrivals.append(text[...], to: blob, at: 0) }
        #expect { try arrivals.settle([blobs[0]]) } throws: { ($0 as? TidelockError)?.code == .storageFailed }
        #expect(try blobs.map { try arrivals.offset(of: $0) } == [0, 0])
        #expect(try arrivals.settle([blobs[1]]) == [blobs[1]])
        for (text, blob) in zip(texts, blobs) { _ = try arrivals.append(text[...], to: blob, at: 0) }
        #expect(try arrivals.settle(blobs).isEmpty)
        for blob in blobs { try folder.check(blob) }
    }

    /// Several groups of them, each file small.
    @Test func manyFilesAreSettledAsFewAre() throws {
        let arrivals = BlobArrivals(folder)
        var blobs: [Blob] = []
        for number in 0..<600 {
            let bytes = Array("file \(number)".utf8)
            blobs.append(Blob(hash: ContentHash(bytes: sha256(bytes)), size: Int64(bytes.count)))
            #expect(try arrivals.append(bytes[...], to: blobs[number], at: 0) == Int64(bytes.count))
        }
        #expect(!blobs.contains { folder.holds($0) }, "nothing lies at its place before it is settled")
        #expect(try arrivals.settle(blobs).isEmpty)
        for blob in blobs { try folder.check(blob) }
    }

    /// Whoever resumes has to read what it did not see arrive, and asks for none of it again.
    @Test func whatAKilledProcessHadSettledIsNotAskedForAgain() throws {
        let killed = BlobArrivals(folder)
        let texts = ["settled", "whole", "half"].map { Array($0.utf8) }
        let blobs = texts.map { Blob(hash: ContentHash(bytes: sha256($0)), size: Int64($0.count)) }
        for number in 0..<2 { _ = try killed.append(texts[number][...], to: blobs[number], at: 0) }
        _ = try killed.append(texts[2][..<2], to: blobs[2], at: 0)
        // It died between two of its renames.
        #expect(try folder.moveIfFree(folder.arrivalPath(of: blobs[0].hash), to: blobs[0].hash))
        let next = BlobArrivals(folder)
        #expect(try blobs.map { try next.offset(of: $0) } == [nil, nil, 2])
        #expect(try next.settle(blobs) == [blobs[2]])
        #expect(try next.append(texts[2][2...], to: blobs[2], at: 2) == blobs[2].size)
        #expect(try next.settle(blobs).isEmpty)
        for blob in blobs { try folder.check(blob) }
    }
}

/// Counts from any thread.
private final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .sequentiallyConsistent) }

    func increase() { count.add(1, ordering: .sequentiallyConsistent) }
}
