internal import ContentModel
internal import Hummingbird
internal import SyncEngine
internal import SyncProtocol

/// Requests below `/api/x`, which scripts answer.
extension Reception {
    /// To callers without an API key only public scripts exist: they get the same answer whether or not there is
    /// another one.
    func scripted(_ arrival: Arrival, _ request: Request) async throws -> Answer {
        let isAuthorized = try await hasAPIKey(arrival)
        let path = String(arrival.path.dropFirst(Endpoint.scripts.count))
        let match = try await dependencies.routes.route(arrival.method, path)
        switch match {
        case .found(let route) where isAuthorized || route.isPublic:
            let body = try await collect(request, upTo: arrival.endpoint.bodyLimit)
            return Answer(
                try await route.answer(
                    ScriptedRequest(
                        head: arrival.forHooks, query: arrival.queryForHooks, body: body, isAuthorized: isAuthorized)))
        case _ where !isAuthorized: throw badAPIKey(arrival)
        case .otherMethods(let methods): return refusal(of: arrival, allowing: methods)
        case .found, .unknown: throw TidelockError(.notFound, "There is nothing at this path.")
        }
    }

    private func refusal(of arrival: Arrival, allowing methods: [String]) -> Answer {
        let allowed = methods.joined(separator: ", ")
        let error = TidelockError(
            .methodNotAllowed, "Nothing answers \(arrival.method) at this path.", hint: "It answers \(allowed).")
        var answer = Answer(error, at: arrival.endpoint, isSigned: false)
        answer.headers = [("allow", allowed)]
        return answer
    }
}

extension Answer {
    fileprivate init(_ answer: ScriptedAnswer) {
        // Packing is for JSON, so the type has to be known here.
        let type = answer.headers.first { $0.name == "content-type" }?.value
        self.init(status: answer.status, body: answer.body, type: type ?? "application/octet-stream")
        headers = answer.headers.map { ($0.name, $0.value) }
    }
}
