internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import Foundation

struct KindsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kinds", abstract: "List kinds with the number of items and a digest over them.")

    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let kinds = try await Instance.open(location).store.kindSummaries()
        if output.json { return try Output.json(kinds) }
        guard !kinds.isEmpty else { return try Output.line("no content yet; 'tidelock import' takes some in") }
        try Output.table([["KIND", "ITEMS", "ROOT"]] + kinds.map { [$0.kind, String($0.items), $0.root] })
    }
}

struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List the items of a kind.")

    @Argument(help: Kind.help) var kind: String
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let instance = try await Instance.open(location)
        let items = try await instance.store.summaries(of: try await instance.knownKind(kind))
        if output.json { return try Output.json(items) }
        try Output.table(
            [["ID", "BYTES", "MODIFIED", "FROM", "EDITED"]]
                + items.map {
                    [$0.id, String($0.bytes), moment($0.modified), $0.origin ?? "-", $0.isEdited ? "yes" : "-"]
                })
    }
}

struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "get", abstract: "Print one item as JSON.")

    @Argument(help: Kind.help) var kind: String
    @Argument(help: "The item's id.") var id: String
    @OptionGroup var location: LocationOptions
    @Flag(help: "Print it byte for byte as it is stored, on one line.") var raw = false
    // An item is JSON anyway; whoever always asks for JSON is not refused, and gets an error as JSON too.
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let instance = try await Instance.open(location)
        let item = try await instance.store.item(try await instance.kind(kind), id)
        try Output.line(raw ? String(decoding: item.bytes, as: UTF8.self) : item.prettyPrinted())
    }
}

struct PutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put", abstract: "Store one item, replacing the one with its id.")

    @Argument(help: Kind.help) var kind: String
    @Argument(help: "A file with one JSON object, or - for standard input.") var file: String
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let instance = try await Instance.open(location)
        let kind = try await instance.kind(kind)
        let item = try InputFile.document(file)
        let id = try itemID(of: item.document, kind: kind)
        let report = try await ItemEdit(instance: instance, kind: kind, id: id).put(item.document, hash: item.hash)
        let what = report.created == 1 ? "created" : report.updated == 1 ? "updated" : "unchanged"
        try output.tell("\(what) \(kind)/\(id)", asJSON: ["kind": kind.name, "id": id, "result": what])
    }
}

struct RemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "rm", abstract: "Delete one item.")

    @Argument(help: Kind.help) var kind: String
    @Argument(help: "The item's id.") var id: String
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let instance = try await Instance.open(location)
        let kind = try await instance.kind(kind)
        try await ItemEdit(instance: instance, kind: kind, id: id).remove()
        try output.tell("removed \(kind)/\(id)", asJSON: ["kind": kind.name, "id": id, "result": "removed"])
    }
}

/// Files that hold one document or many.
enum InputFile {
    static func bytes(_ path: String) throws -> [UInt8] {
        do {
            let data =
                path == "-"
                ? try FileHandle.standardInput.readToEnd() ?? Data() : try Data(contentsOf: URL(filePath: path))
            return [UInt8](data)
        } catch {
            guard path == "-" else { throw NamedFile.unreadable(path, because: error) }
            throw TidelockError(
                .notFound, "Standard input cannot be read: \(error.localizedDescription)", underlying: error)
        }
    }

    static func document(_ path: String) throws -> (document: JSONDocument, hash: ContentHash) {
        try document(bytes(path), in: path)
    }

    static func document(_ bytes: [UInt8], in place: String) throws -> (document: JSONDocument, hash: ContentHash) {
        do {
            return try JSONDocument.intake(bytes)
        } catch {
            throw TidelockError(.invalidJSON, "\(place): \(error).", hint: "Nothing was stored.", underlying: error)
        }
    }
}
