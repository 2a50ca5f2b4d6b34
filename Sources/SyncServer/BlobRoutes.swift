internal import ContentModel
internal import SyncEngine
internal import SyncProtocol

/// The files of assets on their way between instances. Each request belongs to a transfer of the caller.
extension Reception {
    func blobs(_ call: SignedCall) async throws -> Answer {
        switch call.arrival.endpoint {
        case .findMissingBlobs: try await missingBlobs(call)
        case .readBlob: try await readBlob(call)
        default: try await appendBlob(call)
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

    private func readBlob(_ call: SignedCall) async throws -> Answer {
        let (offset, count) = (try call.number("offset"), try call.number("count"))
        guard count <= Limits.largestBlobPartBytes else {
            throw TidelockError(.tooLarge, "At most \(Limits.largestBlobPartBytes) bytes of a file are sent at once.")
        }
        let transfer = try await admit(try call.query("transfer"), call)
        let bytes = try await dependencies.responder.bytes(
            transfer: transfer, of: try call.blobHash, from: offset, count: Int(count))
        return Answer(body: bytes, type: WireBody.blob)
    }

    private func appendBlob(_ call: SignedCall) async throws -> Answer {
        guard call.body.count <= Limits.largestBlobPartBytes else {
            throw TidelockError(.tooLarge, "At most \(Limits.largestBlobPartBytes) bytes of a file are taken at once.")
        }
        let blob = try PlannedBlob(sha256: call.blobHash.hex, size: call.number("size"), path: "").blob
        let transfer = try await admit(try call.query("transfer"), call)
        let offset = try await dependencies.responder.append(
            transfer: transfer, fence: try call.number("fence"), call.body, to: blob, at: try call.number("offset"))
        return try Answer(BlobProgress(offset: offset))
    }

    @discardableResult
    private func admit(_ transfer: String, _ call: SignedCall) async throws -> String {
        try checkTransferID(transfer)
        try await checkInitiator(of: transfer, call)
        return transfer
    }
}

extension SignedCall {
    fileprivate func query(_ name: String) throws -> String {
        guard let value = arrival.queryValue(name) else { throw lacks(name) }
        return value
    }

    /// Never negative.
    fileprivate func number(_ name: String) throws -> Int64 {
        guard let number = try arrival.queryNumber(name), number >= 0 else { throw lacks(name) }
        return number
    }

    fileprivate var blobHash: ContentHash {
        get throws {
            guard let hash = ContentHash(hex: try arrival.parameter("sha256")) else {
                throw TidelockError(.malformedMessage, "The path names no blob.")
            }
            return hash
        }
    }

    private func lacks(_ name: String) -> TidelockError {
        TidelockError(.malformedMessage, "The request does not say its '\(name)'.")
    }
}
