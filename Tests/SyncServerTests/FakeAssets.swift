import ContentModel
import Foundation
import SyncEngine

/// Assets in a folder of their own, which is removed when nobody knows it any more.
final class FakeAssets: AssetReader, AssetEditor {
    /// What `letters` holds.
    static let text = "abcdefghij"
    static let modified: Int64 = 784_111_777

    let folder: URL
    private let removed = Shared<[String]>([])
    private let uploads = Shared<[AssetUpload]>([])
    private let received = Shared<[[UInt8]]>([])
    private let hasRoom = Shared(true)
    private let refusal = Shared<TidelockError?>(nil)
    private let types = Shared(["letters": "text/plain", "drawing": "image/svg+xml", "page": "text/html"])

    init() {
        folder = FileManager.default.temporaryDirectory.appending(path: "tidelock-assets-\(UUID().uuidString)")
        // Tests that need the folder fail where it is missing.
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try? Data(Self.text.utf8).write(to: folder.appending(path: blob.hash.hex))
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    let blob = Blob(hash: ContentHash(bytes: (0..<32).map { UInt8($0) }), size: Int64(text.utf8.count))

    /// The ids that were removed.
    var removals: [String] { removed.value }
    /// The files that became assets, and what was in them.
    var additions: [(upload: AssetUpload, bytes: [UInt8])] { Array(zip(uploads.value, received.value)) }
    /// Every file in the folder but that of the assets.
    var leftovers: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0 != blob.hash.hex }
        }
    }

    func fillDisk() { hasRoom.value = false }
    /// No files become assets from now on.
    func refuse(_ error: TidelockError) { refusal.value = error }
    func loseBlob() throws { try FileManager.default.removeItem(at: folder.appending(path: blob.hash.hex)) }

    func document(_ id: String) -> JSONDocument? {
        types.value[id].map { type in
            .object([
                ("path", JSONDocument(string: "/2026/\(id)")), ("mime", JSONDocument(string: type)),
                ("size", JSONDocument(integer: blob.size)), ("_modified", JSONDocument(integer: Self.modified)),
                ("_id", JSONDocument(string: id)), ("_sha256", JSONDocument(string: blob.hash.hex)),
            ])
        }
    }

    func asset(id: String) async throws -> JSONDocument? { document(id) }

    func asset(path: String) async throws -> JSONDocument? {
        path.hasPrefix("/2026/") ? document(String(path.dropFirst(6))) : nil
    }

    func file(of blob: Blob) async throws -> String {
        let file = folder.appending(path: blob.hash.hex).path
        guard FileManager.default.fileExists(atPath: file) else {
            throw TidelockError(.blobMissing, "The bytes are not here.")
        }
        return file
    }

    func place(for bytes: Int64) async throws -> String {
        guard hasRoom.value else { throw TidelockError(.diskFull, "There is no room for \(bytes) bytes.") }
        return folder.appending(path: "arriving-\(UUID().uuidString)").path
    }

    func add(_ uploads: [AssetUpload]) async throws -> [JSONDocument] {
        let files = try uploads.map { try Data(contentsOf: URL(filePath: $0.file)) }
        await discard(uploads.map(\.file))
        if let refusal = self.refusal.value { throw refusal }
        self.uploads.value += uploads
        received.value += files.map { Array($0) }
        return uploads.indices.map { index in
            .object([
                ("title", JSONDocument(string: uploads[index].title ?? "")),
                ("_id", JSONDocument(string: "new \(index + 1)")),
            ])
        }
    }

    func discard(_ files: [String]) async {
        for file in files { try? FileManager.default.removeItem(atPath: file) }  // what is not there need not go
    }

    func remove(_ id: String) async throws {
        guard document(id) != nil else { throw TidelockError(.unknownItem, "There is no asset '\(id)'.") }
        removed.value.append(id)
    }
}
