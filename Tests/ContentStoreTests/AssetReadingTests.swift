import ContentModel
import Foundation
import GRDB
import SyncEngine
import Testing
import TidelockTestSupport

@testable import ContentStore

/// Assets by their ids and by the paths of their files.
@Suite struct AssetReadingTests {
    private let instance: TestInstance
    private let folder: TemporaryFolder
    private let blob: Blob

    init() throws {
        instance = try TestInstance.make("a")[0]
        folder = try TemporaryFolder()
        let file = folder.appending("file")
        try Data("bytes".utf8).write(to: file)
        blob = try instance.store.blobs.take(file: file.path).blob
    }

    private func put(_ id: String, at path: String) async throws {
        try await instance.put(
            .assets,
            #"{"_id":"\#(id)","path":"\#(path)","size":\#(blob.size),"_sha256":"\#(blob.hash)","mime":"text/plain"}"#)
    }

    private func found(_ path: String) async throws -> String? {
        try await instance.store.asset(path: path)?.string("_id")
    }

    @Test func nothingIsFoundWhereThereIsNothing() async throws {
        #expect(try await instance.store.asset(id: "1") == nil)
        #expect(try await found("/a.txt") == nil)
    }

    @Test func anAssetIsFoundByWhereItsFileLiesNow() async throws {
        try await put("1", at: "/2026/a.txt")
        #expect(try await found("/2026/a.txt") == "1")
        #expect(try await instance.store.asset(id: "1")?.string("path") == "/2026/a.txt")
        for other in ["", "/", "/2026", "/2026/A.txt", "2026/a.txt", "/2026/a.txt/", "/2026/../2026/a.txt", "%"] {
            #expect(try await found(other) == nil, "\(other)")
        }
        try await put("1", at: "/2026/b.txt")
        #expect(try await found("/2026/a.txt") == nil)
        #expect(try await found("/2026/b.txt") == "1")
        try await put("2", at: "/2026/a.txt")
        #expect(try await found("/2026/a.txt") == "2")
    }

    @Test func aRemovedAssetIsFoundNoLonger() async throws {
        try await put("1", at: "/a.txt")
        #expect(try await found("/a.txt") == "1")
        try await instance.remove(.assets, "1")
        #expect(try await found("/a.txt") == nil)
        #expect(try await instance.store.asset(id: "1") == nil)
        try await put("1", at: "/a.txt")
        #expect(try await found("/a.txt") == "1")
    }

    @Test func manyOfOneCommitAreAllFound() async throws {
        let changes = try (0..<1_203).map { number in
            let body = try JSONDocument(
                validating: #"{"_id":"\#(number)","path":"/\#(number).txt","size":5,"_sha256":"\#(blob.hash)"}"#)
            return LocalChange.put(kind: .assets, body: body, hash: body.hash)
        }
        try await instance.change(changes)
        for number in [0, 499, 500, 501, 1_000, 1_202] {
            #expect(try await found("/\(number).txt") == "\(number)")
        }
        #expect(try await found("/1203.txt") == nil)
    }

    @Test func aRollbackCountsAsWell() async throws {
        try await put("1", at: "/a.txt")
        #expect(try await found("/a.txt") == "1")
        let run = try await instance.put(
            .assets, #"{"_id":"1","path":"/b.txt","size":5,"_sha256":"\#(blob.hash)","mime":"text/plain"}"#)
        #expect(try await found("/b.txt") == "1")
        _ = try await instance.store.rollback(run, as: "undo-1")
        #expect(try await found("/a.txt") == "1")
        #expect(try await found("/b.txt") == nil)
    }

    @Test func aPathIsLookedUpByTheKey() async throws {
        let plan = try await instance.store.read { db in
            try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + AssetPaths.lookupSQL, arguments: ["/a.txt"])
                .map { $0["detail"] as String }
        }
        #expect(plan.contains { $0.contains("PRIMARY KEY (path=?") }, "\(plan)")
    }

    @Test func bytesThatAreNotHereAreNamed() async throws {
        #expect(try await instance.store.file(of: blob) == instance.store.blobs.path(of: blob.hash))
        let other = Blob(hash: ContentHash(bytes: (0..<32).map { UInt8($0) }), size: 5)
        for missing in [other, Blob(hash: blob.hash, size: 6)] {
            await #expect { try await instance.store.file(of: missing) } throws: { error in
                (error as? TidelockError)?.code == .blobMissing
            }
        }
    }

    // MARK: Uploads

    @Test func aPlaceForAnUploadIsFreeAndOnTheDiskOfTheBlobs() throws {
        let first = try instance.store.blobs.placeForUpload(of: 10)
        let second = try instance.store.blobs.placeForUpload(of: 10)
        #expect(first != second && first.hasPrefix(instance.store.blobs.root.path))
        #expect(!FileManager.default.fileExists(atPath: first))
        try Data("x".utf8).write(to: URL(filePath: first))
    }

    @Test func moreThanTheDiskHoldsIsRefusedWithoutNamingIt() throws {
        #expect { try instance.store.blobs.placeForUpload(of: .max / 2) } throws: { error in
            guard let error = error as? TidelockError else { return false }
            return error.code == .diskFull && !error.message.contains("/")
        }
    }
}
