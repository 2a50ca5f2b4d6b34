import CCurl

/// One mail on its way to a server.
///
/// A class, because libcurl calls back with its address. One thread makes it, runs it and lets it go.
///
/// Mails do not share the loop that requests share. libcurl waits for the server's verdict on a mail without giving the
/// thread back, which would hold up every other transfer; and a mail that is taken out of a running loop half sent is
/// finished by libcurl as if it ended there, and delivered cut off. Stopped by a callback it is not.
final class MailTransfer {
    private let server: SMTPServer
    private let sender: String
    private let recipients: [String]
    private let content: [UInt8]
    private let isCancelled: @Sendable () -> Bool

    private var handle: EasyHandle?
    private var clock: TransferClock
    private var dialogue: SMTPDialogue
    private var bytesRead = 0
    private var bytesMoved = 0
    /// Why a callback stopped the transfer; says more than libcurl's "stopped by a callback".
    private var stopCause: TransferFailure.Cause?

    /// Seconds that a server gets to say goodbye once everything is decided.
    private static let patienceAtTheEnd = 2

    init(
        _ server: SMTPServer, from sender: String, to recipients: [String], _ content: [UInt8],
        isCancelled: @escaping @Sendable () -> Bool
    ) {
        self.server = server
        self.sender = sender
        self.recipients = recipients
        self.content = content
        self.isCancelled = isCancelled
        clock = TransferClock(start: .now, limits: server.limits)
        dialogue = SMTPDialogue(recipientCount: recipients.count, limit: server.limits.headerBytes)
    }

    /// Hands the mail over. Blocks the thread. `nil` when the server took it for every recipient.
    func perform() -> MailError? {
        guard let handle = EasyHandle() else {
            return MailError(.outOfMemory, "There is not enough memory for the mail.")
        }
        self.handle = handle
        defer { self.handle = nil }
        configure(handle)
        guard handle.firstRefusal == CURLE_OK else { return error(.curl(handle.firstRefusal)) }
        let code = curl_easy_perform(handle.pointer)
        return code == CURLE_OK ? nil : error(stopCause ?? .curl(code))
    }

    private func error(_ cause: TransferFailure.Cause) -> MailError {
        MailFailure(transfer: failure(cause), dialogue: dialogue, sender: sender, recipients: recipients).error
    }

    private func failure(_ cause: TransferFailure.Cause) -> TransferFailure {
        TransferFailure(
            cause: cause, phase: phase, method: "Mail", origin: server.origin, limits: server.limits,
            wroteRequest: dialogue.mayHaveTakenMail, detail: handle?.errorDescription ?? "",
            osError: Int32(truncatingIfNeeded: handle?.number(CURLINFO_OS_ERRNO) ?? 0),
            certificateProblem: handle?.number(CURLINFO_SSL_VERIFYRESULT) ?? 0)
    }

    private var phase: TransferFailure.Phase {
        guard let handle, dialogue.next == .greeting else { return .awaiting }
        if handle.offset(CURLINFO_NAMELOOKUP_TIME_T) == 0 { return .resolving }
        guard handle.number(CURLINFO_NUM_CONNECTS) > 0 else { return .connecting }
        return server.origin.isSecure ? .securing : .awaiting
    }
}

// MARK: - Options

extension MailTransfer {
    private func configure(_ handle: EasyHandle) {
        configureConnection(handle)
        configureTLS(handle)
        if let login = server.login {
            handle.set(CURLOPT_USERNAME, login.user)
            handle.set(CURLOPT_PASSWORD, login.password)
        }
        handle.set(CURLOPT_MAIL_FROM, sender)
        handle.setList(CURLOPT_MAIL_RCPT, recipients)
        handle.set(CURLOPT_UPLOAD, true)
        handle.set(CURLOPT_INFILESIZE_LARGE, offset: content.count)
        installCallbacks(on: handle)
    }

    private func configureConnection(_ handle: EasyHandle) {
        let origin = server.origin
        handle.set(CURLOPT_URL, "\(origin.scheme)://\(origin.authority)")
        handle.set(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        handle.set(CURLOPT_PROXY, "")  // the empty string means "none", also against the environment
        handle.set(CURLOPT_NOSIGNAL, true)
        handle.set(CURLOPT_QUICK_EXIT, true)  // or giving up on a name look-up waits for the resolver
        handle.set(CURLOPT_CONNECTTIMEOUT_MS, max(1, server.connectLimit.milliseconds))
        // A kept connection would be closed by a handle of libcurl's own, which waits two minutes for the goodbye.
        handle.set(CURLOPT_FORBID_REUSE, true)
    }

    private func configureTLS(_ handle: EasyHandle) {
        handle.set(CURLOPT_SSL_VERIFYPEER, 1)
        handle.set(CURLOPT_SSL_VERIFYHOST, 2)
        handle.set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        if server.security == .startTLS { handle.set(CURLOPT_USE_SSL, Int(CURLUSESSL_ALL.rawValue)) }
        guard let authorities = server.certificateAuthorities else { return }
        handle.set(CURLOPT_CAINFO, authorities)
        handle.unset(CURLOPT_CAPATH)  // the system's directory would be trusted besides
    }
}

// MARK: - What libcurl calls back for

extension MailTransfer {
    /// Each callback unwraps its arguments and forwards, nothing more. libcurl calls them only within `perform`, which
    /// keeps the transfer alive.
    private func installCallbacks(on handle: EasyHandle) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        handle.set(CURLOPT_HEADERDATA, context)
        handle.note(
            ccurl_easy_set_write_callback(handle.pointer, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
                let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
                return MailTransfer.from(context).receive(line) ? line.count : Int(CURL_WRITEFUNC_ERROR)
            })
        handle.set(CURLOPT_READDATA, context)
        handle.note(
            ccurl_easy_set_read_callback(handle.pointer) { bytes, size, count, context in
                MailTransfer.from(context).fill(UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
            })
        handle.set(CURLOPT_NOPROGRESS, false)
        handle.set(CURLOPT_XFERINFODATA, context)
        handle.note(
            ccurl_easy_set_progress_callback(handle.pointer) { context, _, received, _, sent in
                MailTransfer.from(context).mayGoOn(after: Int(received + sent)) ? 0 : 1
            })
        handle.set(CURLOPT_PREREQDATA, context)
        handle.note(
            ccurl_easy_set_prerequest_callback(handle.pointer) { context, _, _, _, _ in
                MailTransfer.from(context).beginEnvelope()
                return CURL_PREREQFUNC_OK
            })
        handle.set(CURLOPT_OPENSOCKETDATA, context)
        handle.note(
            ccurl_easy_set_socket_callback(handle.pointer) { _, _, address in
                address.map { openSocket(for: $0) } ?? CURL_SOCKET_BAD
            })
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> MailTransfer {
        // Every callback above that asks is installed together with its context, so libcurl never passes nil.
        Unmanaged<MailTransfer>.fromOpaque(context!).takeUnretainedValue()
    }

    private func beginEnvelope() {
        dialogue.beginEnvelope()
        clock.moved(at: .now)
    }

    /// Takes a line that the server said. Returns `false` to stop the transfer.
    private func receive(_ line: UnsafeRawBufferPointer) -> Bool {
        if dialogue.isAtEnvelope { clock.moved(at: .now) }
        guard dialogue.take(line) else {
            stopCause = .headTooLarge
            return false
        }
        // libcurl says QUIT and waits for the answer, however long that takes.
        if dialogue.isDecided { handle?.set(CURLOPT_SERVER_RESPONSE_TIMEOUT, Self.patienceAtTheEnd) }
        return true
    }

    /// Fills `buffer` with the next part of the mail and tells how much there was.
    private func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, content.count - bytesRead)
        content.withUnsafeBytes { bytes in
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[bytesRead..<bytesRead + count]))
        }
        bytesRead += count
        return count
    }

    /// Called about once a second, and whenever bytes move. Returns `false` to stop the transfer.
    private func mayGoOn(after bytes: Int) -> Bool {
        let now = TransferClock.Instant.now
        if bytes != bytesMoved, dialogue.isAtEnvelope { clock.moved(at: now) }
        bytesMoved = bytes
        // What is decided is decided, whether or not the goodbye was in time.
        guard !dialogue.isDecided else { return true }
        if isCancelled() {
            stopCause = .cancelled
        } else if case .passed(let limit) = clock.verdict(at: now) {
            stopCause = .passed(limit)
        }
        return stopCause == nil
    }
}
