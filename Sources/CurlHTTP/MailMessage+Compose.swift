extension MailMessage {
    /// The whole mail as it goes to a server: header, empty line, body, with CRLF at every line end.
    ///
    /// Pure: the same message and stamp give the same bytes. Throws `.malformedMessage`, `.malformedAddress` or
    /// `.noRecipient` for what cannot be sent as it stands.
    public func composed(_ stamp: MailStamp) throws(MailError) -> [UInt8] {
        try check()
        try stamp.check()
        var bytes = Array(header(stamp).utf8)
        bytes += part(stamp.id).bytes
        return bytes
    }

    private func header(_ stamp: MailStamp) -> String {
        var lines = ["Date: \(mailDate(stamp.seconds))", Self.line("From", [from])]
        for (name, addresses) in [("To", to), ("Cc", cc), ("Reply-To", replyTo)] where !addresses.isEmpty {
            lines.append(Self.line(name, addresses))
        }
        var subjectLine = MailHeaderLine("Subject")
        subjectLine.append(text: subject)
        lines.append(subjectLine.text)
        lines.append("Message-ID: <\(stamp.id)@\(from.domain)>")
        lines.append("MIME-Version: 1.0")
        return lines.map { $0 + "\r\n" }.joined()
    }

    private static func line(_ name: String, _ addresses: [MailAddress]) -> String {
        var line = MailHeaderLine(name)
        line.append(addresses)
        return line.text
    }

    private func part(_ id: String) -> MailPart {
        guard !attachments.isEmpty else { return bodyPart(id) }
        return .multipart("mixed", boundary: "=_mixed_\(id)", [bodyPart(id)] + attachments.map { MailPart($0) })
    }

    /// Of two forms of one text, the one that shows more comes last (RFC 2046, 5.1.4).
    private func bodyPart(_ id: String) -> MailPart {
        switch (text, html) {
        case (let text, nil): .text(text ?? "", "plain")
        case (nil, let html?): .text(html, "html")
        case (let text?, let html?):
            .multipart("alternative", boundary: "=_alternative_\(id)", [.text(text, "plain"), .text(html, "html")])
        }
    }
}

/// A part of a mail: its own header and its encoded content.
private struct MailPart {
    var header: String
    var content: [UInt8]

    var bytes: [UInt8] { Array(header.utf8) + [0x0D, 0x0A] + content + [0x0D, 0x0A] }

    init(header: String, content: [UInt8]) {
        self.header = header
        self.content = content
    }

    init(_ attachment: MailAttachment) {
        var disposition = MailHeaderLine("Content-Disposition")
        disposition.append("attachment")
        disposition.append(parameter: "filename", attachment.name)
        header =
            "Content-Type: \(attachment.type)\r\n\(disposition.text)\r\nContent-Transfer-Encoding: base64\r\n"
        content = base64Lines(attachment.bytes)
    }

    static func text(_ text: String, _ subtype: String) -> MailPart {
        let lines = canonicalLines(text)
        let encoding = MailEncoding.best(for: lines)
        return MailPart(
            header: "Content-Type: text/\(subtype); charset=utf-8\r\n"
                + "Content-Transfer-Encoding: \(encoding.rawValue)\r\n",
            content: encoding.encode(lines))
    }

    /// The boundary begins with `=_`, which neither encoding can produce, and holds an id that nobody can guess.
    static func multipart(_ subtype: String, boundary: String, _ parts: [MailPart]) -> MailPart {
        var content: [UInt8] = []
        for part in parts { content += Array("--\(boundary)\r\n".utf8) + part.bytes }
        content += Array("--\(boundary)--".utf8)
        return MailPart(
            header: "Content-Type: multipart/\(subtype);\r\n boundary=\"\(boundary)\"\r\n", content: content)
    }
}

/// The time as RFC 5322, 3.3, writes it: `Thu, 01 Jan 1970 00:00:00 +0000`.
func mailDate(_ seconds: Int64) -> String {
    let clamped = max(0, min(seconds, 253_402_300_799))  // the years that have four digits
    let (days, time) = clamped.quotientAndRemainder(dividingBy: 86_400)
    let date = CivilDate(daysSince1970: Int(days))
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][Int(days % 7)]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let clock = [time / 3_600, time / 60 % 60, time % 60].map { twoDigits(Int($0)) }.joined(separator: ":")
    return "\(weekday), \(twoDigits(date.day)) \(months[date.month - 1]) \(date.year) \(clock) +0000"
}

func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

/// A day of the Gregorian calendar.
struct CivilDate {
    var year: Int
    var month: Int
    var day: Int

    /// Counts in years that begin in March, so that the leap day is the last one.
    init(daysSince1970: Int) {
        let days = daysSince1970 + 719_468  // since 1 March of the year 0
        let (era, dayOfEra) = days.quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shifted + 2) / 5 + 1
        month = shifted < 10 ? shifted + 3 : shifted - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }
}
