internal import ArgumentParser
internal import ContentModel
internal import Foundation
internal import SyncEngine
internal import SyncProtocol

/// What a run moves, as options of every command that runs.
struct ScopeOptions: ParsableArguments {
    @Option(help: "Only these jobs, separated by commas: \(Job.Name.words). Without it everything takes part.")
    var only: String?
    @Option(help: "Of the content only these models, separated by commas; alone it leaves the other jobs out.")
    var models: String?
    @Option(help: "Only these items, as KIND/ID separated by commas, for example posts/42 or singletons/site.")
    var items: String?
    @Flag(inversion: .prefixedNo, help: "Whether locales take part; without --models and --items they do.")
    var locales: Bool?
    @OptionGroup var translations: TranslationOptions
    @Flag(help: "Also delete at the destination what the source does not have.") var mirror = false
    @Option(help: "Only items that match this Mongo-style filter, as JSON.") var filter: String?
    @Option(
        help: "What becomes of items that were edited at the destination: \(ConflictPolicy.words).",
        transform: { try ConflictPolicy(option: $0) })
    var policy = ConflictPolicy.source
    @Option(help: "Items in a batch.") var batchSize = Limits.batchItems
    @OptionGroup var guards: MirrorGuardOptions

    func validate() throws {
        guard (1...Limits.batchItems).contains(batchSize) else {
            throw ValidationError("A batch holds 1 to \(Limits.batchItems) items.")
        }
    }

    /// - Parameter known: kinds that are there, by which `--items` is read
    func request(
        _ direction: Direction, isDryRun: Bool, among known: [Kind] = []
    ) throws -> SyncRunner.Request {
        let names = try models.map { try list($0, of: "--models") }
        for name in names ?? [] { _ = try Kind.content(name) }
        let scope = Scope(
            jobs: try jobs(), models: names, mode: mirror ? .mirror : .merge, filter: filter, locales: locales,
            items: try chosenItems(among: known), policy: policy,
            translations: try translations.selection(
                projects: try translations.projects.map { try list($0, of: "--projects") }))
        try requireMeaning(scope)
        var request = guards.request(direction, moving: scope, isDryRun: isDryRun)
        try request.scope.checkFilters()
        request.options.batchSize = batchSize
        return request
    }
}

extension ScopeOptions {
    private func list(_ text: String, of option: String) throws -> [String] {
        let names = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        guard !names.isEmpty else { throw ValidationError("\(option) takes names separated by commas.") }
        return names
    }

    /// Whether an option says what to move.
    var selects: Bool {
        only != nil || choosesContent || mirror || filter != nil || translations.selects
    }

    /// An option that narrows what is left out, or what another one takes as a whole, would pass unnoticed.
    private func requireMeaning(_ scope: Scope) throws {
        let jobs = scope.effectiveJobs
        guard jobs.contains(.content) || (!choosesContent && filter == nil) else {
            throw ValidationError(
                "--models, --items, --locales and --filter narrow the job content, which is left out.")
        }
        for name in (scope.items ?? [:]).keys.sorted() {
            let job = try Kind(name).job
            guard job == .content || !jobs.contains(job) else {
                throw ValidationError("--items names items of \(name), and the job \(job.rawValue) moves all of that.")
            }
        }
    }

    private var choosesContent: Bool { models != nil || items != nil || locales != nil }

    /// The jobs that are named; else those that other options choose, nil where none does.
    fileprivate func jobs() throws -> Set<Job.Name>? {
        let named = try only.map { Set(try list($0, of: "--only").map(Job.Name.init(option:))) }
        guard translations.selects else { return named }
        guard named?.contains(.lokalize) != false else {
            throw ValidationError("--only leaves out the job lokalize, which the options about translations narrow.")
        }
        return named ?? (choosesContent ? [.content, .lokalize] : [.lokalize])
    }

    /// The items of `--items`, ids by kind.
    fileprivate func chosenItems(among known: [Kind]) throws -> [String: [String]]? {
        guard let items else { return nil }
        var chosen: [String: [String]] = [:]
        for text in items.split(separator: ",") {
            let item = try ItemName(text.trimmingCharacters(in: .whitespaces), among: known)
            chosen[item.kind.name, default: []].append(item.id)
        }
        guard !chosen.isEmpty else { throw ValidationError("--items takes KIND/ID, separated by commas.") }
        guard chosen.values.reduce(0, { $0 + $1.count }) <= Limits.namedItems else {
            throw ValidationError("--items takes at most \(Limits.namedItems) items; use --filter.")
        }
        return chosen
    }
}

/// A word of a list, as the value of an option.
protocol OptionWord: CaseIterable, RawRepresentable<String> {
    /// What one of them is called, and several.
    static var nouns: (one: String, several: String) { get }
}

extension OptionWord {
    static var words: String { allCases.map(\.rawValue).joined(separator: ", ") }

    init(option text: String) throws {
        guard let word = Self(rawValue: text) else {
            throw ValidationError(
                "There is no \(Self.nouns.one) '\(text.printable)'. \(Self.nouns.several) are: \(Self.words).")
        }
        self = word
    }
}

extension ConflictPolicy: OptionWord {
    static var nouns: (one: String, several: String) { ("policy", "Policies") }
}

extension Job.Name: OptionWord {
    static var nouns: (one: String, several: String) { ("job", "Jobs") }
}
