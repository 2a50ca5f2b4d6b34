import CurlHTTP
import Testing
import TidelockTestSupport

@Suite("Compression", .timeLimit(.minutes(1)))
struct CompressionTests {
    @Test(arguments: [("gzip", ["gzip", "-nc"]), ("zstd", ["zstd", "-qc"])])
    func compressedAnswersArriveUnpacked(coding: String, command: [String]) async throws {
        let text = [UInt8](repeating: UInt8(ascii: "a"), count: 300_000)
        let packed = try Program.run(command, input: text)
        let server = try TestServer.answering { _ in TestReply(headers: ["Content-Encoding: \(coding)"], body: packed) }
        let response = try await client().send(HTTPRequest("GET", server.url()))
        #expect(response.body == text)
        #expect(response.header("Content-Encoding") == nil)
        #expect(response.header("Content-Length") == nil)
        #expect(response.bytesReceived < packed.count + 200)
        #expect(server.requests.first?.headers["accept-encoding"]?.contains(coding) == true)
    }

    @Test func aChosenCodingArrivesUntouched() async throws {
        let packed: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 1, 2, 3]
        let server = try TestServer.answering { _ in TestReply(headers: ["Content-Encoding: zstd"], body: packed) }
        let request = HTTPRequest("GET", server.url(), headers: [HTTPField("Accept-Encoding", "zstd")])
        let response = try await client().send(request)
        #expect(response.body == packed)
        #expect(response.header("Content-Encoding") == "zstd")
        #expect(server.requests.first?.headers["accept-encoding"] == "zstd")
    }

    @Test func aPackedRequestIsSentUntouched() async throws {
        let server = try TestServer.answering { TestReply(body: $0.body) }
        let body: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 1, 2, 3]
        let request = HTTPRequest("POST", server.url(), headers: [HTTPField("Content-Encoding", "zstd")], body: body)
        #expect(try await client().send(request).body == body)
        #expect(server.requests.first?.headers["content-encoding"] == "zstd")
    }

    @Test(arguments: [1, 2])
    func unpackedSizeIsLimited(layers: Int) async throws {
        var bomb = [UInt8](repeating: 0, count: 64 << 20)
        for _ in 0..<layers { bomb = try Program.run(["gzip", "-nc"], input: bomb) }
        let packed = bomb
        let codings = Array(repeating: "gzip", count: layers).joined(separator: ", ")
        let server = try TestServer.answering { _ in TestReply(headers: ["Content-Encoding: \(codings)"], body: packed)
        }
        let request = HTTPRequest("GET", server.url()).limited { $0.responseBytes = 1 << 20 }
        #expect(packed.count < 1 << 20)
        #expect(try await failure(of: request, with: client()).kind == .tooLarge)
    }

    @Test func brokenCompressionIsMalformed() async throws {
        let server = try TestServer.answering { _ in
            TestReply(headers: ["Content-Encoding: gzip"], body: Array("this was never packed".utf8))
        }
        let error = try await failure(of: HTTPRequest("GET", server.url()), with: client())
        #expect(error.kind == .malformedResponse)
        #expect(error.message.contains("cannot be unpacked"))
    }
}
