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
            if let id { return try await source ? resolution.applySource(id) : resolution.keepTarget(id) }
            try await source ? resolution.applySourceToAll() : resolution.keepTargetOfAll()
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
        /// Conflicts that cannot be decided so; left out when there are none.
        var passedOver: [PassedOver]?
    }

    struct PassedOver: Encodable {
        var id: Int64
        /// The item, as KIND/ID.
        var item: String
        var error: RunReport.Failure
    }

    let instance: Instance
    let output: OutputOptions

    /// Conflicts that are named for people.
    private static let named = 20

    func applySource(_ id: Int64) async throws {
        let (sweep, run) = try await applySource(toAll: [id])
        if let reason = sweep.passedOver.first?.reason { throw reason }
        try output.tell(sentence(sweep, "source", run), asJSON: answer(sweep, "source", run))
    }

    func applySourceToAll() async throws {
        let open = try await instance.store.conflicts()
        guard !open.isEmpty else { return try output.tell("no open conflicts", asJSON: Answer()) }
        let (sweep, run) = try await applySource(toAll: open.map(\.id))
        try tell(sweep, of: open, "source", run)
    }

    private func applySource(toAll ids: [Int64]) async throws -> (sweep: ConflictSweep, run: String?) {
        let store = instance.store
        let run = instance.newRunID()
        try await store.beginRun(
            id: run, direction: "local", target: ids.count == 1 ? "conflict \(ids[0])" : "\(ids.count) conflicts")
        var sweep = ConflictSweep()
        do {
            try await sweep.run(ids) { page in try await store.applyParked(page, run: run) }
        } catch {
            try await close(run, "failed")
            throw sweep.decided > 0 ? interrupted(by: error, after: sweep.decided, run) : error
        }
        try await close(run, sweep.decided > 0 ? "committed" : "failed")
        return (sweep, sweep.decided > 0 ? run : nil)
    }

    private func close(_ run: String, _ phase: String) async throws {
        try await instance.store.markUndoable(id: run)
        try await instance.store.endRun(id: run, phase: phase, report: nil)
    }

    /// What was decided before stays so, and whoever asked has to learn how to take it back.
    private func interrupted(by error: any Error, after decided: Int, _ run: String) -> TidelockError {
        var error = TidelockError(wrapping: error)
        let advice = "\(decided) conflicts were decided before; 'tidelock rollback \(run)' takes that back."
        error.hint = error.hint.map { "\($0) \(advice)" } ?? advice
        return error
    }

    func keepTarget(_ id: Int64) async throws {
        try await instance.store.dropConflicts([id])
        try output.tell(
            "resolved 1, the version here counts", asJSON: Answer(resolved: 1, counts: "target"))
    }

    func keepTargetOfAll() async throws {
        let store = instance.store
        let open = try await store.conflicts()
        guard !open.isEmpty else { return try output.tell("no open conflicts", asJSON: Answer()) }
        var sweep = ConflictSweep()
        try await sweep.run(open.map(\.id)) { page in try await store.dropConflicts(page) }
        try tell(sweep, of: open, "target", nil)
    }

    // MARK: What is told

    /// Throws where conflicts wait on, once everything is told.
    private func tell(_ sweep: ConflictSweep, of open: [ConflictRecord], _ side: String, _ run: String?) throws {
        var answer = answer(sweep, side, run)
        guard !sweep.passedOver.isEmpty else {
            return try output.tell(sentence(sweep, side, run), asJSON: answer)
        }
        let names = Dictionary(open.map { ($0.id, $0.name) }) { first, _ in first }
        let passedOver = sweep.passedOver.sorted { $0.id < $1.id }.map { conflict in
            PassedOver(
                id: conflict.id, item: names[conflict.id] ?? "", error: RunReport.Failure(conflict.reason))
        }
        answer.passedOver = passedOver
        var lines = [sentence(sweep, side, run)]
        lines += passedOver.prefix(Self.named).map { "  passed over \($0.id), \($0.item): \($0.error.message)" }
        if passedOver.count > Self.named {
            lines.append("  … and \(passedOver.count - Self.named) more; 'tidelock conflicts list' lists what waits")
        }
        try output.tell(lines.joined(separator: "\n"), asJSON: answer)
        throw TidelockError(
            .conflicts, "\(passedOver.count) of \(open.count) conflicts could not be decided so, and wait on.",
            hint: "'tidelock conflicts show ID' prints the versions; decide each with the other side, or with --item.")
    }

    private func answer(_ sweep: ConflictSweep, _ side: String, _ run: String?) -> Answer {
        Answer(resolved: sweep.decided, counts: side, run: run)
    }

    private func sentence(_ sweep: ConflictSweep, _ side: String, _ run: String?) -> String {
        guard sweep.decided > 0 else { return "resolved none" }
        guard side == "source" else { return "resolved \(sweep.decided), the version here counts" }
        let undo = run.map { "; undo with: tidelock rollback \($0)" } ?? ""
        return "resolved \(sweep.decided), the source's version counts\(undo)"
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
