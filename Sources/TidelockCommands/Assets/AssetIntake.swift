internal import ContentModel
internal import ContentStore
internal import Foundation

/// Takes files among the blobs, and tells what they are by the bytes that arrived there.
struct AssetIntake {
    struct Taken {
        var blob: Blob
        var md5: String
        var head: [UInt8]
    }

    let blobs: BlobFolder

    /// Throws `not_found` for what is no file, `invalid_asset` for a file that a server might run, `disk_full` and
    /// `storage_failed`. May be called twice; a blob that no asset refers to is freed in time.
    func take(_ file: URL) throws -> Taken {
        try Self.requireRegular(file)
        let (blob, md5) = try blobs.take(file: file.path)
        let head = try blobs.read(blob.hash, from: 0, count: FileType.headBytes)
        try FileType.requireHarmless(name: file.lastPathComponent, head: head)
        return Taken(blob: blob, md5: md5, head: head)
    }

    /// Takes the file of an asset that somebody else made, from below a folder that may be somebody else's as well.
    ///
    /// Throws `invalid_asset` also for a path that leads elsewhere, by its words or by a symbolic link.
    func take(path: String, below uploads: URL) throws -> Taken {
        if let problem = AssetFile.problem(with: path) {
            throw TidelockError(.invalidAsset, "An asset cannot lie at '\(path.legible)': \(problem).")
        }
        let file = uploads.appending(path: String(path.dropFirst()))
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw TidelockError(.notFound, "The file \(file.path.legible) is missing.")
        }
        let root = uploads.resolvingSymlinksInPath().path
        guard file.resolvingSymlinksInPath().path.hasPrefix(root + "/") else {
            throw TidelockError(.invalidAsset, "The file \(file.path.legible) is a link that leads elsewhere.")
        }
        return try take(file)
    }

    /// Reading anything else might never end.
    private static func requireRegular(_ file: URL) throws {
        let path = file.resolvingSymlinksInPath().path
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
            throw NamedFile.unreadable(file.path)
        }
        guard attributes[.type] as? FileAttributeType == .typeRegular else {
            throw TidelockError(.notFound, "\(file.path.legible) is no file.")
        }
    }
}

extension TidelockError {
    /// The same, said of a file or a row.
    func about(_ place: String) -> TidelockError {
        var error = self
        if !message.contains(place.legible) { error.message = "\(place.legible): \(message)" }
        return error
    }
}

extension String {
    /// The whole path of a file without control characters, which names of files may hold.
    var legible: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
    }
}
