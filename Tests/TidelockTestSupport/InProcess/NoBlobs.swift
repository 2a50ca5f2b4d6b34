import ContentModel
import SyncEngine
import SyncProtocol

/// An end of a way on which no file can travel.
struct NoBlobs: BlobSource, BlobDestination {
    struct Refusal: Error {}

    func blobs(transfer: String, after: String?) async throws -> BlobPage { throw Refusal() }

    func bytes(transfer: String, of parts: [BlobPart]) async throws -> [UInt8] {
        throw Refusal()
    }

    func missing(
        transfer: String, fence: Int64, _ blobs: [PlannedBlob]
    ) async throws -> [MissingBlobs.Missing] {
        throw Refusal()
    }

    func append(
        transfer: String, fence: Int64, _ bytes: [UInt8], of parts: [BlobPart]
    ) async throws -> [Int64] {
        throw Refusal()
    }
}
