public import ContentModel
internal import SyncEngine
public import SyncProtocol

extension RemotePeer {
    public func blobs(transfer: String, after: String?) async throws -> BlobPage {
        let path = Endpoint.listBlobs.path(transfer) + (after.map { "?after=\($0)" } ?? "")
        return try decode(try await perform(Call(endpoint: .listBlobs, path: path)))
    }

    /// Where, how much and for which transfer travels in the query, where the token covers it.
    public func bytes(transfer: String, of hash: ContentHash, from offset: Int64, count: Int) async throws -> [UInt8] {
        let path = "\(Endpoint.readBlob.path(hash.hex))?transfer=\(transfer)&offset=\(offset)&count=\(count)"
        return try await perform(Call(endpoint: .readBlob, path: path)).body
    }

    public func missing(
        transfer: String, fence: Int64, _ blobs: [PlannedBlob]
    ) async throws -> [MissingBlobs.Missing] {
        let request = FindMissingBlobs(transfer: transfer, fence: fence, blobs: blobs)
        let answer: MissingBlobs = try await ask(.findMissingBlobs, Endpoint.findMissingBlobs.path(), request)
        return answer.missing
    }

    public func append(
        transfer: String, fence: Int64, _ bytes: [UInt8], to blob: Blob, at offset: Int64
    ) async throws -> Int64 {
        let path = Endpoint.appendBlob.path(blob.hash.hex)
        let query = "transfer=\(transfer)&fence=\(fence)&offset=\(offset)&size=\(blob.size)"
        let call = Call(endpoint: .appendBlob, path: "\(path)?\(query)", body: bytes, rawType: WireBody.blob)
        let answer: BlobProgress = try decode(try await perform(call))
        return answer.offset
    }
}
