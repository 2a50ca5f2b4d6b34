import CCurl

extension Transfer {
    /// Bodies up to this size travel in one piece with the header, which spares a packet. libcurl copies them.
    private static let smallBody = 16 << 10

    private static let bufferSize = 128 << 10
    /// Attachments are worth more memory: each filling costs a turn of the loop.
    private static let attachmentBufferSize = 512 << 10

    /// Whether the body is handed to libcurl as a whole instead of piece by piece.
    var sendsBodyWithHeader: Bool { request.byteCount <= Self.smallBody && request.attachment.isEmpty }

    /// Sets every option of the handle. Failures are noted by the handle.
    func configure(_ handle: EasyHandle) {
        configureAddress(handle)
        configureConnection(handle)
        configureTLS(handle)
        configureRequest(handle)
        configureResponse(handle)
        installCallbacks(on: handle)
    }

    private func configureAddress(_ handle: EasyHandle) {
        handle.set(CURLOPT_URL, request.url)
        handle.set(CURLOPT_PATH_AS_IS, true)
        handle.set(CURLOPT_PROTOCOLS_STR, "http,https")
        handle.set(CURLOPT_FOLLOWLOCATION, false)
        if !options.useProxyFromEnvironment || options.addressPolicy != nil {
            handle.set(CURLOPT_PROXY, "")  // the empty string means "none", also against the environment
        }
    }

    private func configureConnection(_ handle: EasyHandle) {
        handle.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        handle.set(CURLOPT_NOSIGNAL, true)
        // Without this, giving up on a name look-up waits for the resolver and holds up every other transfer. The look-up
        // ends on its own thread and frees what it made.
        handle.set(CURLOPT_QUICK_EXIT, true)
        handle.set(CURLOPT_TCP_NODELAY, true)
        handle.set(CURLOPT_TCP_KEEPALIVE, true)
        handle.set(CURLOPT_TCP_KEEPIDLE, 60)
        handle.set(CURLOPT_TCP_KEEPINTVL, 30)
        handle.set(CURLOPT_CONNECTTIMEOUT_MS, max(1, request.limits.connect.milliseconds))
    }

    private func configureTLS(_ handle: EasyHandle) {
        handle.set(CURLOPT_SSL_VERIFYPEER, 1)
        handle.set(CURLOPT_SSL_VERIFYHOST, 2)
        handle.set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        handle.set(CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        guard let authorities = options.certificateAuthorities else { return }
        handle.set(CURLOPT_CAINFO, authorities)
        handle.set(CURLOPT_CA_CACHE_TIMEOUT, 300)  // seconds; the default notices a replaced file only after a day
        handle.unset(CURLOPT_CAPATH)  // the system's directory would be trusted besides
    }

    private func configureRequest(_ handle: EasyHandle) {
        handle.set(CURLOPT_USERAGENT, options.userAgent)
        handle.setHeaderLines(headerLines)
        switch (request.method, request.body) {
        case ("HEAD", _): handle.set(CURLOPT_NOBODY, true)
        case ("POST", let body), ("PUT", let body), ("PATCH", let body): configure(handle, body: body ?? [])
        case (_, let body?): configure(handle, body: body)
        case (_, nil): handle.set(CURLOPT_HTTPGET, true)
        }
        if request.method != "HEAD" { handle.set(CURLOPT_CUSTOMREQUEST, request.method) }
    }

    private func configure(_ handle: EasyHandle, body: [UInt8]) {
        handle.set(CURLOPT_POST, true)
        handle.set(CURLOPT_POSTFIELDSIZE_LARGE, offset: request.byteCount)
        let isLarge = !request.attachment.isEmpty
        handle.set(CURLOPT_UPLOAD_BUFFERSIZE, isLarge ? Self.attachmentBufferSize : Self.bufferSize)
        if sendsBodyWithHeader { handle.copyBody(body) }
    }

    /// In libcurl's notation. `Expect` would cost a round trip or a second; the content type that libcurl invents for
    /// bodies would be wrong.
    private var headerLines: [String] {
        let fields = request.fieldsToSend
        var lines = fields.map { field in
            field.value.allSatisfy(\.isWhitespace) ? "\(field.name);" : "\(field.name): \(field.value)"
        }
        lines.append("Expect:")
        if !fields.contains(where: { $0.isNamed("content-type") }) { lines.append("Content-Type:") }
        return lines
    }

    private func configureResponse(_ handle: EasyHandle) {
        handle.set(CURLOPT_BUFFERSIZE, Self.bufferSize)
        handle.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, true)
        handle.set(CURLOPT_HTTP_CONTENT_DECODING, request.unpacksResponse)
        if request.unpacksResponse {
            handle.set(CURLOPT_ACCEPT_ENCODING, "")  // every coding that libcurl was built with
        }
    }
}
