internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import Foundation
internal import SyncEngine

struct LokalizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lokalize", abstract: "List, take in and write out translations.",
        discussion: """
            Translations are exchanged as {"KEY": {"LOCALE": "TEXT"}}. Single ones are items of lokalize/keys/<project>:
            'ls', 'get', 'put' and 'rm' work with them as with all others.
            """,
        subcommands: [LokalizeProjectsCommand.self, LokalizeImportCommand.self, LokalizeExportCommand.self])
}

struct LokalizeProjectsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "projects", abstract: "List projects, with how many keys each locale has and lacks.")

    @OptionGroup var output: OutputOptions
    @OptionGroup var location: LocationOptions

    func run() async throws {
        let store = try await Instance.open(location).store
        var projects: [ProjectSummary] = []
        for name in try await store.translationProjects() {
            let kind = try Kind.translations(of: name)
            projects.append(
                ProjectSummary(
                    name: name, definition: try await store.liveItem(.translationProjects, name),
                    translations: try await store.translations(of: kind) ?? []))
        }
        if output.json { return try Output.json(projects) }
        guard !projects.isEmpty else {
            return try Output.line("no project yet; 'tidelock lokalize import' takes one in")
        }
        try Output.table([["PROJECT", "KEYS", "LOCALE", "TRANSLATED", "MISSING"]] + projects.flatMap(\.rows))
    }
}

/// How complete a project is.
private struct ProjectSummary: Encodable {
    struct Locale: Encodable {
        var locale: String
        var translated: Int
        var missing: Int
    }

    var name: String
    var keys: Int
    /// Those that the project names, and then those that only keys have.
    var locales: [Locale]

    init(name: String, definition: JSONDocument?, translations: [Translation]) {
        self.name = name
        keys = translations.count
        var counts: [ItemID: Int] = [:]
        for translation in translations {
            for locale in translation.locales { counts[ItemID(locale), default: 0] += 1 }
        }
        let named = (definition.map { TranslationProject($0).locales } ?? []).map { ItemID($0) }
        let all = named + counts.keys.filter { !named.contains($0) }.sorted()
        locales = all.map { [keys] in
            Locale(locale: $0.text, translated: counts[$0] ?? 0, missing: keys - (counts[$0] ?? 0))
        }
    }

    /// A line for each locale.
    var rows: [[String]] {
        guard !locales.isEmpty else { return [[name, String(keys), "-", "-", "-"]] }
        return locales.map { [name, String(keys), $0.locale, String($0.translated), String($0.missing)] }
    }
}

struct LokalizeImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Take translations in; keys and locales that the file does not name stay.",
        discussion: "A project that is not there is made, with the locales of the file.")

    @Argument(help: "The project's name.") var project: String
    @Argument(help: #"A file with {"KEY": {"LOCALE": "TEXT"}}, or - for standard input."#) var file: String
    @Flag(help: "Only add keys and values that are missing; texts that are there stay as they are.")
    var missingOnly = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var location: LocationOptions

    func run() async throws {
        let work = try TranslationImport(read(), from: file, into: project, missingOnly: missingOnly)
        try tell(await work.perform(in: Instance.open(location)))
    }

    private func read() throws -> TranslationFile {
        do {
            return try TranslationFile(InputFile.document(file).document)
        } catch let error as TidelockError where error.code == .invalidJSON && error.underlying == nil {
            throw TidelockError(error.code, "\(file): \(error.message)", hint: error.hint)
        }
    }

    private func tell(_ outcome: TranslationImport.Outcome) throws {
        if output.json { return try Output.json(TranslationReport(outcome, project: project)) }
        let counts = "\(outcome.created) keys created, \(outcome.updated) updated, \(outcome.unchanged) unchanged"
        try Output.line("imported into \(outcome.isNew ? "the new project " : "")\(project): \(counts)")
    }
}

private struct TranslationReport: Encodable {
    var project: String
    /// The project was made by this import.
    var isNew: Bool
    var created: Int
    var updated: Int
    var unchanged: Int

    init(_ outcome: TranslationImport.Outcome, project: String) {
        self.project = project
        isNew = outcome.isNew
        created = outcome.created
        updated = outcome.updated
        unchanged = outcome.unchanged
    }
}

struct LokalizeExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write the translations of a project, sorted by key.")

    @Argument(help: "The project's name.") var project: String
    @Argument(help: "A file; standard output when there is none.") var file: String?
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let kind = try Kind.translations(of: project)
        guard let translations = try await Instance.open(location).store.translations(of: kind) else {
            throw TidelockError(
                .notFound, "Project '\(project.printable)' not found.",
                hint: "'tidelock lokalize projects' lists the projects.")
        }
        let bytes = TranslationFile.bytes(of: translations)
        guard let file else { return try Output.write(bytes) }
        do {
            try Data(bytes).write(to: URL(filePath: file), options: .atomic)
        } catch {
            throw TidelockError(
                .storageFailed, "\(file) cannot be written: \(error.localizedDescription)", underlying: error)
        }
        // People see that nothing went wrong.
        if output.json { try Output.json(["project": project, "file": file]) }
    }
}
