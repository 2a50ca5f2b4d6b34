import Foundation
import TidelockTestSupport

extension MailServer {
    /// What makes an instance send its mails here.
    var setting: String { Self.setting(port: port) }

    static func setting(port: Int) -> String {
        """
        mail = {
            transport = "smtp", host = "127.0.0.1", port = \(port), security = "none", from = "tidelock@example.com",
          }
        """
    }
}

extension TakenMail {
    private var parts: (head: String, body: String) {
        let lines = text.replacing("\r\n", with: "\n")
        guard let gap = lines.range(of: "\n\n") else { return (lines, "") }
        return (String(lines[..<gap.lowerBound]), String(lines[gap.upperBound...]))
    }

    /// The value of a header, on one line.
    func header(_ name: String) -> String? {
        let lines = parts.head.replacing("\n ", with: " ").replacing("\n\t", with: " ").split(separator: "\n")
        let line = lines.first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
        return line.map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }

    /// The body as people read it.
    var body: String {
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
