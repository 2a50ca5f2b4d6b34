internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import Foundation
internal import SyncEngine

struct AssetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "asset", abstract: "Add, look at and remove assets: files with a title, in folders.",
        subcommands: [
            AddAssetCommand.self, ListAssetsCommand.self, GetAssetCommand.self, RemoveAssetsCommand.self,
            AssetFoldersCommand.self, MakeAssetFolderCommand.self,
        ])
}

struct ListAssetsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List assets.")

    @Option(help: "Only those in this folder: its id, or names from the top.") var folder: String?
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let store = try await Instance.open(location).store
        let tree = AssetFolderTree(try await store.allItems(of: .assetFolders))
        let wanted = try folder.map { try tree.find($0).id }
        let assets = try await store.allItems(of: .assets).filter {
            wanted == nil || $0.string("folder") == wanted
        }
        if output.json { return try Output.line(JSONDocument.array(assets).prettyPrinted()) }
        try Output.table(
            [["ID", "TYPE", "BYTES", "FOLDER", "TITLE"]]
                + assets.map { asset in
                    let folder = asset.string("folder").map { tree.path(of: $0) } ?? ""
                    return [
                        asset.string("_id") ?? "", asset.string("mime") ?? "-",
                        asset.integer("size").map { String($0) } ?? "-", folder.isEmpty ? "-" : folder.legible,
                        (asset.string("title") ?? "").printable,
                    ]
                })
    }
}

struct GetAssetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Print what is known of an asset, or write its file.")

    @Argument(help: "The asset's id.") var id: String
    @Option(name: .customLong("output"), help: "Write the file's bytes there; - for standard output.")
    var destination: String?
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let store = try await Instance.open(location).store
        let asset = try await store.item(.assets, id)
        if let destination {
            let file = BlobCopy(blob: try AssetFile(asset).blob, blobs: store.blobs)
            return destination == "-" ? try file.print() : try file.write(to: URL(filePath: destination))
        }
        if output.json { return try Output.line(asset.prettyPrinted()) }
        let tree = AssetFolderTree(try await store.allItems(of: .assetFolders))
        for (name, value) in Self.facts(asset, tree) {
            try Output.line(name.padding(toLength: 10, withPad: " ", startingAt: 0) + value)
        }
    }

    private static func facts(_ asset: JSONDocument, _ tree: AssetFolderTree) -> [(String, String)] {
        let sides = [asset.integer("width"), asset.integer("height")].compactMap { $0.map { String($0) } }
        let facts: [(String, String?)] = [
            ("title", asset.string("title")?.printable), ("path", asset.string("path")),
            ("type", asset.string("mime")), ("bytes", asset.integer("size").map { String($0) }),
            ("pixels", sides.count == 2 ? sides.joined(separator: " x ") : nil),
            ("folder", asset.string("folder").flatMap { $0.isEmpty ? nil : tree.path(of: $0).legible }),
            ("modified", moment(asset.integer("_modified"))), ("sha256", asset.string(AssetFile.hashMember)),
        ]
        return facts.compactMap { name, value in value.map { (name, $0) } }
    }
}

struct RemoveAssetsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Delete assets, and the copies of them inside content: all of them, or none.")

    @Argument(help: "Ids of assets.") var ids: [String]
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let instance = try await Instance.open(location)
        try await instance.auditing(.remove, target: "assets/\(ids.joined(separator: " ").printable)") {
            let what = ids.count == 1 ? ids[0].printable : "\(ids.count) assets"
            try await AssetEdit(instance: instance).perform("asset rm \(what)") { writer in
                for id in ids { try writer.add(.remove(kind: .assets, id: id)) }
            }
        }
        if output.json { return try Output.json(["removed": ids]) }
        for id in ids { try Output.line("removed assets/\(id)") }
    }
}
