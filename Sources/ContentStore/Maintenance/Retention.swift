internal import SyncProtocol

/// How long the store keeps what only tells about the past. Items and their tombstones are kept for good.
enum Retention {
    private static let day: Int64 = 86_400

    /// Runs between instances whose undo is kept, and for how many seconds. Local changes and runs that changed no item
    /// are counted apart: of them as many are kept, and more of that time as long as all have together so many rows. A
    /// week of small edits fits in there, and a loop of imports does not fill the disk.
    static let undoRuns = 10
    static let undoSeconds = 7 * day
    static let localUndoRows = 100_000
    /// Runs whose undo a change frees at once for each reason. More than one, so that it keeps up; the rest goes with the
    /// changes that follow, or when garbage is collected.
    static let undoRunsFreedAtOnce = 16
    /// Seconds after which a plan that nobody finished is forgotten. Longer than its destination waits for it, since a
    /// plan does not tell when it was last used.
    static let planSeconds = 2 * Limits.transferSeconds
    /// Seconds for which a file stays that no asset names.
    static let blobSeconds = day
    /// Seconds for which bytes that arrived stay when no staged asset names them and nobody writes here any more.
    static let arrivalSeconds = Limits.leaseSeconds
    /// Seconds for which a transfer answers how it ended, and a run is listed.
    static let historySeconds = 90 * day
    /// Runs above this number are forgotten earlier, and this many are kept however old they are.
    static let mostRuns = 10_000
    static let fewestRuns = 20
    /// Records of the log, and for how many seconds.
    static let logRecords = 50_000
    static let logSeconds = 90 * day
    /// Records of the audit log, and those of refusals whose caller proved nothing: anybody can cause them. The table's
    /// own trigger holds the same numbers.
    static let auditSeconds = 365 * day
    static let refusalSeconds = 30 * day
}
