import ContentModel
import Foundation
import Testing
import TidelockTestSupport

@Suite("Backups and what a restore does", .story)
struct BackupTests {
    private struct Backup: Decodable {
        var file: String
        var bytes: Int
        var sequence: Int
    }

    private func backup(_ instance: RealInstance) async throws -> URL {
        let file = Story.current.folder.appending(path: "\(instance.name)-backup.sqlite")
        let report = try await instance.json(Backup.self, "backup", file.path)
        #expect(report.bytes > 0 && report.sequence > 0)
        return file
    }

    /// As the README tells: with nothing running, the copy takes the place of the store and its side files.
    private func restore(_ file: URL, into instance: RealInstance) throws {
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(at: instance.storage.appending(path: "tidelock.sqlite\(suffix)"))
        }
        try FileManager.default.copyItem(at: file, to: instance.storage.appending(path: "tidelock.sqlite"))
    }

    @Test func whileTheServerRuns() async throws {
        let site = try await Site.make(articles: 5)
        #expect(try await site.push().isGood)
        let file = try await backup(site.destination)
        let again = try await site.destination.attempt("backup", file.path)
        #expect(again.status == 64 && again.errors.contains("--force"), "\(again)")
        #expect(try await site.destination.run("backup", file.path, "--force").contains("checked"))
        #expect(try await site.push().isGood)
        #expect(await site.server.stop() == 0)
    }

    private struct WithFiles: Decodable {
        struct Files: Decodable, Equatable {
            var folder: String
            var count: Int
            var bytes: Int
            var copied: Int
            var missing: Int
        }

        var files: Files?
    }

    @Test func filesOfAssetsComeBack() async throws {
        let site = try await Site.make()
        let assets = try await site.destination.addAssets(try AssetFixture.file("a.bin", bytes: 3_000))
        let uploads = try site.destination.uploads()
        let file = Story.current.folder.appending(path: "with-files.sqlite")
        let report = try await site.destination.json(WithFiles.self, "backup", file.path)
        let folder = "\(file.path).blobs"
        #expect(report.files == .init(folder: folder, count: 1, bytes: 3_000, copied: 1, missing: 0))
        #expect(await site.server.stop() == 0)
        for name in ["blobs", "uploads"] {
            try FileManager.default.removeItem(at: site.destination.storage.appending(path: name))
        }
        try restore(file, into: site.destination)
        try FileManager.default.copyItem(
            at: URL(filePath: folder), to: site.destination.storage.appending(path: "blobs"))
        let server = try await TestServer(site.destination, port: site.server.port)
        #expect(await server.stop() == 0)
        #expect(try site.destination.uploads() == uploads)
        #expect(try await site.destination.run("verify", "--deep").contains("1 files"))
        try FileManager.default.removeItem(at: site.destination.blob(assets[0]))
        let incomplete = try await site.destination.attempt("backup", file.path, "--force")
        #expect(incomplete.status == 65 && incomplete.errors.contains("verify"), "\(incomplete)")
    }

    @Test func anOlderDestinationGetsWhatItLacks() async throws {
        let site = try await Site.make(articles: 5)
        #expect(try await site.push().isGood)
        let file = try await backup(site.destination)
        try await site.source.take(Articles.make(2, from: 20))
        try await site.source.edit("content/articles", [Articles.id(0)], "title", "newer")
        #expect(try await site.push().isGood)
        #expect(await site.server.stop() == 0)
        try restore(file, into: site.destination)
        let server = try await TestServer(site.destination, port: site.server.port)
        let push = try await site.push("--policy", "fail")
        #expect(push.isGood && push.created == 2 && push.updated == 1 && push.conflicts == 0, "\(push)")
        #expect(try await site.destination.content().hashes == site.source.content().filtered.hashes)
        #expect(try await site.push().sent == 0)
        #expect(await server.stop() == 0)
    }

    /// A source as it was before it sent a newer version of one item, and another item; both are at the destination alone
    /// now.
    private func restoredSource() async throws -> (site: Site, newer: [String: JSONDocument]) {
        let site = try await Site.make(articles: 5)
        #expect(try await site.push().isGood)
        let file = try await backup(site.source)
        try await site.source.edit("content/articles", [Articles.id(0)], "title", "newer")
        try await site.source.take(Articles.make(1, from: 20))
        #expect(try await site.push().isGood)
        let newer = try await site.destination.content()
        try restore(file, into: site.source)
        return (site, newer)
    }

    private let edited = "content/articles/\(Articles.id(0))"
    private let added = "content/articles/\(Articles.id(20))"

    @Test func anOlderSourceOverwritesNothingSilently() async throws {
        let (site, newer) = try await restoredSource()
        let plan = try await site.source.report("plan")
        #expect(plan.updated == 1 && plan.conflicts == 1, "\(plan)")
        let push = try await site.push()
        let there = try await site.destination.content()
        #expect(push.isGood && there[edited]?.hash != newer[edited]?.hash, "\(push)")
        #expect(push.conflictList.map { "\($0.kind)/\($0.id)" } == [edited], "\(push)")
        #expect(there[added] != nil, "\(push)")
        try await site.destination.run("rollback", push.run)
        #expect(try await site.destination.content().hashes == newer.hashes)
    }

    @Test func anOlderSourceThatMirrorsTellsWhatItDeletes() async throws {
        let (site, newer) = try await restoredSource()
        let push = try await site.push("--mirror")
        let there = try await site.destination.content()
        #expect(push.isGood && there[added] == nil, "\(push)")
        #expect(Set(push.conflictList.map { "\($0.kind)/\($0.id)" }) == [edited, added], "\(push)")
        try await site.destination.run("rollback", push.run)
        #expect(try await site.destination.content().hashes == newer.hashes)
    }

    @Test(arguments: ["target", "park", "fail", "merge-fields"])
    func aPolicyDecidesWhatAnOlderSourceMayOverwrite(policy: String) async throws {
        let (site, newer) = try await restoredSource()
        let push = try await site.push("--policy", policy, "--mirror")
        let there = try await site.destination.content()
        #expect(push.isGood == (policy != "fail"), "\(push)")
        #expect(there.hashes == newer.hashes, "\(push)")
    }

    @Test func anIdentityIsNotRenewedUnderAServer() async throws {
        let site = try await Site.make(articles: 1)
        let refused = try await site.destination.attempt("init", "--new-identity")
        #expect(refused.status == 75 && refused.errors.contains("server"), "\(refused)")
        #expect(try await site.push().isGood)
        #expect(await site.server.stop() == 0)
        #expect(try await site.destination.run("init", "--new-identity").contains("is now"))
        #expect(try await site.destination.json(Verified.self, "verify", "--deep").ok)
    }

    private struct Verified: Decodable { var ok: Bool }
}
