import CurlHTTP
import Testing
import TidelockTestSupport

@Suite("Kept connections", .timeLimit(.minutes(1)))
struct ReuseTests {
    @Test func requestsInARowShareAConnection() async throws {
        let server = try TestServer.answering { _ in TestReply("ok") }
        let client = try client()
        for method in ["GET", "POST", "PUT", "HEAD", "GET"] {
            #expect(try await client.send(HTTPRequest(method, server.url())).status == 200)
        }
        #expect(server.acceptCount == 1)
    }

    @Test func hundredAtOnceKeepToTheMaximum() async throws {
        let server = try TestServer.answering { TestReply($0.target) }
        let client = try client { $0.maximumConnectionsPerHost = 8 }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<100 {
                group.addTask {
                    let response = try await client.send(HTTPRequest("GET", server.url("/\(number)")))
                    return response.body == Array("/\(number)".utf8)
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        #expect(server.requests.count == 100)
        #expect(server.acceptCount <= 8)
    }

    @Test func aConnectionClosedMeanwhileIsReplaced() async throws {
        let server = try TestServer { connection in
            guard let request = try connection.readRequest() else { return }
            try connection.send(TestReply("\(connection.number)"), to: request)
        }
        let client = try client()
        for number in 1...3 {
            let response = try await client.send(HTTPRequest("POST", server.url(), body: [1]))
            #expect(response.body == Array("\(number)".utf8))
            // A request that meets the end on its way may have been carried out, and is not sent again.
            try await eventually("the connection is closed") { server.closeCount == number }
        }
    }

    @Test func aRequestThatMayHaveBeenCarriedOutIsNotSentTwice() async throws {
        let recorder = Recorder()
        let server = try serverThatDropsTheSecondRequest(recorder)
        let client = try client()
        _ = try await client.send(HTTPRequest("POST", server.url(), body: [1]))
        let error = try await failure(of: HTTPRequest("POST", server.url(), body: [2]), with: client)
        #expect(error.kind == .closedEarly)
        #expect(error.mayHaveReachedServer)
        #expect(error.isTransient)
        #expect(recorder.requests.map(\.body) == [[1], [2]])
    }

    @Test(arguments: [100, 1 << 20])
    func aRequestThatMayBeRepeatedIsSentAgainByItself(size: Int) async throws {
        let recorder = Recorder()
        let server = try serverThatDropsTheSecondRequest(recorder)
        let client = try client()
        let body = [UInt8](repeating: 3, count: size)
        _ = try await client.send(HTTPRequest("PUT", server.url(), body: [1]))
        let response = try await client.send(HTTPRequest("PUT", server.url(), body: body))
        #expect(response.status == 200)
        #expect(recorder.requests.map(\.body) == [[1], body, body])
        #expect(response.bytesSent == recorder.requests.last?.byteCount)
    }

    /// Answers the first request of a connection; when the first connection brings a second one, reads it and hangs up.
    private func serverThatDropsTheSecondRequest(_ recorder: Recorder) throws -> TestServer {
        try TestServer { connection in
            while let request = try connection.readRequest() {
                recorder.add(request)
                if connection.number == 1, recorder.requests.count == 2 { return }
                try connection.send(TestReply("ok"), to: request)
            }
        }
    }
}
