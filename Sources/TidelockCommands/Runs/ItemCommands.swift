internal import ArgumentParser
internal import ContentModel
internal import SyncEngine
internal import SyncProtocol

struct ItemCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "item", abstract: "Send or fetch one item.",
        subcommands: [ItemPushCommand.self, ItemPullCommand.self])
}

/// One item, and how it moves.
struct ItemOptions: ParsableArguments {
    @Argument(help: "The target's name.") var target: String
    @Argument(help: "The item's kind; the name of a model stands for its items.") var kind: String
    @Argument(help: "The item's id.") var id: String
    @Flag(help: "Also everything that its links lead to, with its models.") var withLinks = false
    @Flag(help: "Also the assets that it uses, with their folders, and nothing else.") var withAssets = false
    @Option(
        help: "What becomes of items that were edited at the destination: \(ConflictPolicy.words).",
        transform: { try ConflictPolicy(option: $0) })
    var policy = ConflictPolicy.source
    @OptionGroup var dryRun: DryRunOptions
    @OptionGroup var guards: GuardOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var location: LocationOptions

    func validate() throws {
        guard !id.isEmpty else { throw ValidationError("The id of an item is not empty.") }
        guard !withLinks || !withAssets else {
            throw ValidationError("Choose --with-links, which brings the assets too, or --with-assets.")
        }
    }

    private var rule: ItemRule { withLinks ? .linked : withAssets ? .withAssets : .existing }

    func run(_ direction: Direction) async throws {
        try await RunCommand(target: target, json: output.json, location: location).run(direction) { _ in
            let kind = try Kind.ofItems(kind)
            let scope = Scope(items: [kind.name: [id]], itemRule: rule, policy: policy)
            return [guards.request(direction, moving: scope, isDryRun: dryRun.isWanted)]
        }
    }
}

struct ItemPushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "push", abstract: "Send one item to a target.")

    @OptionGroup var options: ItemOptions

    func run() async throws {
        try await options.run(.push)
    }
}

struct ItemPullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "pull", abstract: "Fetch one item from a target.")

    @OptionGroup var options: ItemOptions

    func run() async throws {
        try await options.run(.pull)
    }
}
