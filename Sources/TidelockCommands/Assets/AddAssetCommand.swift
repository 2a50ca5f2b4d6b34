internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import Foundation
internal import SyncEngine

struct AddAssetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Make assets from files: all of them, or none.",
        discussion: """
            What a file is, its bytes say. Web pages, PHP, scripts and programs are refused, whatever their names say.
            Files with the same bytes become assets of their own that share them.
            """)

    @Argument(help: "Files.") var files: [String]
    @Option(help: "The folder they go into: its id, or names from the top, such as Photos/2026.") var folder: String?
    @Flag(help: "Make the folder where it is missing.") var createFolders = false
    @Option(help: "The title of the asset; the name of the file otherwise.") var title: String?
    @Option(help: ArgumentHelp("Give this asset the file instead; it keeps its id.", valueName: "id"))
    var replace: String?
    @Flag(help: "Take the files in folders too, and make folders alike; hidden ones stay out.") var recursive = false
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard !files.isEmpty else { throw ValidationError("Name a file.") }
        if title != nil || replace != nil, files.count > 1 || recursive {
            throw ValidationError("--title and --replace are about one file.")
        }
    }

    func run() async throws {
        let instance = try await Instance.open(location)
        let assets = try await instance.auditing(.put, target: replace.map { "assets/\($0.printable)" } ?? "assets") {
            try await add(to: instance)
        }
        if output.json { return try Output.line(JSONDocument.array(assets).prettyPrinted()) }
        for asset in assets {
            let verb = replace == nil ? "added" : "replaced"
            try Output.line("\(verb) \(asset.string("_id") ?? "") \(asset.string("path") ?? "")")
        }
    }

    private func add(to instance: Instance) async throws -> [JSONDocument] {
        let sources = try AssetSources.list(files, isRecursive: recursive)
        let replaced: JSONDocument? =
            if let replace { try await instance.store.item(.assets, replace) } else { nil }
        var addition = try await AssetAddition(instance: instance)
        let what = sources.count == 1 ? sources[0].name.printable : "\(sources.count) files"
        try await AssetEdit(instance: instance).perform("asset add \(what)") { writer in
            let top = try folder.map { try addition.folder($0, creating: createFolders, &writer) }
            for source in sources {
                if let replaced {
                    try addition.replace(replaced, by: source, title: title, folder: top, &writer)
                } else {
                    let folder = try addition.folder(source.folders, below: top ?? "", &writer)
                    try addition.add(source, title: title, folder: folder, &writer)
                }
            }
        }
        return addition.assets
    }
}
