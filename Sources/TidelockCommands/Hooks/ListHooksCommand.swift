internal import ArgumentParser
internal import ContentModel
internal import HookHost

struct ListHooksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the handlers by event, in the order in which they run.")
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let hooks = try await Instance.open(location).hooks()
        defer { hooks.stop() }
        let status = hooks.status
        if output.json { return try Output.json(status) }
        if let problem = status.rejected { throw TidelockError(.hookLoadFailed, "\(problem)") }
        guard !status.handlers.isEmpty else { return try Output.line("no handlers") }
        try HandlerTable.write(status.handlers)
    }
}

/// Handlers as people read them.
enum HandlerTable {
    static func write(_ handlers: [HandlerInfo]) throws {
        try Output.table(
            [["EVENT", "NAME", "PRIORITY", "PLACE", "OPTIONS"]]
                + handlers.map { handler in
                    let options = handler.options.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                    return [
                        handler.event, handler.name, String(handler.priority), "\(handler.file):\(handler.line)",
                        options.joined(separator: " "),
                    ]
                })
    }
}
