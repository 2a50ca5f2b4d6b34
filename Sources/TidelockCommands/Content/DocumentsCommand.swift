internal import ArgumentParser
internal import ContentModel
internal import ContentStore
internal import SyncEngine

struct DocumentsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "documents", abstract: "Print what handlers keep in a collection of app.storage, newest last.")

    @Argument(help: "A collection, such as sync/audit_log; the collections are listed when there is none.")
    var collection: String?
    @Option(help: "Only the last so many.") var limit: Int?
    @OptionGroup var location: LocationOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let limit, limit < 0 { throw ValidationError("A limit is a number from 0 on.") }
    }

    func run() async throws {
        let store = try await Instance.open(location).store
        guard let collection else { return try await list(store) }
        let documents = try await store.find(in: collection, DocumentQuery()).suffix(limit ?? .max)
        if output.json { return try Output.line(JSONDocument.array(documents).prettyPrinted()) }
        for document in documents { try Output.line(document.text) }
    }

    private func list(_ store: Store) async throws {
        let collections = try await store.collectionSummaries()
        if output.json { return try Output.json(collections) }
        guard !collections.isEmpty else { return try Output.line("no handler keeps anything here") }
        try Output.table(
            [["COLLECTION", "DOCUMENTS"]] + collections.map { [$0.collection, String($0.documents)] })
    }
}
