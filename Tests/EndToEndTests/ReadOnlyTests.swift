import Foundation
import Testing
import TidelockTestSupport

@Suite("Instances that nobody can write to", .story)
struct ReadOnlyTests {
    @Test(.enabled(if: PrivateMount.isPermitted, "file systems may not be mounted here"), arguments: [true, false])
    func anInstanceOnAReadOnlyFileSystemIsRead(hasLockFile: Bool) async throws {
        let site = try await Site.make(articles: 1)
        let instance = site.source
        #expect(await site.server.stop() == 0)
        if !hasLockFile {
            try FileManager.default.removeItem(at: instance.storage.appending(path: "tidelock.sqlite.open"))
        }
        let words =
            PrivateMount.readOnly(instance.folder.path)
            + [RealInstance.tool.path, "-C", instance.folder.path, "get", "content/articles", Articles.id(0)]
        let ending = try await RunningTool(URL(filePath: words[0]), Array(words.dropFirst())).ending()
        #expect(ending.status == 0 && ending.output.contains(Articles.id(0)), "\(ending)")
    }
}
