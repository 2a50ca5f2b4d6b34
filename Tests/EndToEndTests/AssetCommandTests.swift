import ContentModel
import Foundation
import Testing
import TidelockTestSupport

@Suite("Assets on the command line", .story)
struct AssetCommandTests {
    private static let fixture = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/cockpit")
    private static let photo = fixture.appending(
        path: "storage/uploads/2026/11/23/konigsallee_uid_6b03f58adeee1.png")

    private func file(_ name: String, _ text: String) throws -> URL {
        let url = Story.current.folder.appending(path: name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: url, atomically: true, encoding: .utf8)
        return url
    }

    /// Where a web server finds the file of an asset.
    private func upload(_ asset: JSONDocument, of instance: RealInstance) throws -> URL {
        let path = try #require(asset.string("path"))
        return instance.storage.appending(path: "uploads").appending(path: String(path.dropFirst()))
    }

    private func added(_ instance: RealInstance, _ arguments: String...) async throws -> [JSONDocument] {
        let ending = try await instance.start(["asset", "add", "--json"] + arguments).ending()
        guard ending.status == 0 else { throw CommandFailed(arguments: arguments, ending: ending) }
        return try JSONDocument(validating: ending.output).elements
    }

    private func only(_ assets: [JSONDocument]) throws -> (asset: JSONDocument, id: String) {
        let asset = try #require(assets.first)
        #expect(assets.count == 1)
        return (asset, try #require(asset.string("_id")))
    }

    private func lastRun(of instance: RealInstance) async throws -> String {
        struct Row: Decodable { var id: String }
        return try #require(try await instance.json([Row].self, "runs").first?.id)
    }

    @Test func aFileIsAddedServedRemovedAndComesBack() async throws {
        let instance = try await RealInstance.make("a")
        let bytes = try Data(contentsOf: Self.photo)
        let (asset, id) = try only(
            try await added(instance, Self.photo.path, "--folder", "Photos/2026", "--create-folders", "--title", "Kö"))
        #expect(asset.string("title") == "Kö" && asset.string("mime") == "image/png")
        #expect(asset.integer("width") == 640 && asset.integer("height") == 480)
        #expect(asset.string("_hash") == "ba669b31b249ed3cd57b45552333312e")
        #expect(asset.string("_sha256") == sha256([UInt8](bytes)).hex)
        #expect(id.wholeMatch(of: /[0-9a-f]{24}/) != nil)
        #expect(asset.string("path")?.wholeMatch(of: /\/\d{4}\/\d\d\/\d\d\/[a-z0-9_-]+_uid_[0-9a-f]{13}\.png/) != nil)
        #expect(try await instance.run("asset", "ls", "--folder", "Photos/2026").contains(id))
        #expect(try await instance.run("asset", "folders").contains("Photos/2026"))
        #expect(try await instance.run("asset", "get", id).contains("640 x 480"))
        let copy = Story.current.folder.appending(path: "copy.png")
        try await instance.run("asset", "get", id, "--output", copy.path)
        #expect(try Data(contentsOf: copy) == bytes)
        let served = try upload(asset, of: instance)
        #expect(try Data(contentsOf: served) == bytes)
        #expect(try await instance.run("asset", "rm", id) == "removed assets/\(id)\n")
        #expect(!FileManager.default.fileExists(atPath: served.path))
        #expect(try await instance.attempt("asset", "get", id).status == 66)
        try await instance.run("rollback", try await lastRun(of: instance))
        #expect(try await instance.item("assets", id) == asset)
        #expect(try Data(contentsOf: served) == bytes)
    }

    /// Only a command that makes folders tells how they are made.
    @Test func aFolderThatIsNotThere() async throws {
        let instance = try await RealInstance.make("a")
        for command in [["ls", "--folder", "Nope"], ["mkdir", "2026", "--in", "Nope"]] {
            let ending = try await instance.start(["asset"] + command).ending()
            #expect(ending.status == 66 && ending.output.isEmpty, "\(command): \(ending)")
            #expect(ending.errors.contains("There is no folder 'Nope'."), "\(command): \(ending)")
            #expect(ending.errors.hasSuffix("\nTry: 'tidelock asset folders' lists them.\n"), "\(command): \(ending)")
        }
        let added = try await instance.attempt("asset", "add", Self.photo.path, "--folder", "Nope")
        #expect(added.status == 66 && added.errors.contains("--create-folders makes those"), "\(added)")
    }

    @Test func aNewFileKeepsTheIdAndReachesTheCopies() async throws {
        let instance = try await RealInstance.make("a")
        let (old, id) = try only(try await added(instance, try file("old.txt", "old words").path))
        try await instance.put(
            "content/posts",
            JSONDocument.emptyObject.setting("_id", to: JSONDocument(string: "p")).setting("file", to: old))
        let (new, newID) = try only(try await added(instance, try file("new.csv", "a,b").path, "--replace", id))
        #expect(newID == id && new.string("path") != old.string("path") && new.string("mime") == "text/csv")
        #expect(new.string("title") == old.string("title"))
        #expect(try await instance.item("content/posts", "p").member("file") == new)
        try await instance.run("asset", "rm", id)
        #expect(try await instance.item("content/posts", "p").member("file") == .null)
        try await instance.run("rollback", try await lastRun(of: instance))
        #expect(try await instance.item("content/posts", "p").member("file") == new)
    }

    @Test func theSameBytesMakeAnotherAsset() async throws {
        let instance = try await RealInstance.make("a")
        let both = try await added(instance, Self.photo.path, Self.photo.path)
        #expect(both.count == 2 && Set(both.compactMap { $0.string("_id") }).count == 2)
        #expect(Set(both.compactMap { $0.string("path") }).count == 2)
        #expect(Set(both.compactMap { $0.string("_sha256") }).count == 1)
        try await instance.run("asset", "rm", try #require(both[0].string("_id")))
        #expect(FileManager.default.fileExists(atPath: try upload(both[1], of: instance).path))
    }

    @Test func oneFileThatMustNotBeTakenStopsThemAll() async throws {
        let instance = try await RealInstance.make("a")
        let fine = try file("fine.txt", "words").path
        for (name, text) in [
            ("page.txt", "<!DOCTYPE html><p>"), ("x.jpg", "<?php echo 1;"), ("run.sh", "ls"), ("a.php", "x"),
        ] {
            let ending = try await instance.attempt("asset", "add", fine, try file(name, text).path)
            #expect(ending.status == 65 && ending.errors.contains(name), "\(ending)")
        }
        let missing = try await instance.attempt("asset", "add", fine, "/nowhere/at-all.txt")
        #expect(missing.status == 66 && missing.errors.contains("at-all.txt"), "\(missing)")
        let folderless = try await instance.attempt("asset", "add", fine, "--folder", "Nowhere")
        #expect(folderless.status == 66 && folderless.errors.contains("Nowhere"), "\(folderless)")
        #expect(try await instance.kinds() == [])
    }

    @Test func foldersAreTakenOnlyWhenThatIsAsked() async throws {
        let instance = try await RealInstance.make("a")
        let root = try file("trip/day one/a.txt", "a").deletingLastPathComponent().deletingLastPathComponent()
        _ = try file("trip/b.txt", "b")
        _ = try file("trip/.hidden.txt", "c")
        let refused = try await instance.attempt("asset", "add", root.path)
        #expect(refused.status == 64 && refused.errors.contains("trip"), "\(refused)")
        try await instance.run("asset", "mkdir", "Photos")
        let assets = try await added(instance, root.path, "--recursive", "--folder", "Photos")
        #expect(Set(assets.compactMap { $0.string("title") }) == ["a", "b"])
        let folders = try await instance.run("asset", "folders")
        #expect(folders.contains("Photos/trip/day one"), "\(folders)")
        #expect(try await instance.run("asset", "ls", "--folder", "Photos/trip/day one").contains("text/plain"))
        try FileManager.default.createSymbolicLink(
            at: root.appending(path: "link.txt"), withDestinationURL: URL(filePath: "/etc/passwd"))
        let linked = try await instance.attempt("asset", "add", root.path, "--recursive")
        #expect(linked.status == 64 && linked.errors.contains("link.txt"), "\(linked)")
    }

    // MARK: Import and export

    private func hashes(of files: URL) throws -> [String: String] {
        var found: [String: String] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: files.path) {
            guard let bytes = try? Data(contentsOf: files.appending(path: path)) else { continue }
            found[path] = sha256([UInt8](bytes)).hex
        }
        return found
    }

    @Test func aCockpitInstallationComesWithItsFilesAndLeavesByAFolder() async throws {
        let instance = try await RealInstance.make("a")
        try await instance.run("import", "cockpit", Self.fixture.path)
        let files = try hashes(of: Self.fixture.appending(path: "storage/uploads"))
        #expect(files.count == 12)
        #expect(try hashes(of: instance.storage.appending(path: "uploads")) == files)
        let assets = try await instance.content().filter {
            $0.key.hasPrefix("assets/") && $0.value.member("path") != nil
        }
        #expect(assets.count == 12)
        for asset in assets.values {
            #expect(asset.keys.last == "_sha256")
            #expect(asset.string("_sha256") == files[String(try #require(asset.string("path")).dropFirst())])
        }
        let folder = Story.current.folder.appending(path: "export")
        try await instance.run("export", folder.path)
        #expect(try hashes(of: folder.appending(path: "uploads")) == files)
        let copy = try await RealInstance.make("b")
        try await copy.run("import", folder.path)
        #expect(try await copy.kinds() == instance.kinds())
        #expect(try hashes(of: copy.storage.appending(path: "uploads")) == files)
    }

    @Test func anExportedFolderWithoutOneOfItsFilesIsRefused() async throws {
        let instance = try await RealInstance.make("a")
        let (asset, _) = try only(try await added(instance, try file("a.txt", "words").path))
        let folder = Story.current.folder.appending(path: "export")
        try await instance.run("export", folder.path)
        let path = try #require(asset.string("path"))
        let exported = folder.appending(path: "uploads").appending(path: String(path.dropFirst()))
        let copy = try await RealInstance.make("b")
        try "others".write(to: exported, atomically: true, encoding: .utf8)
        let altered = try await copy.attempt("import", folder.path)
        #expect(altered.status == 65 && altered.errors.contains(path), "\(altered)")
        try FileManager.default.removeItem(at: exported)
        let missing = try await copy.attempt("import", folder.path)
        #expect(missing.status == 66 && missing.errors.contains(path), "\(missing)")
        try FileManager.default.createSymbolicLink(at: exported, withDestinationURL: URL(filePath: "/etc/hostname"))
        let linked = try await copy.attempt("import", folder.path)
        #expect(linked.status == 65 && linked.errors.contains(path), "\(linked)")
        #expect(try await copy.kinds() == [])
    }

    @Test func whatCouldNotBePutIntoItsPlaceIsWhenAServerStarts() async throws {
        let instance = try await RealInstance.make("a")
        let uploads = instance.storage.appending(path: "uploads")
        try "in the way".write(to: uploads, atomically: true, encoding: .utf8)
        let (asset, _) = try only(try await added(instance, Self.photo.path))
        let place = try upload(asset, of: instance)
        #expect(try await instance.log("assets").contains { $0.type == "error" && $0.message.contains("uploads") })
        try FileManager.default.removeItem(at: uploads)
        let server = try await TestServer(instance)
        #expect(try Data(contentsOf: place) == Data(contentsOf: Self.photo))
        #expect(await server.stop() == 0)
    }

    @Test func aCockpitFileThatIsAnotherIsRefusedOrLeftOut() async throws {
        let installation = Story.current.folder.appending(path: "cockpit")
        try FileManager.default.copyItem(at: Self.fixture, to: installation)
        let uploads = installation.appending(path: "storage/uploads/2026/11/23")
        try FileManager.default.removeItem(at: uploads.appending(path: "hausordnung-final_uid_6b03f58b8b5ac.pdf"))
        let instance = try await RealInstance.make("a")
        let missing = try await instance.attempt("import", "cockpit", installation.path)
        #expect(missing.status == 65 && missing.errors.contains("hausordnung-final"), "\(missing)")
        try "another file".write(
            to: uploads.appending(path: "tiny-dot_uid_6b03f58b462c5.png"), atomically: true, encoding: .utf8)
        let ending = try await instance.attempt("import", "cockpit", installation.path, "--skip-problems")
        #expect(ending.status == 0, "\(ending)")
        #expect(ending.errors.contains("hausordnung-final") && ending.errors.contains("tiny-dot"), "\(ending)")
        #expect(try await instance.kinds().first { $0.kind == "assets" }?.items == 10)
    }
}
