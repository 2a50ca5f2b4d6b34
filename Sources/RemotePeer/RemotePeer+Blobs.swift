internal import SyncEngine
public import SyncProtocol

extension RemotePeer {
    public func blobs(transfer: String, after: String?) async throws -> BlobPage {
        let path = Endpoint.listBlobs.path(transfer) + (after.map { "?after=\($0)" } ?? "")
        return try decode(try await perform(Call(endpoint: .listBlobs, path: path)))
    }

    public func bytes(transfer: String, of parts: [BlobPart]) async throws -> [UInt8] {
        let body = try WireBody.encode(ReadBlobs(transfer: transfer, parts: parts))
        return try await perform(Call(endpoint: .readBlobs, path: Endpoint.readBlobs.path(), body: body)).body
    }

    public func missing(
        transfer: String, fence: Int64, _ blobs: [PlannedBlob]
    ) async throws -> [MissingBlobs.Missing] {
        let request = FindMissingBlobs(transfer: transfer, fence: fence, blobs: blobs)
        let answer: MissingBlobs = try await ask(.findMissingBlobs, Endpoint.findMissingBlobs.path(), request)
        return answer.missing
    }

    public func append(
        transfer: String, fence: Int64, _ bytes: [UInt8], of parts: [BlobPart]
    ) async throws -> [Int64] {
        let line = try AppendBlobs(transfer: transfer, fence: fence, parts: parts).line
        let call = Call(
            endpoint: .appendBlobs, path: Endpoint.appendBlobs.path(), body: line, rawType: WireBody.blob, files: bytes)
        let answer: BlobProgress = try decode(try await perform(call))
        return answer.offsets
    }
}
