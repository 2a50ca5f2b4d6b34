import ContentModel
import CurlHTTP
import SyncEngine
import SyncProtocol
import SyncServer
import Testing

@Suite("Assets over HTTP")
struct AssetTests {
    private static let reader = ("api-key", "api-key-1")
    private static let writer = ("api-key", "api-key-2")
    private static let file = "/api/assets/letters/file"

    private func get(
        _ path: String = file, _ headers: (String, String)..., method: String = "GET", in world: World = World()
    ) async throws -> HTTPResponse {
        let headers = [Self.reader] + headers
        return try await world.serve { try await $0.send(method, path, headers: headers) }
    }

    // MARK: Reading

    @Test func anAssetIsShownAsItIsStored() async throws {
        let world = World()
        let response = try await get("/api/assets/letters", in: world)
        #expect(response.status == 200)
        #expect(response.text == world.assets.document("letters")?.text)
        #expect(try await get("/api/assets/other").code == "unknown_item")
    }

    @Test(arguments: ["/api/assets/letters/file", "/storage/uploads/2026/letters"])
    func aFileIsSentWithAllThatIsKnownOfIt(path: String) async throws {
        let world = World()
        let response = try await get(path, in: world)
        #expect(response.status == 200 && response.text == FakeAssets.text)
        #expect(response.header("etag") == "\"\(world.assets.blob.hash.hex)\"")
        #expect(response.header("last-modified") == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(response.header("accept-ranges") == "bytes" && response.header("content-length") == "10")
        #expect(response.header("content-type") == "text/plain")
        #expect(response.header("x-content-type-options") == "nosniff")
        #expect(response.header("cache-control") == "private, no-cache")
        #expect(response.header("content-security-policy") == nil)
    }

    @Test(arguments: [
        ("bytes=2-4", "cde", "bytes 2-4/10"), ("bytes=7-", "hij", "bytes 7-9/10"), ("bytes=-1", "j", "bytes 9-9/10"),
        ("bytes=8-100", "ij", "bytes 8-9/10"),
    ])
    func aPartIsSent(range: String, text: String, place: String) async throws {
        let response = try await get(Self.file, ("Range", range))
        #expect(response.status == 206 && response.text == text)
        #expect(response.header("content-range") == place)
        #expect(response.header("content-length") == "\(text.utf8.count)")
        #expect(response.header("etag") != nil && response.header("content-type") == "text/plain")
    }

    @Test func severalPartsAreTheWholeFile() async throws {
        let response = try await get(Self.file, ("Range", "bytes=0-1,3-4"))
        #expect(response.status == 200 && response.text == FakeAssets.text)
    }

    @Test func aPartBehindTheEndIsRefusedWithTheSize() async throws {
        let response = try await get(Self.file, ("Range", "bytes=10-"))
        #expect(response.status == 416 && response.body.isEmpty)
        #expect(response.header("content-range") == "bytes */10")
        #expect(response.header("content-type") == nil)
    }

    @Test func whatIsKnownIsNotSentAgain() async throws {
        let world = World()
        let tag = "\"\(world.assets.blob.hash.hex)\""
        let known = try await get(Self.file, ("If-None-Match", tag), in: world)
        #expect(known.status == 304 && known.body.isEmpty && known.header("etag") == tag)
        let same = try await get(Self.file, ("If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"), in: world)
        #expect(same.status == 304)
        let other = try await get(Self.file, ("If-None-Match", "\"other\""), in: world)
        #expect(other.status == 200 && other.text == FakeAssets.text)
        let only = try await get(Self.file, ("If-Match", "\"other\""), in: world)
        #expect(only.status == 412 && only.body.isEmpty)
    }

    @Test func aPartIsContinuedOnlyOfTheSameBytes() async throws {
        let world = World()
        let tag = "\"\(world.assets.blob.hash.hex)\""
        let same = try await get(Self.file, ("Range", "bytes=2-4"), ("If-Range", tag), in: world)
        #expect(same.status == 206 && same.text == "cde")
        let other = try await get(Self.file, ("Range", "bytes=2-4"), ("If-Range", "\"other\""), in: world)
        #expect(other.status == 200 && other.text == FakeAssets.text)
    }

    @Test func headTellsTheSameWithoutTheBytes() async throws {
        let response = try await get(Self.file, ("Range", "bytes=2-4"), method: "HEAD")
        #expect(response.status == 200 && response.body.isEmpty)
        #expect(response.header("content-length") == "10" && response.header("content-type") == "text/plain")
        let missing = try await get("/storage/uploads/2026/none", method: "HEAD")
        #expect(missing.status == 404 && missing.body.isEmpty)
    }

    @Test func whatABrowserMightRunIsCagedOrBytes() async throws {
        let drawing = try await get("/api/assets/drawing/file")
        #expect(drawing.header("content-type") == "image/svg+xml")
        #expect(drawing.header("content-security-policy") == "sandbox")
        #expect(try await get("/api/assets/page/file").header("content-type") == "application/octet-stream")
    }

    @Test func everyAnswerKeepsBrowsersFromGuessing() async throws {
        for path in ["/api/assets/letters", "/api/health", "/api/nothing"] {
            #expect(try await get(path).header("x-content-type-options") == "nosniff", "\(path)")
        }
    }

    @Test(arguments: [
        "/storage/uploads", "/storage/uploads/", "/storage/uploads/2026", "/storage/uploads/2026/../2026/letters",
        "/storage/uploads/%2e%2e/uploads/2026/letters", "/storage/uploads/..%2f..%2f..%2fetc%2fpasswd",
        "/storage/uploads//2026/letters", "/storage//uploads/2026/letters", "/storage/uploads/2026/letters/",
        "/storage/uploads/2026/letters%00", "/storage/uploads/%FF", "/storage/uploads/./2026/letters",
        "/storage/tidelock.sqlite", "/storage/uploads/../tidelock.sqlite", "/.env",
    ])
    func noOtherSpellingLeadsAnywhere(path: String) async throws {
        let head = try await get(path)
        #expect(head.status == 404 && head.code == "not_found", "\(path)")
    }

    @Test func bytesThatAreNotHereAreNoEmptyFile() async throws {
        let world = World()
        try world.assets.loseBlob()
        let response = try await get(in: world)
        #expect(response.code == "blob_missing" && response.status >= 400)
    }

    // MARK: Who may

    @Test func readingNeedsAKeyUnlessTheContentIsPublic() async throws {
        let paths = ["/api/assets/letters", Self.file, "/storage/uploads/2026/letters"]
        try await World().serve { caller in
            for path in paths {
                let response = try await caller.send("GET", path)
                #expect(response.status == 401 && response.code == "bad_api_key")
            }
        }
        var world = World()
        world.configuration.publicContentAPI = true
        try await world.serve { caller in
            for path in paths {
                let response = try await caller.send("GET", path)
                #expect(response.status == 200, "\(path)")
            }
            let file = try await caller.send("GET", Self.file)
            #expect(file.header("cache-control") == "no-cache")
        }
    }

    @Test(arguments: [false, true])
    func changingNeedsAKeyThatMayWrite(isPublic: Bool) async throws {
        var world = World()
        world.configuration.publicContentAPI = isPublic
        try await world.serve { caller in
            for (method, path) in [("POST", "/api/assets?name=a.txt"), ("DELETE", "/api/assets/letters")] {
                let body: [UInt8]? = method == "POST" ? [1] : nil
                let nobody = try await caller.send(method, path, body: body)
                #expect(nobody.status == 401 && nobody.code == "bad_api_key")
                let reader = try await caller.send(method, path, headers: [Self.reader], body: body)
                #expect(reader.status == 403 && reader.code == "permission_denied")
            }
        }
        #expect(world.assets.additions.isEmpty && world.assets.removals.isEmpty)
        #expect(try world.assets.leftovers.isEmpty)
        let refused = world.audit.entries.filter { $0.failure == .permissionDenied }
        #expect(!refused.isEmpty && refused.allSatisfy { $0.principal.id == "apikey:reader" }, "\(refused)")
    }

    // MARK: Changing

    private func post(
        _ query: String, _ body: [UInt8], _ headers: [(String, String)] = [], in world: World
    ) async throws -> HTTPResponse {
        try await world.serve {
            try await $0.send("POST", "/api/assets\(query)", headers: [Self.writer] + headers, body: body)
        }
    }

    @Test func theBodyBecomesAnAsset() async throws {
        let world = World()
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let response = try await post("?name=a%20b.txt&title=T%26x&folder=f1", bytes, in: world)
        #expect(response.status == 201 && response.text == #"{"title":"T&x","_id":"new 1"}"#)
        #expect(response.header("location") == "/api/assets/new%201")
        let added = try #require(world.assets.additions.first)
        #expect(added.upload.name == "a b.txt" && added.upload.title == "T&x" && added.upload.folder == "f1")
        #expect(added.bytes == bytes)
        #expect(try world.assets.leftovers.isEmpty)
    }

    @Test func anEmptyFileIsAFile() async throws {
        let world = World()
        let response = try await post("?name=a.txt&title=&folder=", [], in: world)
        #expect(response.status == 201, "\(response.text)")
        #expect(world.assets.additions.map(\.bytes) == [[]])
        #expect(world.assets.additions.first?.upload.title == nil && world.assets.additions.first?.upload.folder == nil)
    }

    @Test(arguments: [
        ("", "usage"), ("?name=", "usage"), ("?name=" + String(repeating: "a", count: 256), "usage"),
        ("?name=x.php", "invalid_asset"), ("?name=x.jpg.PHP", "invalid_asset"), ("?name=.htaccess", "invalid_asset"),
    ])
    func aNameThatCannotBeIsRefusedBeforehand(query: String, code: String) async throws {
        let world = World()
        #expect(try await post(query, [1, 2, 3], in: world).code == code)
        #expect(world.assets.additions.isEmpty)
        #expect(try world.assets.leftovers.isEmpty)
    }

    @Test func aFullDiskRefusesBeforehand() async throws {
        let world = World()
        world.assets.fillDisk()
        let response = try await post("?name=a.txt", [1, 2, 3], in: world)
        #expect(response.status == 507 && response.code == "disk_full")
        #expect(try world.assets.leftovers.isEmpty)
    }

    @Test func anAssetIsRemoved() async throws {
        let world = World()
        try await world.serve { caller in
            let response = try await caller.send("DELETE", "/api/assets/letters", headers: [Self.writer])
            #expect(response.status == 204 && response.body.isEmpty)
            let missing = try await caller.send("DELETE", "/api/assets/other", headers: [Self.writer])
            #expect(missing.status == 404 && missing.code == "unknown_item")
        }
        #expect(world.assets.removals == ["letters"])
    }
}
