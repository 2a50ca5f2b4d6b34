import CurlHTTP
import Testing

@Suite("Cancelling and shutting down", .timeLimit(.minutes(1)))
struct LifeCycleTests {
    @Test func cancellingEndsARunningRequest() async throws {
        let arrived = Event()
        let gone = Event()
        let server = try TestServer { connection in
            _ = try connection.readRequest()
            arrived.happen()
            try connection.waitForClose()
            gone.happen()
        }
        let client = try client()
        let task = Task { try await failure(of: HTTPRequest("POST", server.url(), body: [1]), with: client) }
        await arrived.wait()
        task.cancel()
        let error = try await task.value
        await gone.wait()
        #expect(error.kind == .cancelled)
        #expect(error.message.hasSuffix("failed: it was cancelled while waiting for the answer."))
        #expect(error.mayHaveReachedServer)
        #expect(!error.isTransient)
    }

    @Test func aCancelledTaskSendsNothing() async throws {
        let server = try TestServer.answering { _ in TestReply("ok") }
        let client = try client()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await failure(of: HTTPRequest("GET", server.url()), with: client)
        }
        let error = try await task.value
        #expect(error.kind == .cancelled)
        #expect(!error.mayHaveReachedServer)
    }

    @Test func cancellingARequestThatWaitsLetsTheOthersPass() async throws {
        let arrived = Event()
        let release = Event()
        let server = try TestServer { connection in
            while let request = try connection.readRequest() {
                arrived.happen()
                try release.block()
                try connection.send(TestReply("ok"), to: request)
            }
        }
        let client = try client { $0.maximumConnectionsPerHost = 1 }
        async let first = client.send(HTTPRequest("GET", server.url()))
        await arrived.wait()
        let second = Task { try await failure(of: HTTPRequest("GET", server.url()), with: client) }
        second.cancel()
        #expect(try await second.value.kind == .cancelled)
        async let third = client.send(HTTPRequest("GET", server.url()))
        release.happen()
        #expect(try await first.status == 200)
        #expect(try await third.status == 200)
    }

    @Test func shuttingDownEndsEveryRequest() async throws {
        let arrived = Event()
        let server = try TestServer { connection in
            _ = try connection.readRequest()
            arrived.happen()
            try connection.waitForClose()
        }
        let client = try client { $0.maximumConnectionsPerHost = 2 }
        let kinds = try await withThrowingTaskGroup(of: HTTPError.Kind.self) { group in
            for _ in 0..<20 {
                group.addTask { try await failure(of: HTTPRequest("GET", server.url()), with: client).kind }
            }
            await arrived.wait()
            client.shutdown()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(kinds == Array(repeating: .cancelled, count: 20))
    }

    @Test func nothingIsSentAfterShutdown() async throws {
        let server = try TestServer.answering { _ in TestReply("ok") }
        let client = try client()
        #expect(try await client.send(HTTPRequest("GET", server.url())).status == 200)
        client.shutdown()
        client.shutdown()
        let error = try await failure(of: HTTPRequest("GET", server.url()), with: client)
        #expect(error.kind == .cancelled)
        #expect(error.message == "The request was not sent: the client is shut down.")
        #expect(server.requests.count == 1)
    }

    @Test func severalMayShutDownAtOnce() async throws {
        let client = try client()
        await withTaskGroup { group in
            for _ in 0..<10 { group.addTask { client.shutdown() } }
        }
    }

    @Test func aClientLivesAsLongAsItsRequests() async throws {
        let server = try TestServer.answering { _ in TestReply("ok") }
        #expect(try await HTTPClient().send(HTTPRequest("GET", server.url())).status == 200)
    }

    @Test func cancellingAtAnyMomentAnswersOnce() async throws {
        let server = try TestServer.answering { _ in TestReply(body: [UInt8](repeating: 1, count: 100_000)) }
        let client = try client()
        let url = server.url()
        for _ in 0..<200 {
            let task = Task { () async -> Bool in
                do throws(HTTPError) { return try await client.send(HTTPRequest("GET", url)).status == 200 } catch {
                    return error.kind == .cancelled
                }
            }
            for _ in 0..<Int.random(in: 0..<20) { await Task.yield() }
            task.cancel()
            #expect(await task.value)
        }
    }

    @Test func unusableOptionsAreRefusedAtOnce() throws {
        #expect(throws: HTTPError.self) { try client { $0.certificateAuthorities = "/nonexistent.pem" } }
        #expect(throws: HTTPError.self) { try client { $0.userAgent = "a\r\nb" } }
    }
}
