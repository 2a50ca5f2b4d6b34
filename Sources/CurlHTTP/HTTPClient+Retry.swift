extension HTTPClient {
    /// Sends `request`, and sends it again as `policy` says while it fails in ways that may pass.
    ///
    /// A request that is not repeatable is sent again only if no byte of it reached the network. One that is, also after
    /// the statuses 429, 502, 503 and 504.
    ///
    /// - Parameter isRepeatable: Whether the server treats a second arrival like the first.
    /// - Returns: The last answer, whatever its status.
    public func send(
        _ request: HTTPRequest, retrying policy: RetryPolicy, isRepeatable: Bool
    ) async throws(HTTPError) -> HTTPResponse {
        let start = policy.now()
        var attempt = 1
        while true {
            let outcome = await outcome(of: request)
            let elapsed = start.duration(to: policy.now())
            let delay = policy.delay(after: outcome, attempt: attempt, elapsed: elapsed, isRepeatable: isRepeatable)
            guard let delay else { return try outcome.get() }
            try await pause(delay, policy, after: outcome)
            attempt += 1
        }
    }

    private func outcome(of request: HTTPRequest) async -> AttemptOutcome {
        do throws(HTTPError) { return .answered(try await send(request)) } catch { return .failed(error) }
    }

    private func pause(_ delay: Duration, _ policy: RetryPolicy, after outcome: AttemptOutcome) async throws(HTTPError)
    {
        do { try await policy.sleep(delay) } catch {
            throw HTTPError(
                .cancelled, "The request was cancelled while waiting to send it again.",
                mayHaveReachedServer: outcome.mayHaveReachedServer)
        }
    }
}

extension AttemptOutcome {
    fileprivate func get() throws(HTTPError) -> HTTPResponse {
        switch self {
        case .answered(let response): return response
        case .failed(let error): throw error
        }
    }

    fileprivate var mayHaveReachedServer: Bool {
        switch self {
        case .answered: true
        case .failed(let error): error.mayHaveReachedServer
        }
    }
}
