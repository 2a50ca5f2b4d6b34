/// Why a mail was not sent.
///
/// `message` is a sentence for a person: what failed, on which server, why. It names the address that is to blame, if
/// one is; it never holds a password, a subject or a body.
public struct MailError: Error, Sendable, Hashable {
    /// What went wrong, for decisions in code. The raw values are stable.
    public enum Kind: String, Sendable, CaseIterable {
        case malformedMessage, malformedAddress, noRecipient
        case nameNotResolved, connectionRefused, unreachable, connectTimeout
        case tlsCertificate, tlsHandshake, noEncryption
        case serverRefused, loginRefused, senderRefused, recipientRefused, messageRefused
        case timeout, stalled, closedEarly, sendFailed, malformedResponse
        case dropFailed
        case cancelled, outOfMemory, internalFailure
    }

    public var kind: Kind

    /// A sentence: what failed, where, why.
    public var message: String

    /// What to try, if there is something.
    public var hint: String?

    /// Whether the server had begun to take the mail, so that it may be delivered all the same.
    public var mayBeDelivered: Bool

    public init(_ kind: Kind, _ message: String, hint: String? = nil, mayBeDelivered: Bool = false) {
        self.kind = kind
        self.message = message
        self.hint = hint
        self.mayBeDelivered = mayBeDelivered
    }
}

extension MailError: CustomStringConvertible {
    public var description: String { hint.map { "\(message) \($0)" } ?? message }
}

extension MailError {
    /// What is refused stays out of the sentence: it was made to look like something else.
    static func controlCharacter(in what: String) -> MailError {
        MailError(.malformedMessage, "\(what) contains a line break or another control character.")
    }
}
