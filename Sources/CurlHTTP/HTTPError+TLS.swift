extension TransferFailure {
    /// Why the certificate was not accepted, by the numbers of OpenSSL's `X509_V_ERR_…`.
    var certificateRefused: Finding {
        let host = origin.host
        return switch certificateProblem {
        case 10: refused("the certificate of \(host) expired", hint: "Its owner has to renew it.")
        case 9:
            refused("the certificate of \(host) is not valid yet", hint: "Check the clock of this machine.")
        case 18, 19:
            refused("the certificate of \(host) is self-signed and not among the trusted ones", hint: Self.trustHint)
        case 2, 20, 21, 27:
            refused(
                "the certificate of \(host) was issued by an authority that is not trusted here", hint: Self.trustHint)
        case 23: refused("the certificate of \(host) was revoked", hint: "Its owner has to replace it.")
        case 62, 64: otherHost
        // libcurl compares the names itself, and OpenSSL has no number for that.
        case _ where detail.contains("target host name"): otherHost
        case 66, 67, 68: refused("the certificate of \(host) uses a key or a signature that is too weak")
        default: refused("the certificate of \(host) was not accepted" + (detail.isEmpty ? "" : ", \(detail)"))
        }
    }

    /// Encryption could not be agreed upon. A server that goes away meanwhile is a closed connection, not a quarrel.
    var handshakeFailed: Finding {
        if detail.contains("SYSCALL") || detail.contains("reset by peer") || detail.contains("unexpected eof") {
            return Finding(.closedEarly, "the server closed the connection while agreeing on encryption")
        }
        let isPlain = detail.contains("wrong version number") || detail.contains("http request")
        return Finding(
            .tlsHandshake, "encryption could not be agreed upon" + (detail.isEmpty ? "" : ", \(detail)"),
            hint: isPlain ? "The port seems to speak unencrypted HTTP: try http://." : nil)
    }

    private static let trustHint = "Name the authority in a PEM file, if it is one to trust."

    private var otherHost: Finding {
        refused(
            "the certificate is for another host name than \(origin.host)",
            hint: "Use the name that the certificate is for, or have one made for this name.")
    }

    private func refused(_ reason: String, hint: String? = nil) -> Finding {
        Finding(.tlsCertificate, reason, hint: hint)
    }
}
