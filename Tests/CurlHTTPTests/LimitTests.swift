import CurlHTTP
import Testing

@Suite("Limits", .timeLimit(.minutes(1)))
struct LimitTests {
    @Test func bodiesUpToTheLimitArrive() async throws {
        let server = try TestServer.answering { _ in TestReply(body: [UInt8](repeating: 1, count: 1000)) }
        let request = HTTPRequest("GET", server.url()).limited { $0.responseBytes = 1000 }
        #expect(try await client().send(request).body.count == 1000)
    }

    @Test func announcedSizeBeyondTheLimitIsRefused() async throws {
        let server = try TestServer.answering { _ in TestReply(body: [UInt8](repeating: 1, count: 1001)) }
        let request = HTTPRequest("GET", server.url()).limited { $0.responseBytes = 1000 }
        let error = try await failure(of: request, with: client())
        #expect(error.kind == .tooLarge)
        #expect(error.message == "GET to 127.0.0.1:\(server.port) failed: the answer has more than 1000 bytes.")
    }

    @Test func unannouncedSizeBeyondTheLimitIsRefused() async throws {
        let server = try TestServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\n\r\n")
            try connection.write([UInt8](repeating: 1, count: 100_000))
        }
        let request = HTTPRequest("GET", server.url()).limited { $0.responseBytes = 1000 }
        let error = try await failure(of: request, with: client())
        #expect(error.kind == .tooLarge)
        #expect(!error.isTransient)
    }

    @Test func headerBeyondTheLimitIsRefused() async throws {
        let server = try TestServer.answering { _ in TestReply(200, headers: (0..<100).map { "X-\($0): value" }, "") }
        let request = HTTPRequest("GET", server.url()).limited { $0.headerBytes = 500 }
        let error = try await failure(of: request, with: client())
        #expect(error.kind == .tooLarge)
        #expect(error.message.hasSuffix("failed: the answer has a header of more than 500 bytes."))
    }

    @Test func headAnswersMayAnnounceMoreThanTheLimit() async throws {
        let server = try TestServer.answering { _ in TestReply(body: [UInt8](repeating: 1, count: 5000)) }
        let request = HTTPRequest("HEAD", server.url()).limited { $0.responseBytes = 1000 }
        #expect(try await client().send(request).header("content-length") == "5000")
    }

    @Test func silenceIsAStall() async throws {
        let server = try silentServer()
        let request = HTTPRequest("GET", server.url()).limited { $0.stall = .milliseconds(300) }
        let error = try await failure(of: request, with: client())
        #expect(error.kind == .stalled)
        #expect(error.message.hasSuffix("failed: no byte moved for 300 ms while waiting for the answer."))
        #expect(error.mayHaveReachedServer)
        #expect(error.isTransient)
    }

    @Test func silenceInTheMiddleOfAnAnswerIsAStall() async throws {
        let server = try TestServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")
            try connection.waitForClose()
        }
        let request = HTTPRequest("GET", server.url()).limited { $0.stall = .milliseconds(300) }
        let error = try await failure(of: request, with: client())
        #expect(error.kind == .stalled)
        #expect(error.message.hasSuffix("while receiving the answer."))
    }

    @Test func aServerThatDoesNotReadStallsTheUpload() async throws {
        let done = Event()
        let server = try TestServer { _ in try done.block() }
        let body = [UInt8](repeating: 1, count: 32 << 20)
        let request = HTTPRequest("POST", server.url(), body: body).limited { $0.stall = .milliseconds(300) }
        let error = try await failure(of: request, with: client())
        done.happen()
        #expect(error.kind == .stalled)
        #expect(error.message.hasSuffix("while sending the request."))
    }

    @Test func totalTimeEndsARequest() async throws {
        let server = try silentServer()
        let request = HTTPRequest("GET", server.url()).limited { $0.total = .milliseconds(300) }
        let error = try await failure(of: request, with: client())
        #expect(error.kind == .timeout)
        #expect(
            error.message.hasSuffix("failed: it was not done within 300 ms and timed out while waiting for the answer.")
        )
    }

    @Test func totalTimeRunsWhileWaitingForAConnection() async throws {
        let arrived = Event()
        let release = Event()
        let server = try TestServer { connection in
            guard let request = try connection.readRequest() else { return }
            arrived.happen()
            try release.block()
            try connection.send(TestReply("first"), to: request)
        }
        let client = try client { $0.maximumConnectionsPerHost = 1 }
        async let first = client.send(HTTPRequest("GET", server.url()))
        await arrived.wait()
        let second = HTTPRequest("GET", server.url()).limited { $0.total = .milliseconds(50) }
        let error = try await failure(of: second, with: client)
        release.happen()
        #expect(error.kind == .timeout)
        #expect(error.message.hasSuffix("while waiting for a free connection."))
        #expect(!error.mayHaveReachedServer)
        #expect(try await first.status == 200)
    }

    @Test func connectTimeCoversTheHandshake() async throws {
        let server = try silentServer()
        let request = HTTPRequest("GET", server.url(scheme: "https")).limited { $0.connect = .milliseconds(300) }
        let error = try await failure(of: request, with: client())
        #expect(error.kind == .connectTimeout)
        #expect(error.message.hasSuffix("no connection within 300 ms, it timed out while agreeing on encryption."))
        #expect(!error.mayHaveReachedServer)
    }

    /// Accepts, reads, and never says anything.
    private func silentServer() throws -> TestServer {
        try TestServer { try $0.waitForClose() }
    }
}
