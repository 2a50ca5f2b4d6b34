import CurlHTTP
import Synchronization
import Testing

@Suite("Address policy", .timeLimit(.minutes(1)))
struct AddressPolicyTests {
    @Test(arguments: ["127.0.0.1", "localhost"])
    func refusedAddressesAreNeverContacted(host: String) async throws {
        let server = try TestServer.answering { _ in TestReply("ok") }
        let client = try client { $0.addressPolicy = { address, _, _ in !isPrivateAddress(address) } }
        let error = try await failure(of: HTTPRequest("POST", server.url(host: host)), with: client)
        #expect(error.kind == .addressRefused)
        #expect(error.message.contains("connecting to address "))
        #expect(!error.mayHaveReachedServer && !error.isTransient)
        #expect(server.acceptCount == 0)
    }

    @Test func permittedAddressesAreUsed() async throws {
        let server = try TestServer.answering { _ in TestReply("ok") }
        let recorder = Questions()
        let client = try client { options in
            options.addressPolicy = { address, host, port in
                recorder.add("\(address) \(host) \(port)")
                return address == "127.0.0.1"
            }
        }
        for _ in 1...2 {
            #expect(try await client.send(HTTPRequest("GET", server.url(host: "localhost"))).status == 200)
        }
        // `localhost` may have an IPv6 address as well, which is refused without harm to the other.
        #expect(recorder.all.contains("127.0.0.1 localhost \(server.port)"))
    }

    /// Numbers that are not written like addresses are addresses all the same to resolvers.
    @Test(arguments: ["2130706433", "0x7f000001", "127.1", "[::ffff:127.0.0.1]"])
    func otherSpellingsOfAnAddressAreRefusedToo(host: String) async throws {
        let server = try TestServer.answering { _ in TestReply("ok") }
        let client = try client { $0.addressPolicy = { address, _, _ in !isPrivateAddress(address) } }
        _ = try await failure(of: HTTPRequest("GET", server.url(host: host)), with: client)
        #expect(server.acceptCount == 0)
    }

    @Test func redirectsAreNotFollowed() async throws {
        let inner = try TestServer.answering { _ in TestReply("inner") }
        let target = inner.url()
        let server = try TestServer.answering { _ in TestReply(302, headers: ["Location: \(target)"]) }
        #expect(try await client().send(HTTPRequest("GET", server.url())).status == 302)
        #expect(inner.acceptCount == 0)
    }
}

/// Remembers what the policy was asked.
private final class Questions: Sendable {
    private let asked = Mutex<[String]>([])

    var all: [String] { asked.withLock { $0 } }

    func add(_ question: String) {
        asked.withLock { $0.append(question) }
    }
}
