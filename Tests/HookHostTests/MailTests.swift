import ContentModel
import CurlHTTP
import Foundation
import HookHost
import LuaRuntime
import SyncEngine
import Testing
import TidelockTestSupport

@Suite("Handlers that send mail", .timeLimit(.minutes(1)))
struct MailTests {
    /// Runs the statements in an observer that can send mail.
    private func observe(_ statements: String, _ mail: MailSettings?) async throws {
        let fixture = try HookFixture([
            "a.lua": "app.on('sync.push.finished', function(target, ctx)\n\(statements)\nend, { name = 'x' })"
        ])
        var services = fixture.services()
        services.mail = mail
        let host = try HookHost(
            folder: fixture.hooks, configuration: HookHostConfiguration(), services: services,
            workers: HookFixture.workers)
        await host.start()
        defer { host.stop() }
        try await host.observe(.pushFinished)
    }

    private func settings(_ server: MailServer) -> MailSettings {
        MailSettings(
            .smtp(SMTPServer(host: "127.0.0.1", port: server.port, security: .none)),
            from: MailAddress("site@example.com", name: "Site"))
    }

    /// The only mail that the statements send.
    private func mail(_ statements: String) async throws -> TakenMail {
        let server = try MailServer()
        try await observe(statements, settings(server))
        try #require(server.mails.count == 1)
        return server.mails[0]
    }

    @Test func theDocumentedCallWorks() async throws {
        let mail = try await mail(
            """
            app.mailer.mail("ann@b.example, Bob <bob@b.example>", "Pushed to " .. target.name, "All is well.")
            """)
        #expect(mail.sender == "site@example.com")
        #expect(mail.recipients == ["ann@b.example", "bob@b.example"])
        #expect(mail.text.contains("\r\nFrom: Site <site@example.com>\r\n"))
        #expect(mail.text.contains("\r\nTo: ann@b.example, Bob <bob@b.example>\r\nSubject: Pushed to staging\r\n"))
        #expect(mail.text.hasPrefix("Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"))
        #expect(mail.text.contains("Content-Type: text/plain; charset=utf-8\r\n"))
        #expect(mail.text.hasSuffix("\r\n\r\nAll is well.\r\n"))
    }

    @Test func everyOptionIsUsed() async throws {
        let mail = try await mail(
            """
            app.mailer.mail({ "ann@b.example" }, "Hi", "<p>Hi</p>", {
              from = "other@example.com", from_name = "Other", reply_to = "answers@b.example",
              cc = { "cc@b.example" }, bcc = "bcc@b.example", text = "Hi",
              attachments = { { name = "a.csv", content = "a;b\\r\\n\\0", type = "text/csv" } },
            })
            """)
        #expect(mail.sender == "other@example.com")
        #expect(mail.recipients == ["ann@b.example", "cc@b.example", "bcc@b.example"])
        for line in [
            "From: Other <other@example.com>", "Reply-To: answers@b.example", "Cc: cc@b.example",
            "Content-Type: text/csv", "Content-Disposition: attachment; filename=\"a.csv\"", "YTtiDQoA", "<p>Hi</p>",
            "Content-Type: text/plain; charset=utf-8",
        ] {
            #expect(mail.text.contains("\r\n\(line)\r\n"), "\(line)")
        }
        #expect(!mail.text.contains("bcc@b.example"))
    }

    @Test(arguments: [
        ("'<p>Hi</p>'", "html"), ("'one<br/>two'", "html"), ("'<!-- x -->'", "html"),
        ("'a <a href=\"x\">b</a>'", "html"),
        ("'a < b and c > d'", "plain"), ("'Ann <ann@b.example>'", "plain"), ("'<3 > 2'", "plain"),
        ("'if a <b then'", "plain"),
        ("'<p>Hi</p>', { html = false }", "plain"), ("'Hi', { html = true }", "html"),
    ])
    func tagsMakeAMessageHTML(message: String, subtype: String) async throws {
        let mail = try await mail("app.mailer.mail('ann@b.example', 'Hi', \(message))")
        #expect(mail.text.contains("\r\nContent-Type: text/\(subtype); charset=utf-8\r\n"))
    }

    @Test(arguments: [
        #"app.mailer.mail("ann@b.example", "Hi\r\nBcc: evil@b.example", "x")"#,
        #"app.mailer.mail("ann@b.example\nBcc: evil@b.example", "Hi", "x")"#,
        #"app.mailer.mail({ "ann@b.example>\r\nRCPT TO:<evil@b.example" }, "Hi", "x")"#,
        #"app.mailer.mail("ann@b.example", "Hi", "x", { from_name = "A\r\nBcc: evil@b.example" })"#,
        #"app.mailer.mail("ann@b.example", "Hi", "x", { from = "a@b.example\0" })"#,
        #"app.mailer.mail("ann@b.example", "Hi", "x", { reply_to = "a@b.example\r\n.\r\n" })"#,
        #"app.mailer.mail("ann@b.example", "Hi", "x", { attachments = { { name = "a\nb: c", content = "" } } })"#,
    ])
    func scriptsCannotAddHeadersOrRecipients(statement: String) async throws {
        let server = try MailServer()
        let error = try await failure { try await observe(statement, settings(server)) }
        #expect(error.message.contains("app.mailer.mail: "))
        #expect(error.message.contains("line break or another control character"))
        // The second line quotes the script.
        #expect(error.message.split(separator: "\n").first?.contains("evil") == false)
        #expect(server.record.lines.isEmpty)
    }

    @Test(arguments: [
        ("app.mailer.mail()", "the subject must be a string of UTF-8"),
        ("app.mailer.mail('ann@b.example', 'Hi')", "the message must be a string of UTF-8"),
        ("app.mailer.mail(1, 'Hi', 'x')", "the recipient must be a string or a list of strings"),
        ("app.mailer.mail('', 'Hi', 'x')", "The mail has no recipient."),
        ("app.mailer.mail('ann', 'Hi', 'x')", "the recipient: 'ann' is not an address."),
        (
            "app.mailer.mail('a@b', 'Hi', 'x', { replyto = 'a@b' })",
            "there is no option 'replyto'. Did you mean 'reply_to'?"
        ),
        ("app.mailer.mail('a@b', 'Hi', 'x', { from = 'a@b, c@d' })", "the option 'from' must be one address"),
        ("app.mailer.mail('a@b', 'Hi', 'x', { text = 'y' })", "the option 'text' goes with a message in HTML"),
        ("app.mailer.mail('a@b', 'Hi', 'x', { html = 1 })", "the option 'html' must be true or false"),
        (
            "app.mailer.mail('a@b', 'Hi', 'x', { attachments = { { name = 'a' } } })",
            "an attachment needs a name and its content"
        ),
        (
            "app.mailer.mail('a@b', 'Hi', 'x', { attachments = { { name = 'a', content = '', typ = 'a/b' } } })",
            "an attachment: there is no option 'typ'. Did you mean 'type'?"
        ),
    ])
    func mistakesAreExplained(statement: String, sentence: String) async throws {
        let server = try MailServer()
        let error = try await failure { try await observe(statement, settings(server)) }
        #expect(error.message.contains("hooks/a.lua:2: "))
        #expect(error.message.contains("app.mailer.mail: \(sentence)"), "\(error.message)")
        #expect(server.record.lines.isEmpty)
    }

    @Test func withoutSettingsNothingIsSent() async throws {
        let error = try await failure { try await observe("app.mailer.mail('ann@b.example', 'Hi', 'x')", nil) }
        #expect(error.message.contains("app.mailer.mail: no mail is configured; set `mail` in tidelock.lua"))
    }

    @Test func aSenderIsNeeded() async throws {
        let server = try MailServer()
        var settings = settings(server)
        settings.from = nil
        let error = try await failure { try await observe("app.mailer.mail('ann@b.example', 'Hi', 'x')", settings) }
        #expect(error.message.contains("the mail has no sender"))
        try await observe("app.mailer.mail('ann@b.example', 'Hi', 'x', { from = 'me@b.example' })", settings)
        #expect(server.mails.map(\.sender) == ["me@b.example"])
    }

    @Test func oneCallSendsTwentyMailsAtMost() async throws {
        let server = try MailServer()
        let error = try await failure {
            try await observe("for i = 1, 30 do app.mailer.mail('ann@b.example', 'Hi', 'x') end", settings(server))
        }
        #expect(error.message.contains("app.mailer.mail: one call of a handler may send 20 mails"))
        #expect(server.mails.count == 20)
    }

    @Test func aMailHasHundredRecipientsAndTenMebibytesAtMost() async throws {
        let server = try MailServer()
        let many = "local to = {} for i = 1, 101 do to[i] = 'p' .. i .. '@b.example' end app.mailer.mail(to, 'Hi', 'x')"
        let crowd = try await failure { try await observe(many, settings(server)) }
        #expect(crowd.message.contains("a mail may have 100 recipients"))
        let large = """
            local part = { name = "a", content = ("x"):rep(1 << 20) }
            local parts = {}
            for i = 1, 11 do parts[i] = part end
            app.mailer.mail('ann@b.example', 'Hi', 'x', { attachments = parts })
            """
        let size = try await failure { try await observe(large, settings(server)) }
        #expect(size.message.contains("a mail may have 10 MiB, attachments included"), "\(size.message)")
        #expect(server.record.lines.isEmpty)
    }

    @Test func whatTheServerRefusesIsTheHandlersError() async throws {
        let server = try MailServer { $0.answers["RCPT"] = .reply("550 nobody here") }
        let error = try await failure {
            try await observe("app.mailer.mail('ann@b.example', 'Hi', 'x')", settings(server))
        }
        #expect(
            error.message.contains(
                "app.mailer.mail: Mail through 127.0.0.1:\(server.port) failed: "
                    + "the server refused the recipient ann@b.example, 550 nobody here."))
    }

    @Test func mailsCanBeDroppedIntoAFolder() async throws {
        let folder = try TemporaryFolder()
        let drop = folder.appending("mail").path
        try await observe(
            "app.mailer.mail('ann@b.example', 'Hi', 'x')",
            MailSettings(.drop(drop), from: MailAddress("site@b.example")))
        let names = try FileManager.default.contentsOfDirectory(atPath: drop)
        try #require(names.count == 1)
        #expect(names[0].hasPrefix("20231114T221320Z-") && names[0].hasSuffix(".eml"))
        let text = String(
            decoding: FileManager.default.contents(atPath: drop + "/" + names[0]) ?? Data(), as: UTF8.self)
        #expect(text.contains("\r\nTo: ann@b.example\r\nSubject: Hi\r\n"))
    }

    @Test func filtersCannotSendMail() async throws {
        let fixture = try HookFixture([
            "a.lua": "app.on('sync.content.before', function(items) app.mailer.mail('a@b', 'Hi', 'x') end)"
        ])
        let error = try await failure { try await fixture.host().filter(#"{"_id":"1"}"#) }
        #expect(error.message.contains("app.mailer.mail"))
    }
}
