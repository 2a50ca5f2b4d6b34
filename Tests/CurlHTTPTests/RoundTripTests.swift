import CurlHTTP
import Testing

@Suite("Round trips", .timeLimit(.minutes(1)))
struct RoundTripTests {
    @Test func statusFieldsAndBodyArrive() async throws {
        let server = try TestServer.answering { _ in
            TestReply(201, headers: ["X-One: 1", "X-Many: a", "X-Many: b", "X-Empty:"], "hello")
        }
        let response = try await client().send(HTTPRequest("GET", server.url()))
        #expect(response.status == 201)
        #expect(response.body == Array("hello".utf8))
        #expect(response.header("x-ONE") == "1")
        #expect(response.header("X-Empty") == "")
        #expect(response.header("X-None") == nil)
        #expect(response.headers.filter { $0.name == "X-Many" }.map(\.value) == ["a", "b"])
        #expect(response.remoteAddress == "127.0.0.1")
    }

    private static let methodsAndBodies: [(String, String?)] = [
        ("GET", nil), ("GET", "body"), ("POST", "body"), ("POST", ""), ("POST", nil), ("PUT", "body"),
        ("PATCH", "body"),
        ("DELETE", nil), ("DELETE", "body"), ("PURGE", nil),
    ]

    @Test(arguments: methodsAndBodies)
    func requestArrivesAsWritten(method: String, body: String?) async throws {
        let server = try TestServer.answering { _ in TestReply("ok") }
        let headers = [HTTPField("X-Test", "väl: ue"), HTTPField("X-Empty", "")]
        let url = server.url("/a/../b%20c?q=1&r=%C3%A4")
        let request = HTTPRequest(method, url, headers: headers, body: body.map { Array($0.utf8) })
        let response = try await client().send(request)
        let arrived = try #require(server.requests.last)
        #expect(arrived.method == method)
        #expect(arrived.target == "/a/../b%20c?q=1&r=%C3%A4")
        #expect(arrived.headers["x-test"] == "väl: ue")
        #expect(arrived.headers["x-empty"] == "")
        #expect(arrived.body == Array((body ?? "").utf8))
        #expect(response.bytesSent == arrived.byteCount)
    }

    @Test func nothingIsInvented() async throws {
        let server = try TestServer.answering { _ in TestReply("ok") }
        _ = try await client { $0.userAgent = "me" }
            .send(HTTPRequest("POST", server.url(), body: [UInt8](repeating: 7, count: 2 << 20)))
        let arrived = try #require(server.requests.last)
        #expect(arrived.headers["user-agent"] == "me")
        #expect(arrived.headers["content-type"] == nil)
        #expect(arrived.headers["expect"] == nil)
        #expect(arrived.headers["transfer-encoding"] == nil)
        #expect(arrived.headers["content-length"] == "\(2 << 20)")
    }

    @Test func headHasNoBody() async throws {
        let server = try TestServer.answering { _ in TestReply("twelve bytes") }
        let response = try await client().send(HTTPRequest("HEAD", server.url()))
        #expect(response.header("Content-Length") == "12")
        #expect(response.body.isEmpty)
    }

    @Test(arguments: [0, 1, 16 << 10, (16 << 10) + 1, 64 << 10, 20 << 20])
    func uploadsOfAnySizeArrive(size: Int) async throws {
        let server = try TestServer.answering { TestReply("\($0.body.count) \(checksum($0.body)) \($0.byteCount)") }
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let response = try await client().send(HTTPRequest("PUT", server.url(), body: body))
        let expected = "\(size) \(checksum(body)) \(response.bytesSent)"
        #expect(String(decoding: response.body, as: UTF8.self) == expected)
    }

    @Test(arguments: [(1, 1), (5, 3 << 20), (20_000, 9), (20_000, 600_000)])
    func anAttachmentFollowsTheBody(size: Int, attached: Int) async throws {
        let server = try TestServer.answering { TestReply("\(checksum($0.body)) \($0.byteCount)") }
        let bytes = (0..<size + attached).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        var request = HTTPRequest("PATCH", server.url(), body: Array(bytes[..<size]))
        request.attachment = Array(bytes[size...])
        let response = try await client().send(request)
        #expect(String(decoding: response.body, as: UTF8.self) == "\(checksum(bytes)) \(response.bytesSent)")
        #expect(server.requests.last?.headers["content-length"] == "\(size + attached)")
    }

    @Test func anAttachmentNeedsABody() async throws {
        let server = try TestServer.answering { _ in TestReply("ok") }
        var request = HTTPRequest("PUT", server.url())
        request.attachment = [1]
        await #expect(throws: HTTPError.self) { try await client().send(request) }
        #expect(server.requests.isEmpty)
    }

    @Test func largeAnswersArrive() async throws {
        let body = (0..<8 << 20).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 2) }
        let server = try TestServer.answering { _ in TestReply(body: body) }
        let response = try await client().send(HTTPRequest("GET", server.url()))
        #expect(response.body == body)
        #expect(response.bytesReceived > body.count)
        #expect(response.bytesReceived < body.count + 200)
    }

    @Test func chunksAreJoinedAndTrailersIgnored() async throws {
        let server = try TestServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n")
            try connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n")
            try connection.write("X-Late: 1\r\n\r\n")
            try connection.waitForClose()
        }
        let response = try await client().send(HTTPRequest("GET", server.url()))
        #expect(String(decoding: response.body, as: UTF8.self) == "abcde")
        #expect(response.header("X-Late") == nil)
        #expect(response.header("X-Early") == nil)
    }

    @Test(arguments: [301, 304, 404, 418, 500, 503])
    func everyStatusIsAnAnswer(status: Int) async throws {
        let server = try TestServer.answering { _ in TestReply(status, headers: ["Location: http://127.0.0.1:1/"]) }
        let response = try await client().send(HTTPRequest("GET", server.url()))
        #expect(response.status == status)
        #expect(server.acceptCount == 1)
    }

    @Test func namesAreResolved() async throws {
        let server = try TestServer.answering { TestReply($0.headers["host"] ?? "") }
        let response = try await client().send(HTTPRequest("GET", server.url(host: "localhost")))
        #expect(String(decoding: response.body, as: UTF8.self) == "localhost:\(server.port)")
    }
}

/// Not for security: tells whether two byte strings are the same in the same order.
private func checksum(_ bytes: [UInt8]) -> UInt64 {
    bytes.withUnsafeBufferPointer { $0.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 } }
}
