public import ContentModel
public import SyncProtocol

/// This instance as the far side of somebody else's run: what a server offers to those who sign their requests.
///
/// Every call may be repeated, like every call of a peer.
public protocol Responder: Peer, ExpectationPort, BlobSource, BlobDestination {
    /// Who this instance is. Read for every request: an instance may be given a new identity while it serves.
    var identity: InstanceIdentity { get async }

    /// Instance id of the one who opened a transfer, whatever became of it; nil when it is not known here.
    func initiator(ofTransfer id: String) async throws -> String?

    /// What a transfer was opened for; nil when it is not known here.
    func scope(ofTransfer id: String) async throws -> Scope?

    /// What this instance holds of a source, with digests masked by the nonce. Changes nothing.
    func held(of source: String, _ request: ReadHeld) async throws -> DestinationState

    /// Frees what the commit of a transfer left to be freed, in short transactions. May be called twice, and for any
    /// transfer.
    func freeStage(ofCommitted transfer: String) async throws

    /// What goes on here and what went on last.
    func status() async throws -> ResponderStatus
}

/// What goes on at an instance.
public struct ResponderStatus: Sendable, Equatable {
    public var isSyncing: Bool
    /// Name of the one who writes here right now, and since when in Unix seconds.
    public var holder: String?
    public var since: Int64?
    public var lastSync: LastSync?

    public init(isSyncing: Bool, holder: String? = nil, since: Int64? = nil, lastSync: LastSync? = nil) {
        self.isSyncing = isSyncing
        self.holder = holder
        self.since = since
        self.lastSync = lastSync
    }
}
