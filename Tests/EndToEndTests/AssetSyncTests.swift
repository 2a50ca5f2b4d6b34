import ContentModel
import Foundation
import Testing
import TidelockTestSupport

@Suite("Assets and their files between instances", .story)
struct AssetSyncTests {
    /// What a run sends and receives besides files.
    private let overhead = 40_000

    @Test func filesTravelOnceInBothDirectionsAndAreEqual() async throws {
        let site = try await Site.make()
        let large = try AssetFixture.file("large.bin", bytes: 9 << 20)
        let small = try AssetFixture.file("small.bin", bytes: 5_000, seed: 2)
        let empty = try AssetFixture.file("empty.txt", bytes: 0)
        let assets = try await site.source.addAssets(large, small, empty)
        // Bytes that two assets share travel once.
        _ = try await site.source.addAssets(small)
        let push = try await site.push()
        #expect(push.isGood && push.created == 4, "\(push)")
        #expect((9 << 20..<(9 << 20) + 5_000 + overhead).contains(push.bytesSent), "\(push.bytesSent)")
        let uploads = try site.source.uploads()
        #expect(uploads.count == 4)
        #expect(try site.destination.uploads() == uploads)
        let again = try await site.push()
        #expect(again.isGood && again.roundTrips == 1 && again.bytesSent < 4_096, "\(again)")
        // A third instance fetches what the second received.
        let third = try await RealInstance.make("edge")
        try await third.target(site.destination, at: site.server.port)
        let pull = try await third.report("pull")
        #expect(pull.isGood && pull.created == 4 && pull.bytesReceived < (9 << 20) + 5_000 + overhead, "\(pull)")
        #expect(try third.uploads() == uploads)
        #expect(try await third.run("verify", "--deep").contains("4 files"))
        #expect(try await third.item("assets", assets[0].string("_id") ?? "") == assets[0])
        #expect(await site.server.stop() == 0)
    }

    @Test(arguments: [true, false])
    func aMissingOrDamagedFileIsAnErrorThatNamesIt(isMissing: Bool) async throws {
        let site = try await Site.make()
        let assets = try await site.source.addAssets(
            try AssetFixture.file("good.bin", bytes: 3_000), try AssetFixture.file("bad.bin", bytes: 50_000, seed: 2))
        let blob = site.source.blob(assets[1])
        if isMissing {
            try FileManager.default.removeItem(at: blob)
        } else {
            let handle = try FileHandle(forUpdating: blob)
            try handle.seek(toOffset: 40_000)
            let byte = try #require(try handle.read(upToCount: 1)?.first)
            try handle.seek(toOffset: 40_000)
            try handle.write(contentsOf: [byte ^ 4])
            try handle.close()
        }
        let push = try await site.push()
        #expect(push.exit == 65 && push.error?.code == (isMissing ? "blob_missing" : "blob_damaged"), "\(push)")
        let path = try #require(assets[1].string("path"))
        #expect(push.error?.message.contains(path) == true, "\(push)")
        #expect(try site.destination.uploads().isEmpty)
        #expect(try await site.destination.kinds().allSatisfy { $0.items == 0 })
        #expect(!FileManager.default.fileExists(atPath: site.destination.blob(assets[1]).path))
        let verification = try await site.source.attempt("verify", "--deep")
        #expect(verification.status == 74 && verification.output.contains(path), "\(verification)")
        #expect(await site.server.stop() == 0)
    }

    @Test func bytesThatChangeOnTheirWayAreNeverTaken() async throws {
        let site = try await Site.make()
        let file = Story.current.folder.appending(path: "marked.bin")
        let mark = Array("these words change on their way".utf8)
        try Data((0..<2_000).flatMap { _ in mark }).write(to: file)
        _ = try await site.source.addAssets(file)
        let proxy = try RecordingProxy(to: site.server.port, keepsBytes: false)
        try await site.source.target(site.destination, at: proxy.port)
        proxy.spoil { bytes, _ in
            guard let found = bytes.firstRange(of: mark) else { return }
            bytes[found.lowerBound] ^= 1
        }
        let push = try await site.push()
        #expect(push.exit == 65 && push.error?.code == "blob_damaged", "\(push)")
        #expect(try site.destination.uploads().isEmpty)
        #expect(try await site.destination.kinds().allSatisfy { $0.items == 0 })
        try await site.source.target(site.destination, at: site.server.port)
        let again = try await site.push()
        #expect(again.isGood && again.created == 1, "\(again)")
        #expect(try site.destination.uploads() == site.source.uploads())
        #expect(await site.server.stop() == 0)
    }

    @Test func aRunIsTakenBackWithItsFilesAndAMirrorRemovesThem() async throws {
        let site = try await Site.make()
        let assets = try await site.source.addAssets(
            try AssetFixture.file("one.bin", bytes: 2_000), try AssetFixture.file("two.bin", bytes: 2_000, seed: 2))
        let push = try await site.push()
        #expect(push.isGood)
        let before = try site.destination.uploads()
        try await site.source.run("asset", "rm", try #require(assets[0].string("_id")))
        let mirror = try await site.push("--mirror")
        #expect(mirror.isGood && mirror.deleted == 1, "\(mirror)")
        #expect(try site.destination.uploads() == site.source.uploads())
        // The file is kept for as long as the run can be taken back.
        _ = try await site.destination.run("gc")
        try await site.destination.run("rollback", mirror.run)
        #expect(try site.destination.uploads() == before)
        try await site.destination.run("rollback", push.run)
        #expect(try site.destination.uploads().isEmpty)
        #expect(try await site.destination.run("verify", "--deep").contains("0 files"))
        #expect(await site.server.stop() == 0)
    }

    @Test func selectionsAndHandlersDecideWhichFilesTravel() async throws {
        let site = try await Site.make()
        try site.source.hook(
            "10-assets.lua",
            """
            app.on("sync.assets.before", function(assets, ctx)
              for _, asset in ipairs(assets) do
                if asset.title == "secret" then ctx.drop(asset, "internal") else asset.altText = "shown" end
              end
            end)
            """)
        let assets = try await site.source.addAssets(
            try AssetFixture.file("secret.bin", bytes: 300_000, seed: 1),
            try AssetFixture.file("small.bin", bytes: 1_000, seed: 2),
            try AssetFixture.file("large.bin", bytes: 200_000, seed: 3))
        let jobs = Story.current.folder.appending(path: "jobs.json")
        try #"[{"name": "assets", "syncSettings": {"skipLargeFiles": true, "maxFileSize": 100000}}]"#
            .write(to: jobs, atomically: true, encoding: .utf8)
        let small = try await site.push("--jobs", jobs.path)
        #expect(small.isGood && small.created == 1 && small.bytesSent < 1_000 + overhead, "\(small)")
        let rest = try await site.push("--only", "assets")
        #expect(rest.isGood && rest.created == 1 && rest.bytesSent < 200_000 + overhead, "\(rest)")
        let there = try await site.destination.item("assets", try #require(assets[1].string("_id")))
        #expect(there.string("altText") == "shown")
        #expect(try site.destination.uploads().count == 2)
        #expect(!FileManager.default.fileExists(atPath: site.destination.blob(assets[0]).path))
        #expect(await site.server.stop() == 0)
    }

    @Test(arguments: [true, false])
    func aKilledProcessCostsNoMoreThanAPartOfTheFile(isDestination: Bool) async throws {
        let site = try await Site.make()
        let size = 48 << 20
        let assets = try await site.source.addAssets(try AssetFixture.file("large.bin", bytes: size))
        let arriving = site.destination.storage.appending(
            path: "blobs/arriving/\(assets[0].string(AssetFile.hashMember) ?? "?")")
        func arrived() -> Int {
            (try? FileManager.default.attributesOfItem(atPath: arriving.path)[.size] as? Int) ?? 0
        }
        let push = try site.source.start(["push", "production", "--json"])
        try await eventually("some of the file is there") { arrived() > 12 << 20 || push.hasEnded }
        var server = site.server
        if isDestination {
            await server.kill()
            server = try await TestServer(site.destination, port: site.server.port)
        } else {
            push.send(SIGKILL)
        }
        _ = await push.ending()
        let kept = arrived()
        let again = try await site.push()
        #expect(again.isGood, "\(again)")
        // A push that found the restarted server by itself has sent everything.
        if kept > 0 {
            #expect(again.bytesSent < size - kept + (8 << 20) + overhead, "\(again.bytesSent), \(kept) kept")
        }
        #expect(try site.destination.uploads() == site.source.uploads())
        #expect(await server.stop() == 0)
    }
}
