internal import ArgumentParser

/// How a command that changes something, or writes files, prints what it did.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON.") var json = false

    /// Sentences for people, or a value for programs.
    func tell(_ sentences: String..., asJSON value: some Encodable) throws {
        if json { return try Output.json(value) }
        for sentence in sentences { try Output.line(sentence) }
    }
}
