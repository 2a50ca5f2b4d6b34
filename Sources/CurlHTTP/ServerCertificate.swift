/// What a server shows of itself when encryption is agreed upon, whether or not anybody should believe it.
public struct ServerCertificate: Sendable, Hashable {
    /// Whom it was made out to, as OpenSSL writes names: `O = Example, CN = example.org`.
    public var subject: String
    /// Who made it out.
    public var issuer: String
    /// The hosts it is for, as OpenSSL writes them: `DNS:example.org, IP Address:192.0.2.1`. Empty if it names none.
    public var names: String
    /// Unix seconds from which it is good; `nil` if that cannot be read.
    public var notBefore: Int64?
    /// Unix seconds until which it is good; `nil` if that cannot be read.
    public var notAfter: Int64?
}

extension ServerCertificate {
    /// Reads the lines that libcurl makes of a certificate. `nil` if they tell nobody's name.
    init?(lines: [String]) {
        func value(_ name: String) -> String? {
            lines.first { $0.hasPrefix("\(name):") }.map { String($0.dropFirst(name.count + 1)) }
        }
        guard let subject = value("Subject"), let issuer = value("Issuer") else { return nil }
        self.subject = subject
        self.issuer = issuer
        names = value("X509v3 Subject Alternative Name") ?? ""
        notBefore = value("Start date").flatMap(unixSeconds)
        notAfter = value("Expire date").flatMap(unixSeconds)
    }
}
