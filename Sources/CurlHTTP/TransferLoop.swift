import CCurl

/// Drives all transfers of one client: the only code that runs on its thread and that libcurl calls back.
///
/// Each turn takes new commands, lets libcurl work, hands out what ended, and sleeps until a socket, a deadline or the
/// inbox asks for attention.
final class TransferLoop {
    private let inbox: Inbox
    private let multi: MultiHandle
    private let options: HTTPClientOptions

    /// Every request taken from the inbox and not answered yet, waiting or running.
    private var transfers: [UInt64: Transfer] = [:]
    /// Those among them that libcurl works on, by their handles.
    private var running: [UnsafeMutableRawPointer: Transfer] = [:]
    private var admission: Admission
    /// No deadline is due before this time.
    private var nextCheck = TransferClock.Instant.now

    /// Longest sleep when nothing is due. Any length would do, because the inbox wakes the thread.
    private static let idle: Duration = .seconds(60)
    private static let keptConnections = 64

    init(inbox: Inbox, multi: MultiHandle, options: HTTPClientOptions) {
        self.inbox = inbox
        self.multi = multi
        self.options = options
        admission = Admission(limit: options.maximumConnectionsPerHost)
        // One connection carries one request at a time, and that many may stay open without one.
        _ = ccurl_multi_set_long(multi.pointer, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
        _ = ccurl_multi_set_long(multi.pointer, CURLMOPT_MAXCONNECTS, Self.keptConnections)
    }

    /// Returns when the inbox is closed and every request is answered.
    func run() {
        while takeCommands() {
            var stillRunning: Int32 = 0
            curl_multi_perform(multi.pointer, &stillRunning)
            finishEnded()
            enforceDeadlines()
            sleep()
        }
        answerAllThatIsLeft()
    }

    private func takeCommands() -> Bool {
        let (commands, isOpen) = inbox.drain()
        for command in commands {
            switch command {
            case .start(let submission): accept(submission)
            case .cancel(let id): transfers[id].map { fail($0, .cancelled) }
            }
        }
        return isOpen
    }

    private func sleep() {
        let pause = TransferClock.Instant.now.duration(to: nextCheck)
        curl_multi_poll(multi.pointer, nil, 0, Int32(max(0, min(pause, Self.idle).milliseconds)), nil)
    }
}

// MARK: - Beginning

extension TransferLoop {
    private func accept(_ submission: Submission) {
        let transfer = Transfer(submission, options: options)
        transfers[transfer.id] = transfer
        nextCheck = min(nextCheck, transfer.clock.nextCheck(at: .now))
        if admission.enter(transfer.id, at: transfer.origin) { begin(transfer) }
    }

    private func begin(_ transfer: Transfer) {
        do throws(HTTPError) {
            try transfer.prepare()
            try add(transfer)
        } catch {
            finish(transfer, .failure(error))
        }
    }

    private func add(_ transfer: Transfer) throws(HTTPError) {
        guard let handle = transfer.handle else { return }
        let code = curl_multi_add_handle(multi.pointer, handle.pointer)
        guard code == CURLM_OK else {
            throw code == CURLM_OUT_OF_MEMORY ? .outOfMemory : HTTPError(transfer.failure(.curl(CURLE_FAILED_INIT)))
        }
        running[handle.pointer] = transfer
    }
}

// MARK: - Ending

extension TransferLoop {
    private func answerAllThatIsLeft() {
        admission = Admission(limit: 1)  // empty: nobody is to begin in the place of those that end now
        for transfer in transfers.values { fail(transfer, .clientShutDown) }
    }

    private func finishEnded() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi.pointer, &left) {
            // The message is libcurl's and gone once the handle is taken out, so its content is read first.
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle else { continue }
            let code = message.pointee.data.result
            guard let transfer = running[handle] else { continue }
            finish(transfer, transfer.answer(code))
        }
    }

    private func enforceDeadlines() {
        let now = TransferClock.Instant.now
        guard now >= nextCheck else { return }
        nextCheck = now.advanced(by: Self.idle)
        var late: [(Transfer, TransferClock.Limit)] = []
        for transfer in transfers.values {
            switch transfer.clock.verdict(at: now) {
            case .fine(let until): nextCheck = min(nextCheck, until)
            case .passed(let limit): late.append((transfer, limit))
            }
        }
        for (transfer, limit) in late { fail(transfer, .passed(limit)) }
    }

    private func fail(_ transfer: Transfer, _ cause: TransferFailure.Cause) {
        finish(transfer, .failure(HTTPError(transfer.failure(cause))))
    }

    /// Answers a request, whatever state it is in, and lets the next one of its origin begin.
    private func finish(_ transfer: Transfer, _ answer: Submission.Answer) {
        transfers[transfer.id] = nil
        defer { transfer.submission.reply.resume(returning: answer) }
        guard transfer.hasBegun else { return admission.giveUp(transfer.id, at: transfer.origin) }
        if let handle = transfer.handle {
            running[handle.pointer] = nil
            curl_multi_remove_handle(multi.pointer, handle.pointer)
        }
        if let next = admission.leave(transfer.origin).flatMap({ transfers[$0] }) { begin(next) }
    }
}
