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
        let planned = Dictionary(blobs.map { ($0.sha256, $0) }, uniquingKeysWith: { first, _ in first })
        let missing = try await route.destination.missing(transfer: transfer, fence: fence, blobs).map { file in
            guard let blob = planned[file.sha256] else {
                throw TidelockError(.malformedMessage, "The destination wants a file that was not offered to it.")
            }
            return MissingFile(planned: blob, offset: try position(file.offset, in: blob))
        }
        let arrived = missing.reduce(0) { $0 + $1.offset - $1.planned.size }
        progress(planned.values.reduce(arrived) { $0 + $1.size })
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (position, bundle) in MissingFile.bundles(missing).enumerated() {
                if position >= Limits.blobWindow { try await group.next() }
                group.addTask { try await bring(bundle) }
            }
            try await group.waitForAll()
        }
    }

    /// Small files together, since a request costs more than they do. Where one of them is in the way, each is brought
    /// by itself, which tells which one it is.
    private func bring(_ bundle: [MissingFile]) async throws {
        var rest = bundle
        if bundle.count > 1 {
            do {
                let parts = bundle.map { $0.part(from: $0.offset, most: .max) }
                let bytes = try await read(parts)
                let offsets = try await append(bytes, of: parts)
                for (index, offset) in offsets.enumerated() {
                    progress(try position(offset, in: bundle[index].planned) - bundle[index].offset)
                    rest[index].offset = offset
                }
                rest.removeAll { $0.offset == $0.planned.size }
            } catch let error as TidelockError where [.blobDamaged, .blobMissing].contains(error.code) {}
        }
        for file in rest { try await bring(file) }
    }

    private func bring(_ file: MissingFile) async throws {
        do {
            try await bringRest(of: file)
        } catch let error as TidelockError where error.code == .blobDamaged && file.offset > 0 {
            // What was there may be what is wrong.
            var whole = file
            whole.offset = 0
            try await bringRest(of: whole)
        }
    }

    private func bringRest(of file: MissingFile) async throws {
        var (offset, attempts, atOnce) = (file.offset, 0, Limits.blobPartsUnderWay)
        repeat {
            let reached = try await naming(file.planned) { try await bringParts(of: file, from: offset, atOnce) }
            attempts = reached > offset ? 0 : attempts + 1
            guard attempts < Self.attempts || reached == file.planned.size else {
                throw TidelockError(
                    .targetUnreachable, "The file \(file.planned.path.printable) makes no progress.",
                    hint: "Run again.")
            }
            // Whatever kept a part from going on where the one before it ended, on a slow line it does so again.
            (offset, atOnce) = (reached, 1)
        } while offset < file.planned.size
    }

    private static let attempts = 3

    /// Brings parts that follow each other, some of them under way at once: the destination lets one wait for the one
    /// before it. Answers how far the file has come. That is before its end where a part did not arrive whole, and even
    /// before the start where the destination has lost what it had.
    private func bringParts(of file: MissingFile, from start: Int64, _ atOnce: Int) async throws -> Int64 {
        try await withThrowingTaskGroup(of: (end: Int64, reached: Int64).self) { group in
            var (next, reached, underWay, goesOn) = (start, Int64(0), 0, true)
            repeat {
                while goesOn, underWay < atOnce, next < file.planned.size || next == start {
                    let part = file.part(from: next, most: Limits.blobPartBytes)
                    group.addTask { (part.offset + Int64(part.count), try await bring(part, of: file)) }
                    next += Int64(part.count)
                    underWay += 1
                    if part.count == 0 { break }
                }
                guard let answer = try await group.next() else { break }
                underWay -= 1
                goesOn = goesOn && answer.reached >= answer.end
                progress(max(0, answer.reached - max(start, reached)))
                reached = max(reached, answer.reached)
                next = max(next, answer.reached)
            } while underWay > 0 || goesOn && next < file.planned.size
            return reached
        }
    }

    private func bring(_ part: BlobPart, of file: MissingFile) async throws -> Int64 {
        let bytes = try await read([part])
        return try position(try await append(bytes, of: [part])[0], in: file.planned)
    }

    /// Throws `blob_damaged` where a file has fewer bytes than its asset says.
    private func read(_ parts: [BlobPart]) async throws -> [UInt8] {
        try Task.checkCancellation()
        let bytes = try await route.source.bytes(transfer: transfer, of: parts)
        guard bytes.count == parts.reduce(0, { $0 + $1.count }) else {
            throw TidelockError(.blobDamaged, "A file is shorter at the source than its asset says.")
        }
        return bytes
    }

    private func append(_ bytes: [UInt8], of parts: [BlobPart]) async throws -> [Int64] {
        let offsets = try await route.destination.append(transfer: transfer, fence: fence, bytes, of: parts)
        guard offsets.count == parts.count else {
            throw TidelockError(.malformedMessage, "The destination does not say how far the files have arrived.")
        }
        return offsets
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
            let what =
                error.code == .blobDamaged ? "arrives with other bytes than its asset says" : "is not there any more"
            throw TidelockError(
                error.code, "The file \(planned.path.printable) of the source \(what); nothing was changed.",
                hint:
                    "Run again if it may have been changed on its way. Otherwise restore it from a backup, or add the asset again; 'tidelock verify --deep' finds such files.",
                underlying: error)
        }
    }
}

/// A file that is not whole at the destination.
private struct MissingFile: Sendable {
    let planned: PlannedBlob
    /// Bytes of it that are there.
    var offset: Int64

    private var left: Int64 { planned.size - offset }

    func part(from offset: Int64, most: Int) -> BlobPart {
        BlobPart(
            sha256: planned.sha256, size: planned.size, offset: offset,
            count: Int(min(planned.size - offset, Int64(most))))
    }

    /// The files in such groups that each travels at once; one that is too large for that is by itself.
    static func bundles(_ files: [MissingFile]) -> [[MissingFile]] {
        var bundles: [[MissingFile]] = []
        var room: Int64 = 0
        for file in files {
            if bundles.isEmpty || file.left > room || bundles[bundles.count - 1].count >= Limits.blobParts {
                bundles.append([])
                room = Int64(Limits.blobBundleBytes)
            }
            bundles[bundles.count - 1].append(file)
            room -= file.left
        }
        return bundles
    }
}
