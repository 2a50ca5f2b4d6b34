import CCurl

extension ServerCertificate {
    /// The certificate that the server of `url` shows. It is looked at and not checked: for telling people why a
    /// connection is refused, never for deciding about one.
    ///
    /// Of `url` only host and port count. The connection is used for nothing else and ends before a byte of a request is
    /// sent. Cancelling the task does not end it earlier than `limit` does.
    ///
    /// - Throws: What kept a server from showing one, in the words of any other request.
    public static func shown(
        by url: String, within limit: Duration = .seconds(10)
    ) async throws(HTTPError) -> ServerCertificate {
        let origin = try Origin.parse(url)
        guard origin.isSecure else {
            throw HTTPError(.unsupportedScheme, "Only servers that encrypt show a certificate.", hint: "Use https://.")
        }
        let handshake = Handshake(origin: origin, limit: limit)
        let outcome = await withCheckedContinuation { reply in
            let thread = DedicatedThread { reply.resume(returning: handshake.perform()) }
            if thread == nil { reply.resume(returning: .failure(.outOfMemory)) }
        }
        return try outcome.get()
    }
}

/// A connection that ends as soon as encryption is agreed upon.
///
/// It has a handle of its own outside of any client, so that nothing of it, neither the connection nor what encryption
/// would be resumed with, can serve a request that relies on a checked certificate.
private struct Handshake: Sendable {
    var origin: Origin
    var limit: Duration

    /// Blocks the thread.
    func perform() -> Result<ServerCertificate, HTTPError> {
        guard let handle = EasyHandle() else { return .failure(.outOfMemory) }
        configure(handle)
        guard handle.firstRefusal == CURLE_OK else { return .failure(error(handle.firstRefusal, handle)) }
        let code = curl_easy_perform(handle.pointer)
        guard let certificate = handle.certificates.first.flatMap(ServerCertificate.init(lines:)) else {
            return .failure(error(code, handle))
        }
        return .success(certificate)
    }

    private func configure(_ handle: EasyHandle) {
        handle.set(CURLOPT_URL, "https://\(origin.authority)/")
        handle.set(CURLOPT_PROTOCOLS_STR, "https")
        handle.set(CURLOPT_NOSIGNAL, true)
        handle.set(CURLOPT_QUICK_EXIT, true)
        handle.set(CURLOPT_TIMEOUT_MS, max(1, limit.milliseconds))
        handle.set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        // A certificate that fails a check is not handed out.
        handle.set(CURLOPT_SSL_VERIFYPEER, 0)
        handle.set(CURLOPT_SSL_VERIFYHOST, 0)
        handle.set(CURLOPT_CERTINFO, true)
        handle.note(
            ccurl_easy_set_socket_callback(handle.pointer) { _, _, address in
                address.map { openSocket(for: $0) } ?? CURL_SOCKET_BAD
            })
        handle.note(ccurl_easy_set_prerequest_callback(handle.pointer) { _, _, _, _, _ in CURL_PREREQFUNC_ABORT })
    }

    private func error(_ code: CURLcode, _ handle: EasyHandle) -> HTTPError {
        var limits = HTTPLimits()
        limits.connect = limit
        return HTTPError(
            TransferFailure(
                cause: .curl(code), phase: phase(handle), method: "Handshake", origin: origin, limits: limits,
                detail: handle.errorDescription,
                osError: Int32(truncatingIfNeeded: handle.number(CURLINFO_OS_ERRNO))))
    }

    private func phase(_ handle: EasyHandle) -> TransferFailure.Phase {
        if handle.offset(CURLINFO_NAMELOOKUP_TIME_T) == 0 { return .resolving }
        return handle.number(CURLINFO_NUM_CONNECTS) > 0 ? .securing : .connecting
    }
}
