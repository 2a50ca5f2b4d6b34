internal import ContentModel
internal import CurlHTTP
internal import SyncEngine
internal import SyncProtocol

/// One request as an endpoint's caller knows it.
struct Call: Sendable {
    var endpoint: Endpoint
    /// Path and query.
    var path: String
    /// The body before it is packed.
    var body: [UInt8] = []
    /// The type of a body that travels as it is; nil for a message, which is packed.
    var rawType: String?
    /// Bytes of files, behind the body.
    var files: [UInt8] = []

    var facts: RequestFacts { RequestFacts(method: endpoint.traits.method.rawValue, target: path) }
}

/// A verified answer, unpacked.
struct Reply: Sendable {
    var status: Int
    var body: [UInt8]
    var operations: Int?

    /// Whether the work goes on and the request is to be repeated.
    var isWorking: Bool { status == 202 }
}

extension RemotePeer {
    /// Sends a request until it is answered for good. Signs every attempt anew.
    ///
    /// What is thrown is marked with `RunMachine.unanswered` where an attempt may have been carried out: that a later one
    /// is refused says nothing of it.
    ///
    /// - Parameter isAtWork: whether the target has said that it works on this very request
    func perform(_ call: Call, isAtWork: Bool = false) async throws -> Reply {
        var backoff = Backoff(start: clock.milliseconds)
        var mayHaveTakenEffect = isAtWork
        while true {
            do {
                return try await attempt(call)
            } catch let failure as AttemptFailure {
                mayHaveTakenEffect = mayHaveTakenEffect || failure.mayHaveTakenEffect
                do {
                    try await recover(from: failure, &backoff)
                } catch {
                    throw mayHaveTakenEffect ? TidelockError(wrapping: error).markedUnanswered : error
                }
            }
        }
    }

    private func attempt(_ call: Call) async throws -> Reply {
        let id = random.bytes(16).hex
        let request = try await signedRequest(call, tokenID: id)
        let response: HTTPResponse
        do {
            response = try await http.send(request)
        } catch {
            throw AttemptFailure(error, to: address)
        }
        count(response)
        return try reply(to: call, from: response, tokenID: id)
    }

    private func signedRequest(_ call: Call, tokenID: String) async throws -> HTTPRequest {
        let (bytes, coding) = call.rawType != nil ? (call.body, nil) : try WireBody.pack(call.body)
        let token = try await signer.token(
            for: call.facts, body: bytes, audience: expectedResponder, id: tokenID, now: clock.seconds + clockOffset)
        var request = HTTPRequest(call.facts.method, address.base + call.path)
        request.headers = [
            HTTPField("Authorization", "Bearer \(token)"), HTTPField("Accept", "application/json"),
            // Named by us, so that the body arrives as it was signed.
            HTTPField("Accept-Encoding", WireBody.zstd),
        ]
        if !bytes.isEmpty {
            request.body = bytes
            request.attachment = call.files
            request.headers.append(HTTPField("Content-Type", call.rawType ?? WireBody.json))
        }
        if let coding { request.headers.append(HTTPField("Content-Encoding", coding)) }
        request.limits = limits
        return request
    }

    /// No bound on the whole of a request: a slow line is fine as long as bytes move.
    private var limits: HTTPLimits {
        var limits = HTTPLimits()
        limits.connect = min(limits.connect, timeout)
        limits.total = max(.seconds(600), timeout)
        // The responder may hold a request for long work back for a while without sending a byte: whoever is less
        // patient would give up a run that goes well.
        limits.stall = max(timeout, .seconds(Limits.silenceSeconds))
        limits.responseBytes = Limits.responseBytes
        return limits
    }

    private func reply(to call: Call, from response: HTTPResponse, tokenID: String) throws -> Reply {
        let operations = response.header(HeaderName.operations).flatMap { Int($0) }
        let signed = call.endpoint.signedBytes(ofAnswer: response.body, status: response.status)
        let facts = AnswerFacts(status: response.status, body: signed, operations: operations)
        let isGenuine = signer.isGenuine(facts, signature: response.header(HeaderName.signature), to: tokenID)
        guard (200..<300).contains(response.status) else {
            if isGenuine { noteProgress() }
            throw AttemptFailure(response, isGenuine: isGenuine, to: address)
        }
        guard isGenuine else {
            throw TidelockError(
                .badResponseSignature, "The answer of \(address.label) is not signed with its sync key.",
                hint: "Something else answers at this address, or changes answers on their way.")
        }
        noteProgress()
        let coding = call.endpoint.bringsFile(status: response.status) ? nil : response.header("content-encoding")
        do {
            let body = try WireBody.unpack(response.body, coding: coding)
            return Reply(status: response.status, body: body, operations: operations)
        } catch {
            throw AttemptFailure(unreadable: error)
        }
    }
}
