public import ContentModel
public import SyncProtocol

/// What was found out about a target and this instance, before it is judged. What was not asked, because something
/// before it failed, is nil.
public struct DiagnosisFacts: Sendable {
    public var target: Result<Addressed, TidelockError>
    public var here: Here
    public var reach: Reach?
    public var certificate: ShownCertificate?
    public var check: Result<TargetCheck, TidelockError>?
    public var condition: Result<ConditionAnswer, TidelockError>?

    public init(
        target: Result<Addressed, TidelockError>, here: Here, reach: Reach? = nil,
        certificate: ShownCertificate? = nil, check: Result<TargetCheck, TidelockError>? = nil,
        condition: Result<ConditionAnswer, TidelockError>? = nil
    ) {
        self.target = target
        self.here = here
        self.reach = reach
        self.certificate = certificate
        self.check = check
        self.condition = condition
    }

    /// A target whose settings can be used.
    public struct Addressed: Sendable {
        /// Its name and host, fit for messages.
        public var label: String
        public var isEncrypted: Bool
        public var allowsPush: Bool
        public var allowsPull: Bool

        public init(label: String, isEncrypted: Bool, allowsPush: Bool, allowsPull: Bool) {
            self.label = label
            self.isEncrypted = isEncrypted
            self.allowsPush = allowsPush
            self.allowsPull = allowsPull
        }
    }

    /// This instance.
    public struct Here: Sendable {
        public var identity: InstanceIdentity
        public var version: String
        /// What somebody is told who wants to begin a run beside one that is at work here; nil when none is.
        public var runInProgress: TidelockError?
        public var hooks: HookStatus
        /// As it is told to the target.
        public var condition: InstanceCondition
        public var schedules: Schedules

        public init(
            identity: InstanceIdentity, version: String, runInProgress: TidelockError?, hooks: HookStatus,
            condition: InstanceCondition, schedules: Schedules = Schedules()
        ) {
            self.identity = identity
            self.version = version
            self.runInProgress = runInProgress
            self.hooks = hooks
            self.condition = condition
            self.schedules = schedules
        }
    }

    /// Runs with the target that this instance's server begins by the clock.
    public struct Schedules: Sendable {
        public var names: [String]
        /// What keeps the first of those from beginning that cannot.
        public var problem: TidelockError?

        public init(names: [String] = [], problem: TidelockError? = nil) {
            self.names = names
            self.problem = problem
        }
    }
}
