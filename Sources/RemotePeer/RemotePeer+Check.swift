public import ContentModel
internal import SyncEngine
public import SyncProtocol

/// What a check of a target found.
public struct TargetCheck: Sendable, Equatable {
    public var version: String
    public var instance: InstanceIdentity
    public var isSyncing: Bool
    /// What stands in the way of syncing with it although it answers, such as scripts that cannot be loaded.
    public var warning: String?
    public var latency: Duration

    public init(version: String, instance: InstanceIdentity, isSyncing: Bool, warning: String?, latency: Duration) {
        self.version = version
        self.instance = instance
        self.isSyncing = isSyncing
        self.warning = warning
        self.latency = latency
    }
}

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
        let latency = Duration.milliseconds(clock.milliseconds - start)
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
            warning: answer.hooks.error, latency: latency)
    }
}
