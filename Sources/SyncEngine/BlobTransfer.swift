internal import ContentModel
internal import SyncProtocol

/// Brings the files of a plan to its destination: only those that are missing there, and of those only the bytes that
/// are.
struct BlobTransfer: Sendable {
    let transfer: String
    let fence: Int64
    let route: BlobRoute
    /// Told how many bytes have come since the last time.
    let progress: @Sendable (Int64) -> Void

    /// May be called twice.
    func perform() async throws {
        var after: String?
        repeat {
            let page = try await route.source.blobs(transfer: transfer, after: after)
            if let next = page.next, next <= after ?? "" {
                throw TidelockError(.malformedMessage, "The list of files does not go on where it ended.")
            }
            try await bring(page.blobs)
            after = page.next
        } while after != nil
    }

    private func bring(_ blobs: [PlannedBlob]) async throws {
        guard !blobs.isEmpty else { return }
        let missing = try await route.destination.missing(transfer: transfer, fence: fence, blobs)
        let planned = Dictionary(blobs.map { ($0.sha256, $0) }, uniquingKeysWith: { first, _ in first })
        let here = Set(missing.map(\.sha256))
        progress(blobs.reduce(0) { $0 + (here.contains($1.sha256) ? 0 : $1.size) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (position, file) in missing.enumerated() {
                guard let blob = planned[file.sha256] else {
                    throw TidelockError(.malformedMessage, "The destination wants a file that was not offered to it.")
                }
                if position >= Limits.blobWindow { try await group.next() }
                group.addTask { try await bring(blob, from: file.offset) }
            }
            try await group.waitForAll()
        }
    }

    /// The next bytes are read while the last ones travel.
    private func bring(_ planned: PlannedBlob, from start: Int64) async throws {
        let blob = try planned.blob
        var offset = try position(start, in: planned)
        progress(offset)
        var next = try await read(planned, from: offset)
        var attempts = 0
        while true {
            let (bytes, end) = (next, offset + Int64(next.count))
            async let following = end < blob.size ? read(planned, from: end) : []
            let reached = try position(try await append(bytes, to: planned, at: offset), in: planned)
            progress(reached - offset)
            if reached == blob.size { return }
            // What was read ahead belongs to where the destination is only if it took everything.
            next = try await following
            if reached != end { next = try await read(planned, from: reached) }
            attempts = reached > offset ? 0 : attempts + 1
            guard attempts < Self.attempts else {
                throw TidelockError(
                    .targetUnreachable, "The file \(planned.path.printable) makes no progress.", hint: "Run again.")
            }
            offset = reached
        }
    }

    private static let attempts = 3

    private func read(_ planned: PlannedBlob, from offset: Int64) async throws -> [UInt8] {
        try Task.checkCancellation()
        let blob = try planned.blob
        let count = Int(min(blob.size - offset, Int64(Limits.blobPartBytes)))
        let bytes = try await naming(planned) {
            try await route.source.bytes(transfer: transfer, of: blob.hash, from: offset, count: count)
        }
        guard bytes.count == count else {
            throw TidelockError(
                .blobDamaged, "The file \(planned.path.printable) is shorter at the source than its asset says.",
                hint: "Restore it from a backup, or add the asset again.")
        }
        return bytes
    }

    private func append(_ bytes: [UInt8], to planned: PlannedBlob, at offset: Int64) async throws -> Int64 {
        try await naming(planned) {
            try await route.destination.append(
                transfer: transfer, fence: fence, bytes, to: planned.blob, at: offset)
        }
    }

    private func position(_ offset: Int64, in planned: PlannedBlob) throws -> Int64 {
        guard (0...planned.size).contains(offset) else {
            throw TidelockError(.malformedMessage, "The destination has more of a file than there is.")
        }
        return offset
    }

    /// Blobs mean nothing to people: what is wrong with one is said of the file.
    private func naming<Result>(_ planned: PlannedBlob, _ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as TidelockError where [.blobDamaged, .blobMissing].contains(error.code) {
            let what = error.code == .blobDamaged ? "has other bytes than its asset says" : "is not there any more"
            throw TidelockError(
                error.code, "The file \(planned.path.printable) \(what) at the source; nothing was changed.",
                hint: "Restore it from a backup, or add the asset again. 'tidelock verify --deep' finds such files.",
                underlying: error)
        }
    }
}
