import CurlHTTP
import Glibc
import Testing

/// Each test runs in a process of its own, because the environment belongs to the whole process.
@Suite("Proxies from the environment", .timeLimit(.minutes(1)))
struct ProxyTests {
    @Test func proxiesAreUsed() async {
        await #expect(processExitsWith: .success) {
            let proxy = try TestServer.answering { TestReply("proxy was asked for \($0.target)") }
            setenv("http_proxy", proxy.url(), 1)
            let response = try await HTTPClient().send(HTTPRequest("GET", "http://nonexistent.invalid/x"))
            let text = String(decoding: response.body, as: UTF8.self)
            exit(text == "proxy was asked for http://nonexistent.invalid/x" ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }

    @Test func exceptionsAreHonoured() async {
        await #expect(processExitsWith: .success) {
            let server = try TestServer.answering { _ in TestReply("direct") }
            setenv("http_proxy", "http://127.0.0.1:\(try unusedPort())", 1)
            setenv("no_proxy", "127.0.0.1", 1)
            exit(
                try await HTTPClient().send(HTTPRequest("GET", server.url())).status == 200
                    ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }

    @Test func proxiesCanBeTurnedOff() async {
        await #expect(processExitsWith: .success) {
            let server = try TestServer.answering { _ in TestReply("direct") }
            setenv("http_proxy", "http://127.0.0.1:\(try unusedPort())", 1)
            let client = try client { $0.useProxyFromEnvironment = false }
            exit(try await client.send(HTTPRequest("GET", server.url())).status == 200 ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }

    @Test func addressPoliciesCannotBeBypassed() async {
        await #expect(processExitsWith: .success) {
            let proxy = try TestServer.answering { _ in TestReply("proxy") }
            let server = try TestServer.answering { _ in TestReply("direct") }
            let port = server.port
            setenv("http_proxy", proxy.url(), 1)
            let client = try client { options in
                options.useProxyFromEnvironment = true
                options.addressPolicy = { _, _, asked in asked == port }
            }
            let response = try await client.send(HTTPRequest("GET", server.url()))
            exit(response.body == Array("direct".utf8) && proxy.acceptCount == 0 ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }

    @Test func aProxyThatIsDownIsNamed() async {
        await #expect(processExitsWith: .success) {
            setenv("https_proxy", "http://127.0.0.1:\(try unusedPort())", 1)
            let request = HTTPRequest("GET", "https://nonexistent.invalid/")
            exit(try await failure(of: request, with: HTTPClient()).kind == .proxy ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }

    @Test func aProxyThatDeniesTheTunnelIsNamed() async {
        await #expect(processExitsWith: .success) {
            let proxy = try TestServer.answering { _ in TestReply(403) }
            setenv("https_proxy", proxy.url(), 1)
            let request = HTTPRequest("POST", "https://nonexistent.invalid/")
            let error = try await failure(of: request, with: HTTPClient())
            exit(error.kind == .proxy && !error.mayHaveReachedServer ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }
}
