internal import ContentModel
internal import CurlHTTP
public import SyncEngine
internal import SyncProtocol

extension RemotePeer {
    /// Name and host of the target, fit for messages.
    public var label: String { address.label }

    /// Whether everything on the way to the target is encrypted.
    public var isEncrypted: Bool { address.base.lowercased().hasPrefix("https://") }

    /// Asks, without the key, what answers at the target's address. Throws only when it was cancelled.
    ///
    /// - Parameter limit: time for the whole of it
    public func reach(within limit: Duration) async throws -> Reach {
        var request = HTTPRequest(
            Endpoint.reach.traits.method.rawValue, address.base + Endpoint.reach.path(),
            headers: [HTTPField("Accept", "application/json")])
        // Were both the same, it would be left to chance which one ends a connection that nobody accepts.
        request.limits.connect = limit / 2
        request.limits.total = limit
        do {
            let response = try await http.send(request)
            let difference = response.date.map { ClockDifference(there: $0, here: clock) }
            return .answered(
                Reach.Answer(
                    from: answerer(response), address: response.remoteAddress, clockDifference: difference))
        } catch {
            guard error.kind != .cancelled else { throw CancellationError() }
            return .failed(
                error.step(encrypted: isEncrypted),
                TidelockError(error.code, error.message, hint: error.hint, underlying: error))
        }
    }

    private func answerer(_ response: HTTPResponse) -> Reach.Answerer {
        if response.status == 200, let answer = try? WireBody.decode(CheckAnswer.self, from: response.body),
            answer.success, let version = answer.version
        {
            return .tidelock(version: version)
        }
        let error = AttemptFailure(response, isGenuine: false, to: address).error
        // Only words that Tidelock knows keep their code. One that has nothing at this path is at another.
        let refusal = try? WireBody.decode(ErrorAnswer.self, from: response.body)
        let isKnown = refusal?.error.code == error.code.rawValue && error.code != .notFound
        return isKnown ? .refusing(error) : .stranger(error)
    }

    /// The certificate that the target's server shows; nil where it shows none. It proves nothing.
    public func shownCertificate(within limit: Duration) async -> ShownCertificate? {
        // What keeps the server from showing one is what keeps it from being reached, which is told there.
        guard let certificate = try? await ServerCertificate.shown(by: address.base, within: limit) else { return nil }
        return ShownCertificate(
            subject: certificate.subject.shown, issuer: certificate.issuer.shown, names: certificate.names.shown,
            until: certificate.notAfter)
    }
}

extension ClockDifference {
    /// From a date in whole seconds, which is half a second early on average.
    fileprivate init(there seconds: Int64, here clock: any WallClock) {
        self.init(there: min(seconds, 1 << 40) * 1_000 + 500, here: clock.milliseconds)
    }
}

extension HTTPError {
    /// How far a request without an answer got.
    fileprivate func step(encrypted: Bool) -> Diagnosis.Step {
        switch kind {
        case .invalidURL, .unsupportedScheme, .malformedRequest: .configuration
        case .nameNotResolved: .name
        case .connectionRefused, .unreachable, .connectTimeout, .addressRefused, .proxy: .connection
        case .tlsCertificate, .tlsHandshake: .encryption
        // Until a byte was handed to it, a connection that ends is one that encryption was not agreed upon.
        case .timeout, .stalled, .closedEarly, .sendFailed:
            mayHaveReachedServer ? .server : encrypted ? .encryption : .connection
        case .tooLarge, .malformedResponse, .cancelled, .outOfMemory, .internalFailure: .server
        }
    }
}
