import CurlHTTP
import Testing

/// Expected values were checked with another reader of mails.
@Suite("What a mail looks like")
struct MailComposerTests {
    private let stamp = MailStamp(seconds: 1_764_195_243, id: "0123abcd")

    private func message(_ change: (inout MailMessage) -> Void = { _ in }) -> MailMessage {
        var message = MailMessage(
            from: MailAddress("site@example.com"), to: [MailAddress("ann@b.example")], subject: "Hello", text: "Hi.")
        change(&message)
        return message
    }

    private func text(_ change: (inout MailMessage) -> Void = { _ in }) throws -> String {
        String(decoding: try message(change).composed(stamp), as: UTF8.self)
    }

    private func refusal(_ change: (inout MailMessage) -> Void) throws -> MailError {
        try #require(throws: MailError.self) { try message(change).composed(stamp) }
    }

    @Test func aPlainMailStaysReadable() throws {
        #expect(
            try text()
                == """
                Date: Wed, 26 Nov 2025 22:14:03 +0000
                From: site@example.com
                To: ann@b.example
                Subject: Hello
                Message-ID: <0123abcd@example.com>
                MIME-Version: 1.0
                Content-Type: text/plain; charset=utf-8
                Content-Transfer-Encoding: 7bit

                Hi.

                """.withCRLF)
    }

    @Test(
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 +0000"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 +0000"),
            (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 +0000"), (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 +0000"),
        ] as [(Int64, String)])
    func dates(seconds: Int64, expected: String) throws {
        let bytes = try message().composed(MailStamp(seconds: seconds, id: "a"))
        #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("Date: \(expected)\r\n"))
    }

    @Test func longSubjectsInOtherLettersBecomeEncodedWords() throws {
        let subject =
            "Größere Änderung an den Beiträgen: zwölf Artikel wurden veröffentlicht und überprüft 🎉 – bitte prüfen"
        let expected = """
            Subject: =?UTF-8?B?R3LDtsOfZXJlIMOEbmRlcnVuZyBhbiBkZW4gQmVpdHLDpGdlbjog?=
             =?UTF-8?B?enfDtmxmIEFydGlrZWwgd3VyZGVuIHZlcsO2ZmZlbnRsaWNodCB1bmQgw7xi?=
             =?UTF-8?B?ZXJwcsO8ZnQg8J+OiSDigJMgYml0dGUgcHLDvGZlbg==?=

            """.withCRLF
        #expect(try text { $0.subject = subject }.contains("\r\n" + expected))
    }

    @Test(arguments: ["=?UTF-8?B?QQ==?=", " leading", "two  spaces", String(repeating: "x", count: 2_000)])
    func whatFoldingWouldChangeIsEncodedToo(subject: String) throws {
        let header = try text { $0.subject = subject }.components(of: "Subject: ")
        #expect(header.hasPrefix("=?UTF-8?B?"))
        #expect(!header.contains(subject))
    }

    @Test func longSubjectsAreFolded() throws {
        let words = Array(repeating: "publish", count: 30).joined(separator: " ")
        let whole = try text { $0.subject = words }
        #expect(whole.lineLengths.allSatisfy { $0 <= 76 })
        #expect(whole.replacing("\r\n ", with: " ").contains("\r\nSubject: \(words)\r\n"))
    }

    @Test func namesAreQuotedOrEncoded() throws {
        let whole = try text { message in
            message.from.name = "Tidelock Öffnung"
            message.to = [
                MailAddress("m@b.example", name: #"Holm, Maren "M""#), MailAddress("p@b.example", name: "Pat B"),
            ]
        }
        #expect(whole.contains("\r\nFrom: =?UTF-8?B?VGlkZWxvY2sgw5ZmZm51bmc=?= <site@example.com>\r\n"))
        #expect(whole.contains(#"To: "Holm, Maren \"M\"" <m@b.example>, Pat B <p@b.example>"# + "\r\n"))
    }

    @Test func manyRecipientsAreFoldedAndHiddenOnesHidden() throws {
        let whole = try text { message in
            message.to = (1...40).map { MailAddress("person\($0)@b.example") }
            message.cc = [MailAddress("copy@b.example")]
            message.replyTo = [MailAddress("answers@b.example")]
            message.bcc = [MailAddress("hidden@b.example")]
        }
        #expect(whole.lineLengths.allSatisfy { $0 <= 76 })
        #expect(whole.contains("\r\nCc: copy@b.example\r\nReply-To: answers@b.example\r\n"))
        #expect(!whole.contains("hidden"))
    }

    @Test func textInOtherLettersIsQuotedPrintable() throws {
        let whole = try text {
            $0.text = "Gr\u{FC}\u{DF}e = gut\nZeile mit Leerzeichen \n" + String(repeating: "a", count: 80)
        }
        #expect(whole.contains("Content-Transfer-Encoding: quoted-printable\r\n"))
        let lines = "Gr=C3=BC=C3=9Fe =3D gut\r\nZeile mit Leerzeichen=20\r\n"
        #expect(whole.hasSuffix(lines + String(repeating: "a", count: 75) + "=\r\naaaaa\r\n"))
    }

    @Test func textInOtherScriptsIsBase64() throws {
        let whole = try text { $0.text = "Привет, мир" }
        #expect(whole.hasSuffix("Content-Transfer-Encoding: base64\r\n\r\n0J/RgNC40LLQtdGCLCDQvNC40YA=\r\n"))
    }

    @Test func twoFormsOfTheTextAreAlternatives() throws {
        let whole = try text { message in
            message.text = "Hi."
            message.html = "<p>Hi.</p>"
        }
        #expect(
            whole.components(of: "MIME-Version: 1.0\r\n")
                == """
                Content-Type: multipart/alternative;
                 boundary="=_alternative_0123abcd"

                --=_alternative_0123abcd
                Content-Type: text/plain; charset=utf-8
                Content-Transfer-Encoding: 7bit

                Hi.
                --=_alternative_0123abcd
                Content-Type: text/html; charset=utf-8
                Content-Transfer-Encoding: 7bit

                <p>Hi.</p>
                --=_alternative_0123abcd--

                """.withCRLF)
    }

    @Test func namesOfAttachmentsKeepTheirLetters() throws {
        let whole = try text { message in
            message.attachments = [
                MailAttachment(
                    name: "Übersicht der Änderungen vom November – sehr langer Name.csv",
                    type: "text/csv; charset=utf-8",
                    bytes: Array("a;b\r\n".utf8)),
                MailAttachment(name: #"a "b".bin"#, bytes: (0...255).map { UInt8($0) }),
            ]
        }
        #expect(
            whole.contains(
                """
                --=_mixed_0123abcd
                Content-Type: text/csv; charset=utf-8
                Content-Disposition: attachment;
                 filename*0*=UTF-8''%C3%9Cbersicht%20der%20%C3%84nderungen%20;
                 filename*1*=vom%20November%20%E2%80%93%20sehr%20lang;
                 filename*2*=er%20Name.csv
                Content-Transfer-Encoding: base64

                YTtiDQo=

                """.withCRLF))
        #expect(whole.contains(#"Content-Disposition: attachment; filename="a \"b\".bin""# + "\r\n"))
        #expect(whole.contains("\r\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4\r\n"))
        #expect(whole.hasSuffix("8PHy8/T19vf4+fr7/P3+/w==\r\n--=_mixed_0123abcd--\r\n"))
    }

    @Test(arguments: ["\r\n", "\n", "\r", "\0", "\u{B}", "\u{85}", "\u{2028}", "\u{7F}"])
    func nothingCanAddAHeader(lineBreak: String) throws {
        let evil = "x\(lineBreak)Bcc: evil@b.example"
        let refusals = [
            try refusal { $0.subject = evil }, try refusal { $0.from.name = evil },
            try refusal { $0.from.address = "a@b.example\(lineBreak)" },
            try refusal { $0.to = [MailAddress("a@b.example>\(lineBreak)RCPT TO:<evil@b.example")] },
            try refusal { $0.cc = [MailAddress("a@b.example", name: evil)] },
            try refusal { $0.bcc = [MailAddress("a@b.example\(lineBreak)")] },
            try refusal { $0.replyTo = [MailAddress("a@b.example", name: evil)] },
            try refusal { $0.attachments = [MailAttachment(name: evil, bytes: [])] },
        ]
        for refusal in refusals {
            #expect(refusal.kind == .malformedMessage)
            #expect(refusal.message.contains("line break or another control character"))
            #expect(!refusal.message.contains("evil"))
        }
        let type = try refusal {
            $0.attachments = [MailAttachment(name: "a", type: "text/plain\(lineBreak)x: y", bytes: [])]
        }
        #expect(type.kind == .malformedMessage)
    }

    @Test(arguments: [
        "", "text", "text/", "multipart/mixed", "message/rfc822", "text/plain; a", "te xt/a", "a/b; c=\"d\"",
    ])
    func typesThatAreNoneAreRefused(type: String) throws {
        #expect(
            try refusal { $0.attachments = [MailAttachment(name: "a", type: type, bytes: [])] }.kind
                == .malformedMessage)
    }

    @Test func aMailToNobodyIsRefused() throws {
        #expect(try refusal { $0.to = [] }.kind == .noRecipient)
    }

    @Test(arguments: [
        "a", "a@", "@b", "a b@c", "a@b@c", "<a@b>x", "\u{E4}@b.example", "\"q\"@b", "a..b@c", "X <a@b", "a@b;c@d",
        "a@b.example (x)", "-oQ@b,<>", String(repeating: "a", count: 65) + "@b.example",
    ])
    func whatIsNoAddressIsRefused(text: String) {
        let error = #expect(throws: MailError.self) { try MailAddress.list(text) }
        #expect(error?.kind == .malformedAddress)
    }

    @Test func addressesAreReadAsPeopleWriteThem() throws {
        let list = try MailAddress.list(
            #" a@b.example ,Maren Holm <m@b.example>,, "Holm, \"J\"" <j@b.example>, <k@[::1]>"#)
        #expect(
            list == [
                MailAddress("a@b.example"), MailAddress("m@b.example", name: "Maren Holm"),
                MailAddress("j@b.example", name: #"Holm, "J""#), MailAddress("k@[::1]"),
            ])
        #expect(try MailAddress.list("").isEmpty)
    }

    @Test func everyRecipientIsNamedOnce() {
        let mail = message { $0.bcc = [MailAddress("ann@b.example"), MailAddress("bob@b.example")] }
        #expect(mail.recipients == ["ann@b.example", "bob@b.example"])
    }
}

extension String {
    fileprivate var withCRLF: String { replacing("\n", with: "\r\n") }

    fileprivate var lineLengths: [Int] {
        utf8.split(separator: 0x0A).map { $0.count - 1 }
    }

    /// What follows the first `mark`.
    fileprivate func components(of mark: String) -> String {
        firstRange(of: mark).map { String(self[$0.upperBound...]) } ?? ""
    }
}
