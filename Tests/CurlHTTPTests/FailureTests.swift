import CurlHTTP
import Testing

@Suite("Failures", .timeLimit(.minutes(1)))
struct FailureTests {
    @Test func refusedConnection() async throws {
        let port = try unusedPort()
        let error = try await failure(of: HTTPRequest("POST", "http://127.0.0.1:\(port)/a?secret"), with: client())
        #expect(error.kind == .connectionRefused)
        #expect(error.message == "POST to 127.0.0.1:\(port) failed: the server refused the connection.")
        #expect(error.hint == "Check that the server is running and listens on this port.")
        #expect(!error.mayHaveReachedServer)
        #expect(error.isTransient)
        #expect(error.curlCode == 7)
    }

    @Test func unknownHost() async throws {
        let error = try await failure(of: HTTPRequest("GET", "https://nonexistent.invalid/"), with: client())
        #expect(error.kind == .nameNotResolved)
        #expect(
            error.message
                == "GET to nonexistent.invalid:443 failed: the name nonexistent.invalid could not be resolved.")
        #expect(!error.mayHaveReachedServer)
    }

    @Test func closingInTheMiddleOfTheBody() async throws {
        let server = try TestServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")
        }
        let error = try await failure(of: HTTPRequest("GET", server.url()), with: client())
        #expect(error.kind == .closedEarly)
        #expect(error.message.hasSuffix("failed: the server closed the connection in the middle of its answer."))
        #expect(error.mayHaveReachedServer)
    }

    /// Nothing in it says that a body was to come, so that it could pass for a whole answer.
    @Test func closingInTheMiddleOfTheHead() async throws {
        let server = try TestServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Sig")
        }
        let error = try await failure(of: HTTPRequest("GET", server.url()), with: client())
        #expect(error.kind == .closedEarly)
        #expect(error.message.hasSuffix("failed: the server closed the connection in the middle of its answer."))
    }

    @Test func closingInTheMiddleOfAChunk() async throws {
        let server = try TestServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")
        }
        #expect(try await failure(of: HTTPRequest("GET", server.url()), with: client()).kind == .closedEarly)
    }

    @Test func closingWithoutAnAnswer() async throws {
        let server = try TestServer { _ = try $0.readRequest() }
        let error = try await failure(of: HTTPRequest("POST", server.url(), body: [1]), with: client())
        #expect(error.kind == .closedEarly)
        #expect(error.message.hasSuffix("failed: the server closed the connection without an answer."))
        #expect(error.mayHaveReachedServer)
        #expect(error.isTransient)
    }

    @Test func resettingTheConnection() async throws {
        let server = try TestServer { connection in
            _ = try connection.readRequest()
            connection.reset()
        }
        let error = try await failure(of: HTTPRequest("POST", server.url(), body: [1]), with: client())
        #expect(error.kind == .closedEarly)
        #expect(error.mayHaveReachedServer)
    }

    @Test func resettingDuringTheUpload() async throws {
        let server = try TestServer { $0.reset() }
        let body = [UInt8](repeating: 1, count: 32 << 20)
        let error = try await failure(of: HTTPRequest("POST", server.url(), body: body), with: client())
        #expect([.closedEarly, .sendFailed].contains(error.kind))
        #expect(error.isTransient)
    }

    @Test(arguments: ["SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 what\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"])
    func whatIsNotHTTP(answer: String) async throws {
        let server = try TestServer { connection in
            _ = try connection.readRequest()
            try connection.write(answer)
        }
        let error = try await failure(of: HTTPRequest("GET", server.url()), with: client())
        #expect(error.kind == .malformedResponse)
        #expect(error.mayHaveReachedServer)
    }

    @Test func messagesKeepSecrets() async throws {
        let port = try unusedPort()
        let url = "http://user:pa55word@127.0.0.1:\(port)/hidden/path?token=hidden"
        let request = HTTPRequest(
            "POST", url, headers: [HTTPField("Authorization", "hidden")], body: Array("hidden".utf8))
        let error = try await failure(of: request, with: client())
        for secret in ["user", "pa55word", "hidden", "token"] { #expect(!error.description.contains(secret)) }
    }

    @Test func anEarlyRefusalOfAnUploadIsAnAnswer() async throws {
        let server = try TestServer { connection in
            try connection.write("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            try connection.waitForClose()
        }
        let body = [UInt8](repeating: 1, count: 32 << 20)
        #expect(try await client().send(HTTPRequest("POST", server.url(), body: body)).status == 413)
    }
}
