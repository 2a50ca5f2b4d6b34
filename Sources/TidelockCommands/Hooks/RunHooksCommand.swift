internal import ArgumentParser
internal import ContentModel
internal import HookCatalog
internal import HookHost
internal import SyncEngine

struct RunHooksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run the handlers of an event and show what they do; nothing is stored or sent.",
        discussion: """
            Filters get the items of the file and the differences are shown. Other events are fired with the object in \
            the file: arguments of the handlers and fields of ctx, by name. Requests are answered with 200 and {}.
            """)
    @Argument(help: "The event, such as sync.content.before.") var event: String
    @Option(help: "A file with items, as a list or one a line, or with the fixture; - reads standard input.")
    var items: String?
    @Option(help: "The model the items belong to.") var model: String?
    @Option(help: "The target of the run.") var target: String?
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let workshop = try await Workshop.open(location)
        let rehearsal = try await workshop.rehearsal(seconds: SystemClock().seconds)
        defer { rehearsal.stop() }
        rehearsal.services.answer(try RehearsedAnswer(pattern: "*", response: ["json": .object([])]))
        let fixture = try fixture(workshop)
        let result = try await rehearsal.fire(event, .object(fixture.members))
        if output.json {
            try Output.write(Array((result.value.document.prettyPrinted() + "\n").utf8))
        } else {
            try RehearsalPrinter(style: .standardOutput).write(result, before: fixture.items, event: event)
        }
        if let error = result.error { throw error }
        if result.vetoed != nil || result.denied != nil {
            throw ExitCode(ErrorCode.hookRefused.traits.exitStatus)
        }
    }

    /// What to fire the event with, and the items in it.
    private func fixture(_ workshop: Workshop) throws -> (members: [JSONMember], items: [JSONDocument]) {
        let documents = try items.map(documents) ?? []
        var members: [JSONMember] = []
        let isFilter = EventName(rawValue: event)?.declaration.arguments.contains { $0.name == "items" } ?? false
        if isFilter {
            members.append(JSONMember("items", .array(documents.map { JSONValue($0) })))
        } else if let document = documents.first {
            guard documents.count == 1, let given = JSONValue(document).object else {
                throw TidelockError(
                    .usage, "'\(event.printable)' is fired with one object, and the file holds something else.")
            }
            members = given
        }
        if let model { members.append(JSONMember("model", .string(model))) }
        if let target { members.append(JSONMember("target", value(of: target, workshop))) }
        return (members, isFilter ? documents : [])
    }

    private func value(of target: String, _ workshop: Workshop) -> JSONValue {
        guard let known = workshop.targets.first(where: { $0.name == target }) else { return .string(target) }
        return ["name": .string(known.name), "uri": .string(known.uri)]
    }

    /// A list, one object, or one object a line.
    private func documents(_ path: String) throws -> [JSONDocument] {
        let bytes = try InputFile.bytes(path)
        if let whole = try? JSONDocument(validating: bytes) { return whole.isArray ? whole.elements : [whole] }
        return try bytes.split(separator: UInt8(ascii: "\n")).enumerated().compactMap { number, line in
            guard line.contains(where: { $0 > 0x20 }) else { return nil }
            return try InputFile.document(Array(line), in: "\(path):\(number + 1)").document
        }
    }
}
