import CCurl

/// What is known about a mail that was not taken, and what that means in words. Pure.
struct MailFailure: Sendable {
    var transfer: TransferFailure
    var dialogue: SMTPDialogue
    var sender: String
    var recipients: [String]

    var error: MailError {
        let finding = finding
        return MailError(
            finding.kind, "Mail through \(transfer.origin.authority) failed: \(finding.reason).", hint: finding.hint,
            mayBeDelivered: dialogue.mayHaveTakenMail)
    }

    /// The kind of a failure and the rest of the sentence that began with "… failed:".
    private struct MailFinding {
        var kind: MailError.Kind
        var reason: String
        var hint: String?

        init(_ kind: MailError.Kind, _ reason: String, hint: String? = nil) {
            self.kind = kind
            self.reason = reason
            self.hint = hint
        }
    }

    private var finding: MailFinding {
        if let refusal = dialogue.refusal { return refused(refusal.step, refusal.reply) }
        switch transfer.cause {
        case .curl(let code): return finding(for: code)
        case .passed(.total):
            return MailFinding(
                .timeout, "it was not done within \(transfer.limits.total.inWords) and timed out while \(activity)")
        case .passed(.stall):
            return MailFinding(
                .stalled, "no byte moved for \(transfer.limits.stall.inWords) while \(activity)",
                hint: "Check that the server is alive and the network works.")
        case .cancelled: return MailFinding(.cancelled, "it was cancelled while \(activity)")
        case .headTooLarge: return notMail
        default: return shared
        }
    }

    private func finding(for code: CURLcode) -> MailFinding {
        switch code {
        case CURLE_LOGIN_DENIED: loginRefused
        case CURLE_USE_SSL_FAILED:
            MailFinding(
                .noEncryption, "the server does not offer encryption (STARTTLS)",
                hint: "Check the port; 465 is for servers that encrypt from the first byte.")
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL: dialogue.isTurnedAway ? turnedAway : notMail
        case CURLE_REMOTE_ACCESS_DENIED: turnedAway
        case CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE:
            MailFinding(.closedEarly, "the server closed the connection while \(activity)")
        case CURLE_OPERATION_TIMEDOUT:
            MailFinding(
                .connectTimeout, "no answer within \(transfer.limits.connect.inWords), it timed out while \(activity)",
                hint: "Check host and port, the network and firewalls.")
        case CURLE_SSL_CONNECT_ERROR where transfer.detail.contains("wrong version number"):
            MailFinding(
                .tlsHandshake, "the server does not encrypt from the first byte",
                hint: "Check the port; 587 is for servers that begin in the clear (STARTTLS).")
        default: shared
        }
    }

    private var activity: String {
        switch transfer.phase {
        case .resolving, .connecting, .securing: transfer.phase.activity
        default: dialogue.next.activity
        }
    }

    /// Names, connections and certificates fail alike for mails and requests, and are worded once.
    private var shared: MailFinding {
        let finding = transfer.finding
        return MailFinding(
            MailError.Kind(rawValue: finding.kind.rawValue) ?? .internalFailure, finding.reason, hint: finding.hint)
    }
}

// MARK: - What servers refuse

extension MailFailure {
    private func refused(_ step: SMTPDialogue.Step, _ reply: SMTPDialogue.Reply) -> MailFinding {
        switch step {
        case .recipient(let position):
            MailFinding(
                .recipientRefused, "the server refused the recipient \(recipients[position]), \(words(reply))",
                hint: "Nobody got the mail.")
        case .sender:
            MailFinding(.senderRefused, "the server refused the sender \(sender), \(words(reply))")
        default:
            MailFinding(.messageRefused, "the server refused the mail, \(words(reply))")
        }
    }

    /// Only the number: a server may repeat in its words what it was told.
    private var loginRefused: MailFinding {
        let code = dialogue.lastOpening.flatMap { $0.isRefusal ? ", \($0.code)" : nil } ?? ""
        return MailFinding(.loginRefused, "the server refused the login\(code)", hint: "Check user and password.")
    }

    private var turnedAway: MailFinding {
        MailFinding(
            .serverRefused,
            "the server takes no mail from here" + (dialogue.lastOpening.map { ", \(words($0))" } ?? ""))
    }

    private var notMail: MailFinding {
        MailFinding(
            .malformedResponse, "the answer while \(activity) is not that of a mail server",
            hint: "Check that this is the right port.")
    }

    private func words(_ reply: SMTPDialogue.Reply) -> String {
        reply.text.isEmpty ? "\(reply.code)" : "\(reply.code) \(reply.text)"
    }
}
