/// Every way in which something can fail, with a spelling that never changes.
///
/// The spelling appears in JSON output, on the wire and as a metric label.
public enum ErrorCode: String, Sendable, CaseIterable {
    // usage
    case usage
    case invalidName = "invalid_name"
    case invalidJSON = "invalid_json"
    case invalidFilter = "invalid_filter"
    case invalidAsset = "invalid_asset"
    case mirrorWithFilter = "mirror_with_filter"
    // configuration
    case missingSetting = "missing_setting"
    case badSetting = "bad_setting"
    case notAnInstance = "not_an_instance"
    // what was named is not there
    case blobMissing = "blob_missing"
    case unknownKind = "unknown_kind"
    case unknownItem = "unknown_item"
    case unknownTarget = "unknown_target"
    case unknownRun = "unknown_run"
    case unknownTransfer = "unknown_transfer"
    case unknownConflict = "unknown_conflict"
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    // who may do what
    case missingToken = "missing_token"
    case badToken = "bad_token"
    case badAlgorithm = "bad_algorithm"
    case unknownKey = "unknown_key"
    case badSignature = "bad_signature"
    case expiredToken = "expired_token"
    case wrongAudience = "wrong_audience"
    case alteredRequest = "altered_request"
    case replayedRequest = "replayed_request"
    case badResponseSignature = "bad_response_signature"
    case badAPIKey = "bad_api_key"
    case permissionDenied = "permission_denied"
    case addressRefused = "address_refused"
    case sameInstance = "same_instance"
    // two at once
    case runInProgress = "run_in_progress"
    case leaseHeld = "lease_held"
    case fenced
    case movedMeanwhile = "moved_meanwhile"
    case batchConflict = "batch_conflict"
    case planOutdated = "plan_outdated"
    // guards
    case deleteGuard = "delete_guard"
    case emptySource = "empty_source"
    case filterMissing = "filter_missing"
    /// Items were edited at the destination, and the run's policy is to stop then.
    case conflicts
    case modelMissing = "model_missing"
    case danglingLinks = "dangling_links"
    case breakingSchema = "breaking_schema"
    case treeCycle = "tree_cycle"
    case pathTaken = "path_taken"
    // limits
    case tooLarge = "too_large"
    case rateLimited = "rate_limited"
    // protocol and transport
    case versionMismatch = "version_mismatch"
    case malformedMessage = "malformed_message"
    case targetUnreachable = "target_unreachable"
    case tlsFailed = "tls_failed"
    case timeout
    // integrity
    case hashMismatch = "hash_mismatch"
    case rootMismatch = "root_mismatch"
    case blobDamaged = "blob_damaged"
    case damagedStore = "damaged_store"
    // hooks
    case hookLoadFailed = "hook_load_failed"
    case hookFailed = "hook_failed"
    case hookLimit = "hook_limit"
    case hookRefused = "hook_refused"
    // storage
    case databaseBusy = "database_busy"
    case diskFull = "disk_full"
    case storageFailed = "storage_failed"
    case schemaTooNew = "schema_too_new"
    // the rest
    case shuttingDown = "shutting_down"
    case cancelled
    case internalFailure = "internal"
}

extension ErrorCode {
    /// What follows from a code, for commands, the server and logs alike.
    public struct Traits: Sendable {
        /// Whether repeating the same request unchanged can succeed.
        public var isRetryable: Bool
        public var httpStatus: Int
        /// As in `sysexits.h`.
        public var exitStatus: Int32
        public var logLevel: LogLevel
    }

    public enum LogLevel: String, Sendable {
        case info, notice, warning, error, critical
    }

    /// The one table from code to retry advice, HTTP status, exit status and log level.
    public var traits: Traits {
        switch self {
        case .usage, .invalidName, .mirrorWithFilter: Self.row(false, 400, 64, .notice)
        case .invalidJSON, .invalidFilter, .invalidAsset: Self.row(false, 400, 65, .notice)
        case .missingSetting, .badSetting, .notAnInstance: Self.row(false, 500, 78, .error)
        case .unknownKind, .unknownItem, .unknownTarget, .unknownRun, .unknownTransfer, .unknownConflict,
            .notFound:
            Self.row(false, 404, 66, .notice)
        case .methodNotAllowed: Self.row(false, 405, 64, .notice)
        case .missingToken, .badToken, .badAlgorithm, .unknownKey, .badSignature, .expiredToken, .wrongAudience,
            .alteredRequest, .badAPIKey:
            Self.row(false, 401, 77, .warning)
        case .replayedRequest: Self.row(true, 401, 77, .warning)
        case .badResponseSignature: Self.row(false, 502, 77, .error)
        case .permissionDenied, .addressRefused, .hookRefused: Self.row(false, 403, 77, .warning)
        case .sameInstance: Self.row(false, 409, 78, .error)
        case .runInProgress: Self.row(true, 409, 75, .notice)
        case .leaseHeld: Self.row(true, 423, 75, .notice)
        case .fenced, .movedMeanwhile, .batchConflict: Self.row(false, 409, 75, .warning)
        case .planOutdated: Self.row(false, 409, 65, .notice)
        case .deleteGuard, .emptySource, .filterMissing, .conflicts, .modelMissing, .danglingLinks, .breakingSchema,
            .treeCycle, .pathTaken:
            Self.row(false, 409, 65, .warning)
        case .tooLarge: Self.row(false, 413, 65, .warning)
        case .rateLimited: Self.row(true, 429, 75, .notice)
        case .versionMismatch: Self.row(false, 426, 76, .error)
        case .malformedMessage: Self.row(false, 400, 76, .warning)
        case .targetUnreachable: Self.row(true, 502, 69, .error)
        case .tlsFailed: Self.row(false, 502, 69, .error)
        case .timeout: Self.row(true, 504, 69, .error)
        case .hashMismatch, .rootMismatch, .blobMissing, .blobDamaged: Self.row(false, 422, 65, .error)
        case .damagedStore: Self.row(false, 500, 74, .critical)
        case .hookLoadFailed: Self.row(false, 503, 70, .error)
        case .hookFailed, .hookLimit: Self.row(false, 500, 70, .error)
        case .databaseBusy: Self.row(true, 503, 74, .warning)
        case .diskFull: Self.row(false, 507, 74, .critical)
        case .storageFailed, .schemaTooNew: Self.row(false, 500, 74, .error)
        case .shuttingDown: Self.row(true, 503, 75, .notice)
        case .cancelled: Self.row(false, 499, 130, .notice)
        case .internalFailure: Self.row(false, 500, 70, .critical)
        }
    }

    private static func row(_ isRetryable: Bool, _ http: Int, _ exit: Int32, _ level: LogLevel) -> Traits {
        Traits(isRetryable: isRetryable, httpStatus: http, exitStatus: exit, logLevel: level)
    }
}
