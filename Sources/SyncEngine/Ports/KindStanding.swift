public import ContentModel

/// Where one kind of a stream stands at its source.
public struct KindStanding: Sendable {
    public var kind: Kind
    /// Sequence number up to which everything was planned and acknowledged; nil before the first whole run.
    public var checkpoint: Int64?
    /// Highest sequence number of the kind.
    public var latest: Int64
    /// The filter handlers of the last whole run.
    public var filters: FilterSet?
    /// Root of what the destination should hold of the kind.
    public var root: Digest
    public var held: Int
    /// Rows that a rollback at the destination took back, as far as is known here.
    public var reverted: Int
    /// Rows changed since the checkpoint, counted up to one more than fit into an open.
    public var changes: Int
    /// A comparison with the destination changed rows, and no run has looked at all of them since.
    public var hasOpenRows: Bool
    /// Rows of which a comparison found, since the last run that looked at the whole kind, that another source has
    /// taken them over, and whose items here are as they were sent: runs leave them alone.
    public var takenOver = 0
    /// The destination was restored to a time before something that it sent here, and has not got the kind back since.
    public var isOwed = false

    public init(
        kind: Kind, checkpoint: Int64?, latest: Int64, filters: FilterSet?, root: Digest, held: Int, reverted: Int,
        changes: Int, hasOpenRows: Bool = false
    ) {
        self.kind = kind
        self.checkpoint = checkpoint
        self.latest = latest
        self.filters = filters
        self.root = root
        self.held = held
        self.reverted = reverted
        self.hasOpenRows = hasOpenRows
        self.changes = changes
    }

    /// Whether `changes` counts everything that a run has to look at: since the checkpoint, or, before the first whole
    /// run, of the kind.
    public func isFed(under current: FilterSet) -> Bool {
        guard !hasOpenRows else { return false }
        guard let checkpoint, checkpoint > 0, let filters else { return true }
        return filters.fingerprint == current.fingerprint
    }

    /// Nothing changed since the checkpoint, nothing waits for another look, and the handlers are those of then.
    public func isQuiet(under current: FilterSet) -> Bool {
        guard !hasOpenRows else { return false }
        guard let checkpoint, let filters else { return latest == 0 }
        return latest <= checkpoint && filters.fingerprint == current.fingerprint
    }

    /// Content is never sent unfiltered because a file or a folder disappeared. Throws `filter_missing`.
    func requireFilters(_ current: FilterSet, toward peer: InstanceIdentity) throws {
        guard let filters else { return }
        let gone = filters.handlers.filter { !current.handlers.contains($0) }
        guard !gone.isEmpty else { return }
        let names = gone.map { "'\($0)'" }.joined(separator: ", ")
        throw TidelockError(
            .filterMissing,
            "The last run to \(peer.name) filtered \(kind) with \(names), which is not loaded any more.",
            hint: "Bring the handler back, or repeat with --confirm-missing-filters if it was removed on purpose.",
            details: ["kind": kind.name, "handlers": gone.joined(separator: ", ")])
    }
}
