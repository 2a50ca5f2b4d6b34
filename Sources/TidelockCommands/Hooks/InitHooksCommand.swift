internal import ArgumentParser
internal import Foundation
internal import HookHost

struct InitHooksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a folder of handlers with an example, a module, a test and the types for editors.",
        discussion: "Files that are there already stay as they are.")
    @Argument(help: "The folder that is to hold hooks/; the instance if left out.") var folder: String?
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let root =
            try folder.map { URL(filePath: $0, directoryHint: .isDirectory).standardizedFileURL }
            ?? location.folder()
        let files = HookFiles(root: root)
        let made = try HookTemplate.files.map { ($0.path, try files.make($0.path, $0.text)) }
        try HookFiles.write(made + files.generateTypes(), asJSON: output.json)
    }
}
