internal import ContentModel
internal import SyncEngine
internal import SyncProtocol

/// The files of assets on their way between instances. Each request belongs to a transfer of the caller.
extension Reception {
    func blobs(_ call: SignedCall) async throws -> Answer {
        call.arrival.endpoint == .readBlobs ? try await readBlobs(call) : try await missingBlobs(call)
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

    /// Takes in bytes while they arrive, so that a large part is never in memory as a whole.
    func appendBlobs(_ call: SignedCall, _ arriving: ArrivingBody) async throws -> Answer {
        let message = try WireBody.decode(AppendBlobs.self, from: call.body)
        try await admit(message.transfer, call)
        let announced = call.body.count + (try message.parts.total())
        guard call.arrival.header("content-length").map({ $0 == "\(announced)" }) ?? true else {
            throw BlobIntake.otherBytes
        }
        try await call.arrival.context.widenReads()
        let intake = BlobIntake(message, to: dependencies.responder)
        return try Answer(BlobProgress(offsets: await intake.take(arriving)))
    }

    private func admit(_ transfer: String, _ call: SignedCall) async throws {
        try checkTransferID(transfer)
        try await checkInitiator(of: transfer, call)
    }
}
