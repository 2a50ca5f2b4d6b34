import CurlHTTP
import Foundation
import Testing
import TidelockTestSupport

@Suite("Sending mail", .timeLimit(.minutes(1)))
struct MailTests {
    @Test func everybodyInTheEnvelopeGetsTheMailAsItWasComposed() async throws {
        let server = try MailServer()
        var mail = MailMessage.example
        mail.text = ".\r\n..two\n.\nlast"
        mail.bcc = [MailAddress("hidden@b.example")]
        try await server.client().send(mail, stamp: .example)
        let taken = try #require(server.mails.first)
        #expect(taken.sender == "site@example.com")
        #expect(taken.recipients == ["ann@b.example", "bob@b.example", "hidden@b.example"])
        #expect(taken.data == (try mail.composed(.example)))
        #expect(taken.text.hasSuffix("\r\n\r\n.\r\n..two\r\n.\r\nlast\r\n"))
        #expect(server.mails.count == 1)
    }

    @Test func loggingInUsesNameAndPassword() async throws {
        let server = try MailServer { $0.passwords = ["site": "pä ss:word"] }
        let login = MailLogin(user: "site", password: "pä ss:word")
        try await server.client { $0.login = login }.send(.example, stamp: .example)
        #expect(server.mails.map(\.user) == ["site"])
    }

    /// This server repeats the password in its refusal.
    @Test func aRefusedLoginIsNamedWithoutThePassword() async throws {
        let server = try MailServer { $0.passwords = ["site": "right"] }
        let login = MailLogin(user: "site", password: "hunter2")
        let error = try await failure(server.client { $0.login = login })
        #expect(error.kind == .loginRefused)
        #expect(error.message == "Mail through 127.0.0.1:\(server.port) failed: the server refused the login, 535.")
        let written =
            "\(error) \(login) \(String(reflecting: login)) \(MailTransport.smtp(server.settings { $0.login = login }))"
        #expect(!written.contains("hunter2") && !written.contains(Data("\0site\0hunter2".utf8).base64EncodedString()))
    }

    @Test func aRefusedRecipientIsNamedAndNobodyGetsTheMail() async throws {
        let server = try MailServer {
            $0.answers["RCPT TO:<bob@b.example>"] = .reply("550-5.1.1\r\n550 no\u{1B} Bob here")
        }
        let error = try await failure(server.client())
        #expect(error.kind == .recipientRefused)
        #expect(
            error.message == "Mail through 127.0.0.1:\(server.port) failed: "
                + "the server refused the recipient bob@b.example, 550 no Bob here.")
        #expect(server.mails.isEmpty)
        #expect(!error.mayBeDelivered)
    }

    @Test(arguments: [
        (
            "MAIL", "553 not you", MailError.Kind.senderRefused,
            "the server refused the sender site@example.com, 553 not you."
        ),
        ("DATA", "451 later", .messageRefused, "the server refused the mail, 451 later."),
        (".", "554 spam", .messageRefused, "the server refused the mail, 554 spam."),
        ("CONNECT", "554 go away", .serverRefused, "the server takes no mail from here, 554 go away."),
    ])
    func refusals(of what: String, reply: String, kind: MailError.Kind, sentence: String) async throws {
        let server = try MailServer { $0.answers[what] = .reply(reply) }
        let error = try await failure(server.client())
        #expect(error.kind == kind)
        #expect(error.message.hasSuffix("failed: " + sentence))
        #expect(!error.mayBeDelivered)
    }

    @Test(arguments: [
        ("CONNECT", "waiting for the server's greeting"), ("EHLO", "logging in"), ("RCPT", "naming the recipients"),
        ("DATA", "handing over the mail"), (".", "handing over the mail"),
    ])
    func cutConnections(at what: String, activity: String) async throws {
        let server = try MailServer { $0.answers[what] = .close }
        let error = try await failure(server.client())
        #expect(error.kind == .closedEarly)
        #expect(error.message.hasSuffix("failed: the server closed the connection while \(activity)."))
        #expect(error.mayBeDelivered == (what == "."))
    }

    @Test(arguments: [
        ("CONNECT", MailError.Kind.connectTimeout, "waiting for the server's greeting."),
        ("EHLO", .connectTimeout, "logging in."), ("MAIL", .stalled, "naming the sender."),
        (".", .stalled, "handing over the mail."),
    ])
    func serversThatFallSilent(at what: String, kind: MailError.Kind, activity: String) async throws {
        let server = try MailServer { $0.answers[what] = .silence }
        let error = try await failure(
            server.client { ($0.connectLimit, $0.stallLimit) = (.milliseconds(300), .milliseconds(300)) })
        #expect(error.kind == kind)
        #expect(error.message.contains("300 ms"))
        #expect(error.message.hasSuffix(activity))
        #expect(server.mails.isEmpty)
    }

    @Test func allOfItHasALimit() async throws {
        let server = try MailServer { $0.answers["MAIL"] = .silence }
        let error = try await failure(server.client { $0.totalLimit = .milliseconds(300) })
        #expect(error.kind == .timeout)
        #expect(error.message.contains("was not done within 300 ms"))
    }

    @Test func aServerThatDoesNotSayGoodbyeHasTheMail() async throws {
        let server = try MailServer { $0.answers["QUIT"] = .silence }
        try await server.client().send(.example, stamp: .example)
        #expect(server.mails.count == 1)
    }

    /// libcurl would end the half of the mail with a dot if it were taken out of a loop.
    @Test func aMailThatIsCancelledHalfwayIsNotDelivered() async throws {
        let server = try MailServer { $0.answers["DATA"] = .reply("354 go on\r\n") }
        var mail = MailMessage.example
        mail.attachments = [MailAttachment(name: "zeros", bytes: [UInt8](repeating: 0, count: 8 << 20))]
        let (client, large) = (server.client(), mail)
        let task = Task { try await client.send(large, stamp: .example) }
        try await eventually("the mail is on its way") { server.record.lines.contains("DATA") }
        task.cancel()
        let result = await task.result
        // It may have been faster than we were; but it is there as a whole or not at all.
        let isWhole = server.mails.first?.data == (try large.composed(.example))
        switch result {
        case .success: #expect(isWhole)
        case .failure(let error):
            #expect((error as? MailError)?.kind == .cancelled)
            #expect(server.mails.isEmpty || isWhole)
        }
    }

    @Test func nobodyListens() async throws {
        let port = try unusedPort()
        let client = MailClient(.smtp(SMTPServer(host: "127.0.0.1", port: port, security: .none)))
        let error = try await failure(client)
        #expect(error.kind == .connectionRefused)
        #expect(error.message == "Mail through 127.0.0.1:\(port) failed: the server refused the connection.")
    }

    @Test func whatCannotBeSentIsRefusedBeforeAnybodyIsAsked() async throws {
        let server = try MailServer()
        var mail = MailMessage.example
        mail.cc = [MailAddress("x@b.example>\r\nRCPT TO:<evil@b.example")]
        #expect(try await failure(server.client(), mail).kind == .malformedMessage)
        #expect(server.record.lines.isEmpty)
    }
}

@Suite("Mail into a folder")
struct MailDropTests {
    @Test func everyMailIsAFileForItsOwner() async throws {
        let folder = try TemporaryFolder()
        let drop = folder.appending("mail").path
        for id in ["a1", "b2"] {
            try await MailClient(.drop(drop)).send(.example, stamp: MailStamp(seconds: 1_764_195_243, id: id))
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: drop).sorted()
        #expect(names == ["20251126T221403Z-a1.eml", "20251126T221403Z-b2.eml"])
        let file = drop + "/" + names[0]
        let expected = try MailMessage.example.composed(MailStamp(seconds: 1_764_195_243, id: "a1"))
        #expect(FileManager.default.contents(atPath: file) == Data(expected))
        for (path, mode) in [(file, 0o600), (drop, 0o700)] {
            let facts = try FileManager.default.attributesOfItem(atPath: path)
            #expect(facts[.posixPermissions] as? Int == mode)
        }
    }

    @Test func aFolderThatCannotBeMadeIsNamed() async throws {
        let folder = try TemporaryFolder()
        let path = folder.appending("none").path + "/mail"
        let error = try await failure(MailClient(.drop(path)))
        #expect(error.kind == .dropFailed)
        #expect(error.message == "The folder for mails, \(path), could not be made: no such file or directory.")
    }
}

/// Sends and expects an error, which it returns.
func failure(
    _ client: MailClient, _ mail: MailMessage = .example, sourceLocation: SourceLocation = #_sourceLocation
) async throws -> MailError {
    do throws(MailError) { try await client.send(mail, stamp: .example) } catch { return error }
    Issue.record("The mail was sent.", sourceLocation: sourceLocation)
    throw POSIXError(.EIO)
}

extension MailServer {
    func settings(_ change: (inout SMTPServer) -> Void = { _ in }) -> SMTPServer {
        var settings = SMTPServer(host: "127.0.0.1", port: port, security: .none)
        change(&settings)
        return settings
    }

    func client(_ change: (inout SMTPServer) -> Void = { _ in }) -> MailClient {
        MailClient(.smtp(settings(change)))
    }
}

extension MailMessage {
    static let example = MailMessage(
        from: MailAddress("site@example.com"), to: [MailAddress("ann@b.example"), MailAddress("bob@b.example")],
        subject: "Hello", text: "Hi.")
}

extension MailStamp {
    static let example = MailStamp(seconds: 1_764_195_243, id: "0123abcd")
}
