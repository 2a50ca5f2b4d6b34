internal import ContentModel
internal import Hummingbird
internal import Logging
internal import SyncEngine
internal import SyncProtocol

/// Lets requests in, in the order that is promised: size, address, token, body, scripts. Then hands them on.
struct Reception: Sendable {
    let configuration: SyncServerConfiguration
    let dependencies: SyncServerDependencies
    let work: LongWork
    let transfers = TransferInstruments()
    let refusals: RefusalTally
    private let seen: SeenTokens
    private let guesses: FailureLimiter
    private let logged: FailureLimiter

    init(_ configuration: SyncServerConfiguration, _ dependencies: SyncServerDependencies, _ work: LongWork) {
        self.configuration = configuration
        self.dependencies = dependencies
        self.work = work
        refusals = RefusalTally(clock: dependencies.clock)
        seen = SeenTokens(clock: dependencies.clock)
        guesses = FailureLimiter(limit: Limits.failuresPerMinute, clock: dependencies.clock)
        logged = FailureLimiter(limit: Limits.failuresPerMinute * 6, clock: dependencies.clock)
    }

    /// Answers a request for an endpoint of the table. Every failure becomes an answer here.
    func respond(_ endpoint: Endpoint, _ request: Request, _ context: ServerContext) async -> Response {
        let arrival = Arrival(endpoint, request, context, trusting: configuration.trustedProxies)
        let response: Response
        do {
            response = try await Principal.$current.withValue(Principal(address: arrival.addressText.printable)) {
                try await answer(arrival, request)
            }
        } catch {
            let refusal = error as? Refusal ?? Refusal(known(error, arrival))
            record(refusal.error, arrival)
            await audit(refusal, arrival)
            response = Answer(refusal.error, at: endpoint, isSigned: refusal.seal != nil)
                .response(to: arrival, seal: refusal.seal)
        }
        dependencies.logger.debug(
            "Answered",
            metadata: [
                "endpoint": "\(endpoint.rawValue)", "status": "\(response.status.code)",
                "address": "\(arrival.addressText)",
            ])
        return arrival.method == "HEAD" ? response.createHeadResponse() : response
    }

    private func answer(_ arrival: Arrival, _ request: Request) async throws -> Response {
        try checkSize(arrival)
        try checkAddress(arrival)
        switch arrival.endpoint.traits.access {
        case .anyone: return try await openAnswer(arrival).response(to: arrival)
        case .keyInBody: return try await keyCheck(arrival, request).response(to: arrival)
        case .apiKey(let right): return try await keyedAnswer(arrival, right, request)
        case .tokenOrAPIKey:
            guard arrival.token == nil else { return try await signedAnswer(arrival, .read, request) }
            try await checkAPIKey(arrival)
            try await dependencies.hooks.admit(arrival.forHooks)
            return try await status().response(to: arrival)
        case .token(let need): return try await signedAnswer(arrival, need, request)
        case .thisMachineOrAPIKey:
            if !arrival.isFromThisMachine { try await checkAPIKey(arrival) }
            return metrics().response(to: arrival)
        case .script: return try await scripted(arrival, request).response(to: arrival)
        }
    }

    /// A request of an application.
    private func keyedAnswer(_ arrival: Arrival, _ right: APIKeyRight, _ request: Request) async throws -> Response {
        var principal = Principal.current
        if right != .read || !configuration.publicContentAPI { principal.id = try await keyHolder(arrival, right) }
        return try await Principal.$current.withValue(principal) {
            switch arrival.endpoint {
            case .readAsset, .readAssetFile, .readUpload, .addAsset, .removeAsset: try await assets(arrival, request)
            default: try await content(arrival).response(to: arrival)
            }
        }
    }

    /// A request with a token: from the moment the token holds, every answer is signed.
    private func signedAnswer(_ arrival: Arrival, _ need: Need, _ request: Request) async throws -> Response {
        guard let text = arrival.token else {
            throw TidelockError(.missingToken, "The request carries no token.", hint: "Sync requests are signed.")
        }
        let ring = KeyRing(try await dependencies.keys())
        let instance = await dependencies.responder.identity.id
        let isSeenHere = arrival.endpoint.traits.repetition == .newTokenHere
        let verifier = TokenVerifier(ring: ring, instance: instance, memory: isSeenHere ? seen : dependencies.replay)
        let token = try await verifier.verify(
            text, for: arrival.facts, from: arrival.address, need: need, now: dependencies.clock.seconds)
        // Of a request that was altered on its way, the body tells nothing.
        var admitted: SignedCall?
        do {
            var arriving = ArrivingBody(request, upTo: arrival.endpoint.bodyLimit)
            let bringsFiles = arrival.endpoint.traits.files == .followFirstLine
            let body = try await bringsFiles ? arriving.line(most: Limits.blobHeaderBytes) : arriving.all()
            try await verifier.admit(token, body: body, repetition: arrival.endpoint.traits.repetition)
            let call = SignedCall(arrival: arrival, token: token, body: body)
            admitted = call
            try await admit(call)
            let principal = Principal(id: token.issuer, address: arrival.addressText.printable)
            return try await Principal.$current.withValue(principal) {
                let answer = try await bringsFiles ? appendBlobs(call, arriving) : handle(call)
                return answer.response(to: arrival, seal: token.seal)
            }
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            throw Refusal(known(error, arrival), seal: token.seal, issuer: token.issuer, run: admitted?.run)
        }
    }
}

extension Reception {
    private func checkSize(_ arrival: Arrival) throws {
        let limit = arrival.endpoint.bodyLimit
        guard let text = arrival.header("content-length"), let length = Int(text), length > limit else { return }
        throw Self.tooLarge(limit)
    }

    private func checkAddress(_ arrival: Arrival) throws {
        guard !configuration.allow.isEmpty else { return }
        guard let address = arrival.address, configuration.allow.contain(address) else {
            throw TidelockError(.addressRefused, "This address may not call here.")
        }
    }

    private func checkAPIKey(_ arrival: Arrival) async throws {
        guard try await hasAPIKey(arrival) else { throw badAPIKey(arrival) }
    }

    /// Whether the caller presents an API key that is known.
    func hasAPIKey(_ arrival: Arrival) async throws -> Bool {
        guard let key = arrival.apiKey else { return false }
        return try await dependencies.apiKeys.holder(of: key) != nil
    }

    /// Whose API key the caller presents, as the audit log names it. Throws `bad_api_key` and, when the key does not
    /// include the right, `permission_denied`.
    private func keyHolder(_ arrival: Arrival, _ right: APIKeyRight) async throws -> String {
        guard let key = arrival.apiKey, let holder = try await dependencies.apiKeys.holder(of: key) else {
            throw badAPIKey(arrival)
        }
        let name = "apikey:\(holder.name)"
        guard holder.right.includes(right) else {
            throw Refusal(
                TidelockError(
                    .permissionDenied, "The API key may only read.",
                    hint: "'tidelock apikeys add NAME --write' makes one that may also change assets."),
                issuer: name)
        }
        return name
    }

    func badAPIKey(_ arrival: Arrival) -> TidelockError {
        TidelockError(
            .badAPIKey, arrival.apiKey == nil ? "An API key is needed here." : "The API key is not known here.",
            hint: "Send it in the header 'api-key'; 'tidelock apikeys add' makes one.")
    }

    /// Refuses an address that keeps presenting wrong keys. Throws `rate_limited`.
    func checkGuesses(_ arrival: Arrival) throws {
        guard !guesses.isExhausted(arrival.addressText) else {
            throw TidelockError(
                .rateLimited, "Too many wrong keys came from this address.", hint: "Wait a minute and try again.")
        }
    }

    func noteGuess(_ arrival: Arrival) {
        guesses.note(arrival.addressText)
    }

    /// Reads the whole body. Throws `too_large`.
    func collect(_ request: Request, upTo limit: Int) async throws -> [UInt8] {
        var arriving = ArrivingBody(request, upTo: limit)
        return try await arriving.all()
    }

    static func tooLarge(_ limit: Int) -> TidelockError {
        TidelockError(.tooLarge, "The body of the request is larger than \(limit) bytes.")
    }
}

extension Reception {
    /// The error as the caller may see it: of a defect it learns no more than that there is one.
    private func known(_ error: any Error, _ arrival: Arrival) -> TidelockError {
        let own = TidelockError(wrapping: error)
        guard own.code == .internalFailure else { return own }
        dependencies.logger.error(
            "Request failed", metadata: ["endpoint": "\(arrival.endpoint.rawValue)", "reason": "\(own.message)"])
        return TidelockError(.internalFailure, "The server failed at this request.", hint: "Its log says more.")
    }

    /// Tells people what was refused: code, caller and path, and nothing the caller could hide a secret in.
    private func record(_ error: TidelockError, _ arrival: Arrival) {
        guard logged.note(arrival.addressText) else { return }
        let request = "\(arrival.method) \(arrival.path.printable)"
        let context = [
            "address": arrival.addressText.printable, "code": error.code.rawValue,
            "endpoint": arrival.endpoint.rawValue,
        ]
        dependencies.log.record(
            LogRecord(
                timestamp: dependencies.clock.seconds, type: error.code.traits.logLevel.recordType, channel: "sync",
                message: "Refused \(request) from \(arrival.addressText.printable): \(error.code.rawValue).",
                context: (try? WireBody.encode(context)).map { String(decoding: $0, as: UTF8.self) }))
    }
}

extension ErrorCode.LogLevel {
    /// The type of log record, as Cockpit names them.
    fileprivate var recordType: String {
        self == .critical ? "alert" : rawValue
    }
}
