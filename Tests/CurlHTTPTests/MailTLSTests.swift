import CurlHTTP
import Foundation
import Testing
import TidelockTestSupport

@Suite("Mail and encryption", .timeLimit(.minutes(1)))
struct MailTLSTests {
    private let login = MailLogin(user: "site", password: "secret")

    private func settings(_ port: Int, _ security: SMTPServer.Security, trusting certificate: Certificate) -> SMTPServer
    {
        SMTPServer(
            host: "localhost", port: port, security: security, login: login,
            certificateAuthorities: certificate.path)
    }

    @Test func encryptedFromTheFirstByte() async throws {
        let certificate = try Certificate(for: "DNS:localhost")
        let server = try TLSMailServer(certificate, greets: true)
        try await MailClient(.smtp(settings(server.port, .tls, trusting: certificate))).send(.example, stamp: .example)
        #expect(server.record.mails.map(\.user) == ["site"])
        #expect(server.record.mails.first?.data == (try MailMessage.example.composed(.example)))
    }

    @Test func encryptedFromSTARTTLSOn() async throws {
        let certificate = try Certificate(for: "DNS:localhost")
        let inner = try TLSMailServer(certificate, greets: false)
        let server = try MailServer { $0.startTLS = { splice($0, toPort: inner.port) } }
        try await MailClient(.smtp(settings(server.port, .startTLS, trusting: certificate)))
            .send(.example, stamp: .example)
        #expect(inner.record.mails.map(\.user) == ["site"])
        #expect(server.record.lines.last == "STARTTLS")
        #expect(server.mails.isEmpty)
    }

    @Test func noPasswordIsSentWhereEncryptionIsNotOffered() async throws {
        let server = try MailServer { $0.passwords = ["site": "secret"] }
        var settings = server.settings()
        (settings.security, settings.login) = (.startTLS, login)
        let error = try await failure(MailClient(.smtp(settings)))
        #expect(error.kind == .noEncryption)
        #expect(error.message.hasSuffix("failed: the server does not offer encryption (STARTTLS)."))
        #expect(!server.record.lines.contains { $0.hasPrefix("AUTH") })
    }

    @Test func certificatesOfOthersAreRefused() async throws {
        let server = try TLSMailServer(try Certificate(for: "DNS:localhost"), greets: true)
        let other = try Certificate(for: "DNS:localhost")
        let error = try await failure(MailClient(.smtp(settings(server.port, .tls, trusting: other))))
        #expect(error.kind == .tlsCertificate)
        #expect(error.message.contains("the certificate of localhost"))
        #expect(server.record.mails.isEmpty)
    }

    @Test func aServerThatDoesNotEncryptIsRecognised() async throws {
        let server = try MailServer()
        let error = try await failure(server.client { $0.security = .tls })
        #expect(error.kind == .tlsHandshake)
        #expect(error.message.hasSuffix("failed: the server does not encrypt from the first byte."))
    }
}

/// A mail server behind `openssl s_server`, which does the encryption and passes lines through its standard streams.
private final class TLSMailServer: Sendable {
    let port: Int
    let record = MailRecord()
    private let program: Program
    /// Kept while the server may still read its files.
    private let certificate: Certificate

    /// One connection is all it serves. After STARTTLS nobody greets again.
    init(_ certificate: Certificate, greets: Bool) throws {
        self.certificate = certificate
        program = try Program([
            "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", certificate.path, "-key", certificate.keyPath,
        ])
        port = try readPort(program)
        var behaviour = MailBehaviour()
        behaviour.passwords = ["site": "secret"]
        Thread.detachNewThread { [program, record, behaviour] in
            MailDialogue(over: ProgramChannel(program), behaviour, record).run(greets: greets)
        }
    }

    deinit {
        program.terminate()
    }
}

/// Lines over the standard streams of a program.
private final class ProgramChannel: MailChannel {
    private let program: Program
    private var unread: [UInt8] = []

    var socket: Int32? { nil }

    init(_ program: Program) {
        self.program = program
    }

    func readLine() -> [UInt8]? {
        while true {
            if let end = unread.firstIndex(of: 0x0A) {
                let line = Array(unread[...end])
                unread.removeFirst(line.count)
                return line
            }
            guard let part = try? program.read(upTo: 64 << 10) else { return nil }
            unread += part
        }
    }

    func write(_ text: String) {
        try? program.write(Array(text.utf8))
    }
}

/// Passes bytes between a socket and a port of this machine until one side ends.
private func splice(_ outer: Int32, toPort port: Int) {
    let inner = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(inner) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    address.sin_port = UInt16(port).bigEndian
    let isConnected = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            connect(inner, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
    guard isConnected else { return }
    let isDone = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
        copy(from: inner, to: outer)
        isDone.signal()
    }
    copy(from: outer, to: inner)
    isDone.wait()
}

private func copy(from source: Int32, to sink: Int32) {
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    while case let count = recv(source, &buffer, buffer.count, 0), count > 0 {
        guard send(sink, buffer, count, Int32(MSG_NOSIGNAL)) == count else { break }
    }
    shutdown(source, Int32(SHUT_RD))
    shutdown(sink, Int32(SHUT_WR))
}
