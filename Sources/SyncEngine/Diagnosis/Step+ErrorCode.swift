public import ContentModel

extension Diagnosis.Step {
    /// The step that an error of a request to a target is about.
    public init(of code: ErrorCode) {
        self =
            switch code {
            case .missingSetting, .badSetting, .notAnInstance, .unknownTarget: .configuration
            case .targetUnreachable, .timeout, .cancelled: .connection
            case .tlsFailed: .encryption
            case .notFound, .methodNotAllowed, .malformedMessage, .tooLarge: .server
            case .expiredToken: .clock
            case .permissionDenied: .rights
            case .versionMismatch, .schemaTooNew: .version
            case .sameInstance, .wrongAudience: .identity
            case .runInProgress, .leaseHeld: .lock
            case .hookLoadFailed, .hookFailed, .hookLimit, .hookRefused: .hooks
            case .databaseBusy, .diskFull, .storageFailed, .damagedStore: .disk
            // Whether the request is believed: whatever else an answer can say, it says before anything is done.
            default: .key
            }
    }
}

extension ErrorCode {
    /// Whether a target that fails a check in this way is a Tidelock that answers.
    public var provesReachable: Bool { Diagnosis.Step(of: self) > .server }

    /// Whether a target that fails a check in this way accepted the key.
    public var provesKeyAccepted: Bool { Diagnosis.Step(of: self) > .key }
}
