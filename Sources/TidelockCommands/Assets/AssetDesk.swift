internal import ContentModel
internal import ContentStore
internal import Foundation
internal import SyncEngine

/// What `tidelock asset add` and `rm` do, for applications that ask the server for it.
///
/// Events of items whose copies changed are delivered by the server, as all events are.
struct AssetDesk: AssetEditor {
    let instance: Instance

    func place(for bytes: Int64) async throws -> String {
        try instance.store.blobs.placeForUpload(of: bytes)
    }

    func add(_ uploads: [AssetUpload]) async throws -> [JSONDocument] {
        try await withTaskExecutorPreference(BlockingThreads.shared) {
            defer { for upload in uploads { unlink(upload.file) } }
            return try await make(uploads)
        }
    }

    func discard(_ files: [String]) async {
        await withTaskExecutorPreference(BlockingThreads.shared) { for file in files { unlink(file) } }
    }

    func remove(_ id: String) async throws {
        try await withTaskExecutorPreference(BlockingThreads.shared) {
            // Asked beforehand, so that what cannot be done is no failed run.
            _ = try await instance.store.item(.assets, id)
            _ = try await edit.perform("asset rm \(id.printable)") { writer in
                try writer.add(.remove(kind: .assets, id: id))
            }
        }
    }

    private func make(_ uploads: [AssetUpload]) async throws -> [JSONDocument] {
        let sources = uploads.map { AssetSource(file: URL(filePath: $0.file), calledBySender: $0.name) }
        for source in sources { try requireHarmless(source) }
        var addition = try await AssetAddition(instance: instance)
        let folders = try uploads.map { upload in try upload.folder.map { try addition.folders.find($0).id } ?? "" }
        let what = uploads.count == 1 ? uploads[0].name.printable : "\(uploads.count) files"
        _ = try await edit.perform("asset add \(what)") { writer in
            for (index, source) in sources.enumerated() {
                try addition.add(source, title: uploads[index].title, folder: folders[index], &writer)
            }
        }
        return addition.assets
    }

    /// Refused before it is a blob, so that nothing is left of it.
    private func requireHarmless(_ source: AssetSource) throws {
        let handle = try FileHandle(forReadingFrom: source.file)
        defer { try? handle.close() }
        let head = try handle.read(upToCount: FileType.headBytes) ?? Data()
        try FileType.requireHarmless(name: source.name, head: Array(head))
    }

    private var edit: LocalEdit {
        LocalEdit(instance: instance, editor: Editor(user: Principal.current.id))
    }
}
