import CurlHTTP
import Synchronization
import Testing

@Suite("Sending again", .timeLimit(.minutes(1)))
struct RetryTests {
    private let naps = Naps()

    @Test func busyServerIsAskedAgain() async throws {
        let server = try TestServer.answering { [counter = Counter()] _ in
            counter.next() <= 2 ? TestReply(503) : TestReply("ok")
        }
        let request = HTTPRequest("POST", server.url(), body: [1])
        let response = try await client().send(request, retrying: policy, isRepeatable: true)
        #expect(response.status == 200)
        #expect(server.requests.count == 3)
        #expect(naps.all == [.milliseconds(250), .milliseconds(500)])
    }

    @Test func theLastAnswerStandsWhenTimeIsUp() async throws {
        let server = try TestServer.answering { _ in TestReply(503) }
        let response = try await client().send(HTTPRequest("GET", server.url()), retrying: policy, isRepeatable: true)
        #expect(response.status == 503)
        // 0.25 + 0.5 + 1 + 2 + 4 + 5 + 5 + 5 + 5 = 27.75 s; one more would pass 30 s.
        #expect(naps.all.count == 9)
        #expect(naps.all.reduce(.zero, +) == .milliseconds(27_750))
    }

    @Test(arguments: [200, 304, 400, 404, 409, 500, 501])
    func otherStatusesStand(status: Int) async throws {
        let server = try TestServer.answering { _ in TestReply(status) }
        _ = try await client().send(HTTPRequest("GET", server.url()), retrying: policy, isRepeatable: true)
        #expect(server.requests.count == 1)
    }

    @Test func whatIsNotRepeatableIsNotRepeated() async throws {
        let server = try TestServer.answering { _ in TestReply(503) }
        let response = try await client().send(HTTPRequest("POST", server.url()), retrying: policy, isRepeatable: false)
        #expect(response.status == 503)
        #expect(server.requests.count == 1)
    }

    @Test func whatMayHaveReachedTheServerIsNotRepeated() async throws {
        let server = try TestServer { _ = try $0.readRequest() }
        let request = HTTPRequest("POST", server.url(), body: [1])
        await #expect(throws: HTTPError.self) {
            try await client().send(request, retrying: policy, isRepeatable: false)
        }
        #expect(server.acceptCount == 1)
    }

    @Test func whatMayHaveReachedTheServerIsRepeatedIfItMayBe() async throws {
        let server = try TestServer { connection in
            guard let request = try connection.readRequest(), connection.number == 3 else { return }
            try connection.send(TestReply("ok"), to: request)
        }
        let request = HTTPRequest("POST", server.url(), body: [1])
        let response = try await client().send(request, retrying: policy, isRepeatable: true)
        #expect(response.status == 200)
        #expect(server.acceptCount == 3)
    }

    @Test func whatNeverLeftIsRepeatedInAnyCase() async throws {
        let request = HTTPRequest("POST", "http://127.0.0.1:\(try unusedPort())/", body: [1])
        await #expect(throws: HTTPError.self) {
            try await client().send(request, retrying: policy, isRepeatable: false)
        }
        #expect(naps.all.count == 9)
    }

    @Test func unknownNamesAreGivenUpSoon() async throws {
        let request = HTTPRequest("GET", "http://nonexistent.invalid/")
        await #expect(throws: HTTPError.self) {
            try await client().send(request, retrying: policy, isRepeatable: true)
        }
        #expect(naps.all.count == 2)
    }

    @Test func permanentFailuresStand() async throws {
        let server = try TestServer.answering { _ in TestReply(body: [1, 2, 3]) }
        let request = HTTPRequest("GET", server.url()).limited { $0.responseBytes = 1 }
        await #expect(throws: HTTPError.self) {
            try await client().send(request, retrying: policy, isRepeatable: true)
        }
        #expect(server.acceptCount == 1)
    }

    @Test(arguments: [
        ("2", 2), ("120", 15), ("0", 0), ("nonsense", 0), ("-5", 0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
    ])
    func aServersWishIsHonouredWithinBounds(wish: String, seconds: Int) async throws {
        let server = try TestServer.answering { [counter = Counter()] _ in
            counter.next() == 1 ? TestReply(429, headers: ["Retry-After: \(wish)"]) : TestReply("ok")
        }
        let response = try await client().send(HTTPRequest("GET", server.url()), retrying: policy, isRepeatable: true)
        #expect(response.status == 200)
        #expect(naps.all == [max(.milliseconds(250), .seconds(seconds))])
    }

    @Test func chanceShortensByUpToHalf() async throws {
        let server = try TestServer.answering { [counter = Counter()] _ in TestReply(counter.next() == 1 ? 502 : 200) }
        var policy = policy
        policy.random = { 0 }
        _ = try await client().send(HTTPRequest("GET", server.url()), retrying: policy, isRepeatable: true)
        #expect(naps.all == [.milliseconds(125)])
    }

    @Test func cancellingEndsTheWait() async throws {
        let server = try TestServer.answering { _ in TestReply(503) }
        var policy = policy
        policy.sleep = { _ in throw CancellationError() }
        let client = try client()
        do throws(HTTPError) {
            _ = try await client.send(HTTPRequest("GET", server.url()), retrying: policy, isRepeatable: true)
            Issue.record("It was not cancelled.")
        } catch {
            #expect(error.kind == .cancelled)
            #expect(error.mayHaveReachedServer)
        }
    }

    /// Waits are written down instead of waited, and time passes by as much. Chance shortens nothing.
    private var policy: RetryPolicy {
        var policy = RetryPolicy()
        let start = ContinuousClock.now
        policy.sleep = { [naps] in naps.add($0) }
        policy.now = { [naps] in start.advanced(by: naps.all.reduce(.zero, +)) }
        policy.random = { 1 }
        return policy
    }
}

private final class Naps: Sendable {
    private let taken = Mutex<[Duration]>([])

    var all: [Duration] { taken.withLock { $0 } }

    func add(_ duration: Duration) {
        taken.withLock { $0.append(duration) }
    }
}

private final class Counter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
