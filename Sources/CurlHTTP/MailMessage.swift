/// One mail: who it is for, what it says, and what comes with it.
///
/// A message is a value. It is checked when it is sent or composed, not when it is made.
public struct MailMessage: Sendable, Hashable {
    public var from: MailAddress
    public var to: [MailAddress]
    public var cc: [MailAddress]
    /// Get the mail as well, but are named in none of its headers.
    public var bcc: [MailAddress]
    public var replyTo: [MailAddress]
    /// One line.
    public var subject: String
    /// The body for readers that show text. With `html` as well, readers choose.
    public var text: String?
    public var html: String?
    public var attachments: [MailAttachment]

    public init(
        from: MailAddress, to: [MailAddress] = [], cc: [MailAddress] = [], bcc: [MailAddress] = [],
        replyTo: [MailAddress] = [], subject: String, text: String? = nil, html: String? = nil,
        attachments: [MailAttachment] = []
    ) {
        self.from = from
        self.to = to
        self.cc = cc
        self.bcc = bcc
        self.replyTo = replyTo
        self.subject = subject
        self.text = text
        self.html = html
        self.attachments = attachments
    }

    /// Everybody the mail is delivered to, each address once, in the order they are named.
    public var recipients: [String] {
        var seen: Set<String> = []
        return (to + cc + bcc).map(\.address).filter { seen.insert($0).inserted }
    }
}

/// Something that comes with a mail.
public struct MailAttachment: Sendable, Hashable {
    /// The name of the file, as the recipient sees it.
    public var name: String
    /// The media type, such as `text/csv` or `text/csv; charset=utf-8`.
    public var type: String
    public var bytes: [UInt8]

    public init(name: String, type: String = "application/octet-stream", bytes: [UInt8]) {
        self.name = name
        self.type = type
        self.bytes = bytes
    }
}

/// What tells one mail from all others: when it was written and an id that nobody can guess.
///
/// The id stands in `Message-ID` and between the parts of the mail, so it must not occur in the mail's own text.
public struct MailStamp: Sendable, Hashable {
    /// Whole seconds since 1970 in UTC.
    public var seconds: Int64
    /// Letters and digits.
    public var id: String

    public init(seconds: Int64, id: String) {
        self.seconds = seconds
        self.id = id
    }

    /// A stamp for a mail of this time, with 128 random bits.
    public static func random(at seconds: Int64) -> MailStamp {
        let halves = (0..<2).map { _ in UInt64.random(in: .min ... .max) }
        return MailStamp(
            seconds: seconds,
            id: halves.map { half in
                let digits = String(half, radix: 16)
                return String(repeating: "0", count: 16 - digits.count) + digits
            }.joined())
    }
}
