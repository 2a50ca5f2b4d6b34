internal import ContentModel
internal import ContentStore
internal import Foundation

/// The bytes of an asset on their way to a file of somebody else's. A copy, never a link: what becomes of it there must
/// not touch the blob.
struct BlobCopy {
    let blob: Blob
    let blobs: BlobFolder

    private static let chunk = 1 << 20

    /// Throws `blob_missing` and `blob_damaged` before anything is printed.
    func print() throws {
        try blobs.check(blob)
        try forEachChunk { try Output.write($0) }
    }

    /// Replaces a file of that name when all bytes are there. Throws `blob_missing`, `blob_damaged` and
    /// `storage_failed`; nothing is left behind then.
    func write(to file: URL) throws {
        try blobs.check(blob)
        let temporary = file.deletingLastPathComponent().appending(path: ".tidelock-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: temporary) }
        do {
            guard FileManager.default.createFile(atPath: temporary.path, contents: nil) else {
                throw CocoaError(.fileWriteNoPermission)
            }
            let handle = try FileHandle(forWritingTo: temporary)
            defer { try? handle.close() }
            try forEachChunk { try handle.write(contentsOf: $0) }
        } catch let error where !(error is TidelockError) {
            throw Self.failure(file, error.localizedDescription, error)
        }
        guard rename(temporary.path, file.path) == 0 else {
            throw Self.failure(file, String(cString: strerror(errno)), nil)
        }
    }

    private func forEachChunk(_ body: ([UInt8]) throws -> Void) throws {
        var offset: Int64 = 0
        while offset < blob.size {
            let bytes = try blobs.read(blob.hash, from: offset, count: Self.chunk)
            guard !bytes.isEmpty else {
                throw TidelockError(.blobDamaged, "The bytes of blob \(blob.hash) became fewer while they were read.")
            }
            try body(bytes)
            offset += Int64(bytes.count)
        }
    }

    private static func failure(_ file: URL, _ reason: String, _ error: (any Error)?) -> TidelockError {
        TidelockError(.storageFailed, "\(file.path.legible) cannot be written: \(reason)", underlying: error)
    }
}
