import Testing
import TidelockTestSupport

@testable import CurlHTTP

@Suite("What servers show of their certificates", .timeLimit(.minutes(1)))
struct ServerCertificateTests {
    @Test(arguments: [
        (Certificate.Validity.past, 1_577_836_800 as Int64, 1_609_459_200 as Int64),
        (.future, 3_786_912_000, 3_818_448_000),
    ])
    func oneOutOfTimeIsShownWithItsTimes(validity: Certificate.Validity, from: Int64, until: Int64) async throws {
        let server = try TLSServer(Certificate(for: "DNS:localhost", validity: validity))
        let shown = try await ServerCertificate.shown(by: server.url())
        #expect(shown.subject == "CN = test" && shown.issuer == "CN = test", "\(shown)")
        #expect(shown.notBefore == from && shown.notAfter == until, "\(shown)")
    }

    @Test func oneForOthersIsShownWithItsNames() async throws {
        let server = try TLSServer(Certificate(for: "DNS:other.example,IP:192.0.2.1"))
        let shown = try await ServerCertificate.shown(by: server.url(host: "127.0.0.1"))
        #expect(shown.names == "DNS:other.example, IP Address:192.0.2.1")
    }

    /// Nobody has checked the certificate, so whoever is there must not get a word.
    @Test func nothingIsSentBehindTheHandshake() async throws {
        let certificate = try Certificate(for: "DNS:localhost")
        // Prints what it receives, and ends with its first connection.
        let program = try Program([
            "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", certificate.path, "-key", certificate.keyPath,
            "-naccept", "1",
        ])
        let port = try readPort(program)
        _ = try await ServerCertificate.shown(by: "https://user:secret@localhost:\(port)/path?query")
        let printed = String(decoding: try program.readAll(), as: UTF8.self)
        program.wait()
        program.closeInput()
        #expect(printed.contains("CIPHER is"), "\(printed)")
        for word in ["GET /", " HTTP/1.1", "Authorization"] { #expect(!printed.contains(word), "\(printed)") }
    }

    @Test func aCheckedRequestIsStillRefusedAfterwards() async throws {
        let server = try TLSServer(Certificate(for: "DNS:localhost"))
        let client = try client()
        _ = try await ServerCertificate.shown(by: server.url())
        #expect(try await failure(of: HTTPRequest("GET", server.url()), with: client).kind == .tlsCertificate)
    }

    @Test func aServerThatDoesNotEncryptShowsNone() async throws {
        let server = try TestServer { connection in
            try connection.write("HTTP/1.1 400 Bad Request\r\n\r\n")
            try connection.waitForClose()
        }
        await #expect {
            try await ServerCertificate.shown(by: server.url(scheme: "https"))
        } throws: { ($0 as? HTTPError)?.kind == .tlsHandshake }
        await #expect {
            try await ServerCertificate.shown(by: server.url())
        } throws: { ($0 as? HTTPError)?.kind == .unsupportedScheme }
    }

    @Test func aPortThatNobodyListensOnIsToldInTheWordsOfRequests() async throws {
        let port = try unusedPort()
        await #expect {
            try await ServerCertificate.shown(by: "https://127.0.0.1:\(port)")
        } throws: { error in
            "\(error)".hasPrefix("Handshake to 127.0.0.1:\(port) failed: the server refused the connection.")
        }
    }

    // MARK: Dates

    @Test(arguments: [
        ("Fri, 27 Nov 2026 08:57:30 GMT", 1_795_769_850 as Int64?), ("Nov 29 08:57:30 2026 GMT", 1_795_942_650),
        ("soon", nil), ("", nil),
    ])
    func datesOfHeadersAndCertificatesAreRead(text: String, seconds: Int64?) {
        #expect(unixSeconds(text) == seconds)
        #expect(HTTPResponse(status: 200, headers: [HTTPField("Date", text)]).date == seconds)
    }

    @Test func linesWithoutNamesAreNoCertificate() {
        #expect(ServerCertificate(lines: []) == nil)
        #expect(ServerCertificate(lines: ["Subject:CN = a", "Start date:Nov 29 08:57:30 2026 GMT"]) == nil)
    }
}
