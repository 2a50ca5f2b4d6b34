internal import ContentModel
internal import ContentStore
internal import Foundation
internal import SyncEngine
internal import Synchronization

/// Makes assets and the folders they need, inside one local edit.
struct AssetAddition {
    let instance: Instance
    private(set) var folders: AssetFolderTree
    /// What was made, in its order.
    private(set) var assets: [JSONDocument] = []

    init(instance: Instance) async throws {
        self.instance = instance
        folders = AssetFolderTree(try await instance.store.allItems(of: .assetFolders))
    }

    private var intake: AssetIntake { AssetIntake(blobs: instance.store.blobs) }

    /// The id of a folder, made with those above it where it is missing and that is wished.
    mutating func folder(
        _ name: String, creating: Bool, _ writer: inout LocalEdit.Writer
    ) throws -> String {
        guard creating, folders[name] == nil else { return try existingFolder(name) }
        return try folder(AssetFolderTree.names(of: name), below: "", &writer)
    }

    private func existingFolder(_ name: String) throws -> String {
        do {
            return try folders.find(name).id
        } catch var error as TidelockError where error.code == .unknownItem {
            error.hint = "'tidelock asset folders' lists them; --create-folders makes those that are missing."
            throw error
        }
    }

    mutating func folder(
        _ names: [String], below top: String, _ writer: inout LocalEdit.Writer
    ) throws -> String {
        let (place, missing) = try folders.descend(names, from: top)
        var parent = place ?? ""
        for name in missing { parent = try makeFolder(name, in: parent, &writer).id }
        return parent
    }

    mutating func makeFolder(
        _ name: String, in parent: String, _ writer: inout LocalEdit.Writer
    ) throws -> AssetFolderTree.Folder {
        let folder = AssetFolderTree.Folder(id: newID(), name: name, parent: parent)
        let item = AssetFolderTree.item(folder)
        try writer.add(.put(kind: .assetFolders, body: item, hash: item.hash))
        folders.add(folder)
        return folder
    }

    /// Takes a file as a new asset. Errors name the file.
    mutating func add(
        _ source: AssetSource, title: String?, folder: String, _ writer: inout LocalEdit.Writer
    ) throws {
        let facts = try facts(of: source)
        let title = title ?? AssetName.title(of: source.name)
        try put(facts.asset(id: newID(), title: title, folder: folder, at: instance.clock.seconds), &writer)
    }

    /// Takes a file in place of the one that an asset has.
    mutating func replace(
        _ asset: JSONDocument, by source: AssetSource, title: String?, folder: String?,
        _ writer: inout LocalEdit.Writer
    ) throws {
        var changed = try facts(of: source).replacing(fileOf: asset, at: instance.clock.seconds)
        if let title { changed = changed.setting("title", to: JSONDocument(string: title)) }
        if let folder { changed = changed.setting("folder", to: JSONDocument(string: folder)) }
        try put(changed, &writer)
    }

    private mutating func put(_ asset: JSONDocument, _ writer: inout LocalEdit.Writer) throws {
        try writer.add(.put(kind: .assets, body: asset, hash: asset.hash))
        assets.append(asset)
    }

    private func facts(of source: AssetSource) throws -> AssetFacts {
        do {
            let taken = try intake.take(source.file)
            let path = AssetName.path(
                for: source.name, type: FileType(name: source.name, head: taken.head), at: instance.clock.seconds,
                mark: String(instance.random.bytes(AssetName.marks).hex.prefix(AssetName.marks)))
            return AssetFacts(path: path, name: source.name, head: taken.head, blob: taken.blob, md5: taken.md5)
        } catch let error as TidelockError {
            throw error.about(source.place)
        }
    }

    /// Seconds and chance, as Cockpit makes ids.
    private func newID() -> String {
        let seconds = UInt32(truncatingIfNeeded: instance.clock.seconds)
        return withUnsafeBytes(of: seconds.bigEndian) { Array($0) }.hex + instance.random.bytes(8).hex
    }
}

extension Store {
    /// The items of a kind of which there are few enough for memory.
    func allItems(of kind: Kind) async throws -> [JSONDocument] {
        let found = Mutex<[JSONDocument]>([])
        try await forEachItem(of: kind) { item in found.withLock { $0.append(item) } }
        return found.withLock { $0 }
    }
}
