public import ContentModel

/// Reads assets for applications. Every answer shows one moment of the store.
public protocol AssetReader: Sendable {
    /// Nil when there is no such asset.
    func asset(id: String) async throws -> JSONDocument?

    /// The asset whose file lies at a path below `storage/uploads`; nil when there is none. The path begins with a
    /// slash and is only compared, never opened.
    func asset(path: String) async throws -> JSONDocument?

    /// Where the bytes of an asset lie on this machine. Throws `blob_missing` when they are not there.
    func file(of blob: Blob) async throws -> String
}

/// Adds and removes assets for applications.
public protocol AssetEditor: Sendable {
    /// A path on the store's disk that nothing uses yet, for a file of so many bytes that is to become an asset.
    ///
    /// Throws `disk_full` when there is no room.
    func place(for bytes: Int64) async throws -> String

    /// Makes assets of files, all of them or none, and answers them in their order. The files are gone afterwards, also
    /// when they become none.
    ///
    /// Throws `invalid_asset` for files that are not kept, `unknown_item` for a folder that is not there, `disk_full`.
    func add(_ uploads: [AssetUpload]) async throws -> [JSONDocument]

    /// Removes what lies at places that `place` answered, where there is something. It may be called twice.
    func discard(_ files: [String]) async

    /// Throws `unknown_item` when there is no such asset.
    func remove(_ id: String) async throws
}

/// A file that is to become an asset.
public struct AssetUpload: Sendable, Equatable {
    /// Where it lies on this machine.
    public var file: String
    /// What it was called where it comes from: the name it gets, made safe, and the title when there is none.
    public var name: String
    public var title: String?
    /// Id of the folder; nil for none.
    public var folder: String?

    public init(file: String, name: String, title: String? = nil, folder: String? = nil) {
        self.file = file
        self.name = name
        self.title = title
        self.folder = folder
    }
}
