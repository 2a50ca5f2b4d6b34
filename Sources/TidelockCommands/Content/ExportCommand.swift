internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import Foundation
internal import SyncEngine

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write items as NDJSON to standard output, or into a folder with one file per item.",
        discussion: "A folder gets the files of assets as well, below uploads/; standard output only names them.")

    @Argument(help: "A folder to write into; standard output when there is none.") var folder: String?
    @Option(help: "Only this kind; the name of a model stands for its items.") var kind: String?
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let instance = try await Instance.open(location)
        let wanted = try await instance.knownKind(kind)
        let target = folder ?? "standard output"
        let kinds = try await instance.auditing(.export, target: target) {
            try await write(wanted, of: instance.store)
        }
        await instance.audit(AuditEntry(.export, target: target, note: wanted?.name))
        // Standard output has the items themselves, one JSON object a line.
        guard output.json, let folder else { return }
        try Output.json(Written(folder: URL(filePath: folder).path, kinds: kinds.map(\.name)))
    }

    private struct Written: Encodable {
        var folder: String
        var kinds: [String]
    }

    /// Answers the kinds that were written.
    private func write(_ wanted: Kind?, of store: Store) async throws -> [Kind] {
        let kinds = try await store.kinds().filter { wanted == nil || $0 == wanted }
        for kind in kinds {
            if let folder {
                let target = ExportFolder(
                    url: URL(filePath: folder, directoryHint: .isDirectory), blobs: store.blobs)
                try await store.forEachItem(of: kind) { try target.write($0, kind: kind) }
            } else {
                let prefix = Array("{\"kind\":\"\(kind)\",\"item\":".utf8)
                try await store.forEachItem(of: kind) { try Output.write(prefix + $0.bytes + Array("}\n".utf8)) }
            }
        }
        return kinds
    }
}

/// A folder with one file per item, `<kind>/<id>.json`, and below `uploads` the files of assets.
struct ExportFolder: ImportReader {
    let url: URL
    let blobs: BlobFolder

    private static let uploadsName = "uploads"

    private var uploads: URL { url.appending(path: Self.uploadsName, directoryHint: .isDirectory) }

    func write(_ item: JSONDocument, kind: Kind) throws {
        let id = try itemID(of: item, kind: kind)
        if kind == .assets { try writeFile(of: item, id) }
        let folder = url.appending(path: kind.name)
        try makeFolder(folder)
        do {
            try Data((item.prettyPrinted() + "\n").utf8).write(
                to: folder.appending(path: FileName.of(id)), options: .atomic)
        } catch {
            throw TidelockError(
                .storageFailed, "\(folder.path) cannot be written: \(error.localizedDescription)", underlying: error)
        }
    }

    private func writeFile(of asset: JSONDocument, _ id: String) throws {
        do {
            let file = try AssetFile(asset)
            let place = uploads.appending(path: String(file.path.dropFirst()))
            try makeFolder(place.deletingLastPathComponent())
            try BlobCopy(blob: file.blob, blobs: blobs).write(to: place)
        } catch let error as TidelockError {
            throw error.about("assets/\(id)")
        }
    }

    private func makeFolder(_ folder: URL) throws {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw TidelockError(
                .storageFailed, "\(folder.path) cannot be made: \(error.localizedDescription)", underlying: error)
        }
    }

    func read(_ body: (LocalChange) throws -> Void) throws {
        let files = try listing()
        guard !files.isEmpty else {
            throw TidelockError(
                .notFound, "\(url.path) holds no item: there is no <kind>/<id>.json below it.",
                hint:
                    "'tidelock export DIR' makes such a folder; a Cockpit installation is read with 'import cockpit DIR'."
            )
        }
        for file in files {
            let place = file.url.path
            let change = try ItemFile.put(InputFile.bytes(place), kind: file.kind, at: place)
            if case .put(.assets, let asset, _) = change { try takeFile(of: asset, at: place) }
            try body(change)
        }
    }

    /// Errors name the file or the asset.
    private func takeFile(of asset: JSONDocument, at place: String) throws {
        do {
            let file = try AssetFile(asset)
            let taken = try AssetIntake(blobs: blobs).take(path: file.path, below: uploads)
            guard taken.blob == file.blob else {
                throw TidelockError(
                    .hashMismatch,
                    "The bytes of \(Self.uploadsName)\(file.path.legible) are others than the asset says.",
                    hint: "Export once more, or add the file with 'tidelock asset add'.")
            }
        } catch let error as TidelockError {
            throw error.about(place)
        }
    }

    /// In the order of kinds, then of names.
    private func listing() throws -> [(kind: Kind, url: URL)] {
        guard
            let walk = FileManager.default.enumerator(
                at: url, includingPropertiesForKeys: nil, options: [.skipsHiddenFiles])
        else { throw NamedFile.unreadable(url.path, asked: .folder) }
        let root = url.standardizedFileURL.path
        var files: [(kind: Kind, url: URL)] = []
        for case let file as URL in walk where file.pathExtension == "json" {
            let folder = file.standardizedFileURL.deletingLastPathComponent().path
            let name = folder.dropFirst(root.count).drop { $0 == "/" }
            guard name != Self.uploadsName, !name.hasPrefix(Self.uploadsName + "/") else { continue }
            files.append((try Kind(String(name)), file))
        }
        return files.sorted { ($0.kind, $0.url.path) < ($1.kind, $1.url.path) }
    }
}

/// Ids as file names: everything but letters, digits, `_`, `-` and `.` is percent-encoded.
enum FileName {
    static func of(_ id: String) -> String {
        var name = ""
        for (position, byte) in id.utf8.enumerated() {
            let isPlain =
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") || (byte == UInt8(ascii: ".") && position > 0)
            name += isPlain ? String(UnicodeScalar(byte)) : "%" + [byte].hex.uppercased()
        }
        return name + ".json"
    }
}
