internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import Foundation

struct KindsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kinds", abstract: "List kinds with the number of items and a digest over them.")

    @OptionGroup var location: LocationOptions
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let kinds = try await Instance.open(location).store.kindSummaries()
        if json { return try Output.json(kinds) }
        guard !kinds.isEmpty else { return try Output.line("no content yet; 'tidelock import' takes some in") }
        try Output.table([["KIND", "ITEMS", "ROOT"]] + kinds.map { [$0.kind, String($0.items), $0.root] })
    }
}

struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List the items of a kind.")

    @Argument(help: "models, locales, singletons or content/<model>.") var kind: String
    @OptionGroup var location: LocationOptions
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let kind = try Kind(kind)
        let items = try await Instance.open(location).store.summaries(of: kind)
        if json { return try Output.json(items) }
        try Output.table(
            [["ID", "BYTES", "MODIFIED", "FROM", "EDITED"]]
                + items.map {
                    [$0.id, String($0.bytes), moment($0.modified), $0.origin ?? "-", $0.isEdited ? "yes" : "-"]
                })
    }
}

struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "get", abstract: "Print one item as JSON.")

    @Argument(help: "models, locales, singletons or content/<model>.") var kind: String
    @Argument(help: "The item's id.") var id: String
    @OptionGroup var location: LocationOptions
    @Flag(help: "Print it byte for byte as it is stored, on one line.") var raw = false

    func run() async throws {
        let item = try await Instance.open(location).store.item(try Kind(kind), id)
        try Output.line(raw ? String(decoding: item.bytes, as: UTF8.self) : item.prettyPrinted())
    }
}

struct PutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put", abstract: "Store one item, replacing the one with its id.")

    @Argument(help: "models, locales, singletons or content/<model>.") var kind: String
    @Argument(help: "A file with one JSON object, or - for standard input.") var file: String
    @OptionGroup var location: LocationOptions

    func run() async throws {
        let kind = try Kind(kind)
        let item = try InputFile.document(file)
        let id = try itemID(of: item.document, kind: kind)
        let instance = try await Instance.open(location)
        let report = try await LocalEdit(instance: instance).perform("put \(kind)/\(id)") { writer in
            try writer.add(.put(kind: kind, body: item.document, hash: item.hash))
        }
        let what = report.created == 1 ? "created" : report.updated == 1 ? "updated" : "unchanged"
        try Output.line("\(what) \(kind)/\(id)")
    }
}

struct RemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "rm", abstract: "Delete one item.")

    @Argument(help: "models, locales, singletons or content/<model>.") var kind: String
    @Argument(help: "The item's id.") var id: String
    @OptionGroup var location: LocationOptions

    func run() async throws {
        let kind = try Kind(kind)
        let id = id
        let instance = try await Instance.open(location)
        _ = try await LocalEdit(instance: instance).perform("rm \(kind)/\(id)") { writer in
            try writer.add(.remove(kind: kind, id: id))
        }
        try Output.line("removed \(kind)/\(id)")
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
            throw TidelockError(.notFound, "\(path) cannot be read: \(error.localizedDescription)", underlying: error)
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

/// A series of local changes that can be undone together.
struct LocalEdit {
    /// Gathers changes into transactions of a bearable size.
    struct Writer {
        private let store: Store
        private let run: String
        private var pending: [LocalChange] = []
        private var pendingBytes = 0
        fileprivate(set) var report = LocalWriteReport()

        private static let changes = 2_000
        private static let bytes = 16 << 20

        fileprivate init(store: Store, run: String) {
            self.store = store
            self.run = run
        }

        mutating func add(_ change: LocalChange) throws {
            if case .put(_, let body, _) = change { pendingBytes += body.bytes.count }
            pending.append(change)
            if pending.count >= Self.changes || pendingBytes >= Self.bytes { try flush() }
        }

        fileprivate mutating func flush() throws {
            guard !pending.isEmpty else { return }
            report = report + (try store.writeBlocking(pending, run: run))
            pending.removeAll(keepingCapacity: true)
            pendingBytes = 0
        }
    }

    let instance: Instance

    /// Runs `body`, and takes back everything it wrote when it throws. Blocks its thread while it writes.
    func perform(
        _ description: String, direction: String = "local", _ body: (inout Writer) throws -> Void
    ) async throws -> LocalWriteReport {
        let run = instance.newRunID()
        try await instance.store.beginRun(id: run, direction: direction, target: description)
        do {
            let report = try write(run, body)
            try await instance.store.markUndoable(id: run)
            try await instance.store.endRun(id: run, phase: "committed", report: nil)
            return report
        } catch {
            try await takeBack(run)
            throw error
        }
    }

    private func write(_ run: String, _ body: (inout Writer) throws -> Void) throws -> LocalWriteReport {
        var writer = Writer(store: instance.store, run: run)
        try body(&writer)
        try writer.flush()
        return writer.report
    }

    private func takeBack(_ run: String) async throws {
        try await instance.store.markUndoable(id: run)
        if try await instance.store.run(run).canBeUndone {
            _ = try await instance.store.rollback(run, as: instance.newRunID())
        }
        try await instance.store.endRun(id: run, phase: "failed", report: nil)
    }
}
