internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import Foundation
internal import SyncEngine

struct ConflictsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conflicts",
        abstract: "List, show and resolve items that were edited here and of which a source brought another version.",
        subcommands: [List.self, Show.self, Resolve.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List the open conflicts.")
        @OptionGroup var location: LocationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let conflicts = try await Instance.open(location).store.conflicts()
            if output.json { return try Output.json(conflicts) }
            guard !conflicts.isEmpty else { return try Output.line("no open conflicts") }
            try Output.table(
                [["ID", "ITEM", "SOURCE", "SINCE", "ABOUT"]]
                    + conflicts.map {
                        [String($0.id), $0.name, $0.source.printable, moment($0.created), $0.subject]
                    })
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show the versions of an item that a conflict is about, field by field.",
            discussion: "--json prints the whole items.")
        @Argument(help: "The conflict's number.") var id: Int64
        @OptionGroup var location: LocationOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let (record, versions) = try await Instance.open(location).store.conflict(id)
            if output.json { return try Output.line(record.document(with: versions).prettyPrinted()) }
            for line in ConflictText(record: record, versions: versions).lines { try Output.line(line) }
        }
    }

    struct Resolve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "resolve", abstract: "Decide which version of an item counts.")
        @Argument(help: "The conflict's number.") var id: Int64?
        @Flag(help: "Every open conflict.") var all = false
        @Flag(help: "Apply what the source sent; 'tidelock rollback' takes it back.") var source = false
        @Flag(help: "Leave the item as it is here.") var target = false
        @Option(help: "Store the item of this file, or - for standard input, as an edit made here.") var item: String?
        @OptionGroup var location: LocationOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (id == nil) == all else {
                throw ValidationError("Name a conflict, or all of them with --all.")
            }
            guard [source, target, item != nil].filter({ $0 }).count == 1 else {
                throw ValidationError("Choose one of --source, --target and --item FILE.")
            }
            guard !all || item == nil else { throw ValidationError("--item is for one conflict.") }
        }

        func run() async throws {
            let instance = try await Instance.open(location)
            try await instance.auditing(.resolve, target: id.map { "conflict \($0)" }) {
                try await resolve(ConflictResolution(instance: instance, output: output))
            }
        }

        private func resolve(_ resolution: ConflictResolution) async throws {
            if let item, let id { return try await resolution.store(item, for: id) }
            let ids = if let id { [id] } else { try await resolution.all() }
            if source { try await resolution.applySource(ids) } else { try await resolution.keepTarget(ids) }
        }
    }
}

/// What people decide about conflicts.
private struct ConflictResolution {
    /// What `--json` prints.
    struct Answer: Encodable {
        var resolved = 0
        /// Whose version counts: source, target or item.
        var counts: String?
        /// What takes it back.
        var run: String?
    }

    let instance: Instance
    let output: OutputOptions

    /// Conflicts settled in one transaction.
    private static let page = 200

    func all() async throws -> [Int64] {
        try await instance.store.conflicts().map(\.id)
    }

    func applySource(_ ids: [Int64]) async throws {
        guard !ids.isEmpty else { return try output.tell("no open conflicts", asJSON: Answer()) }
        let store = instance.store
        let run = instance.newRunID()
        try await store.beginRun(
            id: run, direction: "local", target: ids.count == 1 ? "conflict \(ids[0])" : "\(ids.count) conflicts")
        do {
            for page in ids.pages(of: Self.page) { try await store.applyParked(page, run: run) }
        } catch {
            try await close(run, "failed")
            throw error
        }
        try await close(run, "committed")
        try output.tell(
            "resolved \(ids.count), the source's version counts; undo with: tidelock rollback \(run)",
            asJSON: Answer(resolved: ids.count, counts: "source", run: run))
    }

    private func close(_ run: String, _ phase: String) async throws {
        try await instance.store.markUndoable(id: run)
        try await instance.store.endRun(id: run, phase: phase, report: nil)
    }

    func keepTarget(_ ids: [Int64]) async throws {
        guard !ids.isEmpty else { return try output.tell("no open conflicts", asJSON: Answer()) }
        for page in ids.pages(of: Self.page) { try await instance.store.dropConflicts(page) }
        try output.tell(
            "resolved \(ids.count), the version here counts", asJSON: Answer(resolved: ids.count, counts: "target"))
    }

    func store(_ file: String, for id: Int64) async throws {
        let record = try await instance.store.conflict(id).record
        let kind = try Kind(record.kind)
        let item = try InputFile.document(file)
        guard try itemID(of: item.document, kind: kind).utf8.elementsEqual(record.item.utf8) else {
            throw TidelockError(
                .usage, "The item in \(file) is not \(record.name).",
                hint: "Its '\(kind.keyMember)' must be that of the item.")
        }
        _ = try await ItemEdit(instance: instance, kind: kind, id: record.item)
            .put(item.document, hash: item.hash, deciding: id)
        try output.tell(
            "resolved 1, \(record.name) is what \(file == "-" ? "standard input" : file) says",
            asJSON: Answer(resolved: 1, counts: "item"))
    }
}

extension ConflictRecord {
    var name: String { "\(kind)/\(item.printable)" }

    /// What is to be decided, in a few words.
    fileprivate var subject: String {
        if isDelete { return "deleted by the source" }
        guard let fields, let first = fields.first else { return "the whole item" }
        return fields.count == 1 ? first.printable : "\(first.printable) and \(fields.count - 1) more"
    }

    /// The record with the versions; those that do not exist are null.
    fileprivate func document(with versions: ConflictVersions) throws -> JSONDocument {
        let record = try JSONDocument(validating: [UInt8](JSONEncoder().encode(self)))
        return record.setting("source_item", to: versions.source ?? .null)
            .setting("target_item", to: versions.target ?? .null)
            .setting("base_item", to: versions.base ?? .null)
    }
}

struct DriftCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift", abstract: "List items that were edited here since their source sent them.")

    @Argument(help: "Only items of the instance that this target leads to.") var target: String?
    @Option(help: "Only this kind: \(Kind.forms); the name of a model stands for its items.") var kind: String?
    @Option(help: "How many to list.") var limit = 1_000
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let instance = try await Instance.open(location)
        let source = try await source(instance)
        let drift = try await instance.store.drift(
            kind: try await instance.knownKind(kind), source: source, limit: max(limit, 0))
        if output.json { return try Output.json(drift) }
        guard drift.count > 0 else { return try Output.line("no drift: everything is as its source sent it") }
        try Output.table(
            [["KIND", "ID", "SOURCE", "STATE", "CHANGED"]]
                + drift.items.map {
                    [
                        $0.kind, $0.id.printable, $0.source.printable,
                        $0.isDeleted ? "deleted" : $0.state.rawValue, moment($0.changed),
                    ]
                })
        if drift.count > drift.items.count {
            try Output.line("… and \(drift.count - drift.items.count) more; --limit lists them")
        }
    }

    private func source(_ instance: Instance) async throws -> String? {
        guard let target else { return nil }
        let known = try await instance.target(target).target
        guard let source = try await instance.store.instance(answering: known.name, at: known.uri) else {
            throw TidelockError(
                .notFound, "No instance has answered at target '\(known.name)' yet, so nothing here came from it.",
                hint: "Pull from it first.")
        }
        return source
    }
}
