internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import SyncEngine

struct AssetFoldersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "folders", abstract: "List the folders of assets.")

    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    private struct Row: Encodable {
        var id: String
        var name: String
        var parent: String
        var path: String
    }

    func run() async throws {
        let folders = AssetFolderTree(try await Instance.open(location).store.allItems(of: .assetFolders)).sorted
        if output.json {
            return try Output.json(
                folders.map { path, folder in
                    Row(id: folder.id, name: folder.name, parent: folder.parent, path: path)
                })
        }
        try Output.table([["ID", "PATH"]] + folders.map { [$0.folder.id, $0.path.legible] })
    }
}

struct MakeAssetFolderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "mkdir", abstract: "Make a folder for assets.")

    @Argument(help: "Its name.") var name: String
    @Option(name: .customLong("in"), help: "The folder it goes into: its id, or names from the top.")
    var parent: String?
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard !name.isEmpty, !name.contains("/") else {
            throw ValidationError("A name has at least one letter, and no slash; --in names the folder above.")
        }
    }

    func run() async throws {
        let instance = try await Instance.open(location)
        let folder = try await instance.auditing(.put, target: "assets/folders") {
            var addition = try await AssetAddition(instance: instance)
            let above = try parent.map { try addition.folders.find($0).id } ?? ""
            guard try addition.folders.descend([name], from: above).missing == [name] else {
                throw TidelockError(
                    .usage, "There is a folder '\(name.printable)' already.",
                    hint: "'tidelock asset folders' lists them.")
            }
            var made = AssetFolderTree.Folder(id: "", name: name, parent: above)
            try await AssetEdit(instance: instance).perform("asset mkdir \(name.printable)") { writer in
                made = try addition.makeFolder(name, in: above, &writer)
            }
            return made
        }
        try output.tell(
            "created assets/folders/\(folder.id)",
            asJSON: ["id": folder.id, "name": folder.name, "parent": folder.parent])
    }
}
