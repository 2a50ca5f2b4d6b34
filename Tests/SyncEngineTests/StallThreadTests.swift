import ContentModel
import ContentStore
import SyncEngine
import SyncProtocol
import Synchronization
import Testing
import TidelockTestSupport

/// Threads about runs that stall, grow or begin anew; see `ThreadTests`.
@Suite struct StallThreadTests: PairSuite {
    let a: TestInstance
    let b: TestInstance

    init() throws { (a, b) = try TestInstance.pair() }

    private func fill(_ count: Int, _ kind: Kind = .posts, version: Int = 1, padding: Int = 0) async throws {
        let text = String(repeating: "x", count: padding)
        try await a.change(
            try (1...count).map { number in
                let body = try JSONDocument(validating: "{\"_id\":\"i\(number)\",\"v\":\(version),\"t\":\"\(text)\"}")
                return .put(kind: kind, body: body, hash: body.hash)
            })
    }

    @Test("T3, T15: run after run that loses its connection ends at once, and leaves nothing open that adds up")
    func brokenRunsDoNotAddUp() async throws {
        for round in 1...20 {
            try await fill(8, version: round)
            let fault = FaultyPeer.Fault(call: 2 + round % 4, isCarriedOut: round % 2 == 0)
            do {
                try await a.push(to: b, TestRun(options: PlanOptions(batchSize: 1), fault: fault))
                Issue.record("a run whose connection died succeeded")
            } catch let failure as TestRunFailure {
                #expect(failure.error.code == .targetUnreachable, "\(failure.error)")
            }
        }
        let (here, there) = (try StoreInspector(a.store), try StoreInspector(b.store))
        #expect(try there.count("SELECT count(*) FROM transfer WHERE phase = 'open'") <= 1)
        #expect(try here.count("SELECT count(*) FROM plan WHERE phase IN ('planning', 'ready')") <= 1)
        try await b.put(.pageItems, #"{"_id":"meanwhile"}"#)
        try await a.push(to: b)
        #expect(try await b.text(.posts, "i8") == a.text(.posts, "i8"))
        // What broken runs had brought stays for the next one to go on from, and goes with its commit.
        #expect(try there.count("SELECT count(*) FROM stage") == 0)
        #expect(try there.count("SELECT count(*) FROM transfer WHERE phase = 'open'") == 0)
        try expectNoProblems()
    }

    // MARK: Large files

    private static let file = String(repeating: "0123456789abcdef", count: 9 << 16)
    private static let asset = ItemKey(.assets, "film")

    private func addFile() async throws {
        let bytes = Array(Self.file.utf8)
        try a.takeFile(Self.file)
        try await a.put(
            .assets,
            #"{"_id":"film","path":"/2026/film.txt","size":\#(bytes.count),"_sha256":"\#(sha256(bytes).hex)"}"#)
    }

    @Test("T4, T7, T29: a large file travels byte for byte, in parts that do not grow with it")
    func aLargeFileTravelsInParts() async throws {
        try await addFile()
        let peer = MeasuringPeer(b.responder)
        try await a.push(to: peer, named: "b", TestRun())
        #expect(peer.sizes.fileBytes == Self.file.utf8.count)
        #expect(peer.sizes.parts >= 3)
        #expect(peer.sizes.largestPart <= Limits.blobPartBytes)
        #expect(b.upload(at: "/2026/film.txt") == Self.file)
    }

    @Test("T94: of a file that was cut off, what the other side has got counts, and the rest is sent")
    func theOtherSideSaysWhereAFileGoesOn() async throws {
        try await addFile()
        let first = MeasuringPeer(b.responder, diesAtOffset: 2 * Int64(Limits.blobPartBytes))
        await #expect(throws: TestRunFailure.self) { try await a.push(to: first, named: "b", TestRun()) }
        #expect(b.upload(at: "/2026/film.txt") == nil)
        a.clock.advance(by: .seconds(2 * Limits.leaseSeconds))
        let second = MeasuringPeer(b.responder)
        try await a.push(to: second, named: "b", TestRun())
        #expect(second.sizes.fileBytes <= Self.file.utf8.count - Limits.blobPartBytes)
        #expect(second.sizes.fileBytes > 0)
        #expect(b.upload(at: "/2026/film.txt") == Self.file)
    }

    // MARK: Sizes

    @Test("T31, T32: batches are cut by their bytes, so that nobody has to find out how many items fit")
    func batchesAreCutByTheirBytes() async throws {
        try await fill(60, padding: 200_000)
        let peer = MeasuringPeer(b.responder)
        try await a.push(to: peer, named: "b", TestRun())
        #expect(peer.sizes.batches >= 3)
        #expect(peer.sizes.largestBatch <= Limits.batchBytes + 300_000, "one item may go over the edge")
        #expect(try b.items() == a.items())
    }

    @Test("T34, T95: a subset is brought to its end, and nothing beside it")
    func aSubsetIsBroughtToItsEnd() async throws {
        try await fill(30)
        try await fill(5, .pageItems)
        let some = TestRun(scope: Scope(items: ["content/posts": ["i3", "i7", "i30"]]))
        #expect(try await a.push(to: b, some).result?.created == 3)
        #expect(try await a.push(to: b, some).isNoOp)
        #expect(try b.ids(.posts) == ["i3", "i7", "i30"])
        #expect(try await a.push(to: b, TestRun(scope: Scope(models: ["posts"]))).result?.created == 27)
        #expect(try b.ids(.pageItems) == [])
    }

    @Test("T48: an item that was changed, deleted and made again hundreds of times is one item to send")
    func historiesAreNotSent() async throws {
        try await fill(1)
        try await a.push(to: b)
        for version in 2...200 {
            try await fill(1, version: version)
            if version % 10 == 0 { try await a.remove(.posts, "i1") }
        }
        try await fill(1, version: 201)
        let peer = MeasuringPeer(b.responder)
        let run = try await a.push(to: peer, named: "b", TestRun())
        #expect(run.plan?.operations == 1)
        #expect(run.calls.count <= 4, "\(run.calls)")
        #expect(try b.items() == a.items())
    }
}

/// A peer that notes how much its calls carry. It may die when a file has come to some byte.
private final class MeasuringPeer: PeerInBetween, BlobSource, BlobDestination {
    struct Sizes {
        var batches = 0
        /// In bytes, unpacked.
        var largestBatch = 0
        var parts = 0
        var largestPart = 0
        var fileBytes = 0
        var isDead = false
    }

    private let instance: LocalInstance
    private let lastOffset: Int64
    private let state = Mutex(Sizes())

    init(_ instance: LocalInstance, diesAtOffset offset: Int64 = .max) {
        self.instance = instance
        lastOffset = offset
    }

    var peer: any Peer { instance }
    var sizes: Sizes { state.withLock { $0 } }

    private func requireLife() throws {
        if sizes.isDead { throw TidelockError(.targetUnreachable, "The connection broke, as the test asked.") }
    }

    func stage(transfer: String, fence: Int64, _ batch: EncodedBatch) async throws -> BatchReceipt {
        let bytes = try Zstandard.decompress(batch.payload, limit: Limits.decompressedBytes).count
        state.withLock { sizes in
            sizes.batches += 1
            sizes.largestBatch = max(sizes.largestBatch, bytes)
        }
        return try await instance.stage(transfer: transfer, fence: fence, batch)
    }

    func abandon(transfer: String) async throws {
        try requireLife()
        try await instance.abandon(transfer: transfer)
    }

    func blobs(transfer: String, after: String?) async throws -> BlobPage {
        try await instance.blobs(transfer: transfer, after: after)
    }

    func bytes(transfer: String, of parts: [BlobPart]) async throws -> [UInt8] {
        try await instance.bytes(transfer: transfer, of: parts)
    }

    func missing(
        transfer: String, fence: Int64, _ blobs: [PlannedBlob]
    ) async throws -> [MissingBlobs.Missing] {
        try await instance.missing(transfer: transfer, fence: fence, blobs)
    }

    func append(
        transfer: String, fence: Int64, _ bytes: [UInt8], of parts: [BlobPart]
    ) async throws -> [Int64] {
        state.withLock { sizes in
            if parts.contains(where: { $0.offset >= lastOffset }) { sizes.isDead = true }
            guard !sizes.isDead else { return }
            sizes.parts += parts.count
            sizes.largestPart = max(sizes.largestPart, parts.map(\.count).max() ?? 0)
            sizes.fileBytes += bytes.count
        }
        try requireLife()
        return try await instance.append(transfer: transfer, fence: fence, bytes, of: parts)
    }
}
