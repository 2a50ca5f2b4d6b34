internal import ContentModel
internal import Hummingbird
internal import SyncEngine
internal import SyncProtocol

/// What an instance tells about itself: the documented check, the status, the health.
extension Reception {
    /// What anybody may ask.
    func openAnswer(_ arrival: Arrival) async throws -> Answer {
        switch arrival.endpoint {
        case .reach:
            try await dependencies.hooks.admit(arrival.forHooks)
            return try Answer(CheckAnswer(version: dependencies.version))
        default: return try await health(arrival)
        }
    }

    /// The documented check. A failure has the documented shape and carries `error` as every failure does.
    func keyCheck(_ arrival: Arrival, _ request: Request) async throws -> Answer {
        try checkGuesses(arrival)
        let body = try await collect(request, upTo: arrival.endpoint.bodyLimit)
        let presented = try? WireBody.decode(CheckKey.self, from: body).syncKey
        let now = dependencies.clock.seconds
        let ring = KeyRing(try await dependencies.keys())
        guard let key = presented.flatMap({ ring.match($0, at: now) }), key.admits(arrival.address) else {
            noteGuess(arrival)
            throw TidelockError(
                .unknownKey, presented == nil ? "The check carries no sync key." : "The sync key is not accepted here.",
                hint: "Send {\"syncKey\": \"…\"} with the key of this instance.")
        }
        try await dependencies.hooks.admit(arrival.forHooks)
        return try Answer(CheckAnswer(version: dependencies.version))
    }

    func status() async throws -> Answer {
        let status = try await dependencies.responder.status()
        return try Answer(
            StatusAnswer(
                syncing: status.isSyncing, holder: status.holder, since: status.since, lastSync: status.lastSync,
                hooks: await dependencies.hookStatus(), handlers: dependencies.handlers(),
                version: dependencies.version, instance: await dependencies.responder.identity,
                time: dependencies.clock.milliseconds))
    }

    /// For those who watch. What exactly is wrong with a script is told to this machine only: it shows source lines.
    private func health(_ arrival: Arrival) async throws -> Answer {
        var hooks = await dependencies.hookStatus()
        if !arrival.isFromThisMachine { hooks.error = nil }
        return try Answer(
            status: hooks.status == .failed ? 503 : 200, HealthAnswer(version: dependencies.version, hooks: hooks))
    }
}

extension Reception {
    /// What this process measured. The format's version is part of its type
    /// (https://prometheus.io/docs/instrumenting/exposition_formats/).
    func metrics() -> Answer {
        Answer(body: Array(dependencies.metrics().utf8), type: "text/plain; version=0.0.4; charset=utf-8")
    }
}
