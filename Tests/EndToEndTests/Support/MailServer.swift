import Foundation
import Synchronization

/// A mail server on 127.0.0.1 that accepts every mail and keeps it.
final class MailServer: Sendable {
    struct Mail: Sendable {
        var sender = ""
        var recipients: [String] = []
        /// Head and body as they came, without the dots that the protocol adds.
        var data = ""
    }

    let port: Int
    private let listener: Listener
    private let kept = Mutex<[Mail]>([])

    init() throws {
        listener = try Listener()
        port = listener.port
        Thread.detachNewThread { [listener, weak self] in
            while let client = listener.next() { self?.take(client) }
        }
    }

    deinit {
        listener.stop()
    }

    var mails: [Mail] { kept.withLock { $0 } }

    /// What makes an instance send its mails here.
    var setting: String { Self.setting(port: port) }

    static func setting(port: Int) -> String {
        """
        mail = {
            transport = "smtp", host = "127.0.0.1", port = \(port), security = "none", from = "tidelock@example.com",
          }
        """
    }

    private func take(_ client: Connection) {
        Thread.detachNewThread { [weak self] in try? self?.serve(client) }
    }

    /// As much of RFC 5321 as a client needs that has nothing to prove.
    private func serve(_ client: Connection) throws {
        var lines = LineReader(client)
        var mail = Mail()
        try client.reply("220 mail.example")
        while let line = lines.next() {
            switch line.prefix(4).uppercased() {
            case "EHLO", "HELO": try client.reply("250 mail.example")
            case "MAIL":
                mail = Mail(sender: address(in: line))
                try client.reply("250 ok")
            case "RCPT":
                mail.recipients.append(address(in: line))
                try client.reply("250 ok")
            case "DATA":
                try client.reply("354 until a dot")
                mail.data = lines.untilDot()
                kept.withLock { [mail] in $0.append(mail) }
                try client.reply("250 kept")
            case "QUIT": return try client.reply("221 bye")
            default: try client.reply("250 ok")
            }
        }
    }

    private func address(in line: String) -> String {
        line.firstMatch(of: /<(.*?)>/).map { String($0.1) } ?? ""
    }
}

extension MailServer.Mail {
    private var parts: (head: String, body: String) {
        guard let gap = data.range(of: "\n\n") else { return (data, "") }
        return (String(data[..<gap.lowerBound]), String(data[gap.upperBound...]))
    }

    /// The value of a header, on one line.
    func header(_ name: String) -> String? {
        let lines = parts.head.replacing("\n ", with: " ").replacing("\n\t", with: " ").split(separator: "\n")
        let line = lines.first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
        return line.map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }

    /// The body as people read it.
    var text: String {
        let body = parts.body
        switch header("Content-Transfer-Encoding")?.lowercased() {
        case "base64":
            let bytes = Data(base64Encoded: body, options: .ignoreUnknownCharacters) ?? Data()
            return String(decoding: bytes, as: UTF8.self)
        case "quoted-printable": return body.replacing("=\n", with: "").replacing("=3D", with: "=")
        default: return body
        }
    }
}

extension Connection {
    fileprivate func reply(_ line: String) throws {
        try write(Array((line + "\r\n").utf8))
    }
}

/// The lines that come over a connection, without their ends.
private struct LineReader {
    private let connection: Connection
    private var buffer: [UInt8] = []

    init(_ connection: Connection) {
        self.connection = connection
    }

    mutating func next() -> String? {
        while true {
            if let end = buffer.firstRange(of: [13, 10]) {
                defer { buffer.removeSubrange(..<end.upperBound) }
                return String(decoding: buffer[..<end.lowerBound], as: UTF8.self)
            }
            guard let more = connection.read() else { return nil }
            buffer += more
        }
    }

    /// The lines of a mail, up to the one that is a dot alone.
    mutating func untilDot() -> String {
        var lines: [String] = []
        while let line = next(), line != "." {
            lines.append(line.hasPrefix(".") ? String(line.dropFirst()) : line)
        }
        return lines.joined(separator: "\n")
    }
}
