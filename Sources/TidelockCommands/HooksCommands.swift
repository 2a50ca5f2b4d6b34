internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import Foundation
internal import HookHost
internal import SyncEngine

struct HooksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hooks", abstract: "List, check and measure the handlers of this instance.",
        subcommands: [List.self, Check.self, Bench.self, DeadCommand.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the handlers by event, in the order in which they run.")
        @OptionGroup var location: LocationOptions
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let hooks = try await Instance.open(location).hooks()
            defer { hooks.stop() }
            let status = hooks.status
            if json { return try Output.json(status) }
            if let problem = status.rejected { throw TidelockError(.hookLoadFailed, "\(problem)") }
            guard !status.handlers.isEmpty else { return try Output.line("no handlers") }
            try Output.table(
                [["EVENT", "NAME", "PRIORITY", "PLACE", "OPTIONS"]]
                    + status.handlers.map { handler in
                        let options = handler.options.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                        return [
                            handler.event, handler.name, String(handler.priority), "\(handler.file):\(handler.line)",
                            options.joined(separator: " "),
                        ]
                    })
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Load all files as a run would, and name everything that is wrong.")
        @OptionGroup var location: LocationOptions
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let instance = try await Instance.open(location)
            let check = try await HookHost.check(
                folder: instance.folder.hooks, configuration: instance.hookConfiguration,
                services: instance.hookServices,
                workers: instance.workers)
            if json {
                try Output.json(check)
            } else if check.isGood {
                try Output.line("\(check.files.count) files and \(check.handlers.count) handlers are good")
            } else {
                for problem in check.problems { try Output.line("\(problem)") }
            }
            if !check.isGood { throw ExitCode(ErrorCode.hookLoadFailed.traits.exitStatus) }
        }
    }

    struct Bench: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "bench",
            abstract: "Run the filter handlers over the items of a file and say how fast they are.")
        @Argument(help: "A file with one item a line.") var file: String
        @Option(help: "The model the items belong to.") var model = "articles"
        @Option(help: "How often to go through the file.") var rounds = 5
        @OptionGroup var location: LocationOptions
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let hooks = try await Instance.open(location).hooks()
            defer { hooks.stop() }
            let kind = try Kind.content(model)
            let items = try InputFile.bytes(file).split(separator: UInt8(ascii: "\n")).enumerated().map {
                number, line in
                let body = try InputFile.document(Array(line), in: "\(file):\(number + 1)").document
                return OutgoingItem(id: try itemID(of: body, kind: kind), body: body)
            }
            let context = RunContext(
                run: "bench", direction: .push, target: TargetFacts(name: "bench", uri: "http://localhost"),
                mode: .merge)
            let result = try await hooks.bench(items, of: kind, rounds: rounds, context: context)
            if json { return try Output.json(result) }
            try Output.line(
                "\(Int(result.itemsPerSecond)) items/s through \(result.handlers.count) handlers (\(result.items) items)"
            )
        }
    }
}
