internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import HookHost
internal import SyncEngine
internal import SyncProtocol

struct BenchHooksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Run the filter handlers over the items of a file and say how fast they are.")
    @Argument(help: "A file with one item a line; not needed with --micro.") var file: String?
    @Flag(help: "Measure what surrounds handlers instead: calls, fresh states, limits, events without handler.")
    var micro = false
    @Option(help: "The model the items belong to.") var model = "articles"
    @Option(help: "How often to go through the file.") var rounds = 5
    @Option(help: "How many items go through the handlers together.") var batchSize = Limits.filteredItems
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard rounds > 0, batchSize > 0 else { throw ValidationError("Rounds and items are at least one.") }
        guard micro == (file == nil) else { throw ValidationError("Give a file with items, or --micro.") }
    }

    func run() async throws {
        let hooks = try await Instance.open(location).hooks()
        defer { hooks.stop() }
        if let file { try await bench(file, hooks) } else { try await benchSurroundings(hooks) }
    }

    private func benchSurroundings(_ hooks: HookHost) async throws {
        let result = try await hooks.microBenchmarks()
        if output.json { return try Output.json(result) }
        try Output.table([
            ["a handler that does nothing", "\(Int(result.emptyHandlerNanoseconds.rounded())) ns"],
            ["a fresh state", "\(Int(result.freshStateMicroseconds.rounded())) µs"],
            ["limits that do not fire", "\((result.limitOverheadPercent * 10).rounded() / 10) %"],
            ["an event without handler", "\(Int(result.eventWithoutHandlerNanoseconds.rounded())) ns"],
        ])
    }

    private func bench(_ file: String, _ hooks: HookHost) async throws {
        let kind = try Kind.content(model)
        let items = try InputFile.bytes(file).split(separator: UInt8(ascii: "\n")).enumerated().map { number, line in
            let body = try InputFile.document(Array(line), in: "\(file):\(number + 1)").document
            return OutgoingItem(id: try itemID(of: body, kind: kind), body: body)
        }
        let context = RunContext(
            run: "bench", direction: .push, target: TargetFacts(name: "bench", uri: "http://localhost"), mode: .merge)
        let result = try await hooks.bench(items, of: kind, rounds: rounds, page: batchSize, context: context)
        if output.json { return try Output.json(result) }
        try Output.line(
            "\(Int(result.itemsPerSecond)) items/s through \(result.handlers.count) handlers (\(result.items) items)")
    }
}
