import ContentModel
import Foundation
import Testing
import TidelockTestSupport

@Suite("Assets over HTTP", .story)
struct AssetServingTests {
    /// A server, and the keys of an application that may read and of one that may write.
    private struct Scene {
        let server: TestServer
        let reader: String
        let writer: String

        static func make() async throws -> Scene {
            let instance = try await RealInstance.make("production")
            func key(_ words: String...) async throws -> String {
                let ending = try await instance.start(["apikeys", "add"] + words).ending()
                guard ending.status == 0 else { throw CommandFailed(arguments: ["apikeys"], ending: ending) }
                return "api-key: " + ending.output.trimmingCharacters(in: .newlines)
            }
            return Scene(
                server: try await TestServer(instance), reader: try await key("reader"),
                writer: try await key("writer", "--write"))
        }

        var instance: RealInstance { server.instance }

        func send(
            _ request: String, _ headers: [String], body: [UInt8] = []
        ) async throws -> HTTPAnswer {
            let lines = ["\(request) HTTP/1.1", "Host: localhost", "Content-Length: \(body.count)"] + headers
            return try await HTTPAnswer.of(
                Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body, at: server.port)
        }

        func upload(_ name: String, _ text: String) async throws -> HTTPAnswer {
            try await send("POST /api/assets?name=\(name)", [writer], body: Array(text.utf8))
        }

        /// Every file that holds bytes of assets, whole or not.
        var blobs: [String] {
            let folder = instance.storage.appending(path: "blobs")
            let files = FileManager.default.enumerator(atPath: folder.path)
            return (files?.allObjects as? [String] ?? []).filter { name in
                var isFolder: ObjCBool = false
                return FileManager.default.fileExists(
                    atPath: folder.appending(path: name).path, isDirectory: &isFolder) && !isFolder.boolValue
            }
        }
    }

    private func text(_ value: JSONValue?) -> String? {
        if case .string(let text)? = value { text } else { nil }
    }

    @Test func whatIsUploadedIsReadByIDAndByPathUntilItIsRemoved() async throws {
        let scene = try await Scene.make()
        let added = try await scene.upload("Harbour%20at%20night.txt", "water and lights")
        let asset = try #require(added.json)
        #expect(added.status == 201 && text(asset["title"]) == "Harbour at night", "\(asset)")
        #expect(text(asset["mime"]) == "text/plain" && asset["size"] == .integer(16))
        let (id, path) = (try #require(text(asset["_id"])), try #require(text(asset["path"])))
        #expect(added.headers["location"] == "/api/assets/\(id)")
        #expect(try await scene.server.get("/api/assets/\(id)", headers: [scene.reader]).body == added.body)

        let places = ["/api/assets/\(id)/file", "/storage/uploads\(path)"]
        for place in places {
            let file = try await scene.server.get(place, headers: [scene.reader])
            #expect(file.status == 200 && file.body == Array("water and lights".utf8), "\(place)")
            let tag = try #require(file.headers["etag"])
            #expect(tag == "\"\(text(asset["_sha256"]) ?? "")\"")
            let known = try await scene.server.get(place, headers: [scene.reader, "If-None-Match: \(tag)"])
            #expect(known.status == 304 && known.body.isEmpty)
            let part = try await scene.server.get(place, headers: [scene.reader, "Range: bytes=10-"])
            #expect(part.status == 206 && part.body == Array("lights".utf8))
            #expect(part.headers["content-range"] == "bytes 10-15/16")
            let behind = try await scene.server.get(place, headers: [scene.reader, "Range: bytes=16-"])
            #expect(behind.status == 416 && behind.headers["content-range"] == "bytes */16")
        }

        #expect(try await scene.send("DELETE /api/assets/\(id)", [scene.writer]).status == 204)
        for place in places + ["/api/assets/\(id)"] {
            #expect(try await scene.server.get(place, headers: [scene.reader]).status == 404, "\(place)")
        }
        #expect(try await scene.send("DELETE /api/assets/\(id)", [scene.writer]).code == "unknown_item")
        let audit = try await scene.instance.run("audit")
        #expect(audit.contains("apikey:writer"), "\(audit)")
    }

    @Test func onlyTheRightKeyLetsIn() async throws {
        let scene = try await Scene.make()
        let id = try #require(text(try await scene.upload("a.txt", "water").json?["_id"]))
        #expect(try await scene.server.get("/api/assets/\(id)/file").code == "bad_api_key")
        for (request, body) in [("POST /api/assets?name=b.txt", "x"), ("DELETE /api/assets/\(id)", "")] {
            let nobody = try await scene.send(request, [], body: Array(body.utf8))
            #expect(nobody.status == 401 && nobody.code == "bad_api_key")
            let reader = try await scene.send(request, [scene.reader], body: Array(body.utf8))
            #expect(reader.status == 403 && reader.code == "permission_denied")
        }
        #expect(scene.blobs.count == 1)
        #expect(try await scene.server.get("/api/assets/\(id)/file", headers: [scene.writer]).status == 200)
    }

    @Test(arguments: [
        ("x.php", "anything"), ("photo.jpg", "<?php system($_GET['c']);"), ("notes.txt", "<!doctype html><p>hello"),
        ("run", "#!/bin/sh\necho hello\n"),
    ])
    func pagesAndProgramsAreRefusedAndLeaveNothing(name: String, text: String) async throws {
        let scene = try await Scene.make()
        let refused = try await scene.upload(name, text)
        #expect(refused.code == "invalid_asset", "\(name)")
        #expect(!String(decoding: refused.body, as: UTF8.self).contains(scene.instance.folder.path))
        #expect(scene.blobs.isEmpty, "\(scene.blobs)")
        #expect(try await scene.instance.kinds().isEmpty)
    }

    @Test func anUploadThatBreaksOffLeavesNothing() async throws {
        let scene = try await Scene.make()
        let connection = try Connection(to: scene.server.port)
        let lines = [
            "POST /api/assets?name=a.txt HTTP/1.1", "Host: localhost", "Content-Length: 5000000", scene.writer,
        ]
        try connection.write(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8))
        try connection.write([UInt8](repeating: UInt8(ascii: "a"), count: 300_000))
        connection.end()
        try await eventually("the refusal is on the record") {
            try await scene.instance.run("log").contains("Refused POST /api/assets from 127.0.0.1: malformed_message")
        }
        #expect(scene.blobs.isEmpty, "\(scene.blobs)")
        #expect(try await scene.instance.kinds().isEmpty)
    }

    private static let formType = "Content-Type: multipart/form-data; boundary=edge"

    private func part(_ name: String, _ content: String) -> String {
        "--edge\r\nContent-Disposition: form-data; name=\(name)\r\n\r\n\(content)\r\n"
    }

    private func file(_ name: String, _ content: String) -> String { part("\"files[]\"; filename=\(name)", content) }

    @Test func theFilesOfAFormBecomeAssetsInOneRun() async throws {
        let scene = try await Scene.make()
        let body = file("harbour.txt", "water") + file("lights.txt", "lights") + "--edge--\r\n"
        let added = try await scene.send("POST /api/assets", [scene.writer, Self.formType], body: Array(body.utf8))
        #expect(added.status == 201)
        guard case .array(let assets)? = added.json?["assets"] else { throw CocoaError(.fileReadCorruptFile) }
        #expect(assets.map { text($0["title"]) } == ["harbour", "lights"])
        for (asset, content) in zip(assets, ["water", "lights"]) {
            let id = try #require(text(asset["_id"]))
            let file = try await scene.server.get("/api/assets/\(id)/file", headers: [scene.reader])
            #expect(file.status == 200 && file.body == Array(content.utf8))
        }
        let runs = try await scene.instance.run("runs")
        #expect(runs.contains("asset add 2 files"), "\(runs)")
    }

    @Test(arguments: [("photo.jpg", "<?php system($_GET['c']);"), ("notes.txt", "<!doctype html><p>hello")])
    func oneForbiddenFileOfAFormLeavesNothingOfAny(name: String, text: String) async throws {
        let scene = try await Scene.make()
        let body = file("a.txt", "water") + file(name, text) + "--edge--\r\n"
        let refused = try await scene.send("POST /api/assets", [scene.writer, Self.formType], body: Array(body.utf8))
        #expect(refused.code == "invalid_asset")
        #expect(String(decoding: refused.body, as: UTF8.self).contains(name))
        let lost = file("a.txt", "water") + part("folder", "nowhere") + "--edge--\r\n"
        let missing = try await scene.send("POST /api/assets", [scene.writer, Self.formType], body: Array(lost.utf8))
        #expect(missing.code == "unknown_item")
        #expect(scene.blobs.isEmpty, "\(scene.blobs)")
        #expect(try await scene.instance.kinds().isEmpty)
    }

    @Test func aFormThatBreaksOffLeavesNothing() async throws {
        let scene = try await Scene.make()
        let connection = try Connection(to: scene.server.port)
        let lines = [
            "POST /api/assets HTTP/1.1", "Host: localhost", "Content-Length: 5000000", scene.writer, Self.formType,
        ]
        let whole = file("a.txt", "water") + file("b.txt", String(repeating: "b", count: 300_000))
        try connection.write(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8))
        try connection.write(Array((whole + file("c.txt", String(repeating: "c", count: 300_000))).utf8.dropLast(4)))
        connection.end()
        try await eventually("the refusal is on the record") {
            try await scene.instance.run("log").contains("Refused POST /api/assets from 127.0.0.1: malformed_message")
        }
        #expect(scene.blobs.isEmpty, "\(scene.blobs)")
        #expect(try await scene.instance.kinds().isEmpty)
    }

    @Test func whatIsTooLargeIsRefusedByItsLengthAlone() async throws {
        let scene = try await Scene.make()
        let lines = ["POST /api/assets?name=a.txt HTTP/1.1", "Host: localhost", scene.writer]
        for (length, code) in [("Content-Length: 99999999999", "too_large"), ("Transfer-Encoding: chunked", "usage")] {
            let head = (lines + [length]).joined(separator: "\r\n") + "\r\n\r\n"
            #expect(try await HTTPAnswer.of(head, at: scene.server.port).code == code)
        }
        #expect(scene.blobs.isEmpty)
    }

    @Test func noPathLeadsOutOfTheUploads() async throws {
        let scene = try await Scene.make()
        let added = try await scene.upload("a.txt", "water")
        let path = try #require(text(added.json?["path"]))
        let attempts = [
            "/storage/uploads/../tidelock.sqlite", "/storage/uploads/%2e%2e/tidelock.sqlite",
            "/storage/uploads/..%2Ftidelock.sqlite", "/storage/uploads/%2E%2E%2F%2E%2E%2F.env",
            "/storage/tidelock.sqlite",
            "/storage/uploads/../../.env", "/storage/uploads//etc/passwd", "/storage/uploads/..\\..\\.env",
            "/storage/uploads\(path)/../..", "/storage/uploads\(path)%00", "/storage/uploads/.", "/storage/uploads/",
        ]
        for attempt in attempts {
            let answer = try await scene.server.get(attempt, headers: [scene.reader])
            #expect((400..<500).contains(answer.status), "\(attempt): \(answer.status)")
        }
        #expect(try await scene.server.get("/storage/uploads\(path)", headers: [scene.reader]).status == 200)
    }

    /// The file is more than twice as large as what the server may need for it.
    @Test func aLargeFileIsNeverInMemory() async throws {
        let scene = try await Scene.make()
        let small = LongFile(blocks: 2)
        let large = LongFile(blocks: 100)
        var peaks: [Int] = []
        for (name, file) in [("small.bin", small), ("large.bin", large)] {
            let added = try await file.upload(
                "/api/assets?name=\(name)", headers: [scene.writer], at: scene.server.port)
            #expect(added.status == 201, "\(added)")
            let id = try #require(text(added.json?["_id"]))
            let arrived = try await file.download(
                "/api/assets/\(id)/file", headers: [scene.reader], at: scene.server.port)
            #expect(arrived == file.size)
            peaks.append(try scene.server.peakMemory)
        }
        #expect(peaks[1] - peaks[0] < 40 << 20, "\(peaks)")
    }
}
