internal import ArgumentParser
internal import Foundation
internal import HookHost

struct HookTypesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "types",
        abstract: "Write the definitions for the Lua language server, and the reference.",
        discussion: """
            Writes \(EditorTypes.path) and \(Reference.path) anew, \
            and \(EditorTypes.serverSettingsPath) if it is not there.
            """)
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try HookFiles.write(HookFiles(root: location.folder()).generateTypes(), asJSON: output.json)
    }
}
