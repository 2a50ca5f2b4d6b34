internal import ArgumentParser

/// How a command prints what it found or did: for people, or for programs.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON.") var json = false

    /// Sentences for people, or a value for programs.
    func tell(_ sentences: String..., asJSON value: some Encodable) throws {
        if json { return try Output.json(value) }
        for sentence in sentences { try Output.line(sentence) }
    }
}
