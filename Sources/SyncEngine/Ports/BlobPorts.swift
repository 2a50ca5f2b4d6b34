public import SyncProtocol

/// The side of a run whose files the other side needs.
///
/// Every call may be repeated; the answer is the same.
public protocol BlobSource: Sendable {
    /// One page of the files that a plan which is ready needs at its destination, behind the hash `after`.
    func blobs(transfer: String, after: String?) async throws -> BlobPage

    /// Bytes of files of the plan, one part behind the other; fewer than asked for only where a file is shorter.
    ///
    /// Throws `blob_missing` when a file is not here any more, `permission_denied` when the plan has no such file.
    func bytes(transfer: String, of parts: [BlobPart]) async throws -> [UInt8]
}

/// The side of a run that needs files.
public protocol BlobDestination: Sendable {
    /// Those of the files that are not whole here, with what has arrived of them.
    ///
    /// Throws `disk_full` when what is missing does not fit.
    func missing(transfer: String, fence: Int64, _ blobs: [PlannedBlob]) async throws -> [MissingBlobs.Missing]

    /// Takes in bytes of files, one part behind the other. Answers how many each has now: more or fewer than were
    /// brought when others came first or some got lost, and then one goes on from there. Bytes of one file that are ahead
    /// of those in front of them wait a while.
    ///
    /// Throws `blob_damaged` when a file is complete and not what its hash says; it begins anew then.
    func append(transfer: String, fence: Int64, _ bytes: [UInt8], of parts: [BlobPart]) async throws -> [Int64]
}

/// Both ends of the way that files of a run take.
public struct BlobRoute: Sendable {
    public var source: any BlobSource
    public var destination: any BlobDestination

    public init(from source: any BlobSource, to destination: any BlobDestination) {
        self.source = source
        self.destination = destination
    }
}
