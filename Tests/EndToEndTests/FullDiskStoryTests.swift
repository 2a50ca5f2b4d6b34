import ContentModel
import Foundation
import Testing
import TidelockTestSupport

/// A destination whose disk is too small for a run.
@Suite(
    "A disk that a run fills", .story, .enabled(if: PrivateMount.isPermitted, "file systems may not be mounted here"))
struct FullDiskStoryTests {
    /// A site whose server has a store in a small file system that nobody else sees.
    private func site(size: String) async throws -> (site: Site, server: TestServer) {
        let site = try await Site.make()
        #expect(await site.server.stop() == 0)
        let folder = site.destination.folder.appending(path: "storage")
        let words = PrivateMount(folder: folder.path, options: "size=\(size)").words
        let server = try await TestServer(site.destination, within: words)
        try await site.source.target(site.destination, at: server.port)
        return (site, server)
    }

    /// What did not fit is given up, so that what fits finds room, again and again.
    @Test func whatDoesNotFitLeavesRoomForWhatDoes() async throws {
        let (site, server) = try await site(size: "24m")
        try await site.source.take(Articles.make(5_000, bytes: 5_000))
        for _ in 1...2 {
            let large = try await site.push()
            #expect(large.exit == 74 && large.error?.code == "disk_full", "\(large)")
        }
        let report = try await site.push("--items", "articles/\(Articles.id(7))")
        #expect(report.isGood && report.created == 1, "\(report)")
        await server.stop()
    }
}
