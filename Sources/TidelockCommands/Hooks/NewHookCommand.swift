internal import ArgumentParser
internal import ContentModel
internal import HookCatalog
internal import HookHost

struct NewHookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Write a file with a handler of an event, to begin with.")
    @Argument(help: "The event, such as sync.content.before.") var event: String
    @Option(help: "What the handler and its file are called; after the event if left out.") var name: String?
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        guard let known = EventName(rawValue: event) else { throw EventName.unknownToCommand(event) }
        let skeleton = HandlerSkeleton(known, name: try name.map(checked))
        let path = "hooks/\(skeleton.name).lua"
        guard try HookFiles(root: location.folder()).make(path, skeleton.text) == .made else {
            throw TidelockError(
                .usage, "\(path) is there already; nothing was changed.", hint: "Choose another name with --name.")
        }
        try output.tell("made \(path)", asJSON: ["path": path, "result": HookFiles.Outcome.made.rawValue])
    }

    /// Only what is a plain file name everywhere, and what the loader takes for an entry file.
    private func checked(_ name: String) throws -> String {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isPlain, !name.isEmpty, name.utf8.count <= 80, !name.hasPrefix("_") else {
            throw TidelockError(
                .invalidName, "'\(name.printable)' cannot be the name of a handler's file.",
                hint: "Use letters, digits, '-' and '_', and do not begin with '_', which marks modules.")
        }
        return name
    }
}
