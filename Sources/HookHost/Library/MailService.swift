internal import ContentModel
public import CurlHTTP
internal import HookCatalog
internal import LuaRuntime
internal import SyncEngine

/// How handlers send mail.
public struct MailSettings: Sendable {
    public var transport: MailTransport
    /// Who mails are from unless a handler says otherwise.
    public var from: MailAddress?

    public init(_ transport: MailTransport, from: MailAddress? = nil) {
        self.transport = transport
        self.from = from
    }
}

/// `app.mailer.mail`.
struct MailService: Sendable {
    private static let name = HostFunction.mail.rawValue

    let settings: MailSettings?
    let sender: (any MailSending)?
    let clock: any WallClock
    let limits: HookLimits

    func mail(_ arguments: [LuaValue], _ invocation: Invocation) throws -> [LuaValue] {
        guard let settings else {
            throw HostError("\(Self.name): no mail is configured; set `mail` in tidelock.lua")
        }
        let message = try MailArguments(arguments, of: Self.name).message(from: settings.from)
        try check(message)
        guard invocation.countMail() <= limits.mails else {
            throw HostError("\(Self.name): one call of a handler may send \(limits.mails) mails")
        }
        let sender = sender ?? ConfiguredMail(transport: settings.transport, clock: clock)
        try Blocking.wait(Self.name, until: invocation.deadline) { try await sender.send(message) }
        return []
    }

    private func check(_ message: MailMessage) throws(HostError) {
        guard message.recipients.count <= limits.mailRecipients else {
            throw HostError("\(Self.name): a mail may have \(limits.mailRecipients) recipients")
        }
        guard message.size <= limits.mailBytes else {
            throw HostError("\(Self.name): a mail may have \(limits.mailBytes >> 20) MiB, attachments included")
        }
    }
}

/// Mails that go where the configuration says.
private struct ConfiguredMail: MailSending {
    let transport: MailTransport
    let clock: any WallClock

    func send(_ mail: MailMessage) async throws {
        try await MailClient(transport).send(mail, stamp: .random(at: clock.seconds))
    }
}

extension MailMessage {
    /// Bytes of what a script put into it.
    fileprivate var size: Int {
        attachments.reduce(subject.utf8.count + (text?.utf8.count ?? 0) + (html?.utf8.count ?? 0)) { size, attachment in
            size + attachment.bytes.count + attachment.name.utf8.count
        }
    }
}

/// Reads what a script passes to `app.mailer.mail(to, subject, message, options)`.
private struct MailArguments {
    private static let members = ["from", "from_name", "reply_to", "cc", "bcc", "text", "html", "attachments"]

    private let name: String
    private let arguments: [LuaValue]
    private let options: TableReader

    init(_ arguments: [LuaValue], of name: String) throws(HostError) {
        self.name = name
        self.arguments = arguments
        options = try TableReader(arguments.count > 3 ? arguments[3] : .nil, of: name, allowing: Self.members)
    }

    func message(from standard: MailAddress?) throws(HostError) -> MailMessage {
        var message = MailMessage(from: try sender(standard), subject: try text(1, "subject"))
        message.to = try addresses(arguments.first ?? .nil, "the recipient")
        message.cc = try addresses("cc")
        message.bcc = try addresses("bcc")
        message.replyTo = try addresses("reply_to")
        try readBody(into: &message)
        message.attachments = try attachments()
        return message
    }

    private func sender(_ standard: MailAddress?) throws(HostError) -> MailAddress {
        let given = try addresses("from")
        guard given.count <= 1 else { throw HostError("\(name): the option 'from' must be one address") }
        guard var sender = given.first ?? standard else {
            throw HostError("\(name): the mail has no sender; set mail.from in tidelock.lua or the option 'from'")
        }
        if let name = try options.string("from_name") { sender.name = name }
        return sender
    }

    /// One form of the message, or both if a text is given to go with the HTML.
    private func readBody(into message: inout MailMessage) throws(HostError) {
        let body = try text(2, "message")
        let alternative = try options.string("text")
        guard try options.boolean("html") ?? body.looksLikeHTML else {
            guard alternative == nil else { throw HostError("\(name): the option 'text' goes with a message in HTML") }
            message.text = body
            return
        }
        message.html = body
        message.text = alternative
    }

    private func text(_ position: Int, _ what: String) throws(HostError) -> String {
        guard position < arguments.count, let text = arguments[position].revealedText else {
            throw HostError("\(name): the \(what) must be a string of UTF-8")
        }
        return text
    }

    private func addresses(_ option: String) throws(HostError) -> [MailAddress] {
        guard let value = options.value(option), value != .nil else { return [] }
        return try addresses(value, "the option '\(option)'")
    }

    /// Addresses in one string, with commas, or in a list of such strings.
    private func addresses(_ value: LuaValue, _ what: String) throws(HostError) -> [MailAddress] {
        let values: [LuaValue]
        switch value {
        case .string: values = [value]
        case .array(let elements): values = elements
        case .object([]): values = []
        default: throw HostError("\(name): \(what) must be a string or a list of strings")
        }
        var addresses: [MailAddress] = []
        for value in values {
            guard let text = value.text else {
                throw HostError("\(name): \(what) must be a string or a list of strings")
            }
            do throws(MailError) { addresses += try MailAddress.list(text) } catch {
                throw HostError("\(name): \(what): \(error)")
            }
        }
        return addresses
    }

    private func attachments() throws(HostError) -> [MailAttachment] {
        switch options.value("attachments") {
        case nil, .nil, .object([]): return []
        case .array(let elements):
            var attachments: [MailAttachment] = []
            for element in elements { attachments.append(try attachment(element)) }
            return attachments
        default:
            throw HostError("\(name): the option 'attachments' must be a list, such as { { name = \"a.csv\", … } }")
        }
    }

    private func attachment(_ value: LuaValue) throws(HostError) -> MailAttachment {
        let reader = try TableReader(value, of: "\(name): an attachment", allowing: ["name", "content", "type"])
        guard let file = try reader.string("name"), let content = try reader.revealedBytes("content") else {
            throw HostError("\(name): an attachment needs a name and its content")
        }
        return MailAttachment(
            name: file, type: try reader.string("type") ?? "application/octet-stream", bytes: content)
    }
}

extension String {
    /// Whether there is a tag in it: `<p>`, `<br/>`, `</p>`, `<a href=…>`, `<!-- … -->`, but neither `a < b` nor
    /// `<a@b.example>`.
    fileprivate var looksLikeHTML: Bool {
        utf8.split(separator: UInt8(ascii: "<"), omittingEmptySubsequences: false).dropFirst().contains { rest in
            let isMarkup = rest.first == UInt8(ascii: "!")
            let name = rest.drop { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "!") || $0 == UInt8(ascii: "-") }
            guard isMarkup || name.first?.isASCIILetter == true else { return false }
            let end = name.first { !$0.isASCIILetter && !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            let endsName = isMarkup || end.map { " \t\r\n/>".utf8.contains($0) } ?? false
            return endsName && rest.contains(UInt8(ascii: ">"))
        }
    }
}

extension UInt8 {
    fileprivate var isASCIILetter: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }
}
