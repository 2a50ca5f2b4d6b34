import Foundation
import Testing
import TidelockTestSupport

@Suite("Mail from handlers", .story)
struct MailTests {
    private static let handler = """
        app.on("sync.push.finished", function(target)
          app.mailer.mail("team@b.example", "Pushed to " .. target.name, "<p>All is well.</p>")
        end)
        """

    private func mailing(_ settings: String) async throws -> Site {
        let site = try await Site.make(articles: 2)
        try site.source.hook("50-mail.lua", Self.handler)
        try site.source.configure("return {", "return {\n  mail = { \(settings) },")
        return site
    }

    @Test func goesToTheServerOfTheConfiguration() async throws {
        let server = try MailServer { $0.passwords = ["site": "secret"] }
        let site = try await mailing(
            """
            transport = "smtp", host = "127.0.0.1", port = \(server.port), security = "none",
            user = "site", password = "secret", from = "site@b.example", fromName = "Site"
            """)
        #expect(try await site.push().isGood)
        let mail = try #require(server.mails.first)
        #expect(server.mails.count == 1)
        #expect(mail.user == "site" && mail.sender == "site@b.example" && mail.recipients == ["team@b.example"])
        #expect(mail.text.contains("\r\nFrom: Site <site@b.example>\r\n"))
        #expect(mail.text.contains("\r\nSubject: Pushed to production\r\n"))
    }

    @Test func isDroppedIntoTheStorageForDevelopment() async throws {
        let site = try await mailing(#"transport = "drop", from = "site@b.example""#)
        #expect(try await site.push().isGood)
        let folder = site.source.storage.appending(path: "mail")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        try #require(names.count == 1)
        let text = try String(contentsOf: folder.appending(path: names[0]), encoding: .utf8)
        #expect(text.contains("\r\nSubject: Pushed to production\r\n"))
    }

    @Test(arguments: [
        (#"transport = "drop", host = "a""#, "there is no setting 'mail.host'"),
        (#"transport = "smtp", hots = "a""#, "Did you mean 'host'?"),
        (#"transport = "smtp""#, "'mail.host' is missing"), (#"from = "a@b""#, "'mail.transport' is missing"),
        (#"transport = "pigeon""#, "it must be \"smtp\" or \"drop\""),
        (#"transport = "smtp", host = "a", security = "ssl""#, "'mail.security' cannot be used"),
        (#"transport = "smtp", host = "a", user = "a""#, "'mail.password' is missing"),
        (
            #"transport = "smtp", host = "a", security = "none", user = "a", password = "hunter2""#,
            "a password would cross the network in the clear"
        ),
        (#"transport = "drop", from = "a@b, c@d""#, "'mail.from' cannot be used"),
        (#"transport = "drop", fromName = "a""#, "'mail.from' is missing"),
    ])
    func mistakesInTheSettingsAreNamed(settings: String, sentence: String) async throws {
        let instance = try await RealInstance.make("a")
        try instance.configure("return {", "return {\n  mail = { \(settings) },")
        let ending = try await instance.attempt("kinds")
        #expect(ending.status == 78)
        #expect(ending.errors.contains(sentence), "\(ending.errors)")
        #expect(!ending.errors.contains("hunter2"))
    }
}
