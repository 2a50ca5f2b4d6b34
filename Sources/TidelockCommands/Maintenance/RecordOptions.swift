internal import ArgumentParser

/// How much a command prints of what was recorded.
struct RecordOptions: ParsableArguments {
    @Option(help: "How many records.") var limit = 50

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit takes a number of records.") }
    }
}
