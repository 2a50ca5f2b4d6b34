internal import ContentModel
internal import SyncEngine
internal import SyncProtocol

/// The files of assets on their way between instances. Each request belongs to a transfer of the caller.
extension Reception {
    func blobs(_ call: SignedCall) async throws -> Answer {
        switch call.arrival.endpoint {
        case .findMissingBlobs: try await missingBlobs(call)
        case .readBlobs: try await readBlobs(call)
        default: try await appendBlobs(call)
        }
    }

    private func missingBlobs(_ call: SignedCall) async throws -> Answer {
        let message: FindMissingBlobs = try call.message()
        guard message.blobs.count <= Limits.blobPage else {
            throw TidelockError(.tooLarge, "At most \(Limits.blobPage) files are looked for at once.")
        }
        try await admit(message.transfer, call)
        return try Answer(
            MissingBlobs(
                missing: await dependencies.responder.missing(
                    transfer: message.transfer, fence: message.fence, message.blobs)))
    }

    private func readBlobs(_ call: SignedCall) async throws -> Answer {
        let message: ReadBlobs = try call.message()
        try await admit(message.transfer, call)
        let bytes = try await dependencies.responder.bytes(transfer: message.transfer, of: message.parts)
        return Answer(body: bytes, type: WireBody.blob)
    }

    private func appendBlobs(_ call: SignedCall) async throws -> Answer {
        let (message, bytes) = try AppendBlobs.decode(call.body)
        try await admit(message.transfer, call)
        let offsets = try await dependencies.responder.append(
            transfer: message.transfer, fence: message.fence, Array(bytes), of: message.parts)
        return try Answer(BlobProgress(offsets: offsets))
    }

    private func admit(_ transfer: String, _ call: SignedCall) async throws {
        try checkTransferID(transfer)
        try await checkInitiator(of: transfer, call)
    }
}
