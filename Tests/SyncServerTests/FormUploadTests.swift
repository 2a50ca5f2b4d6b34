import ContentModel
import CurlHTTP
import SyncEngine
import SyncProtocol
import Testing

@Suite("Forms with files")
struct FormUploadTests {
    private static let writer = ("api-key", "api-key-2")
    private static let form = "multipart/form-data; boundary=\"----edge\""

    /// A part of a form; without a name of a file it is a field.
    struct Part: Sendable {
        var name: String
        var file: String?
        var content: [UInt8]

        init(_ name: String, file: String? = nil, _ content: String) {
            self.init(name, file: file, Array(content.utf8))
        }

        init(_ name: String, file: String? = nil, _ content: [UInt8]) {
            (self.name, self.file, self.content) = (name, file, content)
        }

        var bytes: [UInt8] {
            let file = file.map { "; filename=\"\($0)\"\r\nContent-Type: application/octet-stream" } ?? ""
            return Array("------edge\r\nContent-Disposition: form-data; name=\"\(name)\"\(file)\r\n\r\n".utf8) + content
                + Array("\r\n".utf8)
        }
    }

    private func body(_ parts: [Part]) -> [UInt8] { parts.flatMap(\.bytes) + Array("------edge--\r\n".utf8) }

    private func post(
        _ parts: [Part], query: String = "", type: String = form, in world: World
    ) async throws -> HTTPResponse {
        let body = body(parts)
        return try await world.serve {
            try await $0.send(
                "POST", "/api/assets\(query)", headers: [Self.writer, ("Content-Type", type)], body: body)
        }
    }

    @Test func everyFileOfAFormBecomesAnAsset() async throws {
        let world = World()
        let large = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        let response = try await post(
            [
                Part("files[]", file: "a b.txt", "water"), Part("folder", "f1"), Part("csrf", "0123"),
                Part("files[]", file: "large.bin", large), Part("files[]", file: "", ""),
                Part("other", file: "empty.txt", ""),
            ], in: world)
        #expect(response.status == 201)
        #expect(
            response.text == #"{"uploaded":["a b.txt","large.bin","empty.txt"],"failed":[],"assets":["#
                + #"{"title":"","_id":"new 1"},{"title":"","_id":"new 2"},{"title":"","_id":"new 3"}]}"#)
        #expect(world.assets.additions.map(\.upload.name) == ["a b.txt", "large.bin", "empty.txt"])
        #expect(world.assets.additions.map(\.bytes) == [Array("water".utf8), large, []])
        #expect(world.assets.additions.allSatisfy { $0.upload.folder == "f1" && $0.upload.title == nil })
        #expect(try world.assets.leftovers.isEmpty)
    }

    @Test func theTitleOfAFormIsThatOfItsFile() async throws {
        let world = World()
        let file = Part("file", file: "a.txt", "water")
        #expect(try await post([Part("title", "T&x"), file, Part("folder", "")], in: world).status == 201)
        #expect(world.assets.additions.first?.upload.title == "T&x")
        #expect(world.assets.additions.first?.upload.folder == nil)
        #expect(try await post([Part("title", "T"), file, file], in: world).code == "usage")
        #expect(world.assets.additions.count == 1)
        #expect(try world.assets.leftovers.isEmpty)
    }

    @Test func whatIsSaidTwiceHasToBeTheSame() async throws {
        let world = World()
        let file = Part("file", file: "a.txt", "water")
        #expect(try await post([file, Part("folder", "f1")], query: "?folder=f1", in: world).status == 201)
        #expect(try await post([file, Part("folder", "f1")], query: "?folder=f2", in: world).code == "usage")
        #expect(try await post([Part("folder", "f1"), file, Part("folder", "f2")], in: world).code == "usage")
        #expect(world.assets.additions.map(\.upload.folder) == ["f1"])
        #expect(try world.assets.leftovers.isEmpty)
    }

    @Test(arguments: [
        ("x.php", "invalid_asset"), (".htaccess", "invalid_asset"), ("dir/x.phtml", "invalid_asset"),
        (String(repeating: "a", count: 256), "usage"),
    ])
    func oneFileThatCannotBeRefusesAll(name: String, code: String) async throws {
        let world = World()
        let parts = [Part("files[]", file: "a.txt", "water"), Part("files[]", file: name, "x")]
        #expect(try await post(parts, in: world).code == code)
        #expect(world.assets.additions.isEmpty)
        #expect(try world.assets.leftovers.isEmpty)
    }

    @Test func filesThatBecomeNoAssetsLeaveNothing() async throws {
        let world = World()
        world.assets.refuse(TidelockError(.unknownItem, "There is no such folder."))
        let response = try await post([Part("files[]", file: "a.txt", "water"), Part("folder", "x")], in: world)
        #expect(response.code == "unknown_item")
        #expect(try world.assets.leftovers.isEmpty)
    }

    @Test(
        arguments: [
            ([], "usage"), ([Part("files[]", file: "", "")], "usage"), ([Part("folder", "f1")], "usage"),
            ([Part("files[]", file: "", "water")], "malformed_message"),
            ([Part("folder", [0xFF])], "malformed_message"),
            ([Part("other", String(repeating: "a", count: Limits.formFieldBytes + 1))], "too_large"),
            ((0...Limits.formParts).map { Part("files[]", file: "\($0).txt", "water") }, "too_large"),
        ] as [([Part], String)])
    func aFormThatCannotBeLeavesNothing(parts: [Part], code: String) async throws {
        let world = World()
        #expect(try await post([Part("title", "")] + parts, in: world).code == code)
        #expect(world.assets.additions.isEmpty)
        #expect(try world.assets.leftovers.isEmpty)
    }

    @Test(arguments: [
        "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=a; boundary=b",
        "multipart/mixed; boundary=\"----edge\"", "multipart/form-data; boundary=\"a b \"",
    ])
    func aFormWithoutABoundaryIsRefused(type: String) async throws {
        let world = World()
        let response = try await post([Part("files[]", file: "a.txt", "water")], type: type, in: world)
        #expect(response.code == "usage")
        #expect(world.assets.additions.isEmpty)
    }

    @Test func theBodyEndsWhereTheFormDoes() async throws {
        let world = World()
        let body = Part("files[]", file: "a.txt", "water").bytes
        let response = try await world.serve {
            try await $0.send(
                "POST", "/api/assets", headers: [Self.writer, ("Content-Type", Self.form)], body: body)
        }
        #expect(response.code == "malformed_message")
        #expect(world.assets.additions.isEmpty)
        #expect(try world.assets.leftovers.isEmpty)
    }

    @Test func aFullDiskRefusesAForm() async throws {
        let world = World()
        world.assets.fillDisk()
        let response = try await post([Part("files[]", file: "a.txt", "water")], in: world)
        #expect(response.status == 507 && response.code == "disk_full")
        #expect(try world.assets.leftovers.isEmpty)
    }

    @Test func aFormNeedsAKeyThatMayWrite() async throws {
        let world = World()
        let body = body([Part("files[]", file: "a.txt", "water")])
        try await world.serve { caller in
            let headers = [("api-key", "api-key-1"), ("Content-Type", Self.form)]
            let response = try await caller.send("POST", "/api/assets", headers: headers, body: body)
            #expect(response.status == 403 && response.code == "permission_denied")
        }
        #expect(world.assets.additions.isEmpty)
    }
}
