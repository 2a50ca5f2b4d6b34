import ContentModel
import Foundation
import Testing
import TidelockTestSupport

@Suite("Content on the command line", .story)
struct ContentCommandTests {
    private static let fixture = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/cockpit")

    @Test func anExportedFolderImportsToTheSameContent() async throws {
        let original = try await RealInstance.make("a")
        try await original.run("import", "cockpit", Self.fixture.path)
        let folder = Story.current.folder.appending(path: "export").path
        try await original.run("export", folder)
        let copy = try await RealInstance.make("b")
        try await copy.run("import", folder)
        #expect(try await copy.content().hashes == original.content().hashes)
        #expect(try await copy.kinds() == original.kinds())
    }

    @Test("T91: an exported stream imports byte for byte")
    func anExportedStreamImportsByteForByte() async throws {
        let original = try await RealInstance.make("a")
        try await original.run("import", "cockpit", Self.fixture.path)
        let file = Story.current.folder.appending(path: "all.ndjson")
        let stream = try await original.run("export")
        try stream.write(to: file, atomically: true, encoding: .utf8)
        let copy = try await RealInstance.make("b")
        // A stream holds no files, and without them there are no assets.
        let refused = try await copy.attempt("import", file.path)
        #expect(refused.status == 65 && refused.errors.contains("export DIR"), "\(refused)")
        let rest = stream.split(separator: "\n").filter { !$0.hasPrefix(#"{"kind":"assets","#) }
        try rest.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
        try await copy.run("import", file.path)
        let expected = try await original.content().filter { !$0.key.hasPrefix("assets/6") }
        #expect(rest.count < stream.split(separator: "\n").count && rest.count == expected.count)
        #expect(try await copy.content().mapValues(\.bytes) == expected.mapValues(\.bytes))
    }

    private struct Imported: Decodable, Equatable {
        var created: Int
        var updated: Int
        var unchanged: Int
    }

    @Test func arraysAndLinesAreTakenIn() async throws {
        let instance = try await RealInstance.make("a")
        let file = Story.current.folder.appending(path: "items")
        let articles = Articles.make(4)
        try "[\(articles.prefix(3).map(\.text).joined(separator: ",\n"))]".write(
            to: file, atomically: true, encoding: .utf8)
        let array = try await instance.json(Imported.self, "import", file.path, "--model", "articles")
        #expect(array == Imported(created: 3, updated: 0, unchanged: 0))
        let edited = articles[0].setting("title", to: JSONDocument(string: "edited"))
        let lines = [edited, articles[1], articles[3]].map(\.text).joined(separator: "\n") + "\n\n"
        try lines.write(to: file, atomically: true, encoding: .utf8)
        let second = try await instance.json(Imported.self, "import", file.path, "--model", "articles")
        #expect(second == Imported(created: 1, updated: 1, unchanged: 1))
    }

    @Test func anImportThatFailsLeavesNothingBehind() async throws {
        let instance = try await RealInstance.make("a")
        try await instance.take(Articles.make(2))
        let before = try await instance.kinds()
        let file = Story.current.folder.appending(path: "items")
        let lines = Articles.make(2_500, from: 10).map(\.text) + ["{\"_id\": \"x\", \"title\": }"]
        try lines.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
        let ending = try await instance.attempt("import", file.path, "--model", "articles")
        #expect(ending.status == 65 && ending.errors.contains("items:2501"), "\(ending)")
        #expect(try await instance.kinds() == before)
    }

    @Test func aModelStandsForItsItemsOnceItIsHere() async throws {
        let instance = try await RealInstance.make("a")
        let early = try await instance.attempt("put", "notes", "-", input: #"{"_id":"x1"}"#)
        #expect(early.status == 66 && early.errors.contains("no kind 'notes'"), "\(early)")
        try await instance.put("models", try JSONDocument(validating: #"{"name":"notes"}"#))
        #expect(try await instance.run("put", "notes", "-", input: #"{"_id":"x1"}"#) == "created content/notes/x1\n")
        #expect(try await instance.run("ls", "notes").contains("x1"))
        #expect(try await instance.run("get", "notes", "x1", "--raw") == #"{"_id":"x1"}"# + "\n")
        #expect(try await instance.run("export", "--kind", "notes").contains("content/notes"))
        #expect(try await instance.run("drift", "--kind", "notes").contains("no drift"))
        #expect(try await instance.run("rm", "notes", "x1") == "removed content/notes/x1\n")
        #expect(try await instance.attempt("ls", "note").status == 66)
    }

    @Test func itemsCanBePutReadAndRemoved() async throws {
        let instance = try await RealInstance.make("a")
        let body = #"{ "_id" : "x1", "n": 12345678901234567890, "f": 1.0, "e": [], "o": {}, "s": "\u00e9" }"#
        #expect(try await instance.run("put", "content/notes", "-", input: body) == "created content/notes/x1\n")
        #expect(try await instance.run("put", "content/notes", "-", input: body) == "unchanged content/notes/x1\n")
        let raw = try await instance.run("get", "content/notes", "x1", "--raw")
        #expect(raw == #"{"_id":"x1","n":12345678901234567890,"f":1.0,"e":[],"o":{},"s":"\u00e9"}"# + "\n")
        #expect(try await instance.run("ls", "content/notes").contains("x1"))
        try await instance.run("rm", "content/notes", "x1")
        #expect(try await instance.attempt("get", "content/notes", "x1").status == 66)
        #expect(try await instance.attempt("rm", "content/notes", "x1").status == 66)
        let broken = try await instance.attempt("put", "content/notes", "-", input: "{\"_id\":\"x\",\"t\":\"\\ud800\"}")
        #expect(broken.status == 65 && broken.output.isEmpty, "\(broken)")
        let nameless = try await instance.attempt("put", "content/notes", "-", input: "{}")
        #expect(nameless.status == 65 && nameless.errors.contains("_id"), "\(nameless)")
    }
}
