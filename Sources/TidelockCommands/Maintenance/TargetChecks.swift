internal import ContentModel
internal import ContentStore
internal import CurlHTTP
internal import RemotePeer
internal import SyncEngine

/// Checks of several targets side by side, a few at a time, each with a limit of its own.
struct TargetChecks: Sendable {
    typealias Ended = (target: String, outcome: Result<TargetCheck, TidelockError>)

    /// Checks under way at once.
    static let atOnce = 8
    /// Time for one target, however slowly it answers.
    static let limit: Duration = .seconds(15)

    let instance: Instance
    let targets: [ListedTarget]

    /// What was found, in the order of the targets.
    func perform() async throws -> [Ended] {
        let http = try instance.httpClient()
        defer { http.shutdown() }
        return await targets.mapSideBySide(atOnce: Self.atOnce) { ($0.name, await outcome($0, http)) }
    }

    private func outcome(_ listed: ListedTarget, _ http: HTTPClient) async -> Result<TargetCheck, TidelockError> {
        let target: Target
        switch listed.target {
        case .success(let usable): target = usable
        case .failure(let failure): return .failure(failure)
        }
        return await outcomeWithin(Self.limit, "Target '\(target.name)'") {
            try await instance.peer(target, over: http, timeout: Self.limit).check()
        }
    }
}

/// What `body` answers or throws, or `timeout` when it is not done in time; then it is cancelled.
func outcomeWithin<Value: Sendable>(
    _ limit: Duration, _ subject: String, _ body: @escaping @Sendable () async throws -> Value
) async -> Result<Value, TidelockError> {
    await withTaskGroup(of: Result<Value, TidelockError>?.self) { group in
        group.addTask {
            do {
                return .success(try await body())
            } catch {
                return .failure(TidelockError(wrapping: error))
            }
        }
        group.addTask {
            try? await Task.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        // Two were added, so there is a first one; nil is the one that only slept.
        return await group.next().flatMap { $0 }
            ?? .failure(
                TidelockError(
                    .timeout, "\(subject) did not answer within \(limit.components.seconds) s.",
                    hint: "Check that the server is alive and the network works."))
    }
}
