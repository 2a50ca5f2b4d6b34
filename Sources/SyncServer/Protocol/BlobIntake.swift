internal import ContentModel
internal import SyncEngine
internal import SyncProtocol

/// Brings the bytes of one request to their files.
struct BlobIntake: Sendable {
    private let message: AppendBlobs
    private let destination: any BlobDestination

    init(_ message: AppendBlobs, to destination: any BlobDestination) {
        self.message = message
        self.destination = destination
    }

    /// Answers how many bytes each file has now. The next bytes arrive while those before them are written.
    func take(_ body: ArrivingBody) async throws -> [Int64] {
        var (body, offsets) = (body, message.parts.map(\.offset))
        var pieces = BlobPieces(message.parts)
        var bytes = try await body.bytes(most: Limits.blobPieceBytes)
        while let piece = pieces.next(bytes.count) {
            let current = bytes
            // Each time the lease is asked for: somebody who is slow may have lost it.
            async let reached = destination.append(
                transfer: message.transfer, fence: message.fence, current, of: piece.parts)
            bytes = try await body.bytes(most: Limits.blobPieceBytes)
            for (index, offset) in zip(piece.first..., try await reached) { offsets[index] = offset }
            // Where one file does not go on, whoever sends begins anew with what is here.
            let goesOn = zip(piece.parts, offsets[piece.first...]).allSatisfy { $0.offset + Int64($0.count) <= $1 }
            guard goesOn else { return offsets }
        }
        guard bytes.isEmpty else { throw Self.otherBytes }
        return offsets
    }

    static let otherBytes = TidelockError(
        .malformedMessage, "Other bytes of files arrive than were announced.")
}

/// Cuts the parts of a request where its bytes are cut as they arrive.
struct BlobPieces {
    private let parts: [BlobPart]
    /// The part that goes on, and how many of its bytes are behind.
    private var position = 0
    private var taken = 0

    init(_ parts: [BlobPart]) {
        self.parts = parts
    }

    /// What the next `count` bytes are, and the place of the first of these parts in the request; nil at its end, and
    /// without bytes where there should be some. Files that have none come with those before them.
    mutating func next(_ count: Int) -> (first: Int, parts: [BlobPart])? {
        let first = position
        var (left, piece) = (count, [BlobPart]())
        while position < parts.count, left > 0 || parts[position].count == taken {
            let whole = parts[position]
            let part = BlobPart(
                sha256: whole.sha256, size: whole.size, offset: whole.offset + Int64(taken),
                count: min(left, whole.count - taken))
            piece.append(part)
            left -= part.count
            taken += part.count
            if taken == whole.count { (position, taken) = (position + 1, 0) }
        }
        return piece.isEmpty ? nil : (first, piece)
    }
}
