/// What the audit log tells about: the one list of it.
///
/// The spelling is what the table holds and what `tidelock audit --action` takes; it never changes.
public enum AuditAction: String, Sendable, Codable, CaseIterable {
    // runs
    case push, pull, plan, settle
    case open, refuse, commit, rollback
    // content
    case put, remove, `import`, resolve, export
    // administration
    case lockReset = "lock-reset"
    case newIdentity = "new-identity"
    case targetAdd = "target-add"
    case targetRemove = "target-remove"
    case apiKeyAdd = "apikey-add"
    case apiKeyRemove = "apikey-remove"
    case keyShow = "key-show"
    case keyChange = "key-change"
    case backup, repair
    case collect = "gc"
    case forget

    /// What a record of it means, in a sentence.
    public var meaning: String {
        switch self {
        case .push: "A push that was started here ended."
        case .pull: "A pull that was started here ended."
        case .plan: "A plan or dry run that was started here ended; nothing was changed."
        case .settle: "A run that had ended without an answer was found to be committed or not."
        case .open: "Another instance opened a transfer, or asked for a plan."
        case .refuse: "A request was refused; repetitions within a minute are one more record."
        case .commit: "What another instance sent, or a pull fetched, was committed here."
        case .rollback: "A run, or one item of it, was taken back."
        case .put: "An item was stored by hand."
        case .remove: "An item was removed by hand."
        case .import: "Items were imported; a large import leaves several records."
        case .resolve: "Conflicts were resolved."
        case .export: "Items were exported."
        case .lockReset: "The lock was reset."
        case .newIdentity: "The instance was given a new identity."
        case .targetAdd: "A target was added or replaced."
        case .targetRemove: "A target was removed."
        case .apiKeyAdd: "An API key was made."
        case .apiKeyRemove: "An API key was removed."
        case .keyShow: "The sync key was printed."
        case .keyChange: "The running server took on other sync keys from its configuration."
        case .backup: "The whole store was copied, with its keys."
        case .repair: "Digests that were wrong were computed anew."
        case .collect: "What was needed to take runs back was freed, because it was older than promised."
        case .forget: "Records older than promised were freed."
        }
    }
}
