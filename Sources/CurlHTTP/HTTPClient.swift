import Synchronization

/// Sends HTTP requests without blocking the caller's thread.
///
/// One client is one thread, one set of kept connections and one set of options. Make one and use it from anywhere, for
/// any number of requests at once. It ends with `shutdown()`, or with its last reference.
public final class HTTPClient: Sendable {
    private let inbox: Inbox
    private let thread: DedicatedThread
    private let lastID = Atomic<UInt64>(0)

    /// Starts the client's thread.
    ///
    /// - Throws: `.tlsCertificate` if the file with certificate authorities cannot be read, `.malformedRequest` if the
    ///   user agent cannot be sent, `.outOfMemory` if there are no means for another thread.
    public init(_ options: HTTPClientOptions = .init()) throws(HTTPError) {
        try options.check()
        guard let multi = MultiHandle() else { throw .outOfMemory }
        let inbox = Inbox(waking: multi)
        let thread = DedicatedThread {
            TransferLoop(inbox: inbox, multi: multi, options: options).run()
        }
        guard let thread else { throw .outOfMemory }
        self.inbox = inbox
        self.thread = thread
    }

    deinit {
        shutdown()
    }

    /// Sends `request` and waits for the whole answer. Any status is an answer.
    ///
    /// Cancelling the task ends the request with `.cancelled` and closes its connection.
    public func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        defer { withExtendedLifetime(self) {} }  // the client must not end with its last reference while it works
        let origin = try request.checked()
        let id = lastID.wrappingAdd(1, ordering: .relaxed).newValue
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { reply in
                submit(Submission(id: id, request: request, origin: origin, start: .now, reply: reply))
            }
        } onCancel: {
            inbox.post(.cancel(id: id))
        }
        return try answer.get()
    }

    /// Ends every request with `.cancelled`, closes all connections and waits for the thread to end.
    ///
    /// May be called again. Requests sent later fail with `.cancelled`. An address policy must not call it: it runs on
    /// the thread that would be waited for.
    public func shutdown() {
        inbox.close()
        if !thread.isCurrent { thread.join() }
    }

    private func submit(_ submission: Submission) {
        // Asked twice: a task that is cancelled between the two left its command ahead of the request it was about.
        guard !Task.isCancelled else { return submission.reply.resume(returning: .failure(.cancelledBeforeSending)) }
        guard inbox.post(.start(submission)) else {
            return submission.reply.resume(returning: .failure(.clientIsShutDown))
        }
        if Task.isCancelled { inbox.post(.cancel(id: submission.id)) }
    }
}
