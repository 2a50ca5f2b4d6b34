import CCurl

/// One request as the transfer thread sees it: its handle, what arrived so far, and whom to tell.
///
/// A class, because libcurl calls back with its address. Only the transfer thread touches it.
final class Transfer {
    let submission: Submission
    let options: HTTPClientOptions

    /// Whether the request's turn has come; until then it waits for a free connection and has no handle.
    private(set) var hasBegun = false
    private(set) var handle: EasyHandle?
    private(set) var clock: TransferClock
    private(set) var head: ResponseHead
    private(set) var body: [UInt8] = []

    /// How much of the request's body libcurl has fetched.
    private(set) var bodyBytesRead = 0
    /// Why a callback stopped the transfer; says more than libcurl's "stopped by a callback".
    private(set) var stopCause: TransferFailure.Cause?

    private var isConnected = false
    private var wroteEarlier = false
    private var requestBytesBefore = 0
    private var bytesMoved = 0

    var id: UInt64 { submission.id }
    var request: HTTPRequest { submission.request }
    var origin: Origin { submission.origin }

    init(_ submission: Submission, options: HTTPClientOptions) {
        self.submission = submission
        self.options = options
        clock = TransferClock(start: submission.start, limits: submission.request.limits)
        head = ResponseHead(limit: submission.request.limits.headerBytes)
    }

    /// Makes the handle ready to be added to the multi handle.
    func prepare() throws(HTTPError) {
        hasBegun = true
        guard let handle = EasyHandle() else { throw .outOfMemory }
        self.handle = handle
        configure(handle)
        let refusal = handle.firstRefusal
        if refusal != CURLE_OK { throw HTTPError(failure(.curl(refusal))) }
    }
}

// MARK: - What libcurl calls back for

extension Transfer {
    /// A connection is there and the request is about to be written to it. Returns whether it may be.
    ///
    /// libcurl repeats a request by itself when a kept connection turns out to be dead, whatever the method. What must
    /// not be done twice is not written a second time, unless nothing of it was written before.
    func willWriteRequest() -> Bool {
        let written = handle?.number(CURLINFO_REQUEST_SIZE) ?? 0
        wroteEarlier = wroteEarlier || isConnected && written > requestBytesBefore
        requestBytesBefore = written
        isConnected = true
        clock.moved(at: .now)
        guard wroteEarlier, !request.isIdempotent else { return true }
        stopCause = .repeatRefused
        return false
    }

    /// Takes a header line. Returns `false` to stop the transfer.
    func receive(headerLine: UnsafeRawBufferPointer) -> Bool {
        clock.moved(at: .now)
        if head.take(headerLine) { return true }
        stopCause = .headTooLarge
        return false
    }

    /// Takes a part of the unpacked body. Returns `false` to stop the transfer.
    func receive(bodyPart: UnsafeRawBufferPointer) -> Bool {
        guard bodyPart.count <= request.limits.responseBytes - body.count else {
            stopCause = .bodyTooLarge
            return false
        }
        body.append(contentsOf: bodyPart)
        return true
    }

    /// Fills `buffer` with the next part of the request's body and tells how much there was.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        let body = request.body ?? []
        let count =
            bodyBytesRead < body.count
            ? Self.copy(body, from: bodyBytesRead, into: buffer)
            : Self.copy(request.attachment, from: bodyBytesRead - body.count, into: buffer)
        bodyBytesRead += count
        return count
    }

    private static func copy(
        _ source: [UInt8], from start: Int, into buffer: UnsafeMutableRawBufferPointer
    ) -> Int {
        let end = min(start + buffer.count, source.count)
        source.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
        return end - start
    }

    /// Goes back to `offset` of the request's body, to send it again. Returns `false` if there is no such place.
    func rewindBody(to offset: Int) -> Bool {
        guard 0...request.byteCount ~= offset else { return false }
        bodyBytesRead = offset
        return true
    }

    func progressed(to bytes: Int) {
        guard isConnected, bytes != bytesMoved else { return }
        bytesMoved = bytes
        clock.moved(at: .now)
    }

    /// Whether the address policy lets the transfer connect to `address`.
    func mayConnect(to address: String) -> Bool {
        guard let policy = options.addressPolicy, !policy(address, origin.host, origin.port) else { return true }
        stopCause = .addressRefused(address)
        return false
    }
}

// MARK: - How it ended

extension Transfer {
    /// The answer, after libcurl ended the transfer with `code`.
    func answer(_ code: CURLcode) -> Submission.Answer {
        guard code == CURLE_OK else { return .failure(HTTPError(failure(stopCause(for: code)))) }
        // libcurl takes a connection that ends inside the head for the end of an answer without a body.
        guard head.isComplete else { return .failure(HTTPError(failure(.curl(CURLE_PARTIAL_FILE)))) }
        return .success(response)
    }

    /// A refused address is the cause only when no connection came about: the name may have another, permitted one.
    private func stopCause(for code: CURLcode) -> TransferFailure.Cause {
        if case .addressRefused = stopCause, code != CURLE_COULDNT_CONNECT { return .curl(code) }
        return stopCause ?? .curl(code)
    }

    func failure(_ cause: TransferFailure.Cause) -> TransferFailure {
        TransferFailure(
            cause: cause, phase: phase, method: request.method, origin: origin, limits: request.limits,
            wroteRequest: wroteEarlier || isConnected && requestBytesWritten > 0,
            detail: handle?.errorDescription ?? "",
            osError: Int32(truncatingIfNeeded: handle?.number(CURLINFO_OS_ERRNO) ?? 0),
            certificateProblem: handle?.number(CURLINFO_SSL_VERIFYRESULT) ?? 0)
    }

    /// Bytes written to the present connection, without what was written to a proxy or to an earlier connection.
    private var requestBytesWritten: Int {
        (handle?.number(CURLINFO_REQUEST_SIZE) ?? 0) - requestBytesBefore
    }

    private var response: HTTPResponse {
        let handle = self.handle!  // libcurl just ended a transfer with it
        // libcurl counts a body that it sends together with the header as part of the header, too.
        let separateBody = sendsBodyWithHeader ? 0 : handle.offset(CURLINFO_SIZE_UPLOAD_T)
        return HTTPResponse(
            status: handle.number(CURLINFO_RESPONSE_CODE),
            headers: head.fields(describingUnpackedBody: request.unpacksResponse), body: body,
            bytesSent: requestBytesWritten + separateBody,
            bytesReceived: head.byteCount + handle.offset(CURLINFO_SIZE_DOWNLOAD_T),
            remoteAddress: handle.text(CURLINFO_PRIMARY_IP))
    }

    private var phase: TransferFailure.Phase {
        guard let handle else { return .waiting }
        guard isConnected else {
            if handle.offset(CURLINFO_NAMELOOKUP_TIME_T) == 0 { return .resolving }
            // libcurl tells the time of the TCP connection only after the handshake, the number of connections before it.
            let isTCPConnected = handle.number(CURLINFO_NUM_CONNECTS) > 0
            return isTCPConnected && origin.isSecure ? .securing : .connecting
        }
        if head.hasBegun { return .receiving }
        return handle.offset(CURLINFO_SIZE_UPLOAD_T) < request.byteCount ? .sending : .awaiting
    }
}
