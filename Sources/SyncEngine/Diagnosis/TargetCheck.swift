public import ContentModel
public import SyncProtocol

/// What a check of a target found that answers and accepts our key.
public struct TargetCheck: Sendable, Equatable {
    public var version: String
    public var instance: InstanceIdentity
    public var isSyncing: Bool
    public var hooks: HookStatus
    /// Nil where the other side does not tell its time.
    public var clockDifference: ClockDifference?
    public var latency: Duration

    /// What stands in the way of syncing with it although it answers, such as scripts that cannot be loaded.
    public var warning: String? { hooks.error }

    public init(
        version: String, instance: InstanceIdentity, isSyncing: Bool, hooks: HookStatus,
        clockDifference: ClockDifference?, latency: Duration
    ) {
        self.version = version
        self.instance = instance
        self.isSyncing = isSyncing
        self.hooks = hooks
        self.clockDifference = clockDifference
        self.latency = latency
    }
}
