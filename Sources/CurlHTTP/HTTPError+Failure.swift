import CCurl
import Glibc

extension HTTPError {
    /// Says in words what `failure` means.
    init(_ failure: TransferFailure) {
        let finding = failure.finding
        var code: CURLcode?
        if case .curl(let curlCode) = failure.cause { code = curlCode }
        self.init(
            finding.kind, "\(failure.method) to \(failure.origin.authority) failed: \(finding.reason).",
            hint: finding.hint, mayHaveReachedServer: failure.wroteRequest,
            isTransient: finding.isTransient, curlCode: code.map { Int32($0.rawValue) } ?? 0)
    }
}

/// The kind of a failure and the rest of the sentence that began with "… failed:".
struct Finding {
    var kind: HTTPError.Kind
    var reason: String
    var hint: String?
    var isTransient: Bool?

    init(_ kind: HTTPError.Kind, _ reason: String, hint: String? = nil, isTransient: Bool? = nil) {
        self.kind = kind
        self.reason = reason
        self.hint = hint
        self.isTransient = isTransient
    }
}

extension TransferFailure {
    var finding: Finding {
        switch cause {
        case .curl(let code): finding(for: code)
        case .passed(.total):
            Finding(
                .timeout, "it was not done within \(limits.total.inWords) and timed out while \(phase.activity)",
                hint: "Check that the server and the network can keep up, or allow more time.")
        case .passed(.stall):
            Finding(
                .stalled, "no byte moved for \(limits.stall.inWords) while \(phase.activity)",
                hint: "Check that the server is alive and the network works.")
        case .bodyTooLarge: tooLarge("more than \(limits.responseBytes) bytes")
        case .headTooLarge: tooLarge("a header of more than \(limits.headerBytes) bytes")
        case .addressRefused(let address):
            Finding(
                .addressRefused, "connecting to address \(address) is not allowed",
                hint: "Private and local addresses must be listed before they can be reached from here.")
        case .repeatRefused:
            Finding(
                .closedEarly,
                "the server closed the connection before it answered, and the request is not one to send twice",
                hint: "Find out whether the server carried it out before sending it again.")
        case .cancelled: Finding(.cancelled, "it was cancelled while \(phase.activity)")
        case .clientShutDown: Finding(.cancelled, "the client was shut down while \(phase.activity)")
        }
    }

    /// A long list because it is one: every code that an HTTP transfer can end with.
    private func finding(for code: CURLcode) -> Finding {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST:
            Finding(
                .nameNotResolved, "the name \(origin.host) could not be resolved",
                hint: "Check the spelling of the host name and the name service of this machine.")
        case CURLE_COULDNT_CONNECT: noConnection
        case CURLE_OPERATION_TIMEDOUT: connectTimeout
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: proxyFailed
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS: certificateRefused
        case CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CRL_BADFILE:
            Finding(
                .tlsCertificate, "the file with certificate authorities cannot be used",
                hint: "Name a PEM file that this process may read.")
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_USE_SSL_FAILED, CURLE_SSL_SHUTDOWN_FAILED: handshakeFailed
        case CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE: closedEarly
        case CURLE_RECV_ERROR: detail.contains("CONNECT") ? proxyFailed : closedEarly
        case CURLE_SEND_ERROR, CURLE_SEND_FAIL_REWIND:
            Finding(.sendFailed, "the connection broke while sending the request")
        case CURLE_BAD_CONTENT_ENCODING: malformed("its compressed body cannot be unpacked")
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_HTTP2, CURLE_HTTP2_STREAM:
            malformed("it is not proper HTTP")
        case CURLE_URL_MALFORMAT: Finding(.invalidURL, "the URL cannot be used")
        case CURLE_OUT_OF_MEMORY: Finding(.outOfMemory, "there is not enough memory")
        default:
            Finding(.internalFailure, "libcurl reports \(code.rawValue), \(String(cString: curl_easy_strerror(code)))")
        }
    }

    private func tooLarge(_ what: String) -> Finding {
        Finding(.tooLarge, "the answer has \(what)", hint: "Raise the limit if this much is expected.")
    }

    private func malformed(_ why: String) -> Finding {
        Finding(.malformedResponse, "the answer cannot be read, \(why)", hint: "Check that this is the right port.")
    }

    private var closedEarly: Finding {
        phase == .receiving
            ? Finding(.closedEarly, "the server closed the connection in the middle of its answer")
            : Finding(.closedEarly, "the server closed the connection without an answer")
    }

    private var noConnection: Finding {
        guard !isAboutProxy else { return proxyFailed }
        guard osError != ECONNRESET else { return closedEarly }
        guard osError != ECONNREFUSED else {
            return Finding(
                .connectionRefused, "the server refused the connection",
                hint: "Check that the server is running and listens on this port.")
        }
        let reason = osError == 0 ? "no address could be connected to" : String(cString: strerror(osError)).lowercased()
        return Finding(
            .unreachable, "the server cannot be reached, \(reason)",
            hint: "Check the address, the network and firewalls.")
    }

    private var connectTimeout: Finding {
        Finding(
            .connectTimeout, "no connection within \(limits.connect.inWords), it timed out while \(phase.activity)",
            hint: "Check the address, the network and firewalls.")
    }

    private var proxyFailed: Finding {
        Finding(
            .proxy, "the proxy could not be used" + (detail.isEmpty ? "" : ", \(detail)"),
            hint: "Check http_proxy, https_proxy, all_proxy and no_proxy in the environment.")
    }

    /// "Failed to connect to HOST port N …" names whom libcurl dialled. Another name than ours is the proxy's; a name
    /// with other letters than ASCII is not compared, because libcurl names it in its encoded form.
    private var isAboutProxy: Bool {
        let words = detail.split(separator: " ")
        guard detail.hasPrefix("Failed to connect to "), words.count > 4 else { return false }
        return origin.host.utf8.allSatisfy { $0 < 0x80 } && words[4].lowercased() != origin.host.lowercased()
    }
}

extension Duration {
    /// `30 s`, `1.5 s`, `250 ms`.
    var inWords: String {
        let milliseconds = self.milliseconds
        if milliseconds < 1000 { return "\(milliseconds) ms" }
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(Double(milliseconds) / 1000) s"
    }

    /// Whole milliseconds, rounded up: waiting 0 ms for what is due in half a millisecond would be a busy loop.
    var milliseconds: Int {
        let (seconds, attoseconds) = components
        guard seconds < Int64(Int32.max) / 1000 else { return Int(Int32.max) }
        return Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
