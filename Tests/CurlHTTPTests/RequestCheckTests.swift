import CurlHTTP
import Testing

@Suite("What is refused before anything is sent", .timeLimit(.minutes(1)))
struct RequestCheckTests {
    @Test(arguments: ["a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\r", "a\u{0}b", "a\u{7F}"])
    func fieldValuesThatWouldStartAnother(value: String) async throws {
        try await expectRefusal(.malformedRequest) { $0.headers = [HTTPField("X-Test", value)] }
    }

    @Test(arguments: ["", "X Y", "X:", "X\r\nY", "X\u{0}", "Ä", "@file"])
    func fieldNamesThatAreNone(name: String) async throws {
        try await expectRefusal(.malformedRequest) { $0.headers = [HTTPField(name, "v")] }
    }

    @Test(arguments: ["", "GET /evil HTTP/1.1\r\nX:", "G ET", "CONNECT", "GÄT"])
    func methodsThatAreNone(method: String) async throws {
        try await expectRefusal(.malformedRequest) { $0.method = method }
    }

    @Test(arguments: ["\r\nX-Evil: 1", " HTTP/1.1", "\u{0}", "\t", "\\@example.com"])
    func urlsThatWouldEndTheRequestLine(suffix: String) async throws {
        try await expectRefusal(.invalidURL) { $0.url += suffix }
    }

    @Test(arguments: [
        ("Content-Length", "4"), ("content-length", "x"), ("Transfer-Encoding", "chunked"), ("Expect", "100-continue"),
    ])
    func fieldsThatBlurWhereTheBodyEnds(name: String, value: String) async throws {
        try await expectRefusal(.malformedRequest) { $0.headers = [HTTPField(name, value)] }
    }

    @Test func headWithABody() async throws {
        try await expectRefusal(.malformedRequest) { ($0.method, $0.body) = ("HEAD", [1]) }
    }

    @Test func matchingContentLengthIsFine() async throws {
        let server = try TestServer.answering { TestReply("\($0.body.count)") }
        let request = HTTPRequest("PUT", server.url(), headers: [HTTPField("content-length", "3")], body: [1, 2, 3])
        #expect(try await client().send(request).body == Array("3".utf8))
    }

    @Test(arguments: [
        "", "example.com", "//example.com/", "http://", "http:///x", "http://a:99999/", "http://a:0/", "x y",
    ])
    func urlsThatCannotBeRead(url: String) async throws {
        let error = try await failure(of: HTTPRequest("GET", url), with: client())
        #expect(error.kind == .invalidURL)
        #expect(error.hint != nil)
        #expect(!error.mayHaveReachedServer)
    }

    @Test(arguments: ["ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "ldap://example.com/"])
    func schemesOtherThanHTTP(url: String) async throws {
        #expect(try await failure(of: HTTPRequest("GET", url), with: client()).kind == .unsupportedScheme)
    }

    private func expectRefusal(_ kind: HTTPError.Kind, _ change: (inout HTTPRequest) -> Void) async throws {
        let server = try TestServer.answering { _ in TestReply("ok") }
        var request = HTTPRequest("GET", server.url())
        change(&request)
        let error = try await failure(of: request, with: client())
        #expect(error.kind == kind)
        #expect(!error.mayHaveReachedServer && !error.isTransient)
        #expect(server.acceptCount == 0)
    }
}
