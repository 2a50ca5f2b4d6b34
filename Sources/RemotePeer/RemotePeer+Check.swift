internal import ContentModel
public import SyncEngine
public import SyncProtocol

extension RemotePeer {
    /// What the target holds of us, without opening a transfer.
    public func held(_ request: ReadHeld) async throws -> DestinationState {
        let call = Call(endpoint: .readHeld, path: Endpoint.readHeld.path(), body: try WireBody.encode(request))
        let state: DestinationState = try decode(try await perform(call))
        try learn(state.destination)
        return state
    }

    /// Whether the target answers, accepts our key, and is who it should be; throws why not.
    ///
    /// Signs like every other request: the documented form, with the key in the body, is for others.
    public func check() async throws -> TargetCheck {
        let start = clock.milliseconds
        let reply = try await perform(Call(endpoint: .status, path: Endpoint.status.path()))
        let end = clock.milliseconds
        let answer: StatusAnswer = try decode(reply)
        try learn(answer.instance)
        guard answer.protocolVersion >= ProtocolVersion.oldest, answer.oldestProtocolVersion <= ProtocolVersion.current
        else {
            throw TidelockError(
                .versionMismatch, "Target \(address.label) speaks another version of the protocol.",
                hint: "Install versions of Tidelock that are closer to each other.")
        }
        return TargetCheck(
            version: answer.version, instance: answer.instance, isSyncing: answer.syncing,
            hooks: HookStatus(answer.hooks.status, error: answer.hooks.error?.firstLine.shown),
            clockDifference: answer.time.map { ClockDifference(there: $0, here: start + (end - start) / 2) },
            latency: .milliseconds(end - start))
    }

    /// What the target tells of itself to those who want to know whether a run could begin.
    ///
    /// Throws `not_found` when its version does not know the question.
    public func condition() async throws -> ConditionAnswer {
        try decode(try await perform(Call(endpoint: .readCondition, path: Endpoint.readCondition.path())))
    }
}

extension String {
    /// What stands before any excerpt of a file.
    fileprivate var firstLine: String { String(prefix { !$0.isNewline }) }
}
