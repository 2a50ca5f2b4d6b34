internal import ContentModel
internal import CurlHTTP
internal import SyncEngine
internal import SyncProtocol

/// Why one attempt brought no answer to work with, and what may help.
struct AttemptFailure: Error {
    enum Remedy: Equatable {
        /// Nothing will change by itself.
        case none
        /// It may pass.
        case wait
        /// The request must be signed again, and that is all.
        case signAnew
        /// The responder's clock differs; this is its time in Unix seconds.
        case correctClock(Int64)
    }

    var error: TidelockError
    var remedy: Remedy
    /// Whether the request may have been carried out although nobody said so.
    var mayHaveTakenEffect: Bool
}

extension AttemptFailure {
    /// No answer arrived.
    init(_ error: HTTPError, to address: TargetAddress) {
        self.error = TidelockError(
            error.code, "Target \(address.label) did not answer: \(error.message)", hint: error.hint, underlying: error)
        remedy = error.isTransient ? .wait : .none
        mayHaveTakenEffect = error.mayHaveReachedServer
    }

    /// An answer that says no.
    ///
    /// Only a signed one is believed in what it asks for; of any other the words are shown and nothing more.
    init(_ response: HTTPResponse, isGenuine: Bool, to address: TargetAddress) {
        let plain = try? WireBody.unpack(response.body, coding: response.header("content-encoding"))
        guard let answer = plain.flatMap({ try? WireBody.decode(ErrorAnswer.self, from: $0) })?.error,
            let code = ErrorCode(rawValue: answer.code)
        else {
            self.init(status: response.status, of: address)
            return
        }
        let details = isGenuine ? answer.details ?? [:] : [:]
        let error = TidelockError(
            code, "Target \(address.label) refused: \(answer.message.shown)", hint: answer.hint?.shown,
            details: details)
        let remedy = Remedy(code, details, isGenuine: isGenuine)
        // Who asks for patience may be at work, and who knows the request already has had it before.
        self.init(error: error, remedy: remedy, mayHaveTakenEffect: remedy == .wait || remedy == .signAnew)
    }

    /// An answer that says yes, in words that cannot be read.
    init(unreadable error: any Error) {
        self.init(error: TidelockError(wrapping: error), remedy: .none, mayHaveTakenEffect: true)
    }

    /// An answer in no words of ours: a proxy, or another program.
    private init(status: Int, of address: TargetAddress) {
        let mayPass = [429, 502, 503, 504].contains(status)
        error = TidelockError(
            status == 404 ? .notFound : .targetUnreachable,
            "Target \(address.label) answered with HTTP status \(status), but not as Tidelock does.",
            hint: mayPass
                ? "A proxy in between probably cannot reach it."
                : "Check the address of the target: something else answers there.")
        remedy = mayPass ? .wait : .none
        mayHaveTakenEffect = mayPass
    }
}

extension AttemptFailure.Remedy {
    init(_ code: ErrorCode, _ details: [String: String], isGenuine: Bool) {
        self =
            switch code {
            case .expiredToken where isGenuine:
                details["serverTime"].flatMap { Int64($0) }.map(Self.correctClock) ?? .none
            case .replayedRequest where isGenuine: .signAnew
            case .databaseBusy, .shuttingDown, .rateLimited, .timeout: .wait
            default: .none
            }
    }
}

extension HTTPError {
    /// What a request to a target that ends like this failed with.
    var code: ErrorCode {
        switch kind {
        case .tlsCertificate, .tlsHandshake: .tlsFailed
        case .timeout, .stalled, .connectTimeout: .timeout
        case .invalidURL, .unsupportedScheme: .badSetting
        case .addressRefused: .addressRefused
        case .tooLarge: .tooLarge
        case .malformedResponse: .malformedMessage
        case .cancelled: .cancelled
        case .malformedRequest, .outOfMemory, .internalFailure: .internalFailure
        case .nameNotResolved, .connectionRefused, .unreachable, .proxy, .closedEarly, .sendFailed:
            .targetUnreachable
        }
    }
}

/// How long to wait between attempts of one request, and what was tried already.
struct Backoff {
    /// Milliseconds at which the request was first sent.
    let start: Int64
    var attempts = 0
    var hasCorrectedClock = false
    var signatures = 0

    init(start: Int64) {
        self.start = start
    }

    /// Doubles from 100 ms to 2 s, each up to half shorter so that several clients do not come at once.
    mutating func next(jitter: UInt8) -> Duration {
        let full = min(100 << min(attempts, 5), 2_000)
        attempts += 1
        return .milliseconds(full - full * Int(jitter) / 512)
    }
}

extension RemotePeer {
    /// Does what may help before the next attempt, or throws the error when nothing may.
    func recover(from failure: AttemptFailure, _ backoff: inout Backoff) async throws {
        switch failure.remedy {
        case .correctClock(let serverTime) where !backoff.hasCorrectedClock:
            backoff.hasCorrectedClock = true
            correctClock(by: serverTime - clock.seconds)
        case .signAnew where backoff.signatures < 3:
            backoff.signatures += 1
        case .wait:
            try await wait(after: failure, &backoff)
        case .none, .correctClock, .signAnew:
            throw failure.error
        }
    }

    private func wait(after failure: AttemptFailure, _ backoff: inout Backoff) async throws {
        guard let progress = lastProgress else { throw failure.error }
        let idle = Duration.milliseconds(clock.milliseconds - max(progress, backoff.start))
        guard idle < timeout else { throw failure.error }
        try await clock.sleep(for: backoff.next(jitter: random.bytes(1).first ?? 0))
    }
}

extension String {
    /// What somebody else wrote, fit for a terminal and for a log: one line, no control characters, not endless. Where
    /// a line ended, such as before an excerpt of a script, stands a dash.
    var shown: String {
        String(String.UnicodeScalarView(unicodeScalars.prefix(500)))
            .split(whereSeparator: \.isNewline)
            .map { line in
                let kept = line.unicodeScalars.filter { $0.properties.generalCategory != .control }
                return String(String.UnicodeScalarView(kept.drop { $0 == " " }))
            }
            .filter { !$0.isEmpty }
            .joined(separator: " — ")
    }
}
