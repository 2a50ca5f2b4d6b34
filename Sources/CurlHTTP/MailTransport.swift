/// How mails leave: through a server, or into a folder for whoever develops.
public enum MailTransport: Sendable {
    case smtp(SMTPServer)
    /// One `.eml` file per mail, in the folder with this path.
    case drop(String)
}

/// A mail server and how to talk to it.
public struct SMTPServer: Sendable {
    public enum Security: String, Sendable, CaseIterable {
        /// Everything in the clear. Only for servers on this machine.
        case none
        /// Begins in the clear and goes on encrypted, or not at all.
        case startTLS
        /// Encrypted from the first byte.
        case tls
    }

    public var host: String
    public var port: Int
    public var security: Security
    /// `nil` for servers that ask nobody who they are.
    public var login: MailLogin?
    /// Path of a PEM file with the authorities to trust instead of the system's.
    public var certificateAuthorities: String?

    /// Time to find the address, connect, agree on encryption and log in.
    public var connectLimit: Duration = .seconds(15)
    /// Time for everything.
    public var totalLimit: Duration = .seconds(120)
    /// Time without a byte moving in either direction once logged in. Servers look through a mail before they take it.
    public var stallLimit: Duration = .seconds(60)

    /// The port is the usual one for `security` if it is left out.
    public init(
        host: String, port: Int? = nil, security: Security = .startTLS, login: MailLogin? = nil,
        certificateAuthorities: String? = nil
    ) {
        self.host = host
        self.port = port ?? security.usualPort
        self.security = security
        self.login = login
        self.certificateAuthorities = certificateAuthorities
    }
}

extension SMTPServer.Security {
    /// RFC 5321, 4.5.4.2; RFC 8314, 3.
    public var usualPort: Int {
        switch self {
        case .none: 25
        case .startTLS: 587
        case .tls: 465
        }
    }
}

/// Name and password at a mail server. Printing it does not show the password.
public struct MailLogin: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    public var user: String
    public var password: String

    public init(user: String, password: String) {
        self.user = user
        self.password = password
    }

    public var description: String { "\(user):***" }

    public var customMirror: Mirror { Mirror(self, children: ["user": user]) }
}

extension SMTPServer {
    var origin: Origin { Origin(scheme: security == .tls ? "smtps" : "smtp", host: host, port: port) }

    /// The same limits as they are named for requests.
    var limits: HTTPLimits {
        var limits = HTTPLimits()
        (limits.connect, limits.total, limits.stall) = (connectLimit, totalLimit, stallLimit)
        limits.headerBytes = 64 << 10
        return limits
    }

    /// Refuses what libcurl would read as something else: a text with a NUL ends there.
    func check() throws(MailError) {
        let isHost = !host.isEmpty && host.utf8.allSatisfy { $0.isLetterOrDigit || ".-:_".utf8.contains($0) }
        guard isHost, (1...65_535).contains(port) else {
            throw MailError(.internalFailure, "The mail server is not a host name with a port.")
        }
        let secrets = [login?.user, login?.password, certificateAuthorities].compactMap { $0 }
        guard secrets.allSatisfy({ !$0.utf8.contains(0) }) else {
            throw MailError(.internalFailure, "The login of the mail server contains a NUL.")
        }
    }
}
