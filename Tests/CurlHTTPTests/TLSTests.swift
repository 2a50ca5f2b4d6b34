import CurlHTTP
import Testing
import TidelockTestSupport

@Suite("Certificates", .timeLimit(.minutes(1)))
struct TLSTests {
    @Test func selfSignedCertificatesAreRefused() async throws {
        let server = try TLSServer(Certificate(for: "DNS:localhost"))
        let error = try await failure(of: HTTPRequest("POST", server.url(), body: [1]), with: client())
        #expect(error.kind == .tlsCertificate)
        #expect(
            error.message == "POST to localhost:\(server.port) failed: "
                + "the certificate of localhost is self-signed and not among the trusted ones.")
        #expect(error.hint == "Name the authority in a PEM file, if it is one to trust.")
        #expect(!error.mayHaveReachedServer && !error.isTransient)
    }

    @Test(arguments: ["localhost", "127.0.0.1"])
    func namedAuthoritiesAreTrusted(host: String) async throws {
        let certificate = try Certificate(for: "DNS:localhost,IP:127.0.0.1")
        let server = try TLSServer(certificate)
        let client = try client { $0.certificateAuthorities = certificate.path }
        let response = try await client.send(HTTPRequest("GET", server.url(host: host)))
        #expect(response.status == 200)
        #expect(String(decoding: response.body, as: UTF8.self).contains("TLSv1.3"))
    }

    @Test func otherAuthoritiesAreNotTrusted() async throws {
        let server = try TLSServer(Certificate(for: "DNS:localhost"))
        let other = try Certificate(for: "DNS:localhost")
        let client = try client { $0.certificateAuthorities = other.path }
        #expect(try await failure(of: HTTPRequest("GET", server.url()), with: client).kind == .tlsCertificate)
    }

    @Test(arguments: [
        (Certificate.Validity.past, "the certificate of localhost expired."),
        (Certificate.Validity.future, "the certificate of localhost is not valid yet."),
    ])
    func certificatesOutOfTime(validity: Certificate.Validity, sentence: String) async throws {
        let certificate = try Certificate(for: "DNS:localhost", validity: validity)
        let server = try TLSServer(certificate)
        let client = try client { $0.certificateAuthorities = certificate.path }
        let error = try await failure(of: HTTPRequest("GET", server.url()), with: client)
        #expect(error.kind == .tlsCertificate)
        #expect(error.message == "GET to localhost:\(server.port) failed: \(sentence)")
    }

    @Test(arguments: ["localhost", "127.0.0.1"])
    func certificatesOfOthers(host: String) async throws {
        let certificate = try Certificate(for: "DNS:other.example,IP:192.0.2.1")
        let server = try TLSServer(certificate)
        let client = try client { $0.certificateAuthorities = certificate.path }
        let error = try await failure(of: HTTPRequest("GET", server.url(host: host)), with: client)
        #expect(error.kind == .tlsCertificate)
        #expect(error.message.hasSuffix("failed: the certificate is for another host name than \(host)."))
        #expect(!error.mayHaveReachedServer)
    }

    @Test func plainServersAreRecognised() async throws {
        let server = try TestServer { connection in
            try connection.write("HTTP/1.1 400 Bad Request\r\n\r\n")
            try connection.waitForClose()
        }
        let error = try await failure(of: HTTPRequest("GET", server.url(scheme: "https")), with: client())
        #expect(error.kind == .tlsHandshake)
        #expect(error.hint == "The port seems to speak unencrypted HTTP: try http://.")
    }

    @Test func serversThatHangUpDuringTheHandshakeMayComeBack() async throws {
        let server = try TestServer { $0.close() }
        let error = try await failure(of: HTTPRequest("POST", server.url(scheme: "https"), body: [1]), with: client())
        #expect(error.kind == .closedEarly)
        #expect(error.isTransient && !error.mayHaveReachedServer)
    }

    @Test func filesThatAreNoCertificatesAreRefused() async throws {
        let server = try TLSServer(Certificate(for: "DNS:localhost"))
        let client = try client { $0.certificateAuthorities = "/dev/null" }
        let error = try await failure(of: HTTPRequest("GET", server.url()), with: client)
        #expect(error.kind == .tlsCertificate)
        #expect(error.message.hasSuffix("the file with certificate authorities cannot be used."))
    }
}
