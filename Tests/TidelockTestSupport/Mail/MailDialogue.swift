internal import Foundation
internal import Synchronization

/// A mail as a test's server took it.
public struct TakenMail: Sendable, Equatable {
    public var sender: String
    public var recipients: [String]
    /// Header and body as they were before they were packed for the way, with CRLF at the line ends.
    public var data: [UInt8]
    /// Who had logged in.
    public var user: String?

    public var text: String { String(decoding: data, as: UTF8.self) }
}

/// What a test's server does that is out of the ordinary.
public struct MailBehaviour: Sendable {
    public enum Answer: Sendable {
        case reply(String)
        case close
        /// Says nothing until the client goes away.
        case silence
    }

    /// The password of each user who may log in; nobody is asked when there is none.
    public var passwords: [String: String] = [:]

    /// By what the client said: its first word (`DATA`), all of it (`RCPT TO:<a@b.example>`), `CONNECT` for the
    /// connection itself, or `.` for the end of the mail.
    public var answers: [String: Answer] = [:]

    /// What to do with the socket once the client asked for encryption; nobody is offered any when there is nothing.
    public var startTLS: (@Sendable (_ socket: Int32) -> Void)?

    public init() {}
}

/// The mails that a test's server took, and all that clients said.
public final class MailRecord: Sendable {
    private let state = Mutex<(mails: [TakenMail], lines: [String])>(([], []))

    public init() {}

    public var mails: [TakenMail] { state.withLock(\.mails) }
    public var lines: [String] { state.withLock(\.lines) }

    func add(_ mail: TakenMail) { state.withLock { $0.mails.append(mail) } }
    func add(_ line: String) { state.withLock { $0.lines.append(line) } }
}

/// Where a server reads and writes lines. One thread uses it.
public protocol MailChannel: AnyObject {
    /// The next line with its line break; `nil` at the end.
    func readLine() -> [UInt8]?
    func write(_ text: String)
    /// The socket below, for a change to encryption.
    var socket: Int32? { get }
}

/// One connection, from the server's side (RFC 5321).
public final class MailDialogue {
    private let channel: any MailChannel
    private let behaviour: MailBehaviour
    private let record: MailRecord
    private var sender = ""
    private var recipients: [String] = []
    private var user: String?

    private static let verbs = ["EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT"]

    public init(over channel: any MailChannel, _ behaviour: MailBehaviour, _ record: MailRecord) {
        self.channel = channel
        self.behaviour = behaviour
        self.record = record
    }

    /// Answers the client until it is gone or one of the answers is to close.
    public func run(greets: Bool = true) {
        if greets, !answer("CONNECT", { "220 test" }) { return }
        while let bytes = channel.readLine() {
            guard let line = command(bytes) else { continue }
            record.add(line)
            guard carryOut(line) else { return }
        }
    }

    /// What the client said, without what else the channel may print.
    private func command(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.hasSuffix("\r\n") else { return nil }
        let line = text.trimmingCharacters(in: .newlines)
        return Self.verbs.contains(verb(line)) ? line : nil
    }

    private func verb(_ line: String) -> String {
        String(line.prefix { $0 != " " }).uppercased()
    }

    /// Returns whether to go on.
    private func carryOut(_ line: String) -> Bool {
        switch verb(line) {
        case "EHLO": answer(line) { self.capabilities }
        case "AUTH": answer(line) { self.logIn(line) }
        case "STARTTLS": startTLS(line)
        case "MAIL":
            answer(line) {
                self.sender = self.address(line)
                return self.user == nil && !self.behaviour.passwords.isEmpty ? "530 log in first" : "250 ok"
            }
        case "RCPT":
            answer(line) {
                self.recipients.append(self.address(line))
                return "250 ok"
            }
        case "DATA": answer(line) { "354 go on" } && (!hasAgreedToData(line) || takeData())
        case "QUIT": answer(line) { "221 bye" } && false
        default: answer(line) { "250 ok" }
        }
    }

    private func answer(_ line: String, _ usual: () -> String) -> Bool {
        switch behaviour.answers[line] ?? behaviour.answers[verb(line)] {
        case nil: channel.write(usual() + "\r\n")
        case .reply(let text): channel.write(text + "\r\n")
        case .close: return false
        case .silence:
            while channel.readLine() != nil {}
            return false
        }
        return true
    }

    private func hasAgreedToData(_ line: String) -> Bool {
        guard case .reply(let text) = behaviour.answers[line] else { return true }
        return text.hasPrefix("354")
    }

    private var capabilities: String {
        var lines = ["test", "SIZE 50000000"]
        if behaviour.startTLS != nil { lines.append("STARTTLS") }
        if !behaviour.passwords.isEmpty { lines.append("AUTH PLAIN") }
        return lines.enumerated().map { "250\($0 < lines.count - 1 ? "-" : " ")\($1)" }.joined(separator: "\r\n")
    }

    private func startTLS(_ line: String) -> Bool {
        guard let startTLS = behaviour.startTLS, let socket = channel.socket else { return answer(line) { "502 no" } }
        guard answer(line, { "220 go on" }) else { return false }
        startTLS(socket)
        return false
    }

    private func logIn(_ line: String) -> String {
        let words = line.split(separator: " ")
        var response = words.count > 2 ? String(words[2]) : ""
        if words.count == 2 {
            channel.write("334 \r\n")
            response = String(decoding: channel.readLine() ?? [], as: UTF8.self).trimmingCharacters(in: .newlines)
        }
        let parts = (Data(base64Encoded: response) ?? Data()).split(separator: 0, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard parts.count == 3, behaviour.passwords[parts[1]] == parts[2] else { return "535 \(response) is wrong" }
        user = parts[1]
        return "235 welcome"
    }

    /// What stands between `<` and `>`.
    private func address(_ line: String) -> String {
        String(line.drop { $0 != "<" }.dropFirst().prefix { $0 != ">" })
    }

    /// Reads the mail up to its dot. Returns whether to go on.
    private func takeData() -> Bool {
        var data: [UInt8] = []
        while let line = channel.readLine() {
            guard line != Array(".\r\n".utf8) else {
                return answer(".") {
                    record.add(TakenMail(sender: sender, recipients: recipients, data: data, user: user))
                    return "250 taken"
                }
            }
            data += line.first == UInt8(ascii: ".") ? Array(line.dropFirst()) : line
        }
        return false
    }
}
